/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Which processes and threads share a row of the table.
 */
#include "output/table/rollup.h"

#include "model/rollup.h"
#include "output/table/parts.h"

/* Minimum number of threads, or of processes, that share a row. A process that holds at
 * least 1/BIG of the peak always has its own row. */
#define THREADS_LEAST 3
#define PROCESSES_LEAST 4
#define BIG 20

static const char *process_comm(const void *p)
{
	const struct report_process *process = p;

	return process->title ?: table_comm(process->comm);
}

static int64_t process_at_peak(const void *p)
{
	return kinds_weight(((const struct report_process *)p)->at_peak);
}

static uint64_t process_count(const void *p)
{
	return ((const struct report_process *)p)->count;
}

static uint64_t task_count(const void *t)
{
	return ((const struct report_task *)t)->count;
}

static const char *task_comm(const void *t)
{
	return table_comm(((const struct report_task *)t)->comm);
}

static int64_t task_at_peak(const void *t)
{
	return kinds_weight(((const struct report_task *)t)->at_peak);
}

GPtrArray *table_processes(const struct report *r, const struct table_style *style)
{
	g_autoptr(GPtrArray) big = g_ptr_array_new(), small = g_ptr_array_new();
	GPtrArray *rollups, *others;

	for (unsigned i = 0; i < r->processes->len; i++) {
		struct report_process *p = g_ptr_array_index(r->processes, i);
		int64_t weight = kinds_weight(p->at_peak);
		bool alone = style->all_threads ||
			     (p->count == 1 && weight >= r->peak_weight / BIG);

		g_ptr_array_add(alone && weight > 0 ? big : small, p);
	}
	rollups = rollup_by_pattern(big, process_comm, process_at_peak, NULL, G_MAXUINT);
	others = rollup_by_pattern(small, process_comm, process_at_peak, process_count,
				   style->all_threads ? G_MAXUINT : PROCESSES_LEAST);
	g_ptr_array_extend_and_steal(rollups, others);
	rollup_sort(rollups);
	return rollups;
}

/* The main thread has its own row: what the process frees at exit counts as its OUT. */
GPtrArray *table_threads(const struct report_process *p, const struct table_style *style)
{
	g_autoptr(GPtrArray) main = g_ptr_array_new(), others = g_ptr_array_new();
	GPtrArray *rollups;

	for (unsigned i = 0; i < p->tasks->len; i++) {
		struct report_task *t = g_ptr_array_index(p->tasks, i);

		g_ptr_array_add(t->tid == p->pid ? main : others, t);
	}
	rollups = rollup_by_pattern(others, task_comm, task_at_peak, task_count,
				    style->all_threads ? G_MAXUINT : THREADS_LEAST);
	g_ptr_array_extend_and_steal(rollups, rollup_by_pattern(main, task_comm, task_at_peak, NULL,
								G_MAXUINT));
	rollup_sort(rollups);
	return rollups;
}

GPtrArray *table_names(const struct report *r)
{
	return rollup_by_pattern(r->processes, process_comm, process_at_peak, process_count,
				 PROCESSES_LEAST);
}
