/* SPDX-License-Identifier: GPL-2.0-only */
#include "model/aggregate.h"

#include <string.h>

#define SLOTS_LEAST 64

static uint32_t hash_of(const struct aggregate_key *key)
{
	uint64_t word[sizeof(*key) / 8], hash = 0;

	memcpy(word, key, sizeof(word));
	for (unsigned i = 0; i < G_N_ELEMENTS(word); i++) {
		hash = (hash ^ word[i]) * 0x9e3779b97f4a7c15ULL;
		hash ^= hash >> 29;
	}
	return (uint32_t)(hash ^ hash >> 32);
}

static void make_slots(struct aggregates *t, uint32_t n)
{
	g_free(t->slots);
	t->slots = g_new(uint32_t, n);
	t->mask = n - 1;
	for (uint32_t i = 0; i < n; i++)
		t->slots[i] = AGGREGATE_FREE;
}

struct aggregates *aggregates_new(void)
{
	struct aggregates *t = g_new0(struct aggregates, 1);

	t->all = g_array_new(FALSE, TRUE, sizeof(struct aggregate));
	t->free = g_array_new(FALSE, FALSE, sizeof(uint32_t));
	make_slots(t, SLOTS_LEAST);
	return t;
}

void aggregates_free(struct aggregates *t)
{
	if (!t)
		return;
	g_array_unref(t->all);
	g_array_unref(t->free);
	g_free(t->slots);
	g_free(t);
}

static uint32_t *slot_of(const struct aggregates *t, const struct aggregate_key *key)
{
	uint32_t at = hash_of(key) & t->mask;

	while (t->slots[at] != AGGREGATE_FREE &&
	       memcmp(&aggregates_at(t, t->slots[at])->key, key, sizeof(*key)))
		at = (at + 1) & t->mask;
	return &t->slots[at];
}

static uint32_t new_number(struct aggregates *t)
{
	uint32_t number = t->all->len;

	if (t->free->len) {
		number = g_array_index(t->free, uint32_t, t->free->len - 1);
		g_array_set_size(t->free, t->free->len - 1);
	} else {
		g_array_set_size(t->all, number + 1);
	}
	return number;
}

static void more_slots(struct aggregates *t)
{
	make_slots(t, (t->mask + 1) * 2);
	for (uint32_t i = 0; i < t->all->len; i++)
		if (aggregates_at(t, i)->into == AGGREGATE_USED)
			*slot_of(t, &aggregates_at(t, i)->key) = i;
}

uint32_t aggregates_put(struct aggregates *t, const struct aggregate_key *key)
{
	uint32_t *slot = slot_of(t, key), number = *slot;

	if (number != AGGREGATE_FREE)
		return number;
	number = new_number(t);
	*slot = number;
	*aggregates_at(t, number) =
		(struct aggregate){ .key = *key, .id = t->next_id++, .into = AGGREGATE_USED };
	if (++t->used > t->mask / 2)
		more_slots(t);
	return number;
}

/* If the two have different peaks, only the later one counts. */
static void add_peak(struct aggregate *to, const struct aggregate *from)
{
	if (from->peak_seq > to->peak_seq) {
		to->peak_seq = from->peak_seq;
		to->at_peak = from->at_peak;
	} else if (from->peak_seq == to->peak_seq) {
		to->at_peak += from->at_peak;
	}
}

static void merge_into(struct aggregates *t, uint32_t from, uint32_t into)
{
	struct aggregate *f = aggregates_at(t, from), *to = aggregates_at(t, into);

	to->count += f->count;
	to->grown += f->grown;
	to->told += f->told;
	to->live += f->live;
	add_peak(to, f);
	f->into = into;
	t->used--;
	t->moved++;
}

void aggregates_rekey(struct aggregates *t, aggregate_rekey_fn rekey, void *ctx,
		      aggregate_merged_fn merged, void *merged_ctx)
{
	make_slots(t, t->mask + 1);
	for (uint32_t i = 0; i < t->all->len; i++) {
		uint32_t *slot, older, younger;

		if (aggregates_at(t, i)->into != AGGREGATE_USED)
			continue;
		rekey(ctx, aggregates_at(t, i));
		slot = slot_of(t, &aggregates_at(t, i)->key);
		if (*slot == AGGREGATE_FREE) {
			*slot = i;
			continue;
		}
		older = aggregates_at(t, i)->id < aggregates_at(t, *slot)->id ? i : *slot;
		younger = older == i ? *slot : i;
		*slot = older;
		merge_into(t, younger, older);
		if (merged)
			merged(merged_ctx, aggregates_at(t, younger)->id,
			       aggregates_at(t, older)->id);
	}
}

uint32_t aggregates_now(const struct aggregates *t, uint32_t number)
{
	while (aggregates_at(t, number)->into < AGGREGATE_FREE)
		number = aggregates_at(t, number)->into;
	return number;
}

void aggregates_release(struct aggregates *t)
{
	for (uint32_t i = 0; i < t->all->len && t->moved; i++) {
		struct aggregate *one = aggregates_at(t, i);

		if (one->into >= AGGREGATE_FREE)
			continue;
		*one = (struct aggregate){ .into = AGGREGATE_FREE };
		g_array_append_val(t->free, i);
		t->moved--;
	}
}
