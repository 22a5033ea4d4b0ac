/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The reader of recording.h. The file may be hostile: each value is checked when it is read, and
 * the constraints in recording.sql are not relied on.
 */
#include "store/recording_load.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/log.h"
#include "store/recording.h"
#include "store/recording_figures.h"
#include "store/recording_format.h"

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

/* A figure of the file itself; -1: the file does not have it. */
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
		log_error("%s holds nothing yet: tare was ended before its first checkpoint",
			  r->db.path);
		r->err = -ENODATA;
	}
	if (l->complete == RECORDING_FULL && own_figure(r, "duration_ns") < 0 && !r->err) {
		log_error("%s holds nothing: the disk was full before the first checkpoint",
			  r->db.path);
		r->err = -ENODATA;
	}
	l->unsorted = l->complete != 1 || own_figure(r, "thinned.rows") > 0;
	if (own_figure(r, "incident.kills") >= 0)
		l->report->incident = incident_new();
	if (own_figure(r, "profile.period") > 0)
		l->report->profile = profile_new();
	figures_each(l->report, load_figure, r);
	figures_each_text(l->report, load_text, r);
}

static void load_command(struct loading *l)
{
	struct reader *r = &l->r;
	g_autoptr(GArray) numbers = g_array_new(FALSE, FALSE, sizeof(int64_t));
	g_autoptr(sqlite3_stmt) st =
		load_query(l, "command", "SELECT number, argument FROM command ORDER BY number");

	while (reader_next(r)) {
		load_number(l, 0, numbers);
		g_ptr_array_add(l->report->command, reader_text(r, 1));
	}
}

static void load_features(struct loading *l)
{
	struct reader *r = &l->r;
	g_autoptr(GArray) numbers = g_array_new(FALSE, FALSE, sizeof(int64_t));
	g_autoptr(sqlite3_stmt) st = load_query(
		l, "features", "SELECT number, name, state, why FROM features ORDER BY number");

	while (reader_next(r)) {
		g_autofree char *name = reader_text(r, 1), *state = reader_text(r, 2),
				*why = reader_text_or_null(r, 3);

		load_number(l, 0, numbers);
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
	log_warn("%s is incomplete: %s", l->r.db.path, why);
}

static void load_series(struct loading *l)
{
	struct reader *r = &l->r;
	g_autoptr(GArray) numbers = g_array_new(FALSE, FALSE, sizeof(int64_t));
	g_autoptr(sqlite3_stmt) st = load_query(
		l, "series",
		"SELECT number, time_ns, rss, beside, anon, file, shmem, swap, pagetable, kstack,"
		" kmem FROM series ORDER BY number");
	uint64_t before = 0;

	while (reader_next(r)) {
		struct report_point p = {
			.time_ns = (uint64_t)reader_size(r, 1),
			.rss = reader_bytes(r, 2, -READER_MOST),
			.nonrss = reader_bytes(r, 3, -READER_MOST),
			.kinds = !reader_is_null(r, 4),
		};

		load_number(l, 0, numbers);
		for (int i = 0; p.kinds && i < TARE_KINDS; i++)
			p.kind[kind_order[i]] = load_bytes_or_0(r, 4 + i, -READER_MOST);
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
	g_autoptr(GArray) numbers = g_array_new(FALSE, FALSE, sizeof(int64_t));
	g_autoptr(sqlite3_stmt) st = load_query(
		l, "slabs",
		"SELECT name, object_size, objects, bytes, number FROM slabs ORDER BY number");

	if (measured)
		l->report->slabs = report_slabs_new();
	while (reader_next(r)) {
		struct report_slab s = {
			.name = reader_text(r, 0),
			.object_size = (uint64_t)reader_size(r, 1),
			.objects = reader_bytes(r, 2, -READER_MOST),
			.bytes = reader_bytes(r, 3, -READER_MOST),
		};

		load_number(l, 4, numbers);
		if (!l->report->slabs)
			l->report->slabs = report_slabs_new();
		g_array_append_val(l->report->slabs, s);
	}
}

/* Only files with an incident are sure to have the table. */
static void load_growers(struct loading *l)
{
	struct reader *r = &l->r;
	g_autoptr(GArray) numbers = g_array_new(FALSE, FALSE, sizeof(int64_t));
	g_autoptr(sqlite3_stmt) st = NULL;
	int64_t taken = 0;

	reader_check_sound(r, "PRAGMA integrity_check(growers)");
	st = load_query(l, "growers",
			"SELECT number, sort, name, thread, cgroup, function, held, grown_1s,"
			" grown_10s, grown_60s FROM growers ORDER BY number");
	while (reader_next(r)) {
		struct incident_row *row = incident_row_add(l->report->incident);

		load_number(l, 0, numbers);
		row->sort =
			(enum incident_sort)reader_one_of(r, 1, incident_sort_name, INCIDENT_SORTS);
		row->name = reader_text(r, 2);
		row->thread = reader_text_or_null(r, 3);
		row->cgroup = reader_text_or_null(r, 4);
		row->function = reader_text_or_null(r, 5);
		row->held = reader_bytes(r, 6, -READER_MOST);
		for (int w = 0; w < INCIDENT_WINDOWS; w++)
			row->grown[w] = reader_bytes(r, 7 + w, -READER_MOST);
		reader_count(r, &taken, (int64_t)INCIDENT_ROWS * INCIDENT_SORTS);
	}
}

static void check_all(struct reader *r, const struct db_format *format)
{
	for (const char *const *table = format->tables; *table && !r->err; table++) {
		char sql[64];

		snprintf(sql, sizeof(sql), "PRAGMA integrity_check(%s)", *table);
		reader_check_sound(r, sql);
	}
}

static void load_all(struct loading *l, const struct db_format *format)
{
	l->r.err = db_exec(&l->r.db, "BEGIN"); /* a consistent state, if it is being written */
	check_all(&l->r, format);
	load_singles(l);
	load_command(l);
	load_features(l);
	load_who(l);
	load_series(l);
	load_slabs(l);
	if (l->report->incident && !l->r.err)
		load_growers(l);
	if (l->report->profile && !l->r.err)
		load_profile(l);
	if (l->complete != 1 && !l->r.err)
		say_incomplete(l);
}

int recording_load_within(struct report **report, const char *path,
			  const struct recording_limits *limits)
{
	const struct db_format *format = recording_format_of(AT_FDCWD, path);
	struct loading l = { .limits = limits, .schema = format->schema };
	int err = db_open(&l.r.db, path, format);

	if (err)
		return err;
	l.r.most_text = limits->texts;
	l.r.most_sum = limits->sum;
	l.report = report_new();
	l.processes = g_ptr_array_new();
	l.tasks = g_ptr_array_new();
	l.positions = g_array_new(FALSE, FALSE, sizeof(struct task_position));
	l.process_numbers = g_array_new(FALSE, FALSE, sizeof(int64_t));
	l.task_numbers = g_array_new(FALSE, FALSE, sizeof(int64_t));
	load_all(&l, format);
	g_ptr_array_unref(l.processes);
	g_ptr_array_unref(l.tasks);
	g_array_unref(l.positions);
	g_array_unref(l.process_numbers);
	g_array_unref(l.task_numbers);
	db_close(&l.r.db);
	if (l.r.err)
		report_free(l.report);
	else
		*report = l.report;
	return l.r.err;
}

int recording_load(struct report **report, const char *path)
{
	return recording_load_within(report, path, &recording_limits);
}
