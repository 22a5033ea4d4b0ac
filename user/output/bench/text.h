/* SPDX-License-Identifier: GPL-2.0-only
 *
 * What the tables of `tare bench` for the terminal have in common. Inside output/
 * only.
 */
#ifndef TARE_BENCH_TEXT_H
#define TARE_BENCH_TEXT_H

#include "output/bench/view.h"
#include "output/table/grid.h"

/* "━━ tare bench: what ━━━━━━ right ━━"; both are printable. */
void bench_text_head(GString *out, const struct table_style *style, const char *what,
		     const char *right);

/* Cells: a figure's tare, slope and ±, n/m where not known, "≥" where more. */
void bench_text_tare(struct grid *g, const struct bench_figure *f);
void bench_text_slope(struct grid *g, enum paint how, const struct bench_figure *f);
void bench_text_half(struct grid *g, const struct bench_figure *f);
/* The slope of a part. */
void bench_text_part(struct grid *g, const struct bench_line *l, enum bench_part part);

#endif
