/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Remembers which rows the file holds, so that a checkpoint writes only rows that have changed.
 *
 * A thing (a process, a frame …) is known by its identity, a hash of the members that never
 * change. It gets a number at the first checkpoint that has it, and keeps the number as long as
 * every checkpoint has it. A number is never used again. For the rows of a thing in each table one
 * hash is kept; if it differs, the rows are written again. Hashes have 64 bits and a secret seed:
 * that one of a million rows is mistaken for another has a probability of 3e-8.
 *
 * Memory: for each thing 12 bytes and 8 bytes per table, with 1/2 to 7/8 of the slots in use. There
 * are as many things as the report has. Only for user/store.
 */
#ifndef TARE_RECORDING_ROWS_H
#define TARE_RECORDING_ROWS_H

#include "store/db.h"
#include "store/recording_limits.h"

#define PARTS_MOST 4

/* Things of one sort. */
struct known {
	uint32_t parts; /* how many hashes each thing has: one per table */
	uint32_t size, used, next, round;
	uint64_t *ids;    /* identity in each slot; 0: free */
	uint32_t *number; /* number of the thing in each slot */
	uint32_t *met;    /* the last round that had the thing */
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

/* Tables whose rows are known by their position, and single sets of rows. */
enum placed_sort {
	PLACED_FIGURES,
	PLACED_TEXTS,
	PLACED_COMMAND,
	PLACED_FEATURES,
	PLACED_SERIES,
	PLACED_SLABS,
	PLACED_GROWERS,
	PLACED_WORKLOAD, /* balances, and updates by others, of the whole workload */
	PLACED_TICKS,    /* one position for each slot of time */
	PLACED_SORTS,
};

struct rows {
	struct known known[KNOWN_SORTS];
	GArray *placed[PLACED_SORTS]; /* uint64_t */
	uint64_t seed;
	bool stale; /* the content of the tables is not known: empty them first */
};

void rows_init(struct rows *rows);
void rows_clear(struct rows *rows);
/* Forget everything: the content of the file is not known any more. */
void rows_forget(struct rows *rows);

/* Add a word to an identity; start with rows->seed. Never 0. */
uint64_t hash_word(uint64_t hash, uint64_t word);
uint64_t hash_text(uint64_t hash, const char *text); /* may be NULL */

/* Begin a round, that is, a checkpoint. */
void known_begin(struct known *k);
/* The slot of a thing; valid until the next call. `share`: a second call with the same identity in
 * this round means the same thing; else it means another one. *fresh (may be NULL): it is new. */
uint32_t known_take(struct known *k, uint64_t id, bool share, bool *fresh);
/* End a round: forget things for which known_take() was not called; `gone` gets their numbers. */
typedef void (*known_gone_fn)(void *ctx, uint32_t number);
void known_end(struct known *k, known_gone_fn gone, void *ctx);

/* The hash of the rows at a position; the array grows if necessary. */
uint64_t *placed_at(struct rows *rows, enum placed_sort sort, uint32_t position);

#endif
