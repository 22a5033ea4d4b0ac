/* SPDX-License-Identifier: GPL-2.0-only */
#include "model/space.h"

#include "base/search.h"

#define HEAP_MOST (1ULL << 40)   /* an address so far above its start is no heap's */
#define STACK_MOST (64ULL << 20) /* likewise, below where the stack began */
#define STACK_ABOVE (4ULL << 20) /* arguments and environment, above it */
#define RANGES_MOST (1u << 20)

struct space *space_new(uint64_t id)
{
	struct space *s = g_new0(struct space, 1);

	s->id = id;
	s->ranges = g_array_new(FALSE, FALSE, sizeof(struct range));
	return s;
}

void space_free(gpointer p)
{
	struct space *s = p;

	if (!s)
		return;
	g_array_unref(s->ranges);
	g_free(s);
}

static struct range *at(const struct space *s, unsigned i)
{
	return &g_array_index(s->ranges, struct range, i);
}

/* Before a change. A child has its parent's ranges: most of many change none. */
static void make_own(struct space *s)
{
	GArray *own;

	if (!s->shared)
		return;
	own = g_array_sized_new(FALSE, FALSE, sizeof(struct range), s->ranges->len + 1);
	g_array_append_vals(own, s->ranges->data, s->ranges->len);
	g_array_unref(s->ranges);
	s->ranges = own;
	s->shared = false;
}

static bool ends_above(const void *s, unsigned i, uint64_t address)
{
	return at(s, i)->end > address;
}

/* Index of the first range that ends above `address`. */
static unsigned first_above(const struct space *s, uint64_t address)
{
	return search_first(s->ranges->len, ends_above, s, address);
}

static void cut_front(struct range *r, uint64_t start)
{
	r->offset += start - r->start;
	r->start = start;
}

void space_unset(struct space *s, uint64_t start, uint64_t end)
{
	unsigned i = first_above(s, start), gone;
	struct range tail;

	if (end <= start || i == s->ranges->len || at(s, i)->start >= end)
		return;
	make_own(s);
	if (at(s, i)->start < start) {
		tail = *at(s, i);
		at(s, i)->end = start;
		i++;
		if (tail.end > end) {
			cut_front(&tail, end);
			g_array_insert_val(s->ranges, i, tail);
			return;
		}
	}
	for (gone = 0; i + gone < s->ranges->len && at(s, i + gone)->end <= end; gone++)
		;
	if (gone)
		g_array_remove_range(s->ranges, i, gone);
	if (i < s->ranges->len && at(s, i)->start < end)
		cut_front(at(s, i), end);
}

void space_set(struct space *s, const struct range *r)
{
	struct range copy = *r;

	if (r->end <= r->start)
		return;
	space_unset(s, r->start, r->end);
	if (s->ranges->len >= RANGES_MOST)
		return;
	make_own(s);
	g_array_insert_val(s->ranges, first_above(s, copy.start), copy);
}

void space_move(struct space *s, uint64_t from, uint64_t size, uint64_t to, uint64_t new_size)
{
	const struct range *old = space_find(s, from);
	struct range moved = { .file = NO_FILE, .place = PLACE_ANON };

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

const struct range *space_find(const struct space *s, uint64_t address)
{
	unsigned i = first_above(s, address);

	return i < s->ranges->len && at(s, i)->start <= address ? at(s, i) : NULL;
}

/* The part of a range inside [start, end), as a range of its own. */
static void change(struct space *s, uint64_t start, uint64_t end,
		   void (*to)(struct range *, uint32_t), uint32_t value)
{
	for (unsigned i = first_above(s, start); i < s->ranges->len; i++) {
		struct range part = *at(s, i);

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

static void set_name(struct range *r, uint32_t name)
{
	r->name = name;
}

static void set_code(struct range *r, uint32_t code)
{
	r->code = code;
	if (r->place == PLACE_ANON)
		r->place = PLACE_JIT;
}

void space_name(struct space *s, uint64_t start, uint64_t end, uint32_t name)
{
	change(s, start, end, set_name, name);
}

void space_code(struct space *s, uint64_t start, uint64_t end)
{
	change(s, start, end, set_code, true);
}

void space_copy(struct space *to, struct space *from)
{
	if (to == from) /* a record that makes no sense */
		return;
	g_array_unref(to->ranges);
	to->ranges = g_array_ref(from->ranges);
	to->shared = from->shared = true;
	to->known = from->known;
	to->start_stack = from->start_stack;
	to->start_brk = from->start_brk;
	to->brk = from->brk;
}

void space_clear(struct space *s)
{
	g_array_unref(s->ranges);
	s->ranges = g_array_new(FALSE, FALSE, sizeof(struct range));
	s->shared = false;
}

void space_stack(struct space *s, const struct range *r, uint32_t name)
{
	uint64_t address = r->start;
	struct range *own;

	make_own(s);
	own = at(s, first_above(s, address));
	own->place = PLACE_STACK;
	own->name = name;
}

enum place_kind space_place(const struct space *s, uint64_t address)
{
	const struct range *r = space_find(s, address);

	if (r)
		return r->place;
	if (s->start_brk && address >= s->start_brk && address - s->start_brk < HEAP_MOST)
		return PLACE_HEAP;
	if (s->start_stack && address < s->start_stack + STACK_ABOVE &&
	    address + STACK_MOST > s->start_stack)
		return PLACE_STACK;
	return PLACE_UNKNOWN;
}
