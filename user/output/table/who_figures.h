/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The sums that a row of WHO shows.
 */
#ifndef TARE_WHO_FIGURES_H
#define TARE_WHO_FIGURES_H

#include "model/report.h"

/* A row's figures: of a process, a task or a rollup of either. */
struct figures {
	int64_t at_peak[TARE_KINDS];
	int64_t net; /* of RSS, as are its flows */
	struct flow rss;
	uint64_t faults;
	uint64_t major;
	uint64_t members, alive, killed, failed;
	GPtrArray *tasks; /* whose causes are named */
};

/* The tasks are not owned: free the array alone, with g_ptr_array_unref(). */
struct figures figures_of_tasks(const GPtrArray *tasks);
struct figures figures_of_processes(const GPtrArray *processes);

/* By name, what brought most in first: struct report_cause, names not owned. */
GArray *figures_causes(const struct figures *f);

#endif
