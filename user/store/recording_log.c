/* SPDX-License-Identifier: GPL-2.0-only */
#include "store/recording_log.h"

#include <string.h>

#define MOST_KEPT 16384 /* rows in memory */
#define SAMPLE_BYTES 48 /* of a row in the file, estimate */
#define VMA_BYTES 64    /* the same, without `detail` */
#define FOLD_BYTES 16
#define LOOK_EACH 8192   /* bytes written between two calls of raw_log_room_fn */
#define DETAIL_MOST 4096 /* bytes of `detail`: PATH_MAX */

struct vma_row {
	struct recorded_vma r;
	char *detail;
};

struct aggregate_fold {
	uint32_t aggregate, into;
};

static void vma_clear(gpointer row)
{
	g_free(((struct vma_row *)row)->detail);
}

void raw_log_init(struct raw_log *log, uint64_t max_size)
{
	*log = (struct raw_log){
		.samples = g_array_new(FALSE, FALSE, sizeof(struct recorded_sample)),
		.vmas = g_array_new(FALSE, FALSE, sizeof(struct vma_row)),
		.folds = g_array_new(FALSE, FALSE, sizeof(struct aggregate_fold)),
		.most_kept = (unsigned)MIN(MOST_KEPT, max_size / 16 / SAMPLE_BYTES),
	};
	g_array_set_clear_func(log->vmas, vma_clear);
}

void raw_log_clear(struct raw_log *log)
{
	g_array_unref(log->samples);
	g_array_unref(log->vmas);
	g_array_unref(log->folds);
}

void raw_log_add_sample(struct raw_log *log, const struct recorded_sample *s)
{
	g_array_append_val(log->samples, *s);
}

void raw_log_add_vma(struct raw_log *log, const struct recorded_vma *r)
{
	struct vma_row row = { *r, r->detail ? g_strndup(r->detail, DETAIL_MOST) : NULL };

	g_array_append_val(log->vmas, row);
}

void raw_log_add_fold(struct raw_log *log, uint32_t aggregate, uint32_t into)
{
	struct aggregate_fold fold = { aggregate, into };

	g_array_append_val(log->folds, fold);
}

bool raw_log_full(const struct raw_log *log)
{
	return log->samples->len >= log->most_kept || log->vmas->len >= log->most_kept ||
	       log->folds->len >= log->most_kept;
}

void raw_log_forget(struct raw_log *log)
{
	g_array_set_size(log->samples, 0);
	g_array_set_size(log->vmas, 0);
	g_array_set_size(log->folds, 0);
}

static unsigned level_of(int64_t number)
{
	return (unsigned)__builtin_ctzll((unsigned long long)number);
}

/* Called before a row of `bytes` bytes is written: from time to time, make room. */
static int check_room(struct raw_log *log, uint64_t bytes, raw_log_room_fn room, void *ctx)
{
	log->unlooked += bytes;
	if (log->unlooked < LOOK_EACH)
		return 0;
	log->unlooked = 0;
	return room(ctx);
}

static int write_samples(struct raw_log *log, const struct db *db, raw_log_room_fn room, void *ctx)
{
	g_autoptr(sqlite3_stmt) st = NULL;
	int err = db_prepare(db, &st, "INSERT INTO samples VALUES (?1, ?2, ?3, ?4, ?5, ?6)");

	for (unsigned i = 0; !err && i < log->samples->len; i++) {
		const struct recorded_sample *s =
			&g_array_index(log->samples, struct recorded_sample, i);
		unsigned level = level_of(++log->sample_number);

		if (level < log->level)
			continue;
		err = check_room(log, SAMPLE_BYTES, room, ctx);
		if (!err)
			err = db_run(db, st, db_integer(level), db_integer(log->sample_number),
				     db_count(s->time_ns), db_integer(s->aggregate),
				     s->no_address ? db_text(NULL) :
						     db_integer((int64_t)s->address),
				     db_count(s->bytes));
		log->sample_bytes += SAMPLE_BYTES;
		log->samples_kept++;
	}
	return err;
}

static int write_vmas(struct raw_log *log, const struct db *db, raw_log_room_fn room, void *ctx)
{
	g_autoptr(sqlite3_stmt) st = NULL;
	int err = db_prepare(db, &st, "INSERT INTO ranges VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)");

	for (unsigned i = 0; !err && i < log->vmas->len; i++) {
		const struct vma_row *row = &g_array_index(log->vmas, struct vma_row, i);

		err = check_room(log, VMA_BYTES + (row->detail ? strlen(row->detail) : 0), room,
				 ctx);
		if (!err)
			err = db_run(db, st, db_integer(++log->vma_number),
				     db_count(row->r.time_ns), db_integer(row->r.pid),
				     db_count(row->r.mm), db_text(row->r.what),
				     db_integer((int64_t)row->r.start),
				     db_integer((int64_t)row->r.size), db_text(row->detail));
		log->vma_bytes += VMA_BYTES + (row->detail ? strlen(row->detail) : 0);
		log->vmas_kept++;
	}
	return err;
}

static int write_folds(struct raw_log *log, const struct db *db, raw_log_room_fn room, void *ctx)
{
	g_autoptr(sqlite3_stmt) st = NULL;
	int err = db_prepare(db, &st, "REPLACE INTO tallies VALUES (?1, ?2)");

	for (unsigned i = 0; !err && i < log->folds->len; i++) {
		const struct aggregate_fold *f =
			&g_array_index(log->folds, struct aggregate_fold, i);

		err = check_room(log, FOLD_BYTES, room, ctx);
		if (!err)
			err = db_run(db, st, db_integer(f->aggregate), db_integer(f->into));
		log->sample_bytes += FOLD_BYTES;
	}
	return err;
}

int raw_log_write(struct raw_log *log, const struct db *db, raw_log_room_fn room, void *ctx)
{
	int err = write_samples(log, db, room, ctx);

	err = err ?: write_vmas(log, db, room, ctx);
	return err ?: write_folds(log, db, room, ctx);
}

/* The share of `bytes` that `gone` of `rows` rows take. */
static uint64_t part_of(uint64_t bytes, uint64_t gone, uint64_t rows)
{
	return gone < rows ? (uint64_t)((double)bytes * (double)gone / (double)rows) : bytes;
}

static void samples_gone(struct raw_log *log, uint64_t gone)
{
	log->sample_bytes -= part_of(log->sample_bytes, gone, log->samples_kept);
	log->samples_kept -= MIN(gone, log->samples_kept);
}

static int change_rows(const struct db *db, uint64_t *gone, const char *sql, int64_t a, int64_t b)
{
	int err = db_change(db, sql, db_integer(a), db_integer(b));

	*gone = err ? 0 : (uint64_t)sqlite3_changes64(db->sqlite);
	return err;
}

/* Without samples, the table of folded aggregates is of no use. */
static int drop_folds(const struct db *db)
{
	return db_exec(db, "DELETE FROM tallies");
}

/* Remove every second sample, that is, those of the lowest level, the oldest first. */
int raw_log_thin_samples(struct raw_log *log, const struct db *db, uint64_t rows, uint64_t *gone)
{
	int err = 0;

	*gone = 0;
	while (!err && !*gone && log->samples_kept && (log->thinning || log->level < LOG_LEVELS)) {
		if (!log->thinning)
			log->level++;
		log->thinning = true;
		err = change_rows(
			db, gone,
			"DELETE FROM samples WHERE (level, number) IN (SELECT level, number"
			" FROM samples WHERE level < ?1 ORDER BY level, number LIMIT ?2)",
			log->level, (int64_t)rows);
		log->thinning = *gone >= rows;
	}
	samples_gone(log, *gone);
	if (!err && !log->samples_kept)
		err = drop_folds(db);
	return err;
}

int raw_log_settle(struct raw_log *log, const struct db *db)
{
	uint64_t gone;
	int err;

	if (!log->thinning)
		return 0;
	err = change_rows(db, &gone, "DELETE FROM samples WHERE level < ?1 AND ?2", log->level, 1);
	samples_gone(log, gone);
	log->thinning = false;
	return err;
}

int raw_log_thin_vmas(struct raw_log *log, const struct db *db, uint64_t rows, uint64_t *gone)
{
	int64_t to = log->vma_looked + (int64_t)MIN(rows, INT64_MAX / 2);
	int err = 0;

	*gone = 0;
	while (!err && !*gone && log->vma_looked < log->vma_number) {
		err = change_rows(db, gone,
				  "DELETE FROM ranges WHERE number > ?1 AND number <= ?2"
				  " AND what NOT IN ('mmap file', 'execve', 'fork', 'exit')",
				  log->vma_looked, to);
		log->vma_looked = MIN(to, log->vma_number);
		to = log->vma_looked + (int64_t)MIN(rows, INT64_MAX / 2);
	}
	if (!err && !*gone)
		err = change_rows(db, gone,
				  "DELETE FROM ranges WHERE number IN (SELECT number FROM ranges"
				  " ORDER BY number LIMIT ?1) AND ?2",
				  (int64_t)MIN(rows, INT64_MAX / 2), 1);
	log->vmas_dropped += *gone;
	log->vma_bytes -= part_of(log->vma_bytes, *gone, log->vmas_kept);
	log->vmas_kept -= MIN(*gone, log->vmas_kept);
	return err;
}
