/* SPDX-License-Identifier: GPL-2.0-only */
#include "store/recording_rows.h"

#include <string.h>

#define FIRST_SIZE 64
#define NOT_MET 0

/* In how many tables the rows of a thing may change, by sort. 0: the identity covers the whole row,
 * so the row never changes. */
static const uint32_t parts[KNOWN_SORTS] = {
	[KNOWN_PROCESSES] = 4, /* processes, process_texts, balances, foreigners */
	[KNOWN_TASKS] = 4,     /* tasks, task_names, task_kinds, task_causes */
	[KNOWN_ENTRIES] = 1,
	[KNOWN_VIRTUAL] = 1,
};

static uint64_t multiply_folded(uint64_t a, uint64_t b)
{
	__uint128_t product = (__uint128_t)a * b;

	return (uint64_t)product ^ (uint64_t)(product >> 64);
}

uint64_t hash_word(uint64_t hash, uint64_t word)
{
	uint64_t next = multiply_folded(hash ^ word, 0x9e3779b97f4a7c15ULL) + 0xd1b54a32d192ed03ULL;

	next ^= next >> 29;
	return next ? next : 1;
}

uint64_t hash_text(uint64_t hash, const char *text)
{
	size_t size = text ? strlen(text) : 0;
	uint64_t word;

	hash = hash_word(hash, text ? size : UINT64_MAX);
	for (; size; text += MIN(size, 8), size -= MIN(size, 8)) {
		word = 0;
		memcpy(&word, text, MIN(size, 8));
		hash = hash_word(hash, word);
	}
	return hash;
}

static void make_slots(struct known *k, uint32_t size)
{
	k->size = size;
	k->used = 0;
	k->ids = g_new0(uint64_t, size);
	k->number = g_new(uint32_t, size);
	k->met = g_new0(uint32_t, size);
	for (uint32_t i = 0; i < k->parts; i++)
		k->hash[i] = g_new0(uint64_t, size);
}

static void free_slots(struct known *k)
{
	g_free(k->ids);
	g_free(k->number);
	g_free(k->met);
	for (uint32_t i = 0; i < k->parts; i++)
		g_free(k->hash[i]);
}

void rows_init(struct rows *rows)
{
	*rows = (struct rows){ .stale = true };
	rows->seed = (uint64_t)g_random_int() << 32 | g_random_int();
	for (int i = 0; i < KNOWN_SORTS; i++) {
		rows->known[i].parts = parts[i];
		make_slots(&rows->known[i], FIRST_SIZE);
	}
	for (int i = 0; i < PLACED_SORTS; i++)
		rows->placed[i] = g_array_new(FALSE, TRUE, sizeof(uint64_t));
}

void rows_clear(struct rows *rows)
{
	for (int i = 0; i < KNOWN_SORTS; i++)
		free_slots(&rows->known[i]);
	for (int i = 0; i < PLACED_SORTS; i++)
		g_array_unref(rows->placed[i]);
}

void rows_forget(struct rows *rows)
{
	rows_clear(rows);
	rows_init(rows);
}

static uint32_t free_slot(const struct known *k, uint64_t id)
{
	uint32_t at = (uint32_t)id & (k->size - 1);

	while (k->ids[at])
		at = (at + 1) & (k->size - 1);
	return at;
}

/* Move the things whose `met` is at least `since` into a table of the size that they need. */
static void rebuild_slots(struct known *k, uint32_t size, uint32_t since)
{
	struct known old = *k;

	make_slots(k, size);
	for (uint32_t i = 0; i < old.size; i++) {
		uint32_t at;

		if (!old.ids[i] || old.met[i] < since)
			continue;
		at = free_slot(k, old.ids[i]);
		k->ids[at] = old.ids[i];
		k->number[at] = old.number[i];
		k->met[at] = old.met[i];
		for (uint32_t part = 0; part < k->parts; part++)
			k->hash[part][at] = old.hash[part][i];
		k->used++;
	}
	free_slots(&old);
}

void known_begin(struct known *k)
{
	k->round++;
}

uint32_t known_take(struct known *k, uint64_t id, bool share, bool *fresh)
{
	uint32_t at;

	if (k->used >= k->size / 8 * 7)
		rebuild_slots(k, k->size * 2, NOT_MET);
	at = (uint32_t)id & (k->size - 1);
	while (k->ids[at]) {
		if (k->ids[at] == id && k->met[at] == k->round && !share) {
			id = hash_word(id, 1); /* another thing with the same identity */
			at = (uint32_t)id & (k->size - 1);
			continue;
		}
		if (k->ids[at] == id)
			break;
		at = (at + 1) & (k->size - 1);
	}
	if (fresh)
		*fresh = !k->ids[at];
	if (!k->ids[at]) {
		k->ids[at] = id;
		k->number[at] = k->next++;
		k->used++;
	}
	k->met[at] = k->round;
	return at;
}

void known_end(struct known *k, known_gone_fn gone, void *ctx)
{
	uint32_t left = 0, size = k->size;

	for (uint32_t i = 0; i < k->size; i++) {
		if (!k->ids[i])
			continue;
		if (k->met[i] == k->round)
			left++;
		else
			gone(ctx, k->number[i]);
	}
	if (left == k->used)
		return;
	while (size > FIRST_SIZE && left < size / 4)
		size /= 2;
	rebuild_slots(k, size, k->round);
}

uint64_t *placed_at(struct rows *rows, enum placed_sort sort, uint32_t position)
{
	GArray *hashes = rows->placed[sort];

	if (position >= hashes->len)
		g_array_set_size(hashes, position + 1);
	return &g_array_index(hashes, uint64_t, position);
}
