/* SPDX-License-Identifier: GPL-2.0-only */
#include "output/table/who_figures.h"

#include <string.h>

#include "model/view.h"

static void add_kinds(int64_t sum[TARE_KINDS], const int64_t kind[TARE_KINDS])
{
	for (int k = 0; k < TARE_KINDS; k++)
		sum[k] += kind[k];
}

static void add_task(struct figures *f, struct report_task *t)
{
	f->faults += t->faults_user + t->faults_kernel;
	f->major += t->faults_major;
	g_ptr_array_add(f->tasks, t);
}

struct figures figures_of_tasks(const GPtrArray *tasks)
{
	struct figures f = { .tasks = g_ptr_array_new() };

	for (unsigned i = 0; i < tasks->len; i++) {
		struct report_task *t = g_ptr_array_index(tasks, i);

		add_kinds(f.at_peak, t->at_peak);
		view_add(&f.rss, view_rss(t->flow));
		f.members += t->count;
		f.alive += t->alive;
		add_task(&f, t);
	}
	f.net = flow_net(f.rss);
	return f;
}

struct figures figures_of_processes(const GPtrArray *processes)
{
	struct figures f = { .tasks = g_ptr_array_new() };

	for (unsigned i = 0; i < processes->len; i++) {
		const struct report_process *p = g_ptr_array_index(processes, i);
		struct balance b = view_rss_balance(p->balance);

		add_kinds(f.at_peak, p->at_peak);
		f.net += b.net;
		view_add(&f.rss, b.tasks);
		f.members += p->count;
		f.alive += p->alive;
		f.killed += p->exit.known && p->exit.signal;
		f.oom_killed += p->exit.oom;
		f.failed += view_failed(p);
		for (unsigned j = 0; j < p->tasks->len; j++)
			add_task(&f, g_ptr_array_index(p->tasks, j));
	}
	return f;
}

static int by_in(gconstpointer a, gconstpointer b)
{
	const struct report_cause *x = a, *y = b;

	if (x->flow.in != y->flow.in)
		return (x->flow.in < y->flow.in) - (x->flow.in > y->flow.in);
	if (x->flow.out != y->flow.out)
		return (x->flow.out < y->flow.out) - (x->flow.out > y->flow.out);
	return strcmp(x->name, y->name);
}

GArray *figures_causes(const struct figures *f)
{
	GArray *sums = g_array_new(FALSE, FALSE, sizeof(struct report_cause));
	g_autoptr(GHashTable) index = g_hash_table_new(g_str_hash, g_str_equal);

	for (unsigned i = 0; i < f->tasks->len; i++) {
		const struct report_task *t = g_ptr_array_index(f->tasks, i);

		for (unsigned j = 0; j < t->causes->len; j++) {
			struct report_cause c = g_array_index(t->causes, struct report_cause, j);
			unsigned at = GPOINTER_TO_UINT(g_hash_table_lookup(index, c.name));

			if (at) {
				view_add(&g_array_index(sums, struct report_cause, at - 1).flow,
					 c.flow);
				continue;
			}
			g_array_append_val(sums, c);
			g_hash_table_insert(index, c.name, GUINT_TO_POINTER(sums->len));
		}
	}
	g_array_sort(sums, by_in);
	return sums;
}
