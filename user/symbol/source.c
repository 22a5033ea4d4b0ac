/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Functions at an address including inlined ones, and their source lines, from DWARF: the same
 * result as `addr2line -i -f`. Does not use .debug_aranges, which clang omits.
 *
 * Bounds: UNITS_MOST units of a file; LEFT_AT_FIRST bytes of units and steps in them; the levels
 * of nesting below. The caller bounds the line programs in memory (source_weight()), since libdw
 * may make a row of about 100 bytes of each byte.
 */
#include "symbol/source.h"

#include <dwarf.h>
#include <string.h>

#include "base/search.h"

#define UNITS_MOST (1u << 17)
#define LEFT_AT_FIRST (UINT64_C(512) << 20) /* takes some seconds */
#define RANGES_MOST 65536u                  /* of one unit or function */
#define CONTAINERS_MOST 16                  /* levels of nested namespaces and types */
#define BLOCKS_MOST 256                     /* levels of nested blocks and inlined functions */
#define INLINED_MOST 64
#define NAME_MOST 4096u
#define OVERLAPS_MOST 16 /* spans before an address that are tried */

/* A range of addresses of a unit or a function; addresses as in the debug information. */
struct span {
	uint64_t start, end;
	uint64_t at; /* of a unit: its number; of a function: the offset of its DIE */
};

struct unit {
	Dwarf_Die die;
	uint64_t size;
	GArray *functions; /* struct span, by start; NULL: not read yet */
	bool lines_read;
};

struct source {
	Dwarf *dwarf;
	GElf_Addr bias; /* addresses in the debug information minus those in the file */
	GArray *units;  /* struct unit */
	GArray *spans;  /* struct span, by start */
	Elf_Data *lines;
	uint64_t left; /* of LEFT_AT_FIRST */
};

static void unit_clear(gpointer p)
{
	g_clear_pointer(&((struct unit *)p)->functions, g_array_unref);
}

void source_free(struct source *s)
{
	if (!s)
		return;
	g_array_unref(s->units);
	g_array_unref(s->spans);
	g_free(s);
}

static int by_start(gconstpointer a, gconstpointer b)
{
	const struct span *x = a, *y = b;

	if (x->start != y->start)
		return x->start < y->start ? -1 : 1;
	/* The longest first: span_at() searches backwards and so finds the shortest. */
	if (x->end != y->end)
		return x->end > y->end ? -1 : 1;
	return x->at < y->at ? -1 : x->at > y->at;
}

static bool spend(struct source *s, uint64_t n)
{
	bool enough = s->left >= n;

	s->left -= enough ? n : s->left;
	return enough;
}

static void add_spans(struct source *s, GArray *spans, Dwarf_Die *die, uint64_t at)
{
	Dwarf_Addr base, start, end;
	ptrdiff_t next = 0;

	for (unsigned i = 0; i < RANGES_MOST && spend(s, 1); i++) {
		struct span span;

		next = dwarf_ranges(die, next, &base, &start, &end);
		if (next <= 0)
			return;
		span = (struct span){ start, end, at };
		if (start < end)
			g_array_append_val(spans, span);
	}
}

static bool has_address(struct source *s, Dwarf_Die *die, uint64_t address)
{
	Dwarf_Addr base, start, end;
	ptrdiff_t next = 0;

	for (unsigned i = 0; i < RANGES_MOST && spend(s, 1); i++) {
		next = dwarf_ranges(die, next, &base, &start, &end);
		if (next <= 0)
			return false;
		if (address >= start && address < end)
			return true;
	}
	return false;
}

static bool span_behind(const void *spans, unsigned i, uint64_t address)
{
	return ((const struct span *)spans)[i].start > address;
}

static const struct span *span_at(const GArray *spans, uint64_t address)
{
	const struct span *all = (const struct span *)spans->data;
	unsigned at = search_first(spans->len, span_behind, all, address);

	for (unsigned tries = 0; at-- > 0 && tries < OVERLAPS_MOST; tries++)
		if (address < all[at].end)
			return &all[at];
	return NULL;
}

static void read_units(struct source *s)
{
	Dwarf_Off at = 0, next;
	size_t head;

	while (s->units->len < UNITS_MOST &&
	       !dwarf_next_unit(s->dwarf, at, &next, &head, NULL, NULL, NULL, NULL, NULL, NULL)) {
		struct unit unit = { .size = next - at };

		if (dwarf_offdie(s->dwarf, at + head, &unit.die)) {
			add_spans(s, s->spans, &unit.die, s->units->len);
			g_array_append_val(s->units, unit);
		}
		if (next <= at)
			break;
		at = next;
	}
	g_array_sort(s->spans, by_start);
}

/* The section .debug_line. libdw has decompressed it when it opened the file. */
static Elf_Data *find_lines(Dwarf *dwarf)
{
	Elf *elf = dwarf_getelf(dwarf);
	size_t names;
	Elf_Scn *scn = NULL;

	if (!elf || elf_getshdrstrndx(elf, &names))
		return NULL;
	while ((scn = elf_nextscn(elf, scn))) {
		GElf_Shdr sh;
		const char *name = gelf_getshdr(scn, &sh) ? elf_strptr(elf, names, sh.sh_name) :
							    NULL;

		if (name && (!strcmp(name, ".debug_line") || !strcmp(name, ".zdebug_line")))
			return elf_rawdata(scn, NULL);
	}
	return NULL;
}

struct source *source_new(Dwarf *dwarf, GElf_Addr bias)
{
	struct source *s = g_new0(struct source, 1);

	s->dwarf = dwarf;
	s->bias = bias;
	s->left = LEFT_AT_FIRST;
	s->units = g_array_new(FALSE, TRUE, sizeof(struct unit));
	g_array_set_clear_func(s->units, unit_clear);
	s->spans = g_array_new(FALSE, FALSE, sizeof(struct span));
	s->lines = find_lines(dwarf);
	read_units(s);
	return s;
}

/* Can a DIE with this tag have functions as children? */
static bool contains_functions(int tag)
{
	switch (tag) {
	case DW_TAG_namespace:
	case DW_TAG_module:
	case DW_TAG_class_type:
	case DW_TAG_structure_type:
	case DW_TAG_union_type:
	case DW_TAG_enumeration_type:
	case DW_TAG_subprogram:
		return true;
	default:
		return false;
	}
}

static void read_functions(struct source *s, struct unit *unit)
{
	Dwarf_Die stack[CONTAINERS_MOST];
	int depth = 0;

	unit->functions = g_array_new(FALSE, FALSE, sizeof(struct span));
	if (!spend(s, unit->size) || dwarf_child(&unit->die, &stack[0]))
		return;
	while (depth >= 0 && spend(s, 1)) {
		Dwarf_Die *at = &stack[depth];
		int tag = dwarf_tag(at);

		if (tag == DW_TAG_subprogram)
			add_spans(s, unit->functions, at, dwarf_dieoffset(at));
		if (contains_functions(tag) && depth < CONTAINERS_MOST - 1 &&
		    !dwarf_child(at, &stack[depth + 1])) {
			depth++;
			continue;
		}
		while (depth >= 0 && dwarf_siblingof(&stack[depth], &stack[depth]))
			depth--;
	}
	g_array_sort(unit->functions, by_start);
}

/* Can a DIE with this tag have inlined functions as children? */
static bool is_block(int tag)
{
	return tag == DW_TAG_lexical_block || tag == DW_TAG_inlined_subroutine ||
	       tag == DW_TAG_try_block || tag == DW_TAG_catch_block;
}

/* Move to the child block that contains the address; false: there is none. */
static bool go_down(struct source *s, Dwarf_Die *die, uint64_t address)
{
	Dwarf_Die child;

	if (dwarf_child(die, &child))
		return false;
	do {
		if (is_block(dwarf_tag(&child)) && has_address(s, &child, address)) {
			*die = child;
			return true;
		}
	} while (spend(s, 1) && !dwarf_siblingof(&child, &child));
	return false;
}

/* The functions at an address, outermost first. Returns their number; 0: none, or nested deeper
 * than the bounds. */
static unsigned find_functions(struct source *s, struct unit *unit, uint64_t address,
			       Dwarf_Die found[INLINED_MOST])
{
	const struct span *span;
	Dwarf_Die at;
	unsigned n = 1;

	if (!unit->functions)
		read_functions(s, unit);
	span = span_at(unit->functions, address);
	if (!span || !dwarf_offdie(s->dwarf, span->at, &at))
		return 0;
	found[0] = at;
	for (int level = 0; go_down(s, &at, address); level++) {
		if (level >= BLOCKS_MOST || n >= INLINED_MOST)
			return 0;
		if (dwarf_tag(&at) == DW_TAG_inlined_subroutine)
			found[n++] = at;
	}
	return n;
}

/* Bytes of the unit's line program with its header; 0: there is none. */
static uint64_t lines_size(const struct source *s, struct unit *unit)
{
	Dwarf_Attribute attr;
	Dwarf_Word at;
	uint32_t size;
	uint64_t large;

	if (!s->lines || !s->lines->d_buf || s->lines->d_size < 12 ||
	    dwarf_formudata(dwarf_attr(&unit->die, DW_AT_stmt_list, &attr), &at) ||
	    at > s->lines->d_size - 12)
		return 0;
	memcpy(&size, (const char *)s->lines->d_buf + at, sizeof(size));
	if (size != UINT32_MAX)
		return MIN(size, s->lines->d_size - at);
	memcpy(&large, (const char *)s->lines->d_buf + at + 4, sizeof(large));
	return MIN(large, s->lines->d_size - at);
}

static struct unit *unit_at(const struct source *s, uint64_t address)
{
	const struct span *span = span_at(s->spans, address);

	return span ? &g_array_index(s->units, struct unit, span->at) : NULL;
}

uint64_t source_weight(const struct source *s, uint64_t address)
{
	struct unit *unit = unit_at(s, address + s->bias);

	return unit && !unit->lines_read ? lines_size(s, unit) : 0;
}

/* The name, or NULL if it is too long to be genuine. */
static const char *sensible(const char *name)
{
	return name && strnlen(name, NAME_MOST) < NAME_MOST ? name : NULL;
}

static const char *name_of(Dwarf_Die *die)
{
	Dwarf_Attribute attr;
	const char *linkage =
		dwarf_formstring(dwarf_attr_integrate(die, DW_AT_linkage_name, &attr));

	if (!linkage)
		linkage =
			dwarf_formstring(dwarf_attr_integrate(die, DW_AT_MIPS_linkage_name, &attr));
	return sensible(linkage ? linkage : dwarf_diename(die));
}

struct place {
	const char *file;
	int line;
};

static struct place place_at(struct unit *unit, uint64_t address)
{
	Dwarf_Line *row = dwarf_getsrc_die(&unit->die, address);
	struct place p = { 0 };

	if (!row || dwarf_lineno(row, &p.line))
		return p;
	p.file = sensible(dwarf_linesrc(row, NULL, NULL));
	return p;
}

/* The source line of the call of an inlined function. */
static struct place call_site(struct unit *unit, Dwarf_Die *die)
{
	Dwarf_Word number = 0, line = 0;
	struct place p = { 0 };
	Dwarf_Attribute attr;
	Dwarf_Files *files;

	if (!dwarf_formudata(dwarf_attr(die, DW_AT_call_file, &attr), &number) &&
	    !dwarf_getsrcfiles(&unit->die, &files, NULL))
		p.file = sensible(dwarf_filesrc(files, number, NULL, NULL));
	if (!dwarf_formudata(dwarf_attr(die, DW_AT_call_line, &attr), &line))
		p.line = (int)MIN(line, G_MAXINT);
	return p;
}

unsigned source_find(struct source *s, uint64_t address, bool lines, module_line_fn fn, void *ctx)
{
	struct unit *unit = unit_at(s, address + s->bias);
	Dwarf_Die found[INLINED_MOST];
	struct place p = { 0 };
	unsigned n;

	if (!unit)
		return 0;
	if (lines) {
		unit->lines_read = true;
		p = place_at(unit, address + s->bias);
	}
	n = find_functions(s, unit, address + s->bias, found);
	for (unsigned i = n; i-- > 0;) {
		fn(ctx, name_of(&found[i]), p.file, p.line);
		if (lines && i)
			p = call_site(unit, &found[i]);
	}
	if (!n && p.file)
		fn(ctx, NULL, p.file, p.line);
	return n ? n : p.file != NULL;
}
