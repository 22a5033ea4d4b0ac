/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The raw log of a recording: samples and changes of VMAs, kept for a moment, written with the
 * next checkpoint, and thinned. Only for user/store.
 */
#ifndef TARE_RECORDING_LOG_H
#define TARE_RECORDING_LOG_H

#include "store/db.h"
#include "store/recording.h"

#define LOG_LEVELS 40

struct raw_log {
	GArray *samples;                   /* struct recorded_sample, not yet written */
	GArray *vmas;                      /* struct vma_row, likewise */
	GArray *folds;                     /* struct aggregate_fold, likewise */
	unsigned most_kept;                /* of each, until they are written */
	int64_t sample_number, vma_number; /* of the last */
	unsigned level;                    /* of samples: the least that is kept whole */
	bool thinning;                     /* samples below it are still there */
	int64_t vma_looked;                /* changes up to it that could go have gone */
	uint64_t vmas_dropped;
	uint64_t unlooked; /* bytes written since there was room */
	/* About so many bytes of the file. */
	uint64_t sample_bytes, vma_bytes, samples_kept, vmas_kept;
};

void raw_log_init(struct raw_log *log, uint64_t max_size);
void raw_log_clear(struct raw_log *log);
void raw_log_add_sample(struct raw_log *log, const struct recorded_sample *s);
void raw_log_add_vma(struct raw_log *log, const struct recorded_vma *r);
void raw_log_add_fold(struct raw_log *log, uint32_t aggregate, uint32_t into);
bool raw_log_full(const struct raw_log *log);

/* Within a transaction: write what is kept. `room` is asked now and then, and makes some
 * where there is none. */
typedef int (*raw_log_room_fn)(void *ctx);
int raw_log_write(struct raw_log *log, const struct db *db, raw_log_room_fn room, void *ctx);
/* Drop what is kept; it has been written, or can't be. */
void raw_log_forget(struct raw_log *log);

/* Within a transaction: take away about so many rows, the least useful first. *gone: how
 * many went; 0: there are none. */
int raw_log_thin_samples(struct raw_log *log, const struct db *db, uint64_t rows, uint64_t *gone);
int raw_log_thin_vmas(struct raw_log *log, const struct db *db, uint64_t rows, uint64_t *gone);
/* The rest of a level that is being thinned. */
int raw_log_settle(struct raw_log *log, const struct db *db);

#endif
