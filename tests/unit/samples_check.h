/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Checks the invariants of struct samples by their numbers in model/samples_impl.h.
 */
#ifndef TARE_TESTS_SAMPLES_CHECK_H
#define TARE_TESTS_SAMPLES_CHECK_H

#include "model/samples_impl.h"

/* Invariants 1 and 2: stacks, and the objects that their frames refer to. */
static inline void stacks_hold(const struct samples *s)
{
	for (uint32_t i = 0; i < intern_count(s->nodes); i++) {
		const struct stack_node *n = intern_key(s->nodes, i);
		const struct frame *f;

		assert_true(n->parent == NO_NODE || n->parent < i);
		assert_true(n->frame < intern_count(s->frames));
		f = intern_key(s->frames, n->frame);
		if (f->flags & FRAME_NAMED)
			assert_true(f->file < s->names->len && s->names->pdata[f->file]);
		else if (f->file != NO_FILE)
			assert_true(f->file < s->files->len && s->files->pdata[f->file]);
	}
}

/* Invariant 3: numbers of names and files. */
static inline void numbers_hold(GHashTable *numbers, const GPtrArray *all, const GArray *free)
{
	unsigned used = 0;

	for (unsigned i = 0; i < all->len; i++)
		used += all->pdata[i] != NULL;
	assert_int_equal(g_hash_table_size(numbers), used);
	assert_int_equal(used + free->len, all->len);
	for (unsigned i = 0; i < free->len; i++)
		assert_null(all->pdata[g_array_index(free, uint32_t, i)]);
}

/* Invariant 4: keys of aggregates. */
static inline void aggregates_hold(const struct samples *s, const struct aggregates *t)
{
	unsigned used = 0;

	for (uint32_t i = 0; i < aggregates_count(t); i++) {
		const struct aggregate *one = aggregates_at(t, i);

		if (one->into != AGGREGATE_USED)
			continue;
		used++;
		assert_true(one->key.node == NO_NODE || one->key.node < intern_count(s->nodes));
		assert_true(one->key.name < s->names->len && s->names->pdata[one->key.name]);
		assert_true(one->key.file == NO_FILE ||
			    (one->key.file < s->files->len && s->files->pdata[one->key.file]));
	}
	assert_int_equal(used, t->used);
}

struct living {
	const struct samples *s;
	uint64_t count;
	int64_t *bytes; /* per aggregate */
};

static inline void count_live(void *ctx, struct live_sample *l)
{
	struct living *living = ctx;
	uint32_t now = aggregates_now(living->s->aggregates, l->aggregate);

	assert_int_equal(aggregates_at(living->s->aggregates, now)->into, AGGREGATE_USED);
	living->bytes[now] += (int64_t)l->bytes;
	living->count++;
}

/* Invariant 5: live samples. */
static inline void live_samples_hold(const struct samples *s)
{
	g_autofree int64_t *bytes = g_new0(int64_t, aggregates_count(s->aggregates) + 1);
	struct living living = { s, 0, bytes };
	GHashTableIter iter;
	gpointer live;

	g_hash_table_iter_init(&iter, s->live_samples);
	while (g_hash_table_iter_next(&iter, NULL, &live))
		live_samples_each(live, 0, UINT64_MAX, count_live, &living);
	assert_true(living.count == s->live_count);
	for (uint32_t i = 0; i < aggregates_count(s->aggregates); i++)
		if (aggregates_at(s->aggregates, i)->into == AGGREGATE_USED)
			assert_true(aggregates_at(s->aggregates, i)->live == bytes[i]);
}

/* No aggregate holds more than it grew: model/profile_fill.c needs it. */
static inline void order_holds(const struct samples *s)
{
	unsigned n = aggregates_count(s->aggregates);
	g_autofree uint64_t *at_peak = g_new0(uint64_t, n + 1), *at_end = g_new0(uint64_t, n + 1);

	samples_live(s, s->peak_seq, at_peak, at_end);
	for (uint32_t i = 0; i < n; i++) {
		const struct aggregate *t = aggregates_at(s->aggregates, i);

		if (t->into == AGGREGATE_USED)
			assert_true(at_peak[i] <= t->grown && at_end[i] <= t->grown);
	}
}

static inline void samples_hold(const struct samples *s)
{
	stacks_hold(s);
	numbers_hold(s->name_numbers, s->names, s->free_names);
	numbers_hold(s->file_numbers, s->files, s->free_files);
	aggregates_hold(s, s->aggregates);
	aggregates_hold(s, s->virtual_aggregates);
	live_samples_hold(s);
	order_holds(s);
	assert_true(s->early->len <= EARLY_MOST); /* Invariant 6. */
}

static inline void samples_collect_checked(struct samples *s)
{
	samples_collect(s);
	samples_hold(s);
}

static inline void samples_end(struct samples *s)
{
	samples_hold(s);
	samples_free(s);
}

#endif
