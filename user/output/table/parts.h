/* SPDX-License-Identifier: GPL-2.0-only
 *
 * What more than one section of the table says in the same words, and the table of a
 * difference and of benchmarks too.
 */
#ifndef TARE_TABLE_PARTS_H
#define TARE_TABLE_PARTS_H

#include "model/report.h"
#include "output/table/grid.h"

/* "WHO" in bold, then what it shows. */
void table_heading(GString *out, const struct table_style *style, const char *name,
		   const char *meaning);

/* What a process goes by, as far as `width` columns show it: its title, or its name and the
 * arguments that tell it from others of that name. Free with g_free(). */
char *table_process_name(const struct report *r, const struct report_process *p, unsigned width);

/* The name of a task; "?" where it is not known. */
const char *table_comm(const char *comm);

/* A command as one could type it, printable; if it is longer than `width` columns it may
 * be cut behind them. Free with g_free(). */
char *table_command(const GPtrArray *command, unsigned width);

/* "the kernel killed 1 process at the limit of 64.0 MiB"; NULL: it killed none.
 * Free with g_free(). */
char *table_oom(const struct report *r);

/* What a table of functions does not say: who keeps memory. A line. */
void table_first_touch(GString *out, const struct table_style *style);

/* The moment of "now": "at the end", "when detached" … */
const char *table_when(const struct report *r);

/* What people call an update by others: "reclaim", "other process" … */
extern const char *const table_nonowner[TARE_NONOWNERS];

#endif
