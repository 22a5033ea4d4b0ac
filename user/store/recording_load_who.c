/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Reads processes and tasks from the tables of recording.sql.
 */

#include "model/books.h"
#include "model/title.h"
#include "store/recording_format.h"
#include "store/recording_load.h"

static void load_spread(struct reader *r, int column, struct report_spread *s)
{
	s->min = load_bytes_or_0(r, column, -READER_MOST);
	s->median = load_bytes_or_0(r, column + 1, -READER_MOST);
	s->max = load_bytes_or_0(r, column + 2, -READER_MOST);
}

static void load_processes(struct loading *l)
{
	struct reader *r = &l->r;
	g_autoptr(sqlite3_stmt) st = load_query(
		l, "processes",
		l->schema == 1 ?
			"SELECT number, pid, ppid, comm, exe, argv_truncated, alive, start_ns,"
			" end_ns, exit_known, exit_code, exit_signal, rss_peak, rss_peak_ns,"
			" 1, 0, NULL, NULL, NULL, NULL FROM processes ORDER BY number" :
			"SELECT number, pid, ppid, comm, exe, argv_truncated, alive, start_ns,"
			" end_ns, exit_known, exit_code, exit_signal, rss_peak, rss_peak_ns,"
			" count, failed, parent, peak_min, peak_median, peak_max"
			" FROM processes ORDER BY number");

	while (reader_next(r)) {
		struct report_process *p = report_process_new();

		load_number(l, 0, l->process_numbers);
		p->id = l->processes->len;
		g_ptr_array_add(l->processes, p);
		g_ptr_array_add(l->report->processes, p);
		p->pid = (pid_t)reader_integer(r, 1, 0, INT32_MAX);
		p->ppid = (pid_t)reader_integer(r, 2, 0, INT32_MAX);
		p->comm = reader_text(r, 3);
		p->exe = reader_text_or_null(r, 4);
		p->argv_truncated = reader_integer(r, 5, 0, 1);
		p->alive = reader_integer(r, 6, 0, 1);
		p->start_ns = (uint64_t)reader_size(r, 7);
		p->end_ns = (uint64_t)reader_size(r, 8);
		p->exit.known = reader_integer(r, 9, 0, 2);
		p->exit.oom = reader_integer(r, 9, 0, 2) == 2;
		p->exit.code = (int)reader_integer(r, 10, 0, 255);
		p->exit.signal = (int)reader_integer(r, 11, 0, 127);
		p->rss_peak = reader_bytes(r, 12, -READER_MOST);
		p->rss_peak_ns = (uint64_t)reader_size(r, 13);
		p->count = (uint64_t)reader_integer(r, 14, 1, READER_MOST);
		p->failed = (uint64_t)reader_integer(r, 15, 0, (int64_t)p->count);
		p->parent = reader_text_or_null(r, 16);
		load_spread(r, 17, &p->rss_peak_spread);
	}
}

static void count_row(struct loading *l, uint64_t *rows)
{
	if (++*rows > l->limits->rows)
		reader_wrong(&l->r, 0, "of one of too many rows");
}

/* The process of the current row; NULL: the row is of the whole workload. */
static struct report_process *process_of(struct loading *l, int column)
{
	int64_t n = reader_integer(&l->r, column, WORKLOAD, UINT32_MAX - 1);
	uint32_t i = n == WORKLOAD ? 0 : load_index(&l->r, column, l->process_numbers);

	return n == WORKLOAD || l->r.err ? NULL : l->processes->pdata[i];
}

static void load_process_texts(struct loading *l)
{
	struct reader *r = &l->r;
	g_autoptr(sqlite3_stmt) st = load_query(
		l, "process_texts",
		l->schema == 1 ? "SELECT process, what, value FROM process_texts ORDER BY number" :
				 "SELECT process, what, value FROM process_texts"
				 " ORDER BY process, what, position");
	uint64_t rows = 0;

	while (reader_next(r)) {
		uint32_t i = load_index(r, 0, l->process_numbers);
		int what = reader_one_of(r, 1, process_text_name, 2);
		g_autofree char *value = reader_text(r, 2);
		struct report_process *p;

		count_row(l, &rows);
		if (r->err)
			break;
		p = l->processes->pdata[i];
		g_ptr_array_add(what ? p->images : p->argv, g_steal_pointer(&value));
	}
}

static void load_balances(struct loading *l)
{
	struct reader *r = &l->r;
	g_autoptr(sqlite3_stmt) st =
		load_query(l, "balances",
			   "SELECT process, kind, opening, came, went, foreign_came, foreign_went,"
			   " unattributed, net, at_peak FROM balances");
	uint64_t rows = 0;

	while (reader_next(r)) {
		struct report_process *p = process_of(l, 0);
		int k = reader_one_of(r, 1, kind_name, TARE_KINDS);
		struct balance b = {
			.initial = reader_bytes(r, 2, -READER_MOST),
			.tasks = { (uint64_t)reader_bytes(r, 3, 0),
				   (uint64_t)reader_bytes(r, 4, 0) },
			.nonowner = { (uint64_t)reader_bytes(r, 5, 0),
				      (uint64_t)reader_bytes(r, 6, 0) },
			.unattributed = reader_bytes(r, 7, -READER_MOST),
			.net = reader_bytes(r, 8, -READER_MOST),
		};
		int64_t at_peak = reader_bytes(r, 9, -READER_MOST);

		count_row(l, &rows);
		if (r->err)
			break;
		if (!p) {
			l->report->totals[k] = b;
			continue;
		}
		p->balance[k] = b;
		p->at_peak[k] = at_peak;
	}
}

static void load_nonowners(struct loading *l)
{
	struct reader *r = &l->r;
	struct report *report = l->report;
	g_autoptr(sqlite3_stmt) st = load_query(
		l, "foreigners", "SELECT process, who, what, came, went FROM foreigners");
	uint64_t rows = 0;

	while (reader_next(r)) {
		struct report_process *p = process_of(l, 0);
		int who = reader_one_of(r, 1, nonowner_name, TARE_NONOWNERS);
		int kmem = reader_one_of(r, 2, nonowner_what_name, 2);
		struct flow f = { (uint64_t)reader_bytes(r, 3, 0),
				  (uint64_t)reader_bytes(r, 4, 0) };

		count_row(l, &rows);
		if (r->err)
			break;
		if (p && !kmem)
			p->nonowner_cause[who] = f;
		else if (!p)
			(kmem ? report->kmem.nonowner : report->nonowner_cause)[who] = f;
	}
}

static void load_task(struct reader *r, struct report_task *t)
{
	t->tid = (pid_t)reader_integer(r, 2, 0, INT32_MAX);
	t->comm = reader_text(r, 3);
	t->alive = reader_integer(r, 4, 0, 1);
	t->attached = reader_integer(r, 5, 0, 1);
	t->start_ns = (uint64_t)reader_size(r, 6);
	t->end_ns = (uint64_t)reader_size(r, 7);
	t->faults_user = (uint64_t)load_bytes_or_0(r, 8, 0);
	t->faults_kernel = (uint64_t)load_bytes_or_0(r, 9, 0);
	t->faults_major = (uint64_t)load_bytes_or_0(r, 10, 0);
	t->mapped = (uint64_t)load_bytes_or_0(r, 11, 0);
	t->unmapped = (uint64_t)load_bytes_or_0(r, 12, 0);
	t->brk_up = (uint64_t)load_bytes_or_0(r, 13, 0);
	t->brk_down = (uint64_t)load_bytes_or_0(r, 14, 0);
	t->count = (uint64_t)reader_integer(r, 15, 1, READER_MOST);
	load_spread(r, 16, &t->in_spread);
}

static void load_tasks(struct loading *l)
{
	struct reader *r = &l->r;
	g_autoptr(sqlite3_stmt) st = load_query(
		l, "tasks",
		l->schema == 1 ?
			"SELECT number, process, tid, comm, alive, attached, start_ns, end_ns,"
			" faults_user, faults_kernel, faults_major, mapped, unmapped, brk_up,"
			" brk_down, 1, NULL, NULL, NULL FROM tasks ORDER BY number" :
			"SELECT number, process, tid, comm, alive, attached, start_ns, end_ns,"
			" faults_user, faults_kernel, faults_major, mapped, unmapped, brk_up,"
			" brk_down, count, came_min, came_median, came_max"
			" FROM tasks ORDER BY number");

	while (reader_next(r)) {
		uint32_t process = load_index(r, 1, l->process_numbers);
		struct report_task *t;

		load_number(l, 0, l->task_numbers);
		if (r->err)
			break;
		t = report_task_new();
		t->id = l->tasks->len;
		g_ptr_array_add(((struct report_process *)l->processes->pdata[process])->tasks, t);
		g_ptr_array_add(l->tasks, t);
		load_task(r, t);
	}
}

/* The task of the current row; NULL after an error. */
static struct report_task *task_of(struct loading *l, int column)
{
	uint32_t i = load_index(&l->r, column, l->task_numbers);

	return l->r.err ? NULL : l->tasks->pdata[i];
}

static void load_task_names(struct loading *l)
{
	struct reader *r = &l->r;
	g_autoptr(sqlite3_stmt) st = load_query(
		l, "task_names",
		l->schema == 1 ? "SELECT task, name FROM task_names ORDER BY number" :
				 "SELECT task, name FROM task_names ORDER BY task, position");
	uint64_t rows = 0;

	while (reader_next(r)) {
		struct report_task *t = task_of(l, 0);

		count_row(l, &rows);
		if (t)
			g_ptr_array_add(t->names, reader_text(r, 1));
	}
}

static void load_task_kinds(struct loading *l)
{
	struct reader *r = &l->r;
	g_autoptr(sqlite3_stmt) st = load_query(
		l, "task_kinds", "SELECT task, kind, came, went, at_peak FROM task_kinds");
	uint64_t rows = 0;

	while (reader_next(r)) {
		struct report_task *t = task_of(l, 0);
		int k = reader_one_of(r, 1, kind_name, TARE_KINDS);
		struct flow f = { (uint64_t)reader_bytes(r, 2, 0),
				  (uint64_t)reader_bytes(r, 3, 0) };
		int64_t at_peak = reader_bytes(r, 4, -READER_MOST);

		count_row(l, &rows);
		if (!t || r->err)
			break;
		t->flow[k] = f;
		t->at_peak[k] = at_peak;
	}
}

static void load_task_causes(struct loading *l)
{
	struct reader *r = &l->r;
	g_autoptr(sqlite3_stmt) st = load_query(
		l, "task_causes",
		l->schema == 1 ?
			"SELECT task, cause, came, went FROM task_causes ORDER BY number" :
			"SELECT task, cause, came, went FROM task_causes ORDER BY task, position");
	uint64_t rows = 0;

	while (reader_next(r)) {
		struct report_task *t = task_of(l, 0);
		struct report_cause c = {
			.name = reader_text(r, 1),
			.flow = { (uint64_t)reader_bytes(r, 2, 0),
				  (uint64_t)reader_bytes(r, 3, 0) },
		};

		count_row(l, &rows);
		if (!t || r->err) {
			g_free(c.name);
			break;
		}
		g_array_append_val(t->causes, c);
	}
}

/* Note the position of each of the file's tasks in the report. */
static void place_tasks(struct loading *l)
{
	const GPtrArray *processes = l->report->processes;

	g_array_set_size(l->positions, l->tasks->len);
	for (uint32_t i = 0; i < processes->len; i++) {
		struct report_process *p = processes->pdata[i];

		p->id = i; /* so far the order of the file */
		for (uint32_t j = 0; j < p->tasks->len; j++)
			g_array_index(l->positions, struct task_position,
				      ((const struct report_task *)p->tasks->pdata[j])->id) =
				(struct task_position){ i, j };
	}
}

void load_who(struct loading *l)
{
	load_processes(l);
	load_process_texts(l);
	load_balances(l);
	load_nonowners(l);
	load_tasks(l);
	load_task_names(l);
	load_task_kinds(l);
	load_task_causes(l);
	if (l->r.err)
		return;
	if (l->unsorted)
		books_sort(l->report);
	title_fill(l->report);
	place_tasks(l);
}
