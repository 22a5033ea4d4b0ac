/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The sections of the table, each appended to `out` with a blank line before
 * it, or nothing where there is nothing to say. Inside output/ only.
 */
#ifndef TARE_TABLE_H
#define TARE_TABLE_H

#include "output/grid.h"
#include "output/output.h"

/* "WHO" in bold, then what it shows. */
void table_heading(GString *out, const struct table_style *style, const char *name,
		   const char *meaning);

/* The command line of a process as far as `width` columns show it: its name,
 * then its arguments. Free with g_free(). */
char *table_process_name(const struct report_process *p, unsigned width);

/* A command as one could type it, printable; if it is longer than `width` columns it may
 * be cut behind them. Free with g_free(). */
char *table_command(const GPtrArray *command, unsigned width);

/* Processes as rows: struct group of struct report_process, the small ones of
 * one name together, sorted by their weight at the peak. */
GPtrArray *table_processes(const struct report *r, const struct table_style *style);

/* What each of them had at most, or held at the peak, from the least to the most; `failed`:
 * of them. Free with g_free(). */
char *table_process_spread(const GPtrArray *processes, uint64_t failed);
struct group;
char *table_thread_spread(const struct group *threads);

void table_totals(GString *out, const struct report *r, const struct table_style *style);
void table_who(GString *out, const struct report *r, const struct table_style *style);
void table_why(GString *out, const struct report *r, const struct table_style *style);
void table_where(GString *out, const struct report *r, const struct table_style *style);
void table_kernel(GString *out, const struct report *r, const struct table_style *style);
void table_slabs(GString *out, const struct report *r, const struct table_style *style);
void table_asked(GString *out, const struct report *r, const struct table_style *style);

/* "the kernel killed 1 process at the limit of 64.0 MiB"; NULL: it killed none.
 * Free with g_free(). */
char *table_oom(const struct report *r);

/* The moment of "now": "at the end", "when detached" … */
const char *table_when(const struct report *r);

/* What people call an entry made from outside: "reclaim", "other process" … */
extern const char *const table_foreign[TARE_FOREIGNERS];

#endif
