/* SPDX-License-Identifier: GPL-2.0-only
 *
 * tare bench report and compare: results that were kept, in the form asked for.
 */
#ifndef TARE_BENCH_SHOW_H
#define TARE_BENCH_SHOW_H

#include "model/bench.h"

/* The subcommands; tare's exit status. */
int bench_show_report(int argc, char **argv);
int bench_show_compare(int argc, char **argv);

/* The table as stdout takes it: its width, colours. Allocated. */
char *bench_show_table(const struct bench *b);

#endif
