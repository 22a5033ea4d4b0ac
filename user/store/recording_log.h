/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The raw log of a recording: samples and changes of VMAs. Rows are kept in memory until the next
 * checkpoint writes them; when the file gets too large, rows are removed again ("thinned"). Only
 * for user/store.
 */
#ifndef TARE_RECORDING_LOG_H
#define TARE_RECORDING_LOG_H

#include "store/db.h"
#include "store/recording.h"

#define LOG_LEVELS 40

struct raw_log {
	GArray *samples;                   /* struct recorded_sample, not yet written */
	GArray *vmas;                      /* struct vma_row, not yet written */
	GArray *folds;                     /* struct aggregate_fold, not yet written */
	unsigned most_kept;                /* rows in each of these at most */
	int64_t sample_number, vma_number; /* numbers of the last rows */
	unsigned level;                    /* lowest level of samples that is kept */
	bool thinning;                     /* rows of lower levels are still in the file */
	int64_t vma_looked;                /* changes of VMAs up to this number are thinned */
	uint64_t vmas_dropped;
	uint64_t unlooked; /* bytes written since raw_log_room_fn was last called */
	/* Estimates of bytes in the file. */
	uint64_t sample_bytes, vma_bytes, samples_kept, vmas_kept;
};

void raw_log_init(struct raw_log *log, uint64_t max_size);
void raw_log_clear(struct raw_log *log);
void raw_log_add_sample(struct raw_log *log, const struct recorded_sample *s);
void raw_log_add_vma(struct raw_log *log, const struct recorded_vma *r);
void raw_log_add_fold(struct raw_log *log, uint32_t aggregate, uint32_t into);
bool raw_log_full(const struct raw_log *log);

/* Within a transaction: write the rows that are kept in memory. `room` is called every few KiB; it
 * makes room if the file is too large. */
typedef int (*raw_log_room_fn)(void *ctx);
int raw_log_write(struct raw_log *log, const struct db *db, raw_log_room_fn room, void *ctx);
/* Drop the rows that are kept in memory: they were written, or can't be. */
void raw_log_forget(struct raw_log *log);

/* Within a transaction: remove about `rows` rows from the file, the least useful first. *gone: how
 * many were removed; 0: there are none left. */
int raw_log_thin_samples(struct raw_log *log, const struct db *db, uint64_t rows, uint64_t *gone);
int raw_log_thin_vmas(struct raw_log *log, const struct db *db, uint64_t rows, uint64_t *gone);
/* Remove the remaining rows of the levels that are being thinned. */
int raw_log_settle(struct raw_log *log, const struct db *db);

#endif
