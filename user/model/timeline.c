/* SPDX-License-Identifier: GPL-2.0-only */
#include "model/timeline.h"

#include <string.h>

#define FIRST_SLOT_NS (1ULL << 20) /* about a millisecond */
#define NO_TICK UINT32_MAX
#define FOUND_LEAST 1024 /* a power of two */

static void make_found(struct timeline *t, uint32_t n)
{
	g_free(t->found);
	t->found = g_new(uint32_t, n);
	t->mask = n - 1;
	memset(t->found, 0xff, n * sizeof(uint32_t));
}

struct timeline *timeline_new(void)
{
	struct timeline *t = g_new0(struct timeline, 1);

	t->slot_ns = FIRST_SLOT_NS;
	t->ticks = g_array_new(FALSE, FALSE, sizeof(struct tick));
	make_found(t, FOUND_LEAST);
	return t;
}

void timeline_free(struct timeline *t)
{
	if (!t)
		return;
	g_array_unref(t->ticks);
	g_free(t->found);
	g_free(t);
}

static struct tick *tick_at(const struct timeline *t, uint32_t i)
{
	return &g_array_index(t->ticks, struct tick, i);
}

static uint32_t *found_of(const struct timeline *t, uint32_t slot, uint32_t aggregate)
{
	uint64_t hash = ((uint64_t)slot << 32 | aggregate) * 0x9e3779b97f4a7c15ULL;
	uint32_t at = (uint32_t)(hash >> 32) & t->mask;

	while (t->found[at] != NO_TICK && (tick_at(t, t->found[at])->slot != slot ||
					   tick_at(t, t->found[at])->aggregate != aggregate))
		at = (at + 1) & t->mask;
	return &t->found[at];
}

static void more_found(struct timeline *t)
{
	make_found(t, (t->mask + 1) * 2);
	for (uint32_t i = 0; i < t->ticks->len; i++)
		*found_of(t, tick_at(t, i)->slot, tick_at(t, i)->aggregate) = i;
}

static void add_tick(struct timeline *t, const struct tick *tick)
{
	uint32_t *found = found_of(t, tick->slot, tick->aggregate);

	if (*found != NO_TICK) {
		tick_at(t, *found)->in += tick->in;
		tick_at(t, *found)->out += tick->out;
	} else if (t->ticks->len >= TIMELINE_TICKS) {
		t->left_out += tick->in + tick->out;
	} else {
		*found = t->ticks->len;
		g_array_append_val(t->ticks, *tick);
		if (t->ticks->len > t->mask / 2)
			more_found(t);
	}
}

/* Add all ticks again. Ticks of the same slot and aggregate become one. */
static void add_ticks_again(struct timeline *t, uint32_t slots, timeline_now_fn now,
			    const void *ctx)
{
	unsigned n = t->ticks->len;

	memset(t->found, 0xff, ((size_t)t->mask + 1) * sizeof(uint32_t));
	t->ticks->len = 0;
	for (unsigned i = 0; i < n; i++) {
		struct tick tick = *tick_at(t, i);

		tick.slot /= slots;
		if (now)
			tick.aggregate = now(ctx, tick.aggregate);
		add_tick(t, &tick);
	}
}

static void coarsen_slots(struct timeline *t)
{
	t->slot_ns *= 2;
	add_ticks_again(t, 2, NULL, NULL);
}

void timeline_renumber(struct timeline *t, timeline_now_fn now, const void *ctx)
{
	add_ticks_again(t, 1, now, ctx);
}

/* Double the slots until a quarter of the ticks is free, so that this is rare; or until all ticks
 * are in one slot. */
static void make_room(struct timeline *t)
{
	while (t->ticks->len > TIMELINE_TICKS / 4 * 3 && t->last / t->slot_ns)
		coarsen_slots(t);
}

void timeline_add(struct timeline *t, uint64_t time_ns, uint32_t aggregate, uint64_t in,
		  uint64_t out)
{
	struct tick tick = { .aggregate = aggregate, .in = in, .out = out };

	if (!t->start_ns)
		t->start_ns = time_ns;
	time_ns = MAX(time_ns, t->start_ns) - t->start_ns;
	t->last = MAX(t->last, time_ns);
	while (time_ns / t->slot_ns >= TIMELINE_SLOTS)
		coarsen_slots(t);
	if (t->ticks->len >= TIMELINE_TICKS)
		make_room(t);
	tick.slot = (uint32_t)(time_ns / t->slot_ns);
	add_tick(t, &tick);
}

static int by_slot(gconstpointer a, gconstpointer b)
{
	const struct tick *x = a, *y = b;

	if (x->slot != y->slot)
		return x->slot < y->slot ? -1 : 1;
	return x->aggregate < y->aggregate ? -1 : x->aggregate > y->aggregate;
}

GArray *timeline_ticks(const struct timeline *t)
{
	GArray *copy = g_array_new(FALSE, FALSE, sizeof(struct tick));

	g_array_append_vals(copy, t->ticks->data, t->ticks->len);
	g_array_sort(copy, by_slot);
	return copy;
}
