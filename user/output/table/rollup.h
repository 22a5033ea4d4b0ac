/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Which processes and threads share a row of the table.
 */
#ifndef TARE_TABLE_ROLLUP_H
#define TARE_TABLE_ROLLUP_H

#include "model/report.h"
#include "output/output.h"

/* A struct rollup of struct report_process for each row, sorted by weight at the peak. Small
 * processes with the same name share a row. */
GPtrArray *table_processes(const struct report *r, const struct table_style *style);

/* The same, but also large processes with the same name share a row. */
GPtrArray *table_names(const struct report *r);

/* The same for a process's threads: struct rollup of struct report_task. */
GPtrArray *table_threads(const struct report_process *p, const struct table_style *style);

#endif
