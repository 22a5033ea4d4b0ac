/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Tells apart processes with the same name. By the title that a process wrote over its arguments
 * ("postgres: checkpointer", "nginx: worker process"); by its option --type, which processes of
 * Chromium and Electron have; or else by arguments that the other processes do not have. Pure.
 */
#ifndef TARE_TITLE_H
#define TARE_TITLE_H

#include "model/report.h"

/* Did the program write its title over these arguments? */
bool title_rewritten(const GPtrArray *argv);

/* The title, or the name and --type; NULL: neither, the name is enough. The caller frees it. */
char *title_of(const char *comm, const GPtrArray *argv);

/* Fill the title of each process of a report. */
void title_fill(struct report *r);

/* The arguments of a process that not every process of its name has, in their order. All of its
 * arguments, if it is the only one of its name or the others have all of them too. The process
 * owns the strings; the caller frees the array. */
GPtrArray *title_arguments(const struct report *r, const struct report_process *p);

#endif
