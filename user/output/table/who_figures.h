/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The sums in a row of WHO.
 */
#ifndef TARE_WHO_FIGURES_H
#define TARE_WHO_FIGURES_H

#include "model/report.h"

/* Sums of a process, of a task, or of several of either. Sizes are bytes. */
struct figures {
	int64_t at_peak[TARE_KINDS];
	int64_t net; /* RSS */
	struct flow rss;
	uint64_t faults;
	uint64_t major;
	uint64_t members, alive, killed, oom_killed, failed;
	GPtrArray *tasks; /* struct report_task, not owned: for figures_causes() */
};

/* The caller frees .tasks with g_ptr_array_unref(). */
struct figures figures_of_tasks(const GPtrArray *tasks);
struct figures figures_of_processes(const GPtrArray *processes);

/* Sums by cause, largest IN first: struct report_cause, names not owned. */
GArray *figures_causes(const struct figures *f);

#endif
