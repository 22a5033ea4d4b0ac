/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The writer: checkpoints (one transaction each), and the bound on the file's size.
 */
#include "store/recording.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "store/recording_format.h"
#include "store/recording_log.h"
#include "store/recording_room.h"
#include "store/recording_rounds.h"
#include "store/recording_writer.h"

#define CACHE_KIB 4096       /* of pages, in memory */
#define LOCKED_MS 50         /* wait so long for a reader; the next checkpoint writes the rest */
#define LOCKED_LAST_MS 10000 /* the same for the last checkpoint */
#define THIN_ROWS 32768      /* of the raw log, removed by one checkpoint: it bounds its time */
#define NEARLY(max) ((max) / 8 * 7)
#define FULL(max) ((max) / 16 * 15)

struct recording {
	struct db db;
	uint64_t max_size;
	const struct recording_limits *limits;
	struct raw_log log;
	struct rounds rounds;
	struct rows rows; /* which rows of the state the file holds */
	struct room room;
	struct thinned thinned; /* of the last checkpoint */
	uint64_t texts_cut, sizes_cut;
	uint64_t log_lost; /* rows that were lost: no room, or the file was locked */
	bool open;         /* a reader prevented the commit: the transaction is open */
	int err;           /* an error that was logged; nothing more is written */
};

static int tune_connection(const struct db *db)
{
	char sql[160];

	sqlite3_busy_timeout(db->sqlite, LOCKED_MS);
	/* With synchronous off a killed tare loses nothing; a power loss may. */
	snprintf(sql, sizeof(sql),
		 "PRAGMA synchronous = OFF; PRAGMA secure_delete = OFF; PRAGMA cache_size = -%d",
		 CACHE_KIB);
	return db_exec(db, sql);
}

static int create_recording(struct recording **out, const struct recording_config *config)
{
	const struct fileout *file = config->output;
	struct recording *rec;
	int err = recording_create_file(file);

	if (err)
		return err;
	rec = g_new0(struct recording, 1);
	rec->max_size = config->max_size;
	rec->limits = config->limits ? config->limits : &recording_limits;
	raw_log_init(&rec->log, config->max_size);
	rows_init(&rec->rows);
	rounds_init(&rec->rounds, rec->limits, rec->rows.seed);
	room_init(&rec->room);
	err = db_open_output(&rec->db, file,
			     recording_format_of(fileout_dir(file), fileout_name(file)));
	if (!err)
		err = tune_connection(&rec->db);
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
	err = create_recording(rec, &with);
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
	raw_log_clear(&rec->log);
	rounds_clear(&rec->rounds);
	rows_clear(&rec->rows);
	g_free(rec);
}

/* Bytes of the file that are in use. */
static uint64_t used_bytes(const struct recording *rec)
{
	g_autoptr(sqlite3_stmt) st = NULL;
	static const char sql[] =
		"SELECT (page_count - freelist_count) * page_size FROM pragma_page_count,"
		" pragma_freelist_count, pragma_page_size";

	if (db_prepare(&rec->db, &st, sql) || sqlite3_step(st) != SQLITE_ROW)
		return 0;
	return (uint64_t)sqlite3_column_int64(st, 0);
}

/* What can be thinned, and its share of the file in eighths. The state has the other half. */
enum part { SAMPLES, VMAS, ROUNDS, PARTS };
static const unsigned share[PARTS] = { [SAMPLES] = 2, [VMAS] = 1, [ROUNDS] = 1 };

static uint64_t part_bytes(const struct recording *rec, enum part part)
{
	return part == SAMPLES ? rec->log.sample_bytes :
	       part == VMAS    ? rec->log.vma_bytes :
				 rec->rounds.bytes;
}

static int thin_part(struct recording *rec, enum part part, uint64_t rows, uint64_t *gone)
{
	switch (part) {
	case SAMPLES:
		return raw_log_thin_samples(&rec->log, &rec->db, rows, gone);
	case VMAS:
		return raw_log_thin_vmas(&rec->log, &rec->db, rows, gone);
	default:
		return rounds_thin(&rec->rounds, &rec->db, rows, gone);
	}
}

/* The part that exceeds its share most, of those that are not in `tried`. */
static enum part largest_part(const struct recording *rec, const bool *tried)
{
	enum part most = PARTS;

	for (int i = 0; i < PARTS; i++)
		if (!tried[i] && (most == PARTS || part_bytes(rec, i) / share[i] >
							   part_bytes(rec, most) / share[most]))
			most = i;
	return most;
}

static uint64_t log_rows(const struct recording *rec)
{
	return rec->log.samples_kept + rec->log.vmas_kept + rec->rounds.kept;
}

/* Remove the least useful rows of the log and of the rounds. *gone: how many. */
static int thin_some(struct recording *rec, uint64_t rows, uint64_t *gone)
{
	bool tried[PARTS] = { false };
	int err = 0;

	*gone = 0;
	for (int i = 0; i < PARTS && !err && !*gone; i++) {
		enum part part = largest_part(rec, tried);

		tried[part] = true;
		err = thin_part(rec, part, rows, gone);
	}
	if (err || *gone || !rec->rounds.kept)
		return err;
	*gone = rec->rounds.kept;
	return rounds_give_up(&rec->rounds, &rec->db);
}

/* Called while the log is written, so that it never fills the file. Returns 1 if there is no room
 * at all. */
static int raw_log_room(void *ctx)
{
	struct recording *rec = ctx;
	uint64_t gone = 1;
	int err = 0;

	while (!err && gone && used_bytes(rec) > FULL(rec->max_size))
		err = thin_some(rec, THIN_ROWS, &gone);
	return err ? err : !gone;
}

static int write_log(struct recording *rec)
{
	uint64_t rows = rec->log.samples->len + rec->log.vmas->len + rec->log.folds->len;
	uint64_t before = rec->log.samples_kept + rec->log.vmas_kept;
	int err = raw_log_write(&rec->log, &rec->db, raw_log_room, rec);

	if (err == 1) {
		rec->log_lost += rows - MIN(rows, rec->log.samples_kept + rec->log.vmas_kept -
							  MIN(before, rec->log.samples_kept +
									      rec->log.vmas_kept));
		err = 0;
	}
	raw_log_forget(&rec->log);
	return err;
}

static int write_rounds(struct recording *rec)
{
	int err = rounds_write(&rec->rounds, &rec->db, raw_log_room, rec);
	bool room = err != 1;

	if (!room)
		err = rounds_take_back(&rec->rounds, &rec->db);
	rounds_forget(&rec->rounds, room && !err);
	return err;
}

/* Near the limit, reduce the part that exceeds its share most: remove some rows of the log, or give
 * the report less room from now on. */
static int keep_shares(struct recording *rec, const struct report *r)
{
	enum part most = largest_part(rec, (const bool[PARTS]){ false });
	uint64_t used = used_bytes(rec), others = 0, state, gone;

	for (int i = 0; i < PARTS; i++)
		others += part_bytes(rec, i);
	state = used - MIN(used, others);
	if (used <= NEARLY(rec->max_size))
		return 0;
	if (state / 4 > part_bytes(rec, most) / share[most]) {
		room_less(&rec->room, r);
		return 0;
	}
	return thin_part(rec, most, THIN_ROWS, &gone);
}

/* The report does not fit. Remove rows of the raw log until the log has a quarter of the file; then
 * write less of the report; then remove all of the log. */
static int make_room(struct recording *rec, const struct report *r)
{
	uint64_t log = rec->log.sample_bytes + rec->log.vma_bytes + rec->rounds.bytes, gone;
	int err;

	if (log <= rec->max_size / 4 && room_less(&rec->room, r))
		return 0;
	err = thin_some(rec, MAX(log_rows(rec), 2) / 2, &gone);
	if (err || gone || room_less(&rec->room, r))
		return err;
	log_error("%s: even the shortest report does not fit into --max-size", rec->db.path);
	log_hint("a larger --max-size");
	return -E2BIG;
}

/* Text on what was left out, which a reader could not see otherwise; NULL: nothing was. */
static char *incomplete_note(const struct recording *rec, const struct writer *w)
{
	const struct thinned *t = &rec->thinned;
	g_autoptr(GString) s = g_string_new(NULL);

	if (t->rows)
		g_string_append_printf(s,
				       "; the smallest processes and threads are in rows of "
				       "several: %" G_GUINT64_FORMAT " rows fewer",
				       t->rows);
	if (t->stacks)
		g_string_append(s, "; the smallest stacks are [thinned]");
	if (t->slot_ns)
		g_string_append_printf(s, "; stacks are told apart in time by %.3g s only",
				       (double)t->slot_ns / 1e9);
	if (t->points)
		g_string_append(s, "; the weight over time has fewer points");
	if (w->texts_cut)
		g_string_append_printf(s, "; %" G_GUINT64_FORMAT " texts were left out or cut",
				       w->texts_cut);
	if (w->sizes_cut)
		g_string_append_printf(s,
				       "; %" G_GUINT64_FORMAT " sizes were too large and are cut",
				       w->sizes_cut);
	return s->len ? g_strconcat("to stay below --max-size and within what a recording may hold",
				    s->str, NULL) :
			NULL;
}

/* Figures of the file itself. */
static void own_figures(const struct recording *rec, struct writer *w)
{
	const struct {
		const char *name;
		uint64_t value;
	} figure[] = {
		{ "complete", w->last },
		{ "slabs", w->report->slabs != NULL },
		{ "log.level", rec->log.level },
		{ "log.samples", (uint64_t)rec->log.sample_number },
		{ "log.ranges", (uint64_t)rec->log.vma_number },
		{ "log.ranges_dropped", rec->log.vmas_dropped },
		{ "log.lost", rec->log_lost },
		{ "log.rounds", (uint64_t)rec->rounds.number },
		{ "log.rounds_dropped", rec->rounds.dropped },
		{ "thinned.rows", rec->thinned.rows },
		{ "thinned.stacks", rec->thinned.stacks },
		{ "thinned.slot_ns", rec->thinned.slot_ns },
		{ "thinned.points", rec->thinned.points },
		{ "thinned.texts", w->texts_cut },
		{ "thinned.sizes", w->sizes_cut },
	};

	_Static_assert(G_N_ELEMENTS(figure) <= WRITER_FIGURES, "room for all");
	for (unsigned i = 0; i < G_N_ELEMENTS(figure); i++) {
		w->figure[i].name = figure[i].name;
		w->figure[i].value = (int64_t)MIN(figure[i].value, (uint64_t)INT64_MAX);
	}
	w->figures = G_N_ELEMENTS(figure);
}

static int write_tables(struct recording *rec, struct report *r, bool last)
{
	const struct recording_limits *l = rec->limits;
	struct writer w = {
		.db = &rec->db,
		.rows = &rec->rows,
		.limits = l,
		.report = r,
		.last = last,
		.most_bytes = rec->max_size,
		.text_left = l->texts - RECORDING_TEXT_TABLES * l->rows - WRITER_SINGLES,
	};
	g_autofree char *text = NULL;

	w.extra_left = MIN(w.text_left / 2, rec->room.extra);
	writer_begin(&w);
	text = incomplete_note(rec, &w);
	w.note = text;
	own_figures(rec, &w);
	rec->texts_cut = w.texts_cut;
	rec->sizes_cut = w.sizes_cut;
	return writer_end(&w);
}

/* After a failed write the tables are rolled back, and all rows must be written again. */
static int write_state(struct recording *rec, struct report *r, bool last)
{
	struct thinned t;
	int err;

	room_apply(&rec->room, rec->limits, r, &t);
	rec->thinned.rows += t.rows;
	rec->thinned.stacks |= t.stacks;
	rec->thinned.slot_ns = MAX(rec->thinned.slot_ns, t.slot_ns);
	rec->thinned.points += t.points;
	err = db_exec(&rec->db, "SAVEPOINT state");
	if (err)
		return err;
	err = write_tables(rec, r, last);
	if (!err)
		return db_exec(&rec->db, "RELEASE state");
	rows_forget(&rec->rows);
	if (err == WRITER_TOO_LARGE && !sqlite3_get_autocommit(rec->db.sqlite))
		return db_exec(&rec->db, "ROLLBACK TO state; RELEASE state") ?: WRITER_TOO_LARGE;
	return err;
}

static int write_all(struct recording *rec, struct report *r, bool last)
{
	int err = write_log(rec);

	err = err ?: write_rounds(rec);
	err = err ?: keep_shares(rec, r);
	if (!err && last)
		err = raw_log_settle(&rec->log, &rec->db);
	rec->thinned = (struct thinned){ 0 };
	err = err ?: write_state(rec, r, last);
	while (err == WRITER_TOO_LARGE)
		err = make_room(rec, r) ?: write_state(rec, r, last);
	return err;
}

/* Run a statement; -EBUSY, not logged, if another program has locked the file. */
static int exec_sql(const struct recording *rec, const char *sql)
{
	int code = sqlite3_exec(rec->db.sqlite, sql, NULL, NULL, NULL);

	if ((code & 0xff) == SQLITE_BUSY)
		return -EBUSY;
	return code ? db_fail(&rec->db) : 0;
}

static int begin_transaction(struct recording *rec)
{
	int err = 0;

	rec->db.since = g_get_monotonic_time();
	if (!rec->open)
		err = exec_sql(rec, "BEGIN IMMEDIATE");
	rec->open |= !err;
	return err;
}

/* If a reader prevents the commit, the transaction stays open for the next checkpoint; SQLite
 * admits no new reader meanwhile. */
static int end_transaction(struct recording *rec, int err)
{
	if (!err)
		err = exec_sql(rec, "COMMIT");
	if (err == -EBUSY)
		return 0;
	rec->open = false;
	if (err && !sqlite3_get_autocommit(rec->db.sqlite))
		sqlite3_exec(rec->db.sqlite, "ROLLBACK", NULL, NULL, NULL);
	return err;
}

/* The file is locked: keep the rows in memory for a while. */
static void wait_for_lock(struct recording *rec)
{
	const struct raw_log *log = &rec->log;

	if (log->samples->len + log->vmas->len + log->folds->len < 8 * log->most_kept)
		return;
	rec->log_lost += log->samples->len + log->vmas->len + log->folds->len;
	raw_log_forget(&rec->log);
}

/* Write nothing more, except a mark if the disk is full. */
static void stop_writing(struct recording *rec, int err)
{
	if (err && !rec->err) {
		rows_forget(&rec->rows);
		if (recording_disk_full(err))
			recording_mark_full(&rec->db);
	}
	rec->err = err;
}

static void flush_log(struct recording *rec)
{
	int err = rec->err ?: begin_transaction(rec);

	if (err == -EBUSY && !rec->err) {
		wait_for_lock(rec);
		return;
	}
	if (!err)
		err = end_transaction(rec, write_log(rec));
	raw_log_forget(&rec->log);
	stop_writing(rec, err);
}

void recording_sample(struct recording *rec, const struct recorded_sample *s)
{
	raw_log_add_sample(&rec->log, s);
	if (raw_log_full(&rec->log))
		flush_log(rec);
}

void recording_vma(struct recording *rec, const struct recorded_vma *r)
{
	raw_log_add_vma(&rec->log, r);
	if (raw_log_full(&rec->log))
		flush_log(rec);
}

void recording_round(struct recording *rec, const struct live *l, char *(*cause_name)(uint32_t id))
{
	if (!rec->err)
		rounds_add(&rec->rounds, l, cause_name);
}

void recording_folded(struct recording *rec, uint32_t aggregate, uint32_t into)
{
	raw_log_add_fold(&rec->log, aggregate, into);
	if (raw_log_full(&rec->log))
		flush_log(rec);
}

static void say_thinned(const struct recording *rec)
{
	const struct raw_log *log = &rec->log;
	const struct thinned *t = &rec->thinned;

	if (t->rows || t->stacks || t->slot_ns || t->points || rec->texts_cut || rec->sizes_cut)
		log_warn("%s: the report in it is thinned, to stay below --max-size; `tare report`"
			 " shows how",
			 rec->db.path);
	if (log->level >= LOG_LEVELS)
		log_warn("%s: no single samples were kept, to stay below --max-size", rec->db.path);
	else if (log->level)
		log_warn("%s: one of %" G_GUINT64_FORMAT
			 " single samples was kept, to stay below --max-size",
			 rec->db.path, UINT64_C(1) << log->level);
	if (log->vmas_dropped)
		log_warn("%s: the oldest %" G_GUINT64_FORMAT
			 " changes of address spaces were not kept, to stay below --max-size",
			 rec->db.path, log->vmas_dropped);
	if (rec->rounds.off)
		log_warn("%s: there is no room for processes over time (tare top --replay); a"
			 " larger --max-size has it",
			 rec->db.path);
	else if (rec->rounds.dropped)
		log_warn("%s: %" G_GUINT64_FORMAT " of %" G_GINT64_FORMAT
			 " looks at the processes (tare top --replay) were not kept, to stay below"
			 " --max-size",
			 rec->db.path, rec->rounds.dropped, rec->rounds.number);
	if (rec->log_lost)
		log_warn("%s: %" G_GUINT64_FORMAT
			 " single samples and changes of address spaces are lost: there was no "
			 "room, or another program had the file locked",
			 rec->db.path, rec->log_lost);
}

/* The last checkpoint waits for readers, and survives a power loss. */
static int begin_last(struct recording *rec)
{
	int err = 0;

	sqlite3_busy_timeout(rec->db.sqlite, LOCKED_LAST_MS);
	if (rec->open)
		err = exec_sql(rec, "COMMIT");
	rec->open &= err != 0;
	err = err ?: db_exec(&rec->db, "PRAGMA synchronous = EXTRA");
	return err ?: begin_transaction(rec);
}

static int last_checkpoint(struct recording *rec, struct report *r)
{
	int err = begin_last(rec);

	if (!err)
		err = end_transaction(rec, write_all(rec, r, true));
	if (err == -EBUSY || rec->open) {
		log_error("%s: another program has it locked", rec->db.path);
		log_hint("end its transaction, or close it");
		err = -EBUSY;
	}
	if (!err)
		say_thinned(rec);
	return err;
}

int recording_checkpoint(struct recording *rec, struct report *r, bool complete)
{
	int err = rec->err;

	if (!err && complete) {
		err = last_checkpoint(rec, r);
	} else if (!err) {
		err = begin_transaction(rec);
		if (err == -EBUSY) { /* the next checkpoint writes it */
			wait_for_lock(rec);
			return 0;
		}
		err = end_transaction(rec, err ?: write_all(rec, r, false));
	}
	stop_writing(rec, err);
	return err;
}
