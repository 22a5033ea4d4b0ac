/* SPDX-License-Identifier: GPL-2.0-only */
#include "model/space.h"

#include "base/search.h"

#define HEAP_MOST (1ULL << 40)   /* the heap is not larger */
#define STACK_MOST (64ULL << 20) /* the first stack is not larger */
#define STACK_ABOVE (4ULL << 20) /* arguments and environment, above it */
#define VMAS_MOST (1u << 20)

struct space *space_new(uint64_t id)
{
	struct space *s = g_new0(struct space, 1);

	s->id = id;
	s->vmas = g_array_new(FALSE, FALSE, sizeof(struct vma));
	return s;
}

void space_free(gpointer p)
{
	struct space *s = p;

	if (!s)
		return;
	g_array_unref(s->vmas);
	g_free(s);
}

static struct vma *range_at(const struct space *s, unsigned i)
{
	return &g_array_index(s->vmas, struct vma, i);
}

/* Copy shared VMAs before a change. After fork the child shares its parent's: most children of
 * many never change one. */
static void make_own(struct space *s)
{
	GArray *own;

	if (!s->shared)
		return;
	own = g_array_sized_new(FALSE, FALSE, sizeof(struct vma), s->vmas->len + 1);
	g_array_append_vals(own, s->vmas->data, s->vmas->len);
	g_array_unref(s->vmas);
	s->vmas = own;
	s->shared = false;
}

static bool ends_above(const void *s, unsigned i, uint64_t address)
{
	return range_at(s, i)->end > address;
}

/* Index of the first VMA that ends above `address`. */
static unsigned first_above(const struct space *s, uint64_t address)
{
	return search_first(s->vmas->len, ends_above, s, address);
}

static void cut_front(struct vma *r, uint64_t start)
{
	r->offset += start - r->start;
	r->start = start;
}

void space_unset(struct space *s, uint64_t start, uint64_t end)
{
	unsigned i = first_above(s, start), gone;
	struct vma tail;

	if (end <= start || i == s->vmas->len || range_at(s, i)->start >= end)
		return;
	make_own(s);
	if (range_at(s, i)->start < start) {
		tail = *range_at(s, i);
		range_at(s, i)->end = start;
		i++;
		if (tail.end > end) {
			cut_front(&tail, end);
			g_array_insert_val(s->vmas, i, tail);
			return;
		}
	}
	for (gone = 0; i + gone < s->vmas->len && range_at(s, i + gone)->end <= end; gone++)
		;
	if (gone)
		g_array_remove_range(s->vmas, i, gone);
	if (i < s->vmas->len && range_at(s, i)->start < end)
		cut_front(range_at(s, i), end);
}

void space_set(struct space *s, const struct vma *r)
{
	struct vma copy = *r;

	if (r->end <= r->start)
		return;
	space_unset(s, r->start, r->end);
	if (s->vmas->len >= VMAS_MOST)
		return;
	make_own(s);
	g_array_insert_val(s->vmas, first_above(s, copy.start), copy);
}

void space_move(struct space *s, uint64_t from, uint64_t size, uint64_t to, uint64_t new_size)
{
	const struct vma *old = space_find(s, from);
	struct vma moved = { .file = NO_FILE, .mapping = MAPPING_ANON };

	if (old) {
		moved = *old;
		cut_front(&moved, from);
	}
	moved.start = to;
	moved.end = to + new_size;
	if (size) /* 0: a second mapping of shared memory */
		space_unset(s, from, from + size);
	if (moved.end > moved.start)
		space_set(s, &moved);
}

const struct vma *space_find(const struct space *s, uint64_t address)
{
	unsigned i = first_above(s, address);

	return i < s->vmas->len && range_at(s, i)->start <= address ? range_at(s, i) : NULL;
}

/* The part of a VMA inside [start, end), as a VMA of its own. */
static void change_ranges(struct space *s, uint64_t start, uint64_t end,
			  void (*to)(struct vma *, uint32_t), uint32_t value)
{
	for (unsigned i = first_above(s, start); i < s->vmas->len; i++) {
		struct vma part = *range_at(s, i);

		if (part.start >= end)
			break;
		if (part.start < start)
			cut_front(&part, start);
		part.end = MIN(part.end, end);
		to(&part, value);
		space_set(s, &part);
		i = first_above(s, part.end) - 1;
	}
}

static void set_name(struct vma *r, uint32_t name)
{
	r->name = name;
}

static void set_code(struct vma *r, uint32_t code)
{
	r->code = code;
	if (r->mapping == MAPPING_ANON)
		r->mapping = MAPPING_JIT;
}

void space_name(struct space *s, uint64_t start, uint64_t end, uint32_t name)
{
	change_ranges(s, start, end, set_name, name);
}

void space_code(struct space *s, uint64_t start, uint64_t end)
{
	change_ranges(s, start, end, set_code, true);
}

void space_copy(struct space *to, struct space *from)
{
	if (to == from) /* a malformed record */
		return;
	g_array_unref(to->vmas);
	to->vmas = g_array_ref(from->vmas);
	to->shared = from->shared = true;
	to->known = from->known;
	to->start_stack = from->start_stack;
	to->start_brk = from->start_brk;
	to->brk = from->brk;
}

void space_clear(struct space *s)
{
	g_array_unref(s->vmas);
	s->vmas = g_array_new(FALSE, FALSE, sizeof(struct vma));
	s->shared = false;
}

void space_stack(struct space *s, const struct vma *r, uint32_t name)
{
	uint64_t address = r->start;
	struct vma *own;

	make_own(s);
	own = range_at(s, first_above(s, address));
	own->mapping = MAPPING_STACK;
	own->name = name;
}

enum mapping_kind space_mapping(const struct space *s, uint64_t address)
{
	const struct vma *r = space_find(s, address);

	if (r)
		return r->mapping;
	if (s->start_brk && address >= s->start_brk && address - s->start_brk < HEAP_MOST)
		return MAPPING_HEAP;
	if (s->start_stack && address < s->start_stack + STACK_ABOVE &&
	    address + STACK_MOST > s->start_stack)
		return MAPPING_STACK;
	return MAPPING_UNKNOWN;
}
