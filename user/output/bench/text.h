/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Shared by the terminal tables of `tare bench`. Inside output/ only.
 */
#ifndef TARE_BENCH_TEXT_H
#define TARE_BENCH_TEXT_H

#include "output/bench/view.h"
#include "output/table/grid.h"

/* Print "━━ tare bench: what ━━━━━━ right ━━". Both texts must be printable. */
void bench_text_head(GString *out, const struct table_style *style, const char *what,
		     const char *right);

/* Cells with a figure's tare, slope or ±. Not known: "n/m". A minimum: with "≥". */
void bench_text_tare(struct grid *g, const struct bench_figure *f);
void bench_text_slope(struct grid *g, enum paint how, const struct bench_figure *f);
void bench_text_half(struct grid *g, const struct bench_figure *f);
/* Cell with the slope of a part. */
void bench_text_part(struct grid *g, const struct bench_line *l, enum bench_part part);

#endif
