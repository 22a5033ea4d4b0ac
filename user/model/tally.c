/* SPDX-License-Identifier: GPL-2.0-only */
#include "model/tally.h"

#include <string.h>

#define SLOTS_LEAST 64

static uint32_t hash_of(const struct tally_key *key)
{
	uint64_t word[sizeof(*key) / 8], hash = 0;

	memcpy(word, key, sizeof(word));
	for (unsigned i = 0; i < G_N_ELEMENTS(word); i++) {
		hash = (hash ^ word[i]) * 0x9e3779b97f4a7c15ULL;
		hash ^= hash >> 29;
	}
	return (uint32_t)(hash ^ hash >> 32);
}

static void make_slots(struct tallies *t, uint32_t n)
{
	g_free(t->slots);
	t->slots = g_new(uint32_t, n);
	t->mask = n - 1;
	for (uint32_t i = 0; i < n; i++)
		t->slots[i] = TALLY_FREE;
}

struct tallies *tallies_new(void)
{
	struct tallies *t = g_new0(struct tallies, 1);

	t->all = g_array_new(FALSE, TRUE, sizeof(struct tally));
	t->free = g_array_new(FALSE, FALSE, sizeof(uint32_t));
	make_slots(t, SLOTS_LEAST);
	return t;
}

void tallies_free(struct tallies *t)
{
	if (!t)
		return;
	g_array_unref(t->all);
	g_array_unref(t->free);
	g_free(t->slots);
	g_free(t);
}

static uint32_t *slot_of(const struct tallies *t, const struct tally_key *key)
{
	uint32_t at = hash_of(key) & t->mask;

	while (t->slots[at] != TALLY_FREE &&
	       memcmp(&tallies_at(t, t->slots[at])->key, key, sizeof(*key)))
		at = (at + 1) & t->mask;
	return &t->slots[at];
}

static uint32_t new_number(struct tallies *t)
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

static void more_slots(struct tallies *t)
{
	make_slots(t, (t->mask + 1) * 2);
	for (uint32_t i = 0; i < t->all->len; i++)
		if (tallies_at(t, i)->into == TALLY_USED)
			*slot_of(t, &tallies_at(t, i)->key) = i;
}

uint32_t tallies_put(struct tallies *t, const struct tally_key *key)
{
	uint32_t *slot = slot_of(t, key), number = *slot;

	if (number != TALLY_FREE)
		return number;
	number = new_number(t);
	*slot = number;
	*tallies_at(t, number) =
		(struct tally){ .key = *key, .id = t->next_id++, .into = TALLY_USED };
	if (++t->used > t->mask / 2)
		more_slots(t);
	return number;
}

/* Of two peaks only the later one counts. */
static void add_peak(struct tally *to, const struct tally *from)
{
	if (from->peak_seq > to->peak_seq) {
		to->peak_seq = from->peak_seq;
		to->at_peak = from->at_peak;
	} else if (from->peak_seq == to->peak_seq) {
		to->at_peak += from->at_peak;
	}
}

static void merge(struct tallies *t, uint32_t from, uint32_t into)
{
	struct tally *f = tallies_at(t, from), *to = tallies_at(t, into);

	to->count += f->count;
	to->grown += f->grown;
	to->live += f->live;
	add_peak(to, f);
	f->into = into;
	t->used--;
	t->moved++;
}

void tallies_rekey(struct tallies *t, tally_rekey_fn rekey, void *ctx, tally_merged_fn merged,
		   void *merged_ctx)
{
	make_slots(t, t->mask + 1);
	for (uint32_t i = 0; i < t->all->len; i++) {
		uint32_t *slot, older, younger;

		if (tallies_at(t, i)->into != TALLY_USED)
			continue;
		rekey(ctx, tallies_at(t, i));
		slot = slot_of(t, &tallies_at(t, i)->key);
		if (*slot == TALLY_FREE) {
			*slot = i;
			continue;
		}
		older = tallies_at(t, i)->id < tallies_at(t, *slot)->id ? i : *slot;
		younger = older == i ? *slot : i;
		*slot = older;
		merge(t, younger, older);
		if (merged)
			merged(merged_ctx, tallies_at(t, younger)->id, tallies_at(t, older)->id);
	}
}

uint32_t tallies_now(const struct tallies *t, uint32_t number)
{
	while (tallies_at(t, number)->into < TALLY_FREE)
		number = tallies_at(t, number)->into;
	return number;
}

void tallies_release(struct tallies *t)
{
	for (uint32_t i = 0; i < t->all->len && t->moved; i++) {
		struct tally *one = tallies_at(t, i);

		if (one->into >= TALLY_FREE)
			continue;
		*one = (struct tally){ .into = TALLY_FREE };
		g_array_append_val(t->free, i);
		t->moved--;
	}
}
