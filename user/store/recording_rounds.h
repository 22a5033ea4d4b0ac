/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Rounds of a recording: what processes and threads held at each look, only what changed. As the
 * raw log, they are kept in memory until the next checkpoint, and thinned when the file gets too
 * large. Only for user/store.
 */
#ifndef TARE_RECORDING_ROUNDS_H
#define TARE_RECORDING_ROUNDS_H

#include "model/live_view.h"
#include "store/db.h"
#include "store/recording_limits.h"

struct rounds {
	const struct recording_limits *limits;
	uint64_t seed;                 /* of hashes */
	GHashTable *met;               /* live_row_key() -> struct met: rows of the last round */
	GHashTable *causes;            /* id -> name; never freed, a few hundred at most */
	GArray *rounds, *rows, *names; /* not yet written */
	GStringChunk *texts;           /* of `names` */
	int64_t number, written;       /* of the last round; of the last one in the file */
	bool writing;
	int64_t next_who;
	uint64_t time_ns; /* of the last round */
	bool stale;       /* rows were not written: the next round must be full */
	bool off;         /* there is no room for any */
	int64_t thinned;  /* rounds up to this number are thinned */
	uint64_t bytes, kept, dropped;
};

void rounds_init(struct rounds *r, const struct recording_limits *limits, uint64_t seed);
void rounds_clear(struct rounds *r);
void rounds_add(struct rounds *r, const struct live *l, char *(*cause_name)(uint32_t id));

/* Within a transaction: write what is kept in memory. `room` is called every few KiB, as in
 * recording_log.h. */
int rounds_write(struct rounds *r, const struct db *db, int (*room)(void *ctx), void *ctx);
/* Remove what an unfinished rounds_write() wrote. */
int rounds_take_back(struct rounds *r, const struct db *db);
/* Drop what is kept in memory: it was written, or can't be. */
void rounds_forget(struct rounds *r, bool written);

/* Within a transaction: remove rounds until about `rows` rows are gone. *gone: rounds and rows that
 * were removed; 0: there is nothing left to thin. */
int rounds_thin(struct rounds *r, const struct db *db, uint64_t rows, uint64_t *gone);
/* Remove all of them, and write no more. */
int rounds_give_up(struct rounds *r, const struct db *db);

#endif
