/* SPDX-License-Identifier: GPL-2.0-only
 *
 * `tare bench report` and `bench compare`: print saved results in a chosen format.
 */
#ifndef TARE_BENCH_SHOW_H
#define TARE_BENCH_SHOW_H

#include "model/bench.h"

/* The subcommands. Return tare's exit status. */
int bench_show_report(int argc, char **argv);
int bench_show_compare(int argc, char **argv);

/* The table in the width and colours of stdout. The caller frees it. */
char *bench_show_table(const struct bench *b);

#endif
