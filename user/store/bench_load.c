/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The reader of bench_store.h. The file may be hostile: each value is checked when it is read, and
 * the constraints in bench.sql are not relied on.
 */
#include "store/bench_store.h"

#include <errno.h>
#include <string.h>

#include "base/log.h"
#include "store/bench_format.h"
#include "store/reader.h"

#define MOST_ROWS 10000  /* workloads */
#define MOST_RUNS 100000 /* of all workloads; also the limit of published figures */

/* The state of reading. */
struct loading {
	struct reader r;
	struct bench *b;
	int64_t runs, published, weighings, measures; /* rows taken */
	GHashTable *ids;
};

static void read_measures(struct loading *l, struct bench_run *run, int64_t number)
{
	struct reader *r = &l->r;
	g_autoptr(sqlite3_stmt) st = reader_query(
		r, "measures", "SELECT state, part, bytes FROM measures WHERE run = ?1", number);
	bool seen[BENCH_STATES][BENCH_PARTS] = { 0 };

	while (reader_next(r)) {
		int state = reader_one_of(r, 0, bench_state_name, BENCH_STATES);
		int part = reader_one_of(r, 1, bench_part_name, BENCH_PARTS);

		if (!r->err && !run->at[state].taken)
			reader_wrong(r, 0, "one that the run did not come to");
		if (seen[state][part])
			reader_twice(r);
		seen[state][part] = true;
		run->at[state].part[part] = reader_known(r, 2, -READER_MOST);
		l->measures++;
	}
}

static void read_weighings(struct loading *l, struct bench_run *run, int64_t number)
{
	struct reader *r = &l->r;
	g_autoptr(sqlite3_stmt) st =
		reader_query(r, "weighings",
			     "SELECT state, settled, time_s FROM weighings WHERE run = ?1", number);

	while (reader_next(r)) {
		struct bench_weighing *w =
			&run->at[reader_one_of(r, 0, bench_state_name, BENCH_STATES)];

		if (w->taken)
			reader_twice(r);
		w->taken = true;
		w->settled = reader_integer(r, 1, 0, 1);
		w->time_s = reader_seconds(r, 2);
		l->weighings++;
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

	run->tasks = (uint64_t)reader_size(r, 1);
	run->repeat = (unsigned)reader_integer(r, 2, 1, 1000000);
	run->after = reader_integer(r, 3, 0, 1);
	run->outcome = (enum bench_outcome)reader_one_of(r, 4, bench_outcome_name, outcomes);
	run->stopped_by = reader_text_or_null(r, 5);
	run->stopped_at = reader_known(r, 6, 0);
	run->ready_s = reader_seconds(r, 7);
	run->cpu_s = reader_seconds(r, 8);
	run->others = reader_share(r, 9);
}

static void read_runs(struct loading *l, struct bench_row *row, int64_t workload)
{
	struct reader *r = &l->r;
	g_autoptr(sqlite3_stmt) st = reader_query(
		r, "runs",
		"SELECT number, tasks, repeat, after, outcome, stopped_by, stopped_at, ready_s,"
		" cpu_s, others FROM runs WHERE workload = ?1 ORDER BY tasks, repeat, after",
		workload);
	struct bench_run *before = NULL;

	while (reader_next(r)) {
		struct bench_run *run = bench_run_new();
		int64_t number = reader_integer(r, 0, INT64_MIN, INT64_MAX);

		g_ptr_array_add(row->runs, run);
		read_run(r, run);
		reader_count(r, &l->runs, MOST_RUNS);
		if (before && run_order(before, run) >= 0)
			reader_twice(r);
		before = run;
		read_weighings(l, run, number);
		read_measures(l, run, number);
		r->table = "runs";
		r->row = st;
	}
}

static void read_published(struct loading *l, struct bench_row *row, int64_t workload)
{
	struct reader *r = &l->r;
	g_autoptr(sqlite3_stmt)
		st = reader_query(r, "published",
				  "SELECT source, version, tasks, rss FROM published"
				  " WHERE workload = ?1 ORDER BY source, tasks, version",
				  workload);

	while (reader_next(r)) {
		struct bench_published *p = g_new0(struct bench_published, 1);

		g_ptr_array_add(row->published, p);
		p->source = reader_text(r, 0);
		p->version = reader_text_or_null(r, 1);
		p->tasks = (uint64_t)reader_size(r, 2);
		p->rss = reader_known(r, 3, 0);
		reader_count(r, &l->published, MOST_RUNS);
	}
}

static void read_row(struct loading *l, struct bench_row *row)
{
	struct reader *r = &l->r;
	row->id = reader_text(r, 1);
	row->title = reader_text(r, 2);
	row->language = reader_text(r, 3);
	row->family = reader_text(r, 4);
	row->task = reader_text(r, 5);
	row->root = reader_text_or_null(r, 6);
	row->version = reader_text_or_null(r, 7);
	row->command = reader_text_or_null(r, 8);
	row->missing = reader_text_or_null(r, 9);
	row->twin = reader_text_or_null(r, 10);
	if (!g_hash_table_add(l->ids, row->id))
		reader_twice(r);
}

static void read_workloads(struct loading *l)
{
	struct reader *r = &l->r;
	g_autoptr(sqlite3_stmt) st = reader_query(
		r, "workloads",
		"SELECT number, id, title, language, family, task, root, version, command,"
		" missing, twin FROM workloads ORDER BY number",
		0);
	int64_t taken = 0;

	while (reader_next(r)) {
		struct bench_row *row = bench_row_new();
		int64_t number = reader_integer(r, 0, INT64_MIN, INT64_MAX);

		g_ptr_array_add(l->b->rows, row);
		read_row(l, row);
		reader_count(r, &taken, MOST_ROWS);
		read_published(l, row, number);
		read_runs(l, row, number);
		r->table = "workloads";
		r->row = st;
	}
}

static void read_bench(struct loading *l)
{
	struct reader *r = &l->r;
	g_autoptr(sqlite3_stmt) st = reader_query(
		r, "bench",
		"SELECT started, complete, touch, memory_max, kernel, distribution, cpu, cpus,"
		" memory, page_size, tare_version, measured, limits FROM bench",
		0);
	struct bench_machine *m = &l->b->machine;

	if (!reader_next(r)) {
		if (!r->err)
			log_error("%s: table bench has no row", r->db.path);
		r->err = r->err ? r->err : -EBADMSG;
		return;
	}
	l->b->started = reader_text(r, 0);
	l->b->complete = reader_integer(r, 1, 0, 1);
	l->b->touch = (uint64_t)reader_size(r, 2);
	l->b->memory_max = (uint64_t)reader_size(r, 3);
	m->kernel = reader_text(r, 4);
	m->distribution = reader_text_or_null(r, 5);
	m->cpu = reader_text_or_null(r, 6);
	m->cpus = (unsigned)reader_integer(r, 7, 0, 1000000);
	m->memory = reader_size(r, 8);
	m->page_size = reader_size(r, 9);
	m->tare_version = reader_text(r, 10);
	m->measured = reader_text(r, 11);
	m->limits = reader_text(r, 12);
	if (reader_next(r))
		reader_twice(r);
}

/* Results of an earlier tare have such peaks. */
static void check_peaks(struct bench *b)
{
	for (unsigned i = 0; i < b->rows->len; i++) {
		struct bench_row *row = b->rows->pdata[i];

		for (unsigned j = 0; j < row->runs->len; j++)
			bench_check_peak(row, row->runs->pdata[j]);
	}
}

static void read_all(struct loading *l)
{
	struct reader *r = &l->r;
	r->err = db_exec(&r->db, "BEGIN"); /* a consistent state, if the file is being written */
	reader_check_sound(r, "PRAGMA integrity_check(bench)");
	reader_check_sound(r, "PRAGMA integrity_check(workloads)");
	reader_check_sound(r, "PRAGMA integrity_check(published)");
	reader_check_sound(r, "PRAGMA integrity_check(runs)");
	reader_check_sound(r, "PRAGMA integrity_check(weighings)");
	reader_check_sound(r, "PRAGMA integrity_check(measures)");
	read_bench(l);
	read_workloads(l);
	reader_check_rows(r, "published", "SELECT count(*) FROM published", l->published);
	reader_check_rows(r, "runs", "SELECT count(*) FROM runs", l->runs);
	reader_check_rows(r, "weighings", "SELECT count(*) FROM weighings", l->weighings);
	reader_check_rows(r, "measures", "SELECT count(*) FROM measures", l->measures);
	check_peaks(l->b);
}

int bench_store_load(struct bench **b, const char *path)
{
	struct loading l = { 0 };
	int err = db_open(&l.r.db, path, &bench_format);

	if (err)
		return err;
	l.b = bench_new();
	l.ids = g_hash_table_new(g_str_hash, g_str_equal);
	read_all(&l);
	g_hash_table_unref(l.ids);
	db_close(&l.r.db);
	if (l.r.err)
		bench_free(l.b);
	else
		*b = l.b;
	return l.r.err;
}
