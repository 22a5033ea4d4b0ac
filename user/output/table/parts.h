/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Texts that several sections of the table share, also with the tables of diff and bench.
 */
#ifndef TARE_TABLE_PARTS_H
#define TARE_TABLE_PARTS_H

#include "model/report.h"
#include "output/table/grid.h"

/* Print the name of a section in bold ("WHO"), then what the section shows. */
void table_heading(GString *out, const struct table_style *style, const char *name,
		   const char *meaning);

/* The name to show for a process in at most `width` columns: its title, or its name and the
 * arguments that tell it from other processes of that name. Free with g_free(). */
char *table_process_name(const struct report *r, const struct report_process *p, unsigned width);

/* The name of a task, or "?" if it is not known. */
const char *table_comm(const char *comm);

/* A command quoted for a shell and escaped. It may be cut anywhere after `width` columns.
 * Free with g_free(). */
char *table_command(const GPtrArray *command, unsigned width);

/* "the kernel killed hog (pid 41) at the limit of 64.0 MiB"; NULL: it killed no process.
 * Free with g_free(). */
char *table_oom(const struct report *r);

/* Append a line that warns the reader of a table of functions: pages count for the function that
 * touched them first, not for the one that keeps them. */
void table_first_touch(GString *out, const struct table_style *style);

/* The moment of "now": "at the end", "when detached" … */
const char *table_when(const struct report *r);

/* Names of updates by others: "reclaim", "other process" … */
extern const char *const table_nonowner[TARE_NONOWNERS];

#endif
