/* SPDX-License-Identifier: GPL-2.0-only */
#include "symbol/python.h"

#include <gelf.h>
#include <glib.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "symbol/module_impl.h"
#include "symbol/python_lines.h"

#define VERSION_OF(minor) (0x0300u + (minor)) /* the upper half of PY_VERSION_HEX */
#define VERSION_DEBUG_OFFSETS VERSION_OF(13)
#define LOOP "_PyEval_EvalFrameDefault"
#define LENGTH_MOST (1u << 20)
/* Stacks that wait for their samples: one for each CPU, and those whose sample was lost. */
#define STACKS_MOST 4096
#define CODES_MOST (1u << 19)   /* code objects; a program may create any number of them */
#define TEXTS_MOST (16u << 20)  /* bytes of names */
#define TABLES_MOST (32u << 20) /* bytes of line tables */

/* Where _PyEval_EvalFrameDefault is in a file; addresses before relocation. */
struct loop {
	uint64_t start, end;
};

/* A code object. Ids increase, and a new one replaces the code whose id is CODES_MOST less. */
struct code {
	uint64_t id;
	const char *name; /* one of `texts`; NULL: not known */
	uint8_t *table;   /* line table; NULL: none, or TABLES_MOST is reached */
	uint32_t line;    /* first line */
	uint16_t size;    /* bytes of `table` */
	uint16_t lines;   /* enum tare_python_lines */
};

/* A slot of the cache of lines. line: 0: not known. */
struct known_line {
	uint64_t id;
	uint32_t unit;
	int line;
};
#define LINES_KNOWN 4096

struct python {
	GHashTable *loops; /* number of file -> struct loop */
	GArray *codes;     /* struct code, by id modulo CODES_MOST */
	GHashTable *texts; /* set of names */
	size_t text_bytes, table_bytes;
	struct known_line lines[LINES_KNOWN];
	GHashTable *stacks; /* task -> struct tare_python_stack, until its sample comes */
	GArray *merged;     /* struct frame: the result of python_merge() */
	bool warned;        /* the warning about TEXTS_MOST was given */
};

static void code_clear(gpointer code)
{
	g_free(((struct code *)code)->table);
}

struct python *python_new(void)
{
	struct python *p = g_new0(struct python, 1);

	p->loops = g_hash_table_new_full(NULL, NULL, NULL, g_free);
	p->codes = g_array_new(FALSE, TRUE, sizeof(struct code));
	g_array_set_clear_func(p->codes, code_clear);
	p->texts = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	p->stacks = g_hash_table_new_full(g_int64_hash, g_int64_equal, NULL, g_free);
	p->merged = g_array_new(FALSE, FALSE, sizeof(struct frame));
	return p;
}

void python_free(struct python *p)
{
	if (!p)
		return;
	g_hash_table_unref(p->loops);
	g_array_unref(p->codes);
	g_hash_table_unref(p->texts);
	g_hash_table_unref(p->stacks);
	g_array_unref(p->merged);
	g_free(p);
}

/* Layouts of 64-bit builds without Py_TRACE_REFS. Computed by offsetof() with the headers of each
 * version: Include/internal/pycore_{runtime,interp,pystate,frame}.h,
 * Include/cpython/{pystate,frameobject,code,unicodeobject}.h. */
#define NONE TARE_PYTHON_NONE
static const struct tare_python_layout layouts[] = {
	/* head cur thr id cfr frm cd prv ent shim ln file name asc cmp last tbl code lines */
	{ 32, 1368, 8,   176, NONE, 24,  32,  24,   NONE, 0,
	  40, 104,  112, 48,  72,   104, 120, NONE, 1,    VERSION_OF(8) },
	{ 32, 568, 8,   176, NONE, 24,  32,  24,   NONE, 0,
	  40, 104, 112, 48,  72,   104, 120, NONE, 1,    VERSION_OF(9) },
	{ 32, 568, 8,   176, NONE, 24, 32,  24,   NONE, 0,
	  40, 104, 112, 48,  72,   96, 120, NONE, 2,    VERSION_OF(10) },
	{ 40, 576, 16,  152, 56, 8,  32,  48,  68, 0,
	  72, 112, 128, 48,  72, 56, 136, 184, 3,  VERSION_OF(11) },
	{ 40, NONE, 72,  136, 56, 0,  0,   8,   70, 1,
	  68, 112,  128, 40,  56, 56, 136, 192, 3,  VERSION_OF(12) },
	{ 632, NONE, 7344, 152, NONE, 72, 0,   8,   70, 1,
	  68,  112,  128,  40,  56,   56, 136, 200, 3,  VERSION_OF(13) },
};

bool python_layout(uint32_t version, struct tare_python_layout *at)
{
	for (unsigned i = 0; i < G_N_ELEMENTS(layouts); i++)
		if (layouts[i].version == version) {
			*at = layouts[i];
			return true;
		}
	return false;
}

/* Find a dynamic symbol by its name; false: there is none. */
static bool find_symbol(const struct module *m, const char *name, GElf_Sym *found)
{
	Elf_Scn *scn = NULL;
	GElf_Shdr sh;

	while ((scn = elf_nextscn(m->elf, scn))) {
		Elf_Data *data;

		if (!gelf_getshdr(scn, &sh) || sh.sh_type != SHT_DYNSYM || !sh.sh_entsize)
			continue;
		data = elf_getdata(scn, NULL);
		for (int i = 0; data && gelf_getsym(data, i, found); i++)
			if (found->st_shndx != SHN_UNDEF &&
			    !g_strcmp0(elf_strptr(m->elf, sh.sh_link, found->st_name), name))
				return true;
	}
	return false;
}

/* Read words of the file's data at an address; false: no data is there. */
static bool read_words(const struct module *m, uint64_t address, uint64_t *words, size_t n)
{
	size_t size = n * sizeof(*words);

	for (unsigned i = 0; i < m->n_segments; i++) {
		const struct segment *s = &m->segments[i];
		uint64_t at = address - s->address;
		Elf_Data *data;

		if (address < s->address || at > s->file_size || s->file_size - at < size)
			continue;
		data = elf_getdata_rawchunk(m->elf, (int64_t)(s->offset + at), size, ELF_T_BYTE);
		if (!data || data->d_size != size)
			return false;
		memcpy(words, data->d_buf, size);
		return true;
	}
	return false;
}

/* The version, as PY_VERSION_HEX >> 16. From 3.11 on the file exports it; up to 3.10 it is in the
 * file's name ("python3.10"). 0: not known. */
static uint32_t version_of(const struct module *m, const char *base)
{
	const char *in_name = strstr(base, "python3.");
	uint64_t value;
	GElf_Sym sym;

	if (find_symbol(m, "Py_Version", &sym))
		return read_words(m, sym.st_value, &value, 1) ? value >> 16 & 0xffff : 0;
	return in_name ? VERSION_OF(strtoul(in_name + strlen("python3."), NULL, 10)) : 0;
}

/* From 3.13 on, _PyRuntime begins with a table of offsets (struct _Py_DebugOffsets). Offsets that
 * may change within a version are taken from there. False: malformed, or a free-threaded build
 * (without the GIL), whose objects have another layout. */
static bool read_debug_offsets(const struct module *m, uint64_t runtime,
			       struct tare_python_layout *at)
{
	enum {
		COOKIE,
		VERSION,
		FREE_THREADED,
		HEAD = 5,
		THREADS = 9,
		FRAME = 23,
		THREAD_ID,
		WORDS
	};
	uint64_t words[WORDS];

	if (!read_words(m, runtime, words, WORDS) || memcmp(words, "xdebugpy", 8) ||
	    words[FREE_THREADED])
		return false;
	at->head = MIN(words[HEAD], NONE);
	at->threads = MIN(words[THREADS], NONE);
	at->frame = MIN(words[FRAME], NONE);
	at->thread_id = MIN(words[THREAD_ID], NONE);
	return true;
}

void python_loop(struct python *p, uint32_t file, uint64_t start, uint64_t size)
{
	struct loop *l = g_new(struct loop, 1);

	*l = (struct loop){ start, start + size };
	g_hash_table_replace(p->loops, GUINT_TO_POINTER(file), l);
}

static bool find_code(const struct module *m, struct tare_python_file *found)
{
	for (unsigned i = 0; i < m->n_segments; i++)
		if (m->segments[i].code) {
			found->code = m->segments[i].address;
			found->code_offset = m->segments[i].offset;
			return true;
		}
	return false;
}

static const char *base_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

bool python_likely(const char *path)
{
	return path && strstr(base_of(path), "python");
}

bool python_module(struct python *p, uint32_t file, const char *path, const struct module *m,
		   struct tare_python_file *found)
{
	struct tare_python_layout *at = &found->python.at;
	GElf_Sym runtime, loop;
	uint32_t version;

	if (!python_likely(path) || !m || gelf_getclass(m->elf) != ELFCLASS64)
		return false;
	version = version_of(m, base_of(path));
	if (!python_layout(version, at) || !find_symbol(m, "_PyRuntime", &runtime) ||
	    !find_symbol(m, LOOP, &loop) || !find_code(m, found))
		return false;
	if (version >= VERSION_DEBUG_OFFSETS && !read_debug_offsets(m, runtime.st_value, at))
		return false;
	found->python.runtime = runtime.st_value;
	python_loop(p, file, loop.st_value, loop.st_size);
	return true;
}

/* In Latin-1, UCS-2 and UCS-4 each character is a code point of fixed size. */
char *python_text(const struct tare_python_text *t, bool tail)
{
	uint32_t fit = t->kind ? TARE_PYTHON_TEXT / t->kind : 0, n = MIN(t->length, fit);
	GString *s;

	if ((t->kind != 1 && t->kind != 2 && t->kind != 4) || t->length > LENGTH_MOST)
		return NULL;
	s = g_string_new(tail && t->length > fit ? "…" : NULL);
	for (uint32_t i = 0; i < n; i++) {
		uint32_t c = 0;

		memcpy(&c, t->bytes + (size_t)i * t->kind, t->kind); /* little-endian */
		g_string_append_unichar(s, g_unichar_validate(c) && c ? c : 0xfffd);
	}
	if (!tail && t->length > fit)
		g_string_append(s, "…");
	return g_string_free(s, FALSE);
}

/* Takes `text` and returns the stored copy, since many processes have the same functions. NULL:
 * TEXTS_MOST is reached. */
static const char *keep_text(struct python *p, char *text)
{
	gpointer kept;

	if (g_hash_table_lookup_extended(p->texts, text, &kept, NULL)) {
		g_free(text);
		return kept;
	}
	p->text_bytes += strlen(text);
	if (p->text_bytes > TEXTS_MOST) {
		if (!p->warned)
			log_warn("some Python functions have no name: the names of all functions "
				 "exceed %u MiB",
				 TEXTS_MOST >> 20);
		p->warned = true;
		p->text_bytes -= strlen(text);
		g_free(text);
		return NULL;
	}
	g_hash_table_add(p->texts, text);
	return text;
}

static void keep_table(struct python *p, struct code *code, const struct tare_python_code *c)
{
	if (!c->size || p->table_bytes + c->size > TABLES_MOST)
		return;
	code->table = g_memdup2(c->table, c->size);
	code->size = (uint16_t)c->size;
	p->table_bytes += c->size;
}

static bool code_fits(const struct tare_python_code *c)
{
	return c->id && c->size <= TARE_PYTHON_TABLE &&
	       c->head.size == sizeof(*c) - TARE_PYTHON_TABLE + c->size;
}

bool python_code(struct python *p, const struct tare_python_code *c)
{
	g_autofree char *name = python_text(&c->name, false), *file = python_text(&c->file, true);
	unsigned at = c->id % CODES_MOST;
	struct code *code;
	char *text = NULL;

	if (!code_fits(c))
		return false;
	/* Ids come in order; some are missing because their records were lost. */
	if (at >= p->codes->len)
		g_array_set_size(p->codes, at + 1);
	if (name)
		text = g_strdup_printf(PYTHON_NAME "%s:%s", name, file ? file : "?");
	code = &g_array_index(p->codes, struct code, at);
	p->table_bytes -= code->size;
	code_clear(code);
	*code = (struct code){ .id = c->id,
			       .name = text ? keep_text(p, text) : NULL,
			       .line = c->line,
			       .lines = (uint16_t)c->lines };
	keep_table(p, code, c);
	return true;
}

/* The code object with this id; NULL: not known, or without a name. */
static const struct code *find_code_by_id(const struct python *p, uint64_t id)
{
	const struct code *c = id % CODES_MOST < p->codes->len ?
				       &g_array_index(p->codes, struct code, id % CODES_MOST) :
				       NULL;

	return c && c->id == id && c->name ? c : NULL;
}

/* The line of the last instruction in a word of tare_python_stack.frame; if it is not known, the
 * first line of the function. */
static uint64_t line_of(struct python *p, const struct code *c, uint64_t word)
{
	uint32_t unit = word >> 1 & TARE_PYTHON_UNITS;
	struct known_line *known = &p->lines[(c->id * 31 + unit) % LINES_KNOWN];

	if (known->id != c->id || known->unit != unit) {
		*known = (struct known_line){ c->id, unit, 0 };
		if (unit && c->table)
			known->line = python_line(c->lines, c->line, c->table, c->size, unit - 1);
	}
	return known->line ? (uint64_t)known->line : c->line;
}

void python_task_ended(struct python *p, uint64_t task)
{
	g_hash_table_remove(p->stacks, &task);
}

void python_drop(struct python *p, uint32_t file)
{
	g_hash_table_remove(p->loops, GUINT_TO_POINTER(file));
}

bool python_stack(struct python *p, const struct tare_python_stack *s)
{
	struct tare_python_stack *copy;

	if (s->n > TARE_PYTHON_FRAMES ||
	    s->head.size != sizeof(*s) - (TARE_PYTHON_FRAMES - s->n) * sizeof(s->frame[0]))
		return false;
	if (g_hash_table_size(p->stacks) >= STACKS_MOST)
		g_hash_table_remove_all(p->stacks);
	copy = g_malloc(sizeof(*copy));
	memcpy(copy, s, s->head.size);
	g_hash_table_replace(p->stacks, &copy->task, copy);
	return true;
}

static bool runs_python(const struct python *p, const struct frame *f)
{
	const struct loop *l;

	if (f->file == NO_FILE || f->flags & (FRAME_SYNTHETIC | FRAME_NAMED))
		return false;
	l = g_hash_table_lookup(p->loops, GUINT_TO_POINTER(f->file));
	return l && f->address >= l->start && f->address < l->end;
}

/* Append one run: the Python frames from `at` on that one call of the C function runs. Returns
 * the index of the next run. After the last run, SYNTHETIC_TRUNCATED stands for frames that were
 * not read. `native`: the C function's frame, used for Python frames that are not known. */
static uint32_t add_run(struct python *p, const struct tare_python_stack *s, uint32_t at,
			const struct frame *native, uint32_t (*name)(void *, const char *),
			void *ctx)
{
	bool entry = false;

	while (at < s->n && !entry) {
		uint64_t word = s->frame[at];
		const struct code *c = find_code_by_id(p, word >> TARE_PYTHON_ID);
		struct frame f = *native;

		if (c)
			f = (struct frame){ .address = line_of(p, c, word),
					    .file = name(ctx, c->name),
					    .flags = FRAME_NAMED | FRAME_LINE };
		g_array_append_val(p->merged, f);
		entry = s->frame[at++] & TARE_PYTHON_CALLED;
	}
	if (at == s->n && s->more) {
		struct frame f = { SYNTHETIC_TRUNCATED, .file = NO_FILE, .flags = FRAME_SYNTHETIC };

		g_array_append_val(p->merged, f);
	}
	return at;
}

static uint32_t end_of_run(const struct tare_python_stack *s, uint32_t at)
{
	while (at < s->n && !(s->frame[at] & TARE_PYTHON_CALLED))
		at++;
	return MIN(at + 1, s->n);
}

/* Match runs with frames of the C function. There may be more of one than of the other: the C
 * function may just have been called and run no Python function yet, or its frame is not
 * recognised, because the compiler put a part of it elsewhere. Both are complete at the outer
 * end, so they are matched from there. `runs` and `calls`: how many at the inner end have no
 * partner. Both are 0 if one of the stacks is not complete. */
static void count_unmatched(const struct python *p, const struct tare_python_stack *s,
			    const struct unwound *w, unsigned *runs, unsigned *calls)
{
	*runs = *calls = 0;
	if (!w->complete || s->more)
		return;
	for (uint32_t at = 0; at < s->n; at = end_of_run(s, at))
		++*runs;
	for (unsigned i = 0; i < w->n; i++)
		*calls += runs_python(p, &w->frames[i]);
	if (*runs > *calls) {
		*runs -= *calls;
		*calls = 0;
	} else {
		*calls -= *runs;
		*runs = 0;
	}
}

struct unwound python_merge(struct python *p, const struct tare_sample *sample,
			    const struct unwound *w, uint32_t (*name)(void *, const char *),
			    void *ctx)
{
	const struct tare_python_stack *s = g_hash_table_lookup(p->stacks, &sample->task);
	struct unwound out = *w;
	unsigned runs, calls;
	uint32_t at = 0;

	if (!s)
		return out;
	if (s->head.time_ns != sample->head.time_ns) {
		g_hash_table_remove(p->stacks, &sample->task);
		return out;
	}
	count_unmatched(p, s, w, &runs, &calls);
	while (runs--)
		at = end_of_run(s, at);
	g_array_set_size(p->merged, 0);
	for (unsigned i = 0; i < w->n; i++) {
		const struct frame *f = &w->frames[i];

		if (at < s->n && runs_python(p, f) && !calls) {
			at = add_run(p, s, at, f, name, ctx);
			continue;
		}
		calls -= calls && runs_python(p, f);
		g_array_append_val(p->merged, *f);
	}
	g_hash_table_remove(p->stacks, &sample->task);
	out.frames = (struct frame *)p->merged->data;
	out.n = p->merged->len;
	return out;
}
