/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The printers of what `tare bench` found. Each reads the results, fits the lines
 * (model/fit.h) and nothing else, and returns UTF-8 that ends with a newline, to be
 * freed with g_free(). What is not known is shown as not measured, never as 0.
 */
#ifndef TARE_OUTPUT_BENCH_H
#define TARE_OUTPUT_BENCH_H

#include "model/bench.h"
#include "output/output.h"

/* For eyes: a table a family, the lightest workload first, and below what was
 * stopped, failed or missing. */
char *bench_table(const struct bench *b, const struct table_style *style);

/* For eyes: `b` against `a`, the earlier one, workload by workload. */
char *bench_compare(const struct bench *a, const struct bench *b, const struct table_style *style);

/* JSON of the schema tare.bench/1, and that schema, static. */
char *bench_json(const struct bench *b);
const char *bench_json_schema(void);

/* RFC 4180, a record a weighing. Lines end with CR LF, as it says. */
char *bench_csv(const struct bench *b);

/* GitHub's Markdown: a table a family, then what stopped whom, then the figures
 * that others published beside these. */
char *bench_markdown(const struct bench *b);

#endif
