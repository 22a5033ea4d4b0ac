/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The printers: a report as text for people, and as JSON for programs. A
 * printer reads the report and nothing else, and returns a string.
 */
#ifndef TARE_OUTPUT_H
#define TARE_OUTPUT_H

#include <stdbool.h>

#include "model/profile.h"
#include "model/report.h"

/* Narrower terminals get lines of this many columns. */
#define TABLE_WIDTH_MIN 80

struct table_style {
	unsigned width;   /* columns of the terminal */
	bool colour;      /* ANSI colours */
	bool all_threads; /* a row for each thread and process, nothing grouped or cut */
};

/* The report for eyes, UTF-8, ended by a newline. Free with g_free(). */
char *table_render(const struct report *r, const struct table_style *style);

/* The report as JSON of the schema tare.report/2, ended by a newline. Free with g_free(). */
char *json_render(const struct report *r);

/* Folded stacks of one sample type, as FlameGraph reads them. Free with g_free(). */
char *folded_render(const struct report *r, const struct profile *p, enum sample_type sample_type);

/* The same JSON as one HTML file that shows it and fetches nothing. Only where tare was
 * built with its pages, those of tare bench too. */
GString *html_render(const struct report *r);
bool html_built(void);

/* Comma-separated values by RFC 4180; lines end with CR LF. With samples a record for each
 * stack of each thread, kind, cause and mapping. Without, the ledger: a record for each
 * thread and kind, for what is a process's and no thread's, and for what is the workload's
 * and no process's, so that columns add up to the totals. What is all 0 is left out; what
 * is not measured is an empty field. Free with g_string_free(). */
GString *csv_render(const struct report *r);

/* What follows is NULL where the report has no samples. Free with g_string_free(). */

/* Bytes: profile.proto of pprof, gzip'd, the same for the same report. Sample types grown,
 * live_peak, live_end; virtual and untouched where they were measured. */
GString *pprof_render(const struct report *r);

/* JSON for speedscope: a profile for each sample type, likewise for virtual and untouched. */
GString *speedscope_render(const struct report *r);

/* The JSON Schema of json_render(), static. */
const char *json_schema(void);

#endif
