/* SPDX-License-Identifier: GPL-2.0-only */
#include "output/bench/text.h"

#include <string.h>

#include "base/text.h"

void bench_text_head(GString *out, const struct table_style *style, const char *what,
		     const char *right)
{
	paint_head(out, style, "tare bench: ", what, right);
}

/* "·" for 0. */
static void figure_cell(struct grid *g, enum paint how, bool least, const char *value)
{
	g_autofree char *text = g_strdup_printf("%s%s", least ? "≥" : "", value);

	if (least)
		grid_cell(g, how, text);
	else if (!strcmp(value, "0"))
		grid_cell(g, DIM, CELL_ZERO);
	else
		grid_cell(g, how, value);
}

void bench_text_tare(struct grid *g, const struct bench_figure *f)
{
	g_autofree char *size = bench_size(f->tare);

	if (f->known)
		figure_cell(g, PLAIN, f->least, size);
	else
		grid_unknown(g);
}

void bench_text_slope(struct grid *g, enum paint how, const struct bench_figure *f)
{
	g_autofree char *bytes = bench_bytes(f->slope);

	if (f->known)
		figure_cell(g, how, f->least, bytes);
	else
		grid_unknown(g);
}

void bench_text_half(struct grid *g, const struct bench_figure *f)
{
	g_autofree char *bytes = bench_bytes(f->half);

	if (f->known && f->interval)
		figure_cell(g, PLAIN, false, bytes);
	else
		grid_blank(g);
}

void bench_text_part(struct grid *g, const struct bench_line *l, enum bench_part part)
{
	struct bench_figure f = bench_figure(l, part);

	bench_text_slope(g, PLAIN, &f);
}
