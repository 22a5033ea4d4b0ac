/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The writer: the raw log, checkpoints, and the bound on the file.
 */
#include "store/recording.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "model/thin.h"
#include "store/recording_format.h"

extern const char recording_sql[];

#define ROWS_MOST 16384                /* kept before they are written */
#define RANGES_SHARE 8                 /* of max_size: one in so many bytes for ranges */
#define RANGE_BYTES 64                 /* about so many a row, without its detail */
#define LOG_SHARE(max) ((max) / 8 * 5) /* beyond it samples are thinned */
#define LEVELS 40
#define CREATE_TRIES 10

static const char *const tables[] = { "figures",   "texts",         "command",    "features",
				      "processes", "process_texts", "balances",   "foreigners",
				      "tasks",     "series",        "slabs",      "modules",
				      "frames",    "nodes",         "places",     "causes",
				      "entries",   "asked",         "ticks",      "samples",
				      "ranges",    "task_names",    "task_kinds", "task_causes",
				      NULL };
const struct db_format recording_format = {
	.what = "tare run -r",
	.application_id = 0x74617272,
	.schema = RECORDING_SCHEMA,
	.tables = tables,
};
const char *const process_text_name[2] = { "argument", "image" };
const char *const foreign_what_name[2] = { "rss", "kmem" };

struct range_row {
	struct recorded_range r;
	char *detail;
};

struct recording {
	struct db db;
	uint64_t max_size;
	GArray *samples;                     /* struct recorded_sample, not yet written */
	GArray *ranges;                      /* struct range_row, likewise */
	int64_t sample_number, range_number; /* of the last */
	uint64_t range_bytes, ranges_dropped;
	unsigned level; /* the least that is kept */
	int err;        /* of the raw log, said */
};

static void range_clear(gpointer row)
{
	g_free(((struct range_row *)row)->detail);
}

static int check_recording(const struct fileout *out)
{
	struct db db;
	int err = db_open_output(&db, out, &recording_format);

	if (err && err != -EBUSY)
		hint("it is in the way of a new recording: choose another name, or remove it");
	db_close(&db);
	return err;
}

int recording_check_output(const struct fileout *out)
{
	struct stat st;

	if (fileout_is_file(out)) {
		if (fstatat(fileout_dir(out), fileout_name(out), &st, AT_SYMLINK_NOFOLLOW))
			return errno == ENOENT ? 0 : -errno;
		if (S_ISREG(st.st_mode) && !st.st_size)
			return 0;
	}
	return check_recording(out);
}

int recording_check(const char *path)
{
	struct fileout *out;
	int err = fileout_open(&out, path, NULL);

	if (err)
		return err;
	err = recording_check_output(out);
	fileout_close(out);
	return err;
}

/* Make the name free, if what has it may go. */
static int remove_old(const struct fileout *out)
{
	struct stat st;
	int err;

	if (fstatat(fileout_dir(out), fileout_name(out), &st, AT_SYMLINK_NOFOLLOW))
		return 0;
	if (S_ISREG(st.st_mode) && fileout_trusts(out, st.st_uid)) {
		err = recording_check_output(out);
		if (err)
			return err;
	}
	if (!unlinkat(fileout_dir(out), fileout_name(out), 0))
		return 0;
	err = -errno;
	error("cannot write %s: %s", fileout_path(out), strerror(-err));
	return err;
}

/* Others may put something there again and again. */
static int create_file(const struct fileout *out)
{
	int err = -EEXIST;

	for (int i = 0; i < CREATE_TRIES && err == -EEXIST; i++)
		err = remove_old(out) ?: db_create(out, recording_sql, NULL, NULL);
	if (err == -EEXIST)
		error("%s: something else was made there meanwhile", fileout_path(out));
	return err;
}

static int create(struct recording **out, const struct recording_config *config)
{
	struct recording *rec;
	int err = create_file(config->output);

	if (err)
		return err;
	rec = g_new0(struct recording, 1);
	rec->max_size = config->max_size;
	rec->samples = g_array_new(FALSE, FALSE, sizeof(struct recorded_sample));
	rec->ranges = g_array_new(FALSE, FALSE, sizeof(struct range_row));
	g_array_set_clear_func(rec->ranges, range_clear);
	err = db_open_output(&rec->db, config->output, &recording_format);
	/* A killed tare loses nothing by it; a machine that loses power might. */
	if (!err)
		err = db_exec(&rec->db, "PRAGMA synchronous = OFF");
	if (err)
		recording_close(rec);
	else
		*out = rec;
	return err;
}

int recording_create(struct recording **rec, const char *path,
		     const struct recording_config *config)
{
	struct recording_config with = *config;
	struct fileout *out = NULL;
	int err = config->output ? 0 : fileout_open(&out, path, config->owner);

	if (err)
		return err;
	if (out)
		with.output = out;
	err = create(rec, &with);
	fileout_close(out);
	return err;
}

bool recording_disk_full(int err)
{
	return err == -ENOSPC || err == -EDQUOT;
}

void recording_close(struct recording *rec)
{
	if (!rec)
		return;
	db_close(&rec->db);
	g_array_unref(rec->samples);
	g_array_unref(rec->ranges);
	g_free(rec);
}

/* Bytes of the file that hold something, or all of them. */
static int64_t file_bytes(const struct recording *rec, bool used)
{
	g_autoptr(sqlite3_stmt) st = NULL;
	static const char *const sql[] = {
		"SELECT page_count * page_size FROM pragma_page_count, pragma_page_size",
		"SELECT (page_count - freelist_count) * page_size FROM pragma_page_count,"
		" pragma_freelist_count, pragma_page_size",
	};

	if (db_prepare(&rec->db, &st, sql[used]) || sqlite3_step(st) != SQLITE_ROW)
		return 0;
	return sqlite3_column_int64(st, 0);
}

/* Every second sample goes, those of the least level. */
static int thin_samples(struct recording *rec)
{
	return db_change(&rec->db, "DELETE FROM samples WHERE level <= ?1",
			 db_integer(rec->level++));
}

static unsigned level_of(int64_t number)
{
	return (unsigned)__builtin_ctzll((unsigned long long)number);
}

static int write_samples(struct recording *rec)
{
	g_autoptr(sqlite3_stmt) st = NULL;
	int err = db_prepare(&rec->db, &st, "INSERT INTO samples VALUES (?1, ?2, ?3, ?4, ?5, ?6)");

	for (unsigned i = 0; !err && i < rec->samples->len; i++) {
		const struct recorded_sample *s =
			&g_array_index(rec->samples, struct recorded_sample, i);
		unsigned level = level_of(++rec->sample_number);

		if (level < rec->level)
			continue;
		err = db_run(&rec->db, st, db_integer(level), db_integer(rec->sample_number),
			     db_count(s->time_ns), db_integer(s->tally),
			     s->no_address ? db_text(NULL) : db_integer((int64_t)s->address),
			     db_count(s->bytes));
	}
	return err;
}

static int write_ranges(struct recording *rec)
{
	g_autoptr(sqlite3_stmt) st = NULL;
	int err = db_prepare(&rec->db, &st,
			     "INSERT INTO ranges VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)");

	for (unsigned i = 0; !err && i < rec->ranges->len; i++) {
		const struct range_row *row = &g_array_index(rec->ranges, struct range_row, i);

		err = db_run(&rec->db, st, db_integer(++rec->range_number),
			     db_count(row->r.time_ns), db_integer(row->r.pid), db_count(row->r.mm),
			     db_text(row->r.what), db_integer((int64_t)row->r.start),
			     db_integer((int64_t)row->r.size), db_text(row->detail));
	}
	return err;
}

/* Within a transaction. */
static int write_log(struct recording *rec)
{
	int err = write_samples(rec);

	err = err ?: write_ranges(rec);
	g_array_set_size(rec->samples, 0);
	g_array_set_size(rec->ranges, 0);
	while (!err && rec->level < LEVELS &&
	       file_bytes(rec, true) > (int64_t)LOG_SHARE(rec->max_size))
		err = thin_samples(rec);
	return err;
}

static void flush_log(struct recording *rec)
{
	int err = rec->err;

	if (!err)
		err = db_begin(&rec->db);
	if (!err)
		err = db_end(&rec->db, write_log(rec));
	g_array_set_size(rec->samples, 0);
	g_array_set_size(rec->ranges, 0);
	if (recording_disk_full(err) && !rec->err)
		recording_mark_full(&rec->db);
	rec->err = err;
}

void recording_sample(struct recording *rec, const struct recorded_sample *s)
{
	g_array_append_val(rec->samples, *s);
	if (rec->samples->len >= ROWS_MOST)
		flush_log(rec);
}

void recording_range(struct recording *rec, const struct recorded_range *r)
{
	struct range_row row = { *r, NULL };

	rec->range_bytes += RANGE_BYTES + (r->detail ? strlen(r->detail) : 0);
	if (rec->range_bytes > rec->max_size / RANGES_SHARE) {
		rec->ranges_dropped++;
		return;
	}
	row.detail = g_strdup(r->detail);
	g_array_append_val(rec->ranges, row);
	if (rec->ranges->len >= ROWS_MOST)
		flush_log(rec);
}

/* Figures that are of no report. */
static int write_own_figures(const struct recording *rec, bool complete, bool slabs)
{
	const struct {
		const char *name;
		int64_t value;
	} figure[] = {
		{ "complete", complete },
		{ "slabs", slabs },
		{ "log.level", rec->level },
		{ "log.samples", rec->sample_number },
		{ "log.ranges", rec->range_number },
		{ "log.ranges_dropped", (int64_t)rec->ranges_dropped },
	};
	int err = 0;

	for (unsigned i = 0; !err && i < G_N_ELEMENTS(figure); i++)
		err = db_change(&rec->db, "INSERT INTO figures VALUES (?1, ?2)",
				db_text(figure[i].name), db_integer(figure[i].value));
	return err;
}

static int write_state(struct recording *rec, struct report *r, bool complete)
{
	int err = write_log(rec);

	err = err ?: recording_write_report(&rec->db, r);
	if (!err && r->profile)
		err = recording_write_profile(&rec->db, r);
	return err ?: write_own_figures(rec, complete, r->slabs);
}

static int checkpoint(struct recording *rec, struct report *r, bool complete)
{
	int err = db_begin(&rec->db);

	if (err)
		return err;
	err = write_state(rec, r, complete);
	if (!err && file_bytes(rec, false) > (int64_t)rec->max_size)
		err = -EFBIG;
	return db_end(&rec->db, err);
}

/* Samples of the raw log go first, then the smallest stacks. */
static int make_room(struct recording *rec, struct report *r)
{
	unsigned entries = r->profile ? r->profile->entries->len : 0;

	if (rec->level < LEVELS) {
		rec->level = LEVELS;
		return db_begin(&rec->db) ?:
			       db_end(&rec->db, db_exec(&rec->db, "DELETE FROM samples"));
	}
	if (entries)
		profile_thin(r->profile, entries / 2);
	if (entries && r->profile->entries->len < entries)
		return 0;
	error("%s: the report alone is larger than --max-size allows", rec->db.path);
	hint("a larger --max-size");
	return -E2BIG;
}

/* What the reader of the file alone would not notice. */
static void say_thinned(const struct recording *rec)
{
	if (rec->level >= LEVELS)
		warn("%s: no single samples were kept, to stay below --max-size", rec->db.path);
	else if (rec->level)
		warn("%s: one of %" G_GUINT64_FORMAT
		     " single samples was kept, to stay below --max-size",
		     rec->db.path, UINT64_C(1) << rec->level);
	if (rec->ranges_dropped)
		warn("%s: the last %" G_GUINT64_FORMAT
		     " changes of address spaces were not kept, to stay below --max-size",
		     rec->db.path, rec->ranges_dropped);
}

int recording_checkpoint(struct recording *rec, struct report *r, bool complete)
{
	int err = rec->err;

	if (err)
		return err;
	if (complete)
		err = db_exec(&rec->db, "PRAGMA synchronous = EXTRA");
	if (!err)
		err = checkpoint(rec, r, complete);
	while (err == -EFBIG)
		err = make_room(rec, r) ?: checkpoint(rec, r, complete);
	if (complete && !err)
		say_thinned(rec);
	if (recording_disk_full(err) && !rec->err)
		recording_mark_full(&rec->db);
	rec->err = err;
	return err;
}
