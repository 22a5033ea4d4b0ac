/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The printers. Each turns a report into one output format and returns a string. A printer
 * reads only the report: no maps, no /proc, no recording.
 */
#ifndef TARE_OUTPUT_H
#define TARE_OUTPUT_H

#include <stdbool.h>

#include "model/profile.h"
#include "model/report.h"

/* Minimum width of lines, in columns, also on narrower terminals. */
#define TABLE_WIDTH_MIN 80

/* Maximum number of lines of the default screen, for any report. */
#define TABLE_BRIEF_LINES 25

/* The sections of the table, in their order. */
enum table_section {
	TABLE_BOOKS,
	TABLE_TOTALS,
	TABLE_WHO,
	TABLE_WHY,
	TABLE_WHERE,
	TABLE_KERNEL,
	TABLE_CHARGED,
	TABLE_SLABS,
	TABLE_MAPPED,
	TABLE_SELF,
	TABLE_NOTES,
	TABLE_SECTIONS,
};
/* "books", "totals", "who" … */
extern const char *const table_section_name[TABLE_SECTIONS];
#define TABLE_ALL ((1u << TABLE_SECTIONS) - 1)

struct table_style {
	unsigned width;   /* columns of the terminal */
	bool colour;      /* ANSI colours */
	bool all_threads; /* a row per thread and process; none grouped or left out */
	unsigned show;    /* bit set of enum table_section; 0: the default screen */
};

/* The report as tables: UTF-8, ends with a newline. The default screen has at most
 * TABLE_BRIEF_LINES lines. Free with g_free(). */
char *table_render(const struct report *r, const struct table_style *style);

/* The report as JSON (schema tare.report/2), ends with a newline. Free with g_free(). */
char *json_render(const struct report *r);

/* Folded stacks of one sample type, for FlameGraph. Free with g_free(). */
char *folded_render(const struct report *r, const struct profile *p, enum sample_type sample_type);

/* One HTML file with the report's JSON in it, which loads nothing from the network. Call
 * only if html_built(): tare was built with its pages (also those of tare bench). */
GString *html_render(const struct report *r);
bool html_built(void);

/* Comma-separated values (RFC 4180); lines end with CR LF. With samples: a record for each
 * stack of each thread, kind, cause and mapping. Without samples, the ledger: a record for
 * each thread and kind, plus one for what belongs to a process but to no thread, plus one for
 * what belongs to the workload but to no process, so that columns add up to the totals.
 * Records with only zeros are left out. A value that is not measured is an empty field. Free
 * with g_string_free(). */
GString *csv_render(const struct report *r);

/* The next two return NULL if the report has no samples. Free with g_string_free(). */

/* pprof's profile.proto, gzip'd; the same report gives the same bytes. Sample types, in bytes:
 * grown, live_peak, live_end; also virtual and untouched if they were measured. */
GString *pprof_render(const struct report *r);

/* JSON for speedscope: one profile for each of the same sample types. */
GString *speedscope_render(const struct report *r);

/* The JSON Schema of json_render(). Static: do not free. */
const char *json_schema(void);

#endif
