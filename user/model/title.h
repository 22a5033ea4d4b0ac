/* SPDX-License-Identifier: GPL-2.0-only
 *
 * What tells a process from others of the same name: the title that it gave itself by writing
 * over its arguments ("postgres: checkpointer", "nginx: worker process"), its --type, as
 * chromium's and electron's processes have, or else the arguments that others have not. Pure.
 */
#ifndef TARE_TITLE_H
#define TARE_TITLE_H

#include "model/report.h"

/* Has the program written these arguments itself, in place of those that it was given? */
bool title_rewritten(const GPtrArray *argv);

/* What it goes by: its title, or its name and type; NULL: its name says all. */
char *title_of(const char *comm, const GPtrArray *argv);

/* Fill the title of each process of a report. */
void title_fill(struct report *r);

/* The arguments that distinguish a process from others of the same name, in their order. All
 * arguments if no other process has the name, or if the others have the same arguments. The
 * strings belong to the process. */
GPtrArray *title_arguments(const struct report *r, const struct report_process *p);

#endif
