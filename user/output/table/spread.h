/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Minimum, median and maximum of the processes or threads in a row of WHO.
 */
#ifndef TARE_TABLE_SPREAD_H
#define TARE_TABLE_SPREAD_H

#include "model/report.h"

/* One line: the RSS peaks of the processes, or what the threads held at the peak. `failed`:
 * number of processes that failed. Free with g_free(). */
char *table_process_spread(const GPtrArray *processes, uint64_t failed);
struct rollup;
char *table_thread_spread(const struct rollup *threads);

#endif
