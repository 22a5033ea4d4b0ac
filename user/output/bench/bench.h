/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The printers of `tare bench`. Each fits lines through the results (model/fit.h) and
 * returns UTF-8 text that ends with a newline. Free it with g_free(). An unknown value is
 * shown as not measured, never as 0.
 */
#ifndef TARE_OUTPUT_BENCH_H
#define TARE_OUTPUT_BENCH_H

#include "model/bench.h"
#include "output/output.h"

/* A table per family, lightest workload first; then the stopped, failed and missing
 * workloads. */
char *bench_table(const struct bench *b, const struct table_style *style);

/* A table that compares `b` with the earlier `a`, workload by workload. */
char *bench_compare(const struct bench *a, const struct bench *b, const struct table_style *style);

/* JSON (schema tare.bench/1). The schema is static: do not free it. */
char *bench_json(const struct bench *b);
const char *bench_json_schema(void);

/* RFC 4180: one record per weighing; lines end with CR LF. */
char *bench_csv(const struct bench *b);

/* GitHub's Markdown: a table per family, then the limits that stopped workloads, then
 * published figures next to these. */
char *bench_markdown(const struct bench *b);

#endif
