/* SPDX-License-Identifier: GPL-2.0-only */
#include "symbol/gopclntab.h"

#include <glib.h>
#include <string.h>
#include <unistd.h>

#define MAGIC_116 0xfffffffau
#define MAGIC_118 0xfffffff0u
#define MAGIC_120 0xfffffff1u

#define FUNCTIONS_MOST (8u << 20)
#define NAME_MOST 4096u
#define INLINED_MOST 32
#define VALUE_BYTES (1u << 20) /* of a function's table of values, at most */
#define PIECE 4096u

#define PCDATA_INLINED 2   /* PCDATA_InlTreeIndex */
#define FUNCDATA_INLINED 3 /* FUNCDATA_InlTree */
#define NONE UINT32_MAX

/* Fields of struct _func (runtime2.go) after its first field, `entry`: 4 bytes each. */
enum field { F_NAME, F_ARGS, F_DEFER, F_SP, F_FILE, F_LINE, F_NPCDATA, F_UNIT, FIELDS };

struct gopclntab {
	struct gopclntab_place at;
	uint32_t magic;
	unsigned quantum, word; /* bytes: of the smallest instruction, of a pointer */
	uint64_t count;         /* of functions */
	uint64_t names, units, files, values, functions; /* offsets of the subtables */
	uint64_t gofunc;                                 /* see gopclntab_tell(); 0: not known */
	GStringChunk *strings;
	/* The piece that was read last, as a cache: most reads are near the last one. */
	uint64_t piece_at;
	size_t piece_size;
	unsigned char piece[PIECE];
};

struct function {
	uint64_t start; /* address */
	uint64_t at;    /* offset of its _func in the table */
	uint32_t field[FIELDS];
};

/* Read bytes at an offset of the table. False: they are not within the table or the file. */
static bool get(struct gopclntab *t, uint64_t at, void *to, size_t size)
{
	ssize_t n;

	if (at > t->at.size || size > t->at.size - at || size > PIECE)
		return false;
	if (at < t->piece_at || at - t->piece_at > t->piece_size ||
	    size > t->piece_size - (at - t->piece_at)) {
		n = pread(t->at.fd, t->piece, MIN(PIECE, t->at.size - at),
			  (off_t)(t->at.offset + at));
		t->piece_at = at;
		t->piece_size = n < 0 ? 0 : (size_t)n;
		if (t->piece_size < size)
			return false;
	}
	memcpy(to, t->piece + (at - t->piece_at), size);
	return true;
}

static bool get32(struct gopclntab *t, uint64_t at, uint32_t *value)
{
	return get(t, at, value, sizeof(*value));
}

/* Read a word of the size of a pointer. */
static bool get_word(struct gopclntab *t, uint64_t at, uint64_t *value)
{
	*value = 0;
	return get(t, at, value, t->word); /* all supported architectures are little-endian */
}

/* A string at an offset, kept in t->strings. NULL: too long, empty, or not UTF-8. */
static const char *get_string(struct gopclntab *t, uint64_t at)
{
	char text[NAME_MOST];

	for (unsigned n = 0; n < sizeof(text); n++) {
		if (!get(t, at + n, &text[n], 1))
			return NULL;
		if (!text[n])
			return n && g_utf8_validate(text, n, NULL) ?
				       g_string_chunk_insert_const(t->strings, text) :
				       NULL;
	}
	return NULL;
}

/* Read the table's header: the counts, then the offsets of the subtables. */
static bool read_parts(struct gopclntab *t)
{
	uint64_t *const parts[] = { &t->names, &t->units, &t->files, &t->values, &t->functions };
	bool new = t->magic != MAGIC_116;
	uint64_t text = 0, at = 8 + (new ? 3 : 2) * t->word;

	if (!get_word(t, 8, &t->count) || (new && !get_word(t, 8 + 2 * t->word, &text)))
		return false;
	if (text)
		t->at.text = text;
	for (unsigned i = 0; i < G_N_ELEMENTS(parts); i++, at += t->word)
		if (!get_word(t, at, parts[i]) || *parts[i] > t->at.size)
			return false;
	return t->count && t->count <= FUNCTIONS_MOST;
}

struct gopclntab *gopclntab_new(const struct gopclntab_place *place)
{
	struct gopclntab *t = g_new0(struct gopclntab, 1);
	unsigned char head[8];

	t->at = *place;
	if (place->offset <= INT64_MAX && place->size <= INT64_MAX - place->offset &&
	    get(t, 0, head, sizeof(head))) {
		memcpy(&t->magic, head, sizeof(t->magic));
		t->quantum = head[6];
		t->word = head[7];
	}
	if ((t->magic != MAGIC_116 && t->magic != MAGIC_118 && t->magic != MAGIC_120) || head[4] ||
	    head[5] || (t->quantum != 1 && t->quantum != 2 && t->quantum != 4) ||
	    (t->word != 4 && t->word != 8) || !read_parts(t)) {
		g_free(t);
		return NULL;
	}
	t->strings = g_string_chunk_new(4096);
	return t;
}

void gopclntab_free(struct gopclntab *t)
{
	if (!t)
		return;
	g_string_chunk_free(t->strings);
	g_free(t);
}

void gopclntab_tell(struct gopclntab *t, uint64_t text, uint64_t gofunc)
{
	if (text)
		t->at.text = text;
	t->gofunc = gofunc;
}

uint64_t gopclntab_names(const struct gopclntab *t)
{
	return t->at.address + t->names;
}

unsigned gopclntab_layout(const struct gopclntab *t)
{
	return t->magic == MAGIC_116 ? 16 : t->magic == MAGIC_118 ? 18 : 20;
}

/* The start address of function i, and the offset of its _func. For i == count, `start` is the
 * end of the last function, and there is no _func. */
static bool entry_at(struct gopclntab *t, uint64_t i, uint64_t *start, uint64_t *func)
{
	unsigned size = t->magic == MAGIC_116 ? t->word : 4;
	uint64_t at = t->functions + i * 2 * size;
	uint32_t offset;

	if (t->magic == MAGIC_116)
		return get_word(t, at, start) && (i == t->count || get_word(t, at + size, func));
	if (!get32(t, at, &offset))
		return false;
	*start = t->at.text + offset;
	if (i == t->count)
		return true;
	if (!get32(t, at + size, &offset))
		return false;
	*func = offset;
	return true;
}

static bool read_function(struct gopclntab *t, struct function *f)
{
	uint64_t behind = t->magic == MAGIC_116 ? t->word : 4;

	return get(t, f->at + behind, f->field, sizeof(f->field));
}

/* Binary search for the function that contains the address. */
static bool find(struct gopclntab *t, uint64_t address, struct function *f)
{
	uint64_t low = 0, high = t->count, start, func = 0;

	if (!entry_at(t, 0, &start, &func) || address < start ||
	    !entry_at(t, t->count, &start, &func) || address >= start)
		return false;
	while (high - low > 1) {
		uint64_t middle = low + (high - low) / 2;

		if (!entry_at(t, middle, &start, &func))
			return false;
		if (start > address)
			high = middle;
		else
			low = middle;
	}
	if (!entry_at(t, low, &f->start, &func) || f->start > address)
		return false;
	f->at = t->functions + func;
	return read_function(t, f);
}

static const char *name_at(struct gopclntab *t, uint32_t name)
{
	return name < t->at.size - t->names ? get_string(t, t->names + name) : NULL;
}

const char *gopclntab_symbol(struct gopclntab *t, uint64_t address, uint64_t *offset)
{
	struct function f;
	const char *name = find(t, address, &f) ? name_at(t, f.field[F_NAME]) : NULL;

	if (name)
		*offset = address - f.start;
	return name;
}

static bool get_varint(struct gopclntab *t, uint64_t *at, uint32_t *value)
{
	unsigned char byte = 0x80;

	*value = 0;
	for (unsigned shift = 0; byte & 0x80; shift += 7) {
		if (shift > 28 || !get(t, (*at)++, &byte, 1))
			return false;
		*value |= (uint32_t)(byte & 0x7f) << shift;
	}
	return true;
}

/* The value for an address in a function's table of values. The table is a list of pairs: the
 * zigzag-encoded change of the value, and the length of the code that has this value (pcvalue()
 * of symtab.go). */
static bool value_at(struct gopclntab *t, const struct function *f, uint32_t table,
		     uint64_t address, int32_t *value)
{
	uint64_t at = t->values + table, end = at + VALUE_BYTES, pc = f->start;
	uint32_t sum = UINT32_MAX, delta; /* starts at -1 and wraps, as in Go */

	if (!table)
		return false;
	while (at < end) {
		if (!get_varint(t, &at, &delta) || (!delta && pc != f->start))
			return false;
		sum += delta & 1 ? ~(delta >> 1) : delta >> 1;
		if (!get_varint(t, &at, &delta))
			return false;
		pc += (uint64_t)delta * t->quantum;
		if (address < pc) {
			*value = (int32_t)sum;
			return true;
		}
	}
	return false;
}

bool gopclntab_frame(struct gopclntab *t, uint64_t address, int32_t *size)
{
	struct function f;

	return find(t, address, &f) && value_at(t, &f, f.field[F_SP], address, size) && *size >= 0;
}

static const char *file_at(struct gopclntab *t, const struct function *f, uint64_t address)
{
	int32_t number;
	uint32_t name;
	uint64_t at;

	if (!value_at(t, f, f->field[F_FILE], address, &number) || number < 0)
		return NULL;
	at = t->units + ((uint64_t)f->field[F_UNIT] + (uint32_t)number) * 4;
	if (!get32(t, at, &name) || name == NONE || name >= t->at.size - t->files)
		return NULL;
	return get_string(t, t->files + name);
}

/* The offset of the pcdata words that follow a _func; 1.20 has startLine before them. */
static uint64_t pcdata_at(const struct gopclntab *t, const struct function *f)
{
	uint64_t entry = t->magic == MAGIC_116 ? t->word : 4;

	return f->at + entry + sizeof(f->field) + (t->magic == MAGIC_120 ? 8 : 4);
}

/* The index of the inlined call that an address is in; -1: the address is in no inlined call.
 * False: not readable. */
static bool inlined_at(struct gopclntab *t, const struct function *f, uint64_t address,
		       int32_t *call)
{
	uint32_t table;

	*call = -1;
	if (f->field[F_NPCDATA] <= PCDATA_INLINED)
		return true;
	if (!get32(t, pcdata_at(t, f) + 4 * PCDATA_INLINED, &table))
		return false;
	return !table || value_at(t, f, table, address, call);
}

/* The file offset of a function's tree of inlined calls; 0: not known. */
static uint64_t tree_of(struct gopclntab *t, const struct function *f)
{
	uint64_t at = pcdata_at(t, f);
	unsigned char count;
	uint32_t tree;

	if (!t->gofunc || !get(t, at - 1, &count, 1) || count <= FUNCDATA_INLINED ||
	    !get32(t, at + 4 * ((uint64_t)f->field[F_NPCDATA] + FUNCDATA_INLINED), &tree) ||
	    tree == NONE)
		return 0;
	return t->gofunc + tree;
}

/* Read a struct inlinedCall: the called function's name, and the address of an instruction at
 * the place of the call (`parent`). */
static bool read_call(struct gopclntab *t, const struct function *f, int32_t call, uint32_t *name,
		      uint64_t *parent)
{
	bool new = t->magic == MAGIC_120;
	unsigned words = new ? 4 : 5;
	uint64_t tree = tree_of(t, f), at = tree + (uint64_t)call * words * 4;
	uint32_t word[5];

	if (!tree || call < 0 || at > INT64_MAX ||
	    pread(t->at.fd, word, words * sizeof(*word), (off_t)at) !=
		    (ssize_t)(words * sizeof(*word)))
		return false;
	*name = word[new ? 1 : 3];
	*parent = f->start + word[new ? 2 : 4];
	return true;
}

/* Returns 0 if the address is in an inlined call but the tree is not known: the line would belong
 * to another function than the name. */
unsigned gopclntab_lines(struct gopclntab *t, uint64_t address, gopclntab_line_fn fn, void *ctx)
{
	struct place {
		const char *name, *file;
		int32_t line;
	} place[INLINED_MOST];
	struct function f;
	unsigned n = 0;
	int32_t call = 0;

	if (!find(t, address, &f))
		return 0;
	while (call >= 0 && n < INLINED_MOST) {
		struct place *p = &place[n++];
		uint32_t name = f.field[F_NAME];

		if (!inlined_at(t, &f, address, &call) ||
		    !value_at(t, &f, f.field[F_LINE], address, &p->line) || p->line < 0)
			return 0;
		p->file = file_at(t, &f, address);
		if (call >= 0 && !read_call(t, &f, call, &name, &address))
			return 0;
		p->name = name_at(t, name);
		if (!p->name || !p->file)
			return 0;
	}
	for (unsigned i = 0; i < n && call < 0; i++)
		fn(ctx, place[i].name, place[i].file, place[i].line);
	return call < 0 ? n : 0;
}
