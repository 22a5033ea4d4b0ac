/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Sums of samples by key. Numbers are used again; an id never is. Pure.
 *
 * A tally is used, free, or moved: another one has its sums now, whose number is in `into`,
 * until all that refer to it by its number have been told (tallies_release).
 */
#ifndef TARE_TALLY_H
#define TARE_TALLY_H

#include <glib.h>
#include <stdint.h>

/* Compared as bytes: there must be no padding. */
struct tally_key {
	uint64_t task;
	uint32_t kind, cause; /* cause: or ANY_CAUSE */
	uint32_t node;
	uint32_t place; /* enum place_kind */
	uint32_t name;  /* of the place: number of a text, 0 none */
	uint32_t file;  /* likewise, of a file, or NO_FILE */
};
_Static_assert(sizeof(struct tally_key) == 32, "tally_key");

#define ANY_CAUSE UINT32_MAX /* of several: the smallest, put together */

#define TALLY_USED UINT32_MAX
#define TALLY_FREE (UINT32_MAX - 1)

struct tally {
	struct tally_key key;
	uint64_t proc;
	uint64_t count;   /* samples */
	uint64_t grown;   /* bytes; of address space: asked for */
	int64_t live;     /* bytes of those that live */
	uint64_t at_peak; /* bytes live at peak number peak_seq, and gone since */
	uint64_t peak_seq;
	uint32_t id;   /* what a log knows it by */
	uint32_t into; /* TALLY_USED, TALLY_FREE, or the number of the one that has its sums */
};

struct tallies {
	GArray *all;     /* struct tally, by number */
	uint32_t *slots; /* numbers of those used, by their keys; TALLY_FREE: none */
	uint32_t mask, used, moved, next_id;
	GArray *free; /* uint32_t: numbers to use again */
};

struct tallies *tallies_new(void);
void tallies_free(struct tallies *t); /* takes NULL */

/* The number of the key's; made when new. */
uint32_t tallies_put(struct tallies *t, const struct tally_key *key);

/* Valid until the next tallies_put(). */
static inline struct tally *tallies_at(const struct tallies *t, uint32_t number)
{
	return &g_array_index(t->all, struct tally, number);
}

static inline uint32_t tallies_count(const struct tallies *t)
{
	return t->all->len;
}

/* Give every tally that is used another key, or its own again. Those whose keys are the
 * same then become one, the oldest; `merged` (may be NULL) is told of their ids. */
typedef void (*tally_rekey_fn)(void *ctx, struct tally *t);
typedef void (*tally_merged_fn)(void *ctx, uint32_t id, uint32_t into_id);
void tallies_rekey(struct tallies *t, tally_rekey_fn rekey, void *ctx, tally_merged_fn merged,
		   void *merged_ctx);

/* The number of what has the sums of `number` now. */
uint32_t tallies_now(const struct tallies *t, uint32_t number);
/* Nobody refers to those that were moved any more. */
void tallies_release(struct tallies *t);

#endif
