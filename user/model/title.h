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

/* The arguments that tell a process from others with the same name and title: those that at least
 * one of the others lacks, in their order, each once, and no temporary files unless these alone do
 * so. If there are no others, or they have all of its arguments too: all of its arguments. The
 * process owns the strings; the caller frees the array. */
GPtrArray *title_arguments(const struct report *r, const struct report_process *p);

#endif
