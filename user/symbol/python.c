/* SPDX-License-Identifier: GPL-2.0-only */
#include "symbol/python.h"

#include <gelf.h>
#include <glib.h>
#include <string.h>

#include "base/err.h"
#include "symbol/module_impl.h"

#define VERSION 0x030b /* 3.11: the upper half of PY_VERSION_HEX */
#define LOOP "_PyEval_EvalFrameDefault"
#define LENGTH_MOST (1u << 20)

/* The interpreter's C function that runs all Python functions. */
struct loop {
	uint64_t start, end;
};

struct python {
	GHashTable *loops;  /* number of file -> struct loop */
	GPtrArray *codes;   /* char *: by id; NULL not told */
	GHashTable *stacks; /* task -> struct tare_python_stack, until its sample comes */
	GArray *merged;     /* struct frame */
	bool said_version;
};

struct python *python_new(void)
{
	struct python *p = g_new0(struct python, 1);

	p->loops = g_hash_table_new_full(NULL, NULL, NULL, g_free);
	p->codes = g_ptr_array_new_with_free_func(g_free);
	p->stacks = g_hash_table_new_full(g_int64_hash, g_int64_equal, NULL, g_free);
	p->merged = g_array_new(FALSE, FALSE, sizeof(struct frame));
	return p;
}

void python_free(struct python *p)
{
	if (!p)
		return;
	g_hash_table_unref(p->loops);
	g_ptr_array_unref(p->codes);
	g_hash_table_unref(p->stacks);
	g_array_unref(p->merged);
	g_free(p);
}

/* What a dynamic symbol says; false: there is none of this name. */
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
			if (!g_strcmp0(elf_strptr(m->elf, sh.sh_link, found->st_name), name))
				return true;
	}
	return false;
}

/* PY_VERSION_HEX, which 3.11 is the first to export. */
static uint64_t version(const struct module *m)
{
	uint64_t value = 0;
	GElf_Sym sym;

	if (!find_symbol(m, "Py_Version", &sym))
		return 0;
	for (unsigned i = 0; i < m->n_segments; i++) {
		const struct segment *s = &m->segments[i];
		uint64_t at = sym.st_value - s->address;
		Elf_Data *data;

		if (sym.st_value < s->address || at + sizeof(value) > s->file_size)
			continue;
		data = elf_getdata_rawchunk(m->elf, (int64_t)(s->offset + at), sizeof(value),
					    ELF_T_BYTE);
		if (data && data->d_size == sizeof(value))
			memcpy(&value, data->d_buf, sizeof(value));
	}
	return value;
}

void python_loop(struct python *p, uint32_t file, uint64_t start, uint64_t size)
{
	struct loop *l = g_new(struct loop, 1);

	*l = (struct loop){ start, start + size };
	g_hash_table_replace(p->loops, GUINT_TO_POINTER(file), l);
}

/* By its name, lest every library's symbols be gone through. */
uint64_t python_module(struct python *p, uint32_t file, const char *path, const struct module *m)
{
	const char *base = path ? strrchr(path, '/') : NULL;
	GElf_Sym runtime, loop;

	if (!base || !strstr(base, "python") || !m || gelf_getclass(m->elf) != ELFCLASS64 ||
	    version(m) >> 16 != VERSION)
		return 0;
	if (!find_symbol(m, "_PyRuntime", &runtime) || !find_symbol(m, LOOP, &loop))
		return 0;
	python_loop(p, file, loop.st_value, loop.st_size);
	return runtime.st_value;
}

/* Latin-1, UCS-2 and UCS-4 are all code points of one size. */
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

bool python_code(struct python *p, const struct tare_python_code *c)
{
	g_autofree char *name = python_text(&c->name, false), *file = python_text(&c->file, true);

	/* Numbers are given one after another; one CPU's may come before another's. */
	if (!c->id || c->id > p->codes->len + (1u << 20))
		return false;
	if (c->id >= p->codes->len)
		g_ptr_array_set_size(p->codes, (int)c->id + 1);
	g_free(p->codes->pdata[c->id]);
	p->codes->pdata[c->id] = name ? g_strdup_printf("py::%s:%s", name, file ? file : "?") :
					NULL;
	return true;
}

bool python_stack(struct python *p, const struct tare_python_stack *s)
{
	struct tare_python_stack *copy;

	if (s->n > TARE_PYTHON_FRAMES ||
	    s->head.size != sizeof(*s) - (TARE_PYTHON_FRAMES - s->n) * sizeof(s->frame[0]))
		return false;
	copy = g_malloc(sizeof(*copy));
	memcpy(copy, s, s->head.size);
	g_hash_table_replace(p->stacks, &copy->task, copy);
	return true;
}

static bool runs_python(const struct python *p, const struct frame *f)
{
	const struct loop *l;

	if (f->file == NO_FILE || f->flags & (FRAME_MARK | FRAME_NAMED))
		return false;
	l = g_hash_table_lookup(p->loops, GUINT_TO_POINTER(f->file));
	return l && f->address >= l->start && f->address < l->end;
}

/* One C function's run of Python functions, from `at` on; where the next begins. A run
 * that goes on beyond what was read says so. */
static uint32_t add_run(struct python *p, const struct tare_python_stack *s, uint32_t at,
			const struct frame *native, uint32_t (*name)(void *, const char *),
			void *ctx)
{
	bool entry = false;

	while (at < s->n && !entry) {
		uint64_t id = s->frame[at] >> 1;
		const char *text = id && id < p->codes->len ? p->codes->pdata[id] : NULL;
		struct frame f = *native;

		if (text)
			f = (struct frame){ .file = name(ctx, text), .flags = FRAME_NAMED };
		g_array_append_val(p->merged, f);
		entry = s->frame[at++] & 1;
	}
	if (!entry && s->more) {
		struct frame f = { MARK_TRUNCATED, .file = NO_FILE, .flags = FRAME_MARK };

		g_array_append_val(p->merged, f);
	}
	return at;
}

struct unwound python_merge(struct python *p, const struct tare_sample *sample,
			    const struct unwound *w, uint32_t (*name)(void *, const char *),
			    void *ctx)
{
	const struct tare_python_stack *s = g_hash_table_lookup(p->stacks, &sample->task);
	struct unwound out = *w;
	uint32_t at = 0;

	if (!s)
		return out;
	g_array_set_size(p->merged, 0);
	for (unsigned i = 0; i < w->n; i++) {
		const struct frame *f = &w->frames[i];

		if (s->head.time_ns == sample->head.time_ns && at < s->n && runs_python(p, f))
			at = add_run(p, s, at, f, name, ctx);
		else
			g_array_append_val(p->merged, *f);
	}
	g_hash_table_remove(p->stacks, &sample->task);
	out.frames = (struct frame *)p->merged->data;
	out.n = p->merged->len;
	return out;
}
