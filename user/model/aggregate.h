/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Aggregates: sums of samples by key. An aggregate has a number, which may be used again, and an
 * id, which never is. Pure. It must not know what a key stands for.
 *
 * An aggregate is used, free, or moved. Moved: its sums were added to aggregate number `into`. It
 * stays moved until everything that refers to its number was renumbered (aggregates_release()).
 */
#ifndef TARE_AGGREGATE_H
#define TARE_AGGREGATE_H

#include <glib.h>
#include <stdint.h>

/* Compared as bytes: there must be no padding. */
struct aggregate_key {
	uint64_t task;
	uint32_t kind, cause; /* cause: or ANY_CAUSE */
	uint32_t node;
	uint32_t mapping; /* enum mapping_kind */
	uint32_t name;    /* of the mapping: number of a text, 0 none */
	uint32_t file;    /* of the mapping: number of a file, or NO_FILE */
};
_Static_assert(sizeof(struct aggregate_key) == 32, "aggregate_key");

#define ANY_CAUSE UINT32_MAX /* several causes: the smallest aggregates, merged */

#define AGGREGATE_USED UINT32_MAX
#define AGGREGATE_FREE (UINT32_MAX - 1)

struct aggregate {
	struct aggregate_key key;
	uint64_t proc;
	uint64_t count;   /* samples */
	uint64_t grown;   /* bytes; of address space: mapped */
	uint64_t told;    /* of `grown`: by the last samples_told() */
	int64_t live;     /* bytes of its live samples; of address space: not in memory when
			     its process ended, may be below 0 */
	uint64_t at_peak; /* bytes that were live at peak number peak_seq and were freed since */
	uint64_t peak_seq;
	uint32_t id;   /* identifies it in the recording's log */
	uint32_t into; /* AGGREGATE_USED, AGGREGATE_FREE, or moved: number of the other one */
};

struct aggregates {
	GArray *all;     /* struct aggregate, by number */
	uint32_t *slots; /* hash table of used numbers by key; AGGREGATE_FREE: empty */
	uint32_t mask, used, moved, next_id;
	GArray *free; /* uint32_t: numbers to use again */
};

struct aggregates *aggregates_new(void);
void aggregates_free(struct aggregates *t); /* takes NULL */

/* The number of the aggregate with this key; made when new. */
uint32_t aggregates_put(struct aggregates *t, const struct aggregate_key *key);

/* Valid until the next aggregates_put(). */
static inline struct aggregate *aggregates_at(const struct aggregates *t, uint32_t number)
{
	return &g_array_index(t->all, struct aggregate, number);
}

static inline uint32_t aggregates_count(const struct aggregates *t)
{
	return t->all->len;
}

/* Call `rekey` for every used aggregate; it may change the key. Aggregates with the same key then
 * become one, the one with the smallest id; `merged` (may be NULL) gets their ids. */
typedef void (*aggregate_rekey_fn)(void *ctx, struct aggregate *t);
typedef void (*aggregate_merged_fn)(void *ctx, uint32_t id, uint32_t into_id);
void aggregates_rekey(struct aggregates *t, aggregate_rekey_fn rekey, void *ctx,
		      aggregate_merged_fn merged, void *merged_ctx);

/* The number of the aggregate that has the sums of `number` now. */
uint32_t aggregates_now(const struct aggregates *t, uint32_t number);
/* Free all moved aggregates; nothing may refer to them. */
void aggregates_release(struct aggregates *t);

#endif
