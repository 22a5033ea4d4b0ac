/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Processes and threads as rows of the table, those of one name together.
 */
#ifndef TARE_TABLE_ROLLUP_H
#define TARE_TABLE_ROLLUP_H

#include "model/report.h"
#include "output/output.h"

/* Processes as rows: struct rollup of struct report_process, the small ones of
 * one name together, sorted by their weight at the peak. */
GPtrArray *table_processes(const struct report *r, const struct table_style *style);

/* The same of a process's threads: struct rollup of struct report_task. */
GPtrArray *table_threads(const struct report_process *p, const struct table_style *style);

#endif
