/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The reader of recording.h. It believes nothing that recording.sql would have
 * promised: each value is looked at when it is taken out of the file.
 */
#include "store/recording_load.h"

#include <errno.h>
#include <stdio.h>

#include "base/err.h"
#include "store/recording.h"
#include "store/recording_figures.h"
#include "store/recording_format.h"

#define MOST_ROWS 4000000 /* of one table */

void load_number(struct reader *r, int column, uint64_t expected)
{
	if (expected >= MOST_ROWS) {
		reader_wrong(r, column, "one of too many rows");
		return;
	}
	if (reader_integer(r, column, 0, MOST_ROWS) != (int64_t)expected)
		reader_wrong(r, column, "not the next number");
}

uint32_t load_index(struct reader *r, int column, uint32_t n)
{
	int64_t i = reader_integer(r, column, 0, MOST_ROWS);

	if (i < n)
		return (uint32_t)i;
	reader_wrong(r, column, "a number that leads nowhere");
	return 0;
}

uint32_t load_index_or_none(struct reader *r, int column, uint32_t n)
{
	return reader_is_null(r, column) ? UINT32_MAX : load_index(r, column, n);
}

static void load_figure(void *ctx, const struct figure *f)
{
	struct reader *r = ctx;
	g_autoptr(sqlite3_stmt) st = reader_query_text(
		r, "figures", "SELECT value, name FROM figures WHERE name = ?1", f->name);
	bool null;

	if (!reader_next(r))
		return;
	null = reader_is_null(r, 0);
	if (!null || f->type == FIGURE_KNOWN || f->type == FIGURE_REAL_PS)
		figure_set(f, null ? 0 : reader_integer(r, 0, f->least, f->most), null);
	else
		reader_wrong(r, 0, "NULL");
}

static void load_text(void *ctx, const char *name, char **at)
{
	struct reader *r = ctx;
	g_autoptr(sqlite3_stmt)
		st = reader_query_text(r, "texts", "SELECT value FROM texts WHERE name = ?1", name);

	if (reader_next(r))
		*at = reader_text_or_null(r, 0);
}

/* A figure of the file itself; -1: it is not there. */
static int64_t own_figure(struct reader *r, const char *name)
{
	g_autoptr(sqlite3_stmt) st =
		reader_query_text(r, "figures", "SELECT value FROM figures WHERE name = ?1", name);

	return reader_next(r) ? reader_integer(r, 0, 0, READER_MOST) : -1;
}

static void load_singles(struct loading *l)
{
	struct reader *r = &l->r;

	l->complete = own_figure(r, "complete");
	if (l->complete < 0 && !r->err) {
		error("%s holds nothing yet: tare was ended before its first checkpoint",
		      r->db.path);
		r->err = -ENODATA;
	}
	if (l->complete == RECORDING_FULL && own_figure(r, "duration_ns") < 0 && !r->err) {
		error("%s holds nothing: the disk was full before the first checkpoint",
		      r->db.path);
		r->err = -ENODATA;
	}
	if (own_figure(r, "profile.period") > 0)
		l->report->profile = profile_new();
	figures_each(l->report, load_figure, r);
	figures_each_text(l->report, load_text, r);
}

static void load_command(struct loading *l)
{
	struct reader *r = &l->r;
	g_autoptr(sqlite3_stmt) st = reader_query(
		r, "command", "SELECT number, argument FROM command ORDER BY number", 0);

	while (reader_next(r)) {
		load_number(r, 0, l->report->command->len);
		g_ptr_array_add(l->report->command, reader_text(r, 1));
	}
}

static void load_features(struct loading *l)
{
	struct reader *r = &l->r;
	g_autoptr(sqlite3_stmt) st = reader_query(
		r, "features", "SELECT number, name, state, why FROM features ORDER BY number", 0);
	unsigned n = 0;

	while (reader_next(r)) {
		g_autofree char *name = reader_text(r, 1), *state = reader_text(r, 2),
				*why = reader_text_or_null(r, 3);

		load_number(r, 0, n++);
		report_add_feature(l->report, name, state, why);
	}
}

static void say_incomplete(struct loading *l)
{
	g_autofree char *why = g_strdup_printf(
		"%s: this is the state %.1f s after the start",
		l->complete == RECORDING_FULL ? "disk full" : "tare was ended while it recorded",
		(double)l->report->duration_ns / 1e9);

	report_add_feature(l->report, "recording", "incomplete", why);
	warn("%s is incomplete: %s", l->r.db.path, why);
}

static void load_processes(struct loading *l)
{
	struct reader *r = &l->r;
	g_autoptr(sqlite3_stmt) st = reader_query(
		r, "processes",
		"SELECT number, pid, ppid, comm, exe, argv_truncated, alive, start_ns, end_ns,"
		" exit_known, exit_code, exit_signal, rss_peak, rss_peak_ns"
		" FROM processes ORDER BY number",
		0);

	while (reader_next(r)) {
		struct report_process *p = report_process_new();

		load_number(r, 0, l->report->processes->len);
		g_ptr_array_add(l->report->processes, p);
		p->pid = (pid_t)reader_integer(r, 1, 0, INT32_MAX);
		p->ppid = (pid_t)reader_integer(r, 2, 0, INT32_MAX);
		p->comm = reader_text(r, 3);
		p->exe = reader_text_or_null(r, 4);
		p->argv_truncated = reader_integer(r, 5, 0, 1);
		p->alive = reader_integer(r, 6, 0, 1);
		p->start_ns = (uint64_t)reader_size(r, 7);
		p->end_ns = (uint64_t)reader_size(r, 8);
		p->exit.known = reader_integer(r, 9, 0, 1);
		p->exit.code = (int)reader_integer(r, 10, 0, 255);
		p->exit.signal = (int)reader_integer(r, 11, 0, 127);
		p->rss_peak = reader_bytes(r, 12, -READER_MOST);
		p->rss_peak_ns = (uint64_t)reader_size(r, 13);
	}
}

static void load_process_texts(struct loading *l)
{
	struct reader *r = &l->r;
	g_autoptr(sqlite3_stmt) st =
		reader_query(r, "process_texts",
			     "SELECT process, what, value FROM process_texts ORDER BY number", 0);

	while (reader_next(r)) {
		uint32_t i = load_index(r, 0, l->report->processes->len);
		int what = reader_one_of(r, 1, process_text_name, 2);
		g_autofree char *value = reader_text(r, 2);
		struct report_process *p;

		if (r->err)
			break;
		p = l->report->processes->pdata[i];
		g_ptr_array_add(what ? p->images : p->argv, g_steal_pointer(&value));
	}
}

static void load_balances(struct loading *l)
{
	struct reader *r = &l->r;
	struct report *report = l->report;
	g_autoptr(sqlite3_stmt) st = reader_query(
		r, "balances",
		"SELECT process, kind, opening, came, went, foreign_came, foreign_went,"
		" unattributed, net, at_peak FROM balances",
		0);

	while (reader_next(r)) {
		int64_t i = reader_integer(r, 0, WORKLOAD, (int64_t)report->processes->len - 1);
		int k = reader_one_of(r, 1, kind_name, TARE_KINDS);
		struct balance b = {
			.opening = reader_bytes(r, 2, -READER_MOST),
			.tasks = { (uint64_t)reader_bytes(r, 3, 0),
				   (uint64_t)reader_bytes(r, 4, 0) },
			.foreign = { (uint64_t)reader_bytes(r, 5, 0),
				     (uint64_t)reader_bytes(r, 6, 0) },
			.unattributed = reader_bytes(r, 7, -READER_MOST),
			.net = reader_bytes(r, 8, -READER_MOST),
		};
		int64_t at_peak = reader_bytes(r, 9, -READER_MOST);
		struct report_process *p;

		if (r->err)
			break;
		if (i == WORKLOAD) {
			report->totals[k] = b;
			continue;
		}
		p = report->processes->pdata[i];
		p->balance[k] = b;
		p->at_peak[k] = at_peak;
	}
}

static void load_foreigners(struct loading *l)
{
	struct reader *r = &l->r;
	struct report *report = l->report;
	g_autoptr(sqlite3_stmt) st = reader_query(
		r, "foreigners", "SELECT process, who, what, came, went FROM foreigners", 0);

	while (reader_next(r)) {
		int64_t i = reader_integer(r, 0, WORKLOAD, (int64_t)report->processes->len - 1);
		int who = reader_one_of(r, 1, foreign_name, TARE_FOREIGNERS);
		int kmem = reader_one_of(r, 2, foreign_what_name, 2);
		struct flow f = { (uint64_t)reader_bytes(r, 3, 0),
				  (uint64_t)reader_bytes(r, 4, 0) };
		struct report_process *p;

		if (r->err)
			break;
		p = i == WORKLOAD ? NULL : report->processes->pdata[i];
		if (p && !kmem)
			p->foreign_cause[who] = f;
		else if (!p)
			(kmem ? report->kmem.foreign : report->foreign_cause)[who] = f;
	}
}

/* What is not measured is NULL in the file; features tell it to printers. */
static int64_t bytes_or_0(struct reader *r, int column, int64_t least)
{
	return reader_is_null(r, column) ? 0 : reader_bytes(r, column, least);
}

static void load_task(struct reader *r, struct report_task *t)
{
	t->tid = (pid_t)reader_integer(r, 2, 0, INT32_MAX);
	t->comm = reader_text(r, 3);
	t->alive = reader_integer(r, 4, 0, 1);
	t->attached = reader_integer(r, 5, 0, 1);
	t->start_ns = (uint64_t)reader_size(r, 6);
	t->end_ns = (uint64_t)reader_size(r, 7);
	t->faults_user = (uint64_t)bytes_or_0(r, 8, 0);
	t->faults_kernel = (uint64_t)bytes_or_0(r, 9, 0);
	t->faults_major = (uint64_t)bytes_or_0(r, 10, 0);
	t->mapped = (uint64_t)bytes_or_0(r, 11, 0);
	t->unmapped = (uint64_t)bytes_or_0(r, 12, 0);
	t->brk_up = (uint64_t)bytes_or_0(r, 13, 0);
	t->brk_down = (uint64_t)bytes_or_0(r, 14, 0);
}

static void load_tasks(struct loading *l)
{
	struct reader *r = &l->r;
	g_autoptr(sqlite3_stmt) st = reader_query(
		r, "tasks",
		"SELECT number, process, tid, comm, alive, attached, start_ns, end_ns,"
		" faults_user, faults_kernel, faults_major, mapped, unmapped, brk_up, brk_down"
		" FROM tasks ORDER BY number",
		0);

	while (reader_next(r)) {
		struct task_place at = { load_index(r, 1, l->report->processes->len), 0 };
		struct report_task *t;
		GPtrArray *tasks;

		load_number(r, 0, l->tasks->len);
		if (r->err)
			break;
		tasks = ((struct report_process *)l->report->processes->pdata[at.process])->tasks;
		at.task = tasks->len;
		t = report_task_new();
		g_ptr_array_add(tasks, t);
		g_array_append_val(l->tasks, at);
		load_task(r, t);
	}
}

/* The task of the present row; NULL on a complaint. */
static struct report_task *task_of(struct loading *l, int column)
{
	uint32_t i = load_index(&l->r, column, l->tasks->len);
	const struct task_place *at;

	if (l->r.err)
		return NULL;
	at = &g_array_index(l->tasks, struct task_place, i);
	return ((struct report_process *)l->report->processes->pdata[at->process])
		->tasks->pdata[at->task];
}

static void load_task_names(struct loading *l)
{
	struct reader *r = &l->r;
	g_autoptr(sqlite3_stmt) st = reader_query(
		r, "task_names", "SELECT task, name FROM task_names ORDER BY number", 0);

	while (reader_next(r)) {
		struct report_task *t = task_of(l, 0);

		if (t)
			g_ptr_array_add(t->names, reader_text(r, 1));
	}
}

static void load_task_kinds(struct loading *l)
{
	struct reader *r = &l->r;
	g_autoptr(sqlite3_stmt) st = reader_query(
		r, "task_kinds", "SELECT task, kind, came, went, at_peak FROM task_kinds", 0);

	while (reader_next(r)) {
		struct report_task *t = task_of(l, 0);
		int k = reader_one_of(r, 1, kind_name, TARE_KINDS);
		struct flow f = { (uint64_t)reader_bytes(r, 2, 0),
				  (uint64_t)reader_bytes(r, 3, 0) };
		int64_t at_peak = reader_bytes(r, 4, -READER_MOST);

		if (!t || r->err)
			break;
		t->flow[k] = f;
		t->at_peak[k] = at_peak;
	}
}

static void load_task_causes(struct loading *l)
{
	struct reader *r = &l->r;
	g_autoptr(sqlite3_stmt) st =
		reader_query(r, "task_causes",
			     "SELECT task, cause, came, went FROM task_causes ORDER BY number", 0);

	while (reader_next(r)) {
		struct report_task *t = task_of(l, 0);
		struct report_cause c = {
			.name = reader_text(r, 1),
			.flow = { (uint64_t)reader_bytes(r, 2, 0),
				  (uint64_t)reader_bytes(r, 3, 0) },
		};

		if (!t) {
			g_free(c.name);
			break;
		}
		g_array_append_val(t->causes, c);
	}
}

static void load_series(struct loading *l)
{
	struct reader *r = &l->r;
	g_autoptr(sqlite3_stmt)
		st = reader_query(r, "series",
				  "SELECT number, time_ns, rss, beside, anon, file, shmem, swap,"
				  " pagetable, kstack, kmem FROM series ORDER BY number",
				  0);
	uint64_t before = 0;

	while (reader_next(r)) {
		struct report_point p = {
			.time_ns = (uint64_t)reader_size(r, 1),
			.rss = reader_bytes(r, 2, -READER_MOST),
			.beside = reader_bytes(r, 3, -READER_MOST),
			.kinds = !reader_is_null(r, 4),
		};

		load_number(r, 0, l->report->series->len);
		for (int i = 0; p.kinds && i < TARE_KINDS; i++)
			p.kind[kind_order[i]] = bytes_or_0(r, 4 + i, -READER_MOST);
		if (p.time_ns < before)
			reader_wrong(r, 1, "before the one before it");
		before = p.time_ns;
		g_array_append_val(l->report->series, p);
	}
}

static void load_slabs(struct loading *l)
{
	struct reader *r = &l->r;
	bool measured = own_figure(r, "slabs") > 0;
	g_autoptr(sqlite3_stmt) st = reader_query(
		r, "slabs", "SELECT name, object_size, objects, bytes FROM slabs ORDER BY number",
		0);

	if (measured)
		l->report->slabs = report_slabs_new();
	while (reader_next(r)) {
		struct report_slab s = {
			.name = reader_text(r, 0),
			.object_size = (uint64_t)reader_size(r, 1),
			.objects = reader_bytes(r, 2, -READER_MOST),
			.bytes = reader_bytes(r, 3, -READER_MOST),
		};

		if (!l->report->slabs)
			l->report->slabs = report_slabs_new();
		g_array_append_val(l->report->slabs, s);
	}
}

/* The raw log is not read, so it is not looked at either. */
static void check_all(struct reader *r)
{
	for (const char *const *table = recording_format.tables; *table && !r->err; table++) {
		char sql[64];

		if (!g_strcmp0(*table, "samples") || !g_strcmp0(*table, "ranges"))
			continue;
		snprintf(sql, sizeof(sql), "PRAGMA integrity_check(%s)", *table);
		reader_check_sound(r, sql);
	}
}

static void load_all(struct loading *l)
{
	l->r.err = db_exec(&l->r.db, "BEGIN"); /* all of one moment */
	check_all(&l->r);
	load_singles(l);
	load_command(l);
	load_features(l);
	load_processes(l);
	load_process_texts(l);
	load_balances(l);
	load_foreigners(l);
	load_tasks(l);
	load_task_names(l);
	load_task_kinds(l);
	load_task_causes(l);
	load_series(l);
	load_slabs(l);
	if (l->report->profile && !l->r.err)
		load_profile(l);
	if (l->complete != 1 && !l->r.err)
		say_incomplete(l);
}

int recording_load(struct report **report, const char *path)
{
	struct loading l = { 0 };
	int err = db_open(&l.r.db, path, &recording_format);

	if (err)
		return err;
	l.report = report_new();
	l.tasks = g_array_new(FALSE, FALSE, sizeof(struct task_place));
	load_all(&l);
	g_array_unref(l.tasks);
	db_close(&l.r.db);
	if (l.r.err)
		report_free(l.report);
	else
		*report = l.report;
	return l.r.err;
}
