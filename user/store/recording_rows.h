/* SPDX-License-Identifier: GPL-2.0-only
 *
 * What the file holds, row by row, so that a checkpoint writes only what has changed.
 *
 * A thing (a process, a frame …) is told by its identity, a hash of what makes it that
 * thing; it gets a number when it is met first, keeps it as long as it is met at each
 * checkpoint, and no other ever gets it. Of the rows of a thing in a table their hash
 * is kept: when it differs they are written again. Hashes have 64 bits and a secret
 * seed: that one of a million rows is taken for another has a probability of 3e-8.
 *
 * Memory: 12 + 8 bytes a table of a thing, at 1/2 to 7/8 of the slots in use; things
 * are as many as the report has. Only for user/store.
 */
#ifndef TARE_RECORDING_ROWS_H
#define TARE_RECORDING_ROWS_H

#include "store/db.h"
#include "store/recording_limits.h"

#define PARTS_MOST 4

/* Things of one sort. */
struct known {
	uint32_t parts; /* tables of which hashes are kept */
	uint32_t size, used, next, round;
	uint64_t *ids;    /* 0: free */
	uint32_t *number; /* of each slot */
	uint32_t *met;    /* the round that met it last */
	uint64_t *hash[PARTS_MOST];
};

enum known_sort {
	KNOWN_PROCESSES,
	KNOWN_TASKS,
	KNOWN_MODULES,
	KNOWN_FRAMES,
	KNOWN_NODES,
	KNOWN_MAPPINGS,
	KNOWN_CAUSES,
	KNOWN_ENTRIES,
	KNOWN_VIRTUAL,
	KNOWN_SORTS,
};

/* Tables whose rows go by their position, and single sets of rows. */
enum placed_sort {
	PLACED_FIGURES,
	PLACED_TEXTS,
	PLACED_COMMAND,
	PLACED_FEATURES,
	PLACED_SERIES,
	PLACED_SLABS,
	PLACED_WORKLOAD, /* balances and foreigners that are of no process */
	PLACED_TICKS,    /* a slot of time each */
	PLACED_SORTS,
};

struct rows {
	struct known known[KNOWN_SORTS];
	GArray *placed[PLACED_SORTS]; /* uint64_t */
	uint64_t seed;
	bool stale; /* what the tables hold is not known: they are to be emptied */
};

void rows_init(struct rows *rows);
void rows_clear(struct rows *rows);
/* Nothing of what is in the file is known any more. */
void rows_forget(struct rows *rows);

/* Identities are made word by word; start with rows->seed. Never 0. */
uint64_t hash_word(uint64_t hash, uint64_t word);
uint64_t hash_text(uint64_t hash, const char *text); /* may be NULL */

/* A new round: things that known_take() does not meet in it are gone. */
void known_begin(struct known *k);
/* The slot of a thing; valid until the next call. `share`: the same identity twice is the
 * same thing; else another one. *fresh (may be NULL): it was not met before. */
uint32_t known_take(struct known *k, uint64_t id, bool share, bool *fresh);
/* Those that were not met go; `gone` gets the number of each. */
typedef void (*known_gone_fn)(void *ctx, uint32_t number);
void known_end(struct known *k, known_gone_fn gone, void *ctx);

/* The hash of the thing at a position, grown to have one. */
uint64_t *placed_at(struct rows *rows, enum placed_sort sort, uint32_t position);

#endif
