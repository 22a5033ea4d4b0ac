/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The reader of bench_store.h. It believes nothing that bench.sql would have
 * promised: each value is looked at when it is taken out of the file.
 */
#include "store/bench_store.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include "base/err.h"
#include "store/bench_format.h"

#define MOST INT64_C(0x20000000000000) /* 2^53 */
#define MOST_SECONDS 1e9
#define MOST_ROWS 10000      /* workloads */
#define MOST_RUNS 100000     /* of all workloads; published figures likewise */
#define MOST_TEXT (64 << 20) /* bytes, all together */

/* Where the reading is, and what is read so far. */
struct reader {
	struct db db;
	struct bench *b;
	const char *table;
	sqlite3_stmt *row; /* its present row */
	int err;           /* the first complaint, said; all is read to the row's end */
	size_t text;
	int64_t runs, published, weighings, measures; /* rows taken */
	GHashTable *ids;
};

/* Step to the next row. */
static bool next(struct reader *r)
{
	int code;

	if (r->err)
		return false;
	code = sqlite3_step(r->row);
	if (code != SQLITE_ROW && code != SQLITE_DONE)
		r->err = db_fail(&r->db);
	return code == SQLITE_ROW;
}

/* A query of a table's rows, for one of another's. It has to be the present one
 * while its rows are taken: see each_run(). */
static sqlite3_stmt *query(struct reader *r, const char *table, const char *sql, int64_t of)
{
	sqlite3_stmt *st = NULL;

	r->err = r->err ? r->err : db_prepare(&r->db, &st, sql);
	if (st)
		sqlite3_bind_int64(st, 1, of);
	r->table = table;
	r->row = st;
	return st;
}

static void wrong(struct reader *r, int column, const char *what)
{
	if (!r->err)
		error("%s: table %s: %s is %s", r->db.path, r->table,
		      sqlite3_column_name(r->row, column), what);
	r->err = -EBADMSG;
}

/* Is the column of that type? NULL is not. */
static bool of_type(struct reader *r, int column, int type)
{
	static const char *const name[] = {
		[SQLITE_INTEGER] = "not an integer",
		[SQLITE_FLOAT] = "not a number",
		[SQLITE_TEXT] = "not a text",
	};

	if (r->err)
		return false;
	if (sqlite3_column_type(r->row, column) == type)
		return true;
	wrong(r, column, name[type]);
	return false;
}

static bool is_null(const struct reader *r, int column)
{
	return !r->err && sqlite3_column_type(r->row, column) == SQLITE_NULL;
}

static int64_t integer(struct reader *r, int column, int64_t least, int64_t most)
{
	int64_t n;

	if (!of_type(r, column, SQLITE_INTEGER))
		return least;
	n = sqlite3_column_int64(r->row, column);
	if (n >= least && n <= most)
		return n;
	wrong(r, column, "out of all bounds");
	return least;
}

static int64_t size(struct reader *r, int column)
{
	return integer(r, column, 0, MOST);
}

static int64_t size_or_unknown(struct reader *r, int column, int64_t least)
{
	return is_null(r, column) ? BENCH_UNKNOWN : integer(r, column, least, MOST);
}

static double seconds(struct reader *r, int column)
{
	double x;

	if (is_null(r, column) || !of_type(r, column, SQLITE_FLOAT))
		return NAN;
	x = sqlite3_column_double(r->row, column);
	if (x >= 0 && x <= MOST_SECONDS)
		return x;
	wrong(r, column, "out of all bounds");
	return NAN;
}

/* Valid until the next step; "" on a complaint. */
static const char *peek_text(struct reader *r, int column)
{
	const char *text;

	if (!of_type(r, column, SQLITE_TEXT))
		return "";
	text = (const char *)sqlite3_column_text(r->row, column);
	if (!text) {
		r->err = db_fail(&r->db);
		return "";
	}
	if (strlen(text) == (size_t)sqlite3_column_bytes(r->row, column))
		return text;
	wrong(r, column, "a text with a NUL in it");
	return "";
}

static char *text(struct reader *r, int column)
{
	const char *found = peek_text(r, column);

	r->text += strlen(found) + 1;
	if (r->text > MOST_TEXT) {
		wrong(r, column, "one text too many");
		found = "";
	}
	return g_strdup(found);
}

static char *text_or_null(struct reader *r, int column)
{
	return is_null(r, column) ? NULL : text(r, column);
}

/* The place of a text in a list of names; 0 on a complaint. */
static int one_of(struct reader *r, int column, const char *const *name, int n)
{
	const char *found = peek_text(r, column);

	for (int i = 0; i < n && !r->err; i++)
		if (!strcmp(found, name[i]))
			return i;
	if (!r->err)
		wrong(r, column, "none of the names that tare knows");
	return 0;
}

/* Count a row in; too many is a complaint. */
static void count(struct reader *r, int64_t *taken, int64_t most)
{
	if (++*taken > most && !r->err) {
		error("%s: table %s has too many rows", r->db.path, r->table);
		r->err = -EFBIG;
	}
}

static void twice(struct reader *r)
{
	if (!r->err)
		error("%s: table %s: a row is there twice", r->db.path, r->table);
	r->err = -EBADMSG;
}

static void read_measures(struct reader *r, struct bench_run *run, int64_t number)
{
	g_autoptr(sqlite3_stmt) st = query(
		r, "measures", "SELECT state, part, bytes FROM measures WHERE run = ?1", number);
	bool seen[BENCH_STATES][BENCH_PARTS] = { 0 };

	while (next(r)) {
		int state = one_of(r, 0, bench_state_name, BENCH_STATES);
		int part = one_of(r, 1, bench_part_name, BENCH_PARTS);

		if (!r->err && !run->at[state].taken)
			wrong(r, 0, "one that the run did not come to");
		if (seen[state][part])
			twice(r);
		seen[state][part] = true;
		run->at[state].part[part] = size_or_unknown(r, 2, -MOST);
		r->measures++;
	}
}

static void read_weighings(struct reader *r, struct bench_run *run, int64_t number)
{
	g_autoptr(sqlite3_stmt)
		st = query(r, "weighings",
			   "SELECT state, settled, time_s FROM weighings WHERE run = ?1", number);

	while (next(r)) {
		struct bench_weighing *w = &run->at[one_of(r, 0, bench_state_name, BENCH_STATES)];

		if (w->taken)
			twice(r);
		w->taken = true;
		w->settled = integer(r, 1, 0, 1);
		w->time_s = seconds(r, 2);
		r->weighings++;
	}
}

static int run_order(const struct bench_run *a, const struct bench_run *b)
{
	if (a->tasks != b->tasks)
		return a->tasks < b->tasks ? -1 : 1;
	if (a->repeat != b->repeat)
		return a->repeat < b->repeat ? -1 : 1;
	return (int)a->after - (int)b->after;
}

static void read_run(struct reader *r, struct bench_run *run)
{
	static const int outcomes = BENCH_FAILED + 1;

	run->tasks = (uint64_t)size(r, 1);
	run->repeat = (unsigned)integer(r, 2, 1, 1000000);
	run->after = integer(r, 3, 0, 1);
	run->outcome = (enum bench_outcome)one_of(r, 4, bench_outcome_name, outcomes);
	run->stopped_by = text_or_null(r, 5);
	run->stopped_at = size_or_unknown(r, 6, 0);
	run->ready_s = seconds(r, 7);
	run->cpu_s = seconds(r, 8);
}

static void read_runs(struct reader *r, struct bench_row *row, int64_t workload)
{
	g_autoptr(sqlite3_stmt) st = query(
		r, "runs",
		"SELECT number, tasks, repeat, after, outcome, stopped_by, stopped_at, ready_s, cpu_s"
		" FROM runs WHERE workload = ?1 ORDER BY tasks, repeat, after",
		workload);
	struct bench_run *before = NULL;

	while (next(r)) {
		struct bench_run *run = bench_run_new();
		int64_t number = integer(r, 0, INT64_MIN, INT64_MAX);

		g_ptr_array_add(row->runs, run);
		read_run(r, run);
		count(r, &r->runs, MOST_RUNS);
		if (before && run_order(before, run) >= 0)
			twice(r);
		before = run;
		read_weighings(r, run, number);
		read_measures(r, run, number);
		r->table = "runs";
		r->row = st;
	}
}

static void read_published(struct reader *r, struct bench_row *row, int64_t workload)
{
	g_autoptr(sqlite3_stmt) st = query(r, "published",
					   "SELECT source, version, tasks, rss FROM published"
					   " WHERE workload = ?1 ORDER BY source, tasks, version",
					   workload);

	while (next(r)) {
		struct bench_published *p = g_new0(struct bench_published, 1);

		g_ptr_array_add(row->published, p);
		p->source = text(r, 0);
		p->version = text_or_null(r, 1);
		p->tasks = (uint64_t)size(r, 2);
		p->rss = size_or_unknown(r, 3, 0);
		count(r, &r->published, MOST_RUNS);
	}
}

static void read_row(struct reader *r, struct bench_row *row)
{
	row->id = text(r, 1);
	row->title = text(r, 2);
	row->language = text(r, 3);
	row->family = text(r, 4);
	row->task = text(r, 5);
	row->root = text_or_null(r, 6);
	row->version = text_or_null(r, 7);
	row->command = text_or_null(r, 8);
	row->missing = text_or_null(r, 9);
	if (!g_hash_table_add(r->ids, row->id))
		twice(r);
}

static void read_workloads(struct reader *r)
{
	g_autoptr(sqlite3_stmt) st =
		query(r, "workloads",
		      "SELECT number, id, title, language, family, task, root, version, command,"
		      " missing FROM workloads ORDER BY number",
		      0);
	int64_t taken = 0;

	while (next(r)) {
		struct bench_row *row = bench_row_new();
		int64_t number = integer(r, 0, INT64_MIN, INT64_MAX);

		g_ptr_array_add(r->b->rows, row);
		read_row(r, row);
		count(r, &taken, MOST_ROWS);
		read_published(r, row, number);
		read_runs(r, row, number);
		r->table = "workloads";
		r->row = st;
	}
}

static void read_bench(struct reader *r)
{
	g_autoptr(sqlite3_stmt) st = query(
		r, "bench",
		"SELECT started, complete, touch, memory_max, kernel, distribution, cpu, cpus,"
		" memory, page_size, tare_version, measured, limits FROM bench",
		0);
	struct bench_machine *m = &r->b->machine;

	if (!next(r)) {
		if (!r->err)
			error("%s: table bench has no row", r->db.path);
		r->err = r->err ? r->err : -EBADMSG;
		return;
	}
	r->b->started = text(r, 0);
	r->b->complete = integer(r, 1, 0, 1);
	r->b->touch = (uint64_t)size(r, 2);
	r->b->memory_max = (uint64_t)size(r, 3);
	m->kernel = text(r, 4);
	m->distribution = text_or_null(r, 5);
	m->cpu = text_or_null(r, 6);
	m->cpus = (unsigned)integer(r, 7, 0, 1000000);
	m->memory = size(r, 8);
	m->page_size = size(r, 9);
	m->tare_version = text(r, 10);
	m->measured = text(r, 11);
	m->limits = text(r, 12);
	if (next(r))
		twice(r);
}

/* Rows that belong to nothing were not met on the way down. */
static void check_count(struct reader *r, const char *table, const char *sql, int64_t taken)
{
	g_autoptr(sqlite3_stmt) st = query(r, table, sql, 0);

	if (next(r) && sqlite3_column_int64(st, 0) != taken) {
		error("%s: table %s has rows that belong to nothing", r->db.path, table);
		r->err = -EBADMSG;
	}
}

/* SQLite's own examination of a table's pages, indexes and types; of no CHECK, for
 * it leaves these out of a schema that it reads without the right to write. */
static void check_sound(struct reader *r, const char *sql)
{
	g_autoptr(sqlite3_stmt) st = query(r, "", sql, 0);
	const char *said;

	if (!next(r))
		return;
	said = (const char *)sqlite3_column_text(st, 0);
	if (said && !strcmp(said, "ok"))
		return;
	error("%s is damaged: %.300s", r->db.path, said ? said : "");
	r->err = -EBADMSG;
}

static void read_all(struct reader *r)
{
	r->err = db_exec(&r->db, "BEGIN"); /* all of one moment */
	check_sound(r, "PRAGMA integrity_check(bench)");
	check_sound(r, "PRAGMA integrity_check(workloads)");
	check_sound(r, "PRAGMA integrity_check(published)");
	check_sound(r, "PRAGMA integrity_check(runs)");
	check_sound(r, "PRAGMA integrity_check(weighings)");
	check_sound(r, "PRAGMA integrity_check(measures)");
	read_bench(r);
	read_workloads(r);
	check_count(r, "published", "SELECT count(*) FROM published", r->published);
	check_count(r, "runs", "SELECT count(*) FROM runs", r->runs);
	check_count(r, "weighings", "SELECT count(*) FROM weighings", r->weighings);
	check_count(r, "measures", "SELECT count(*) FROM measures", r->measures);
}

int bench_store_load(struct bench **b, const char *path)
{
	struct reader r = { 0 };
	int err = db_open(&r.db, path, DB_READ, &bench_format);

	if (err)
		return err;
	r.b = bench_new();
	r.ids = g_hash_table_new(g_str_hash, g_str_equal);
	read_all(&r);
	g_hash_table_unref(r.ids);
	db_close(&r.db);
	if (r.err)
		bench_free(r.b);
	else
		*b = r.b;
	return r.err;
}
