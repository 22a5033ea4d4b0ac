/* SPDX-License-Identifier: GPL-2.0-only
 *
 * How far the members of a row of WHO differ.
 */
#ifndef TARE_TABLE_SPREAD_H
#define TARE_TABLE_SPREAD_H

#include "model/report.h"

/* What each of them had at most, or held at the peak, from the least to the most; `failed`:
 * of them. Free with g_free(). */
char *table_process_spread(const GPtrArray *processes, uint64_t failed);
struct rollup;
char *table_thread_spread(const struct rollup *threads);

#endif
