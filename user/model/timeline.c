/* SPDX-License-Identifier: GPL-2.0-only */
#include "model/timeline.h"

#define FIRST_SLOT_NS (1ULL << 20) /* about a millisecond */

struct timeline *timeline_new(void)
{
	struct timeline *t = g_new0(struct timeline, 1);

	t->slot_ns = FIRST_SLOT_NS;
	t->ticks = g_array_new(FALSE, FALSE, sizeof(struct tick));
	t->found = g_hash_table_new(NULL, NULL);
	return t;
}

void timeline_free(struct timeline *t)
{
	if (!t)
		return;
	g_array_unref(t->ticks);
	g_hash_table_unref(t->found);
	g_free(t);
}

static void enter(struct timeline *t, const struct tick *tick)
{
	gpointer key = GSIZE_TO_POINTER((gsize)tick->slot << 32 | tick->tally);
	gpointer at;
	struct tick *old;

	if (!g_hash_table_lookup_extended(t->found, key, NULL, &at)) {
		g_hash_table_insert(t->found, key, GUINT_TO_POINTER(t->ticks->len));
		g_array_append_val(t->ticks, *tick);
		return;
	}
	old = &g_array_index(t->ticks, struct tick, GPOINTER_TO_UINT(at));
	old->in += tick->in;
	old->out += tick->out;
}

static void coarsen(struct timeline *t)
{
	GArray *old = t->ticks;

	t->slot_ns *= 2;
	t->ticks = g_array_new(FALSE, FALSE, sizeof(struct tick));
	g_hash_table_remove_all(t->found);
	for (unsigned i = 0; i < old->len; i++) {
		struct tick *tick = &g_array_index(old, struct tick, i);

		tick->slot /= 2;
		enter(t, tick);
	}
	g_array_unref(old);
}

void timeline_add(struct timeline *t, uint64_t time_ns, uint32_t tally, uint64_t in, uint64_t out)
{
	struct tick tick = { .tally = tally, .in = in, .out = out };

	if (!t->start_ns)
		t->start_ns = time_ns;
	time_ns = MAX(time_ns, t->start_ns) - t->start_ns;
	while (time_ns / t->slot_ns >= TIMELINE_SLOTS)
		coarsen(t);
	tick.slot = time_ns / t->slot_ns;
	enter(t, &tick);
	if (t->ticks->len > TIMELINE_TICKS && tick.slot)
		coarsen(t);
}

static int by_slot(gconstpointer a, gconstpointer b)
{
	const struct tick *x = a, *y = b;

	if (x->slot != y->slot)
		return x->slot < y->slot ? -1 : 1;
	return x->tally < y->tally ? -1 : x->tally > y->tally;
}

GArray *timeline_ticks(const struct timeline *t)
{
	GArray *copy = g_array_new(FALSE, FALSE, sizeof(struct tick));

	g_array_append_vals(copy, t->ticks->data, t->ticks->len);
	g_array_sort(copy, by_slot);
	return copy;
}
