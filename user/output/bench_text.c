/* SPDX-License-Identifier: GPL-2.0-only */
#include "output/bench_text.h"

#include <string.h>

#include "base/text.h"

void bench_text_head(GString *out, const struct table_style *style, const char *what,
		     const char *right)
{
	unsigned fixed = (unsigned)strlen("-- tare bench:   -  --");
	g_autofree char *end = text_fit(right, style->width / 3);
	unsigned room = style->width - fixed - (unsigned)text_width(end);
	g_autofree char *fit = text_fit(what, room);

	paint(out, style, DIM, "━━ ");
	paint(out, style, BOLD, "tare bench: ");
	paint(out, style, BOLD, fit);
	g_string_append_c(out, ' ');
	for (unsigned n = room - (unsigned)text_width(fit) + 2; n--;)
		g_string_append(out, "━");
	g_string_append_c(out, ' ');
	g_string_append(out, end);
	paint(out, style, DIM, " ━━");
	g_string_append_c(out, '\n');
}

void bench_text_line(GString *out, const struct table_style *style, unsigned margin,
		     const char *label, enum paint how, const char *text)
{
	g_autofree char *safe = text_printable(text);

	if (!*safe)
		return;
	paint(out, style, BOLD, label);
	g_string_append_printf(out, "%*s", (int)margin - (int)text_width(label), "");
	paint_wrapped(out, style, how, margin, safe);
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
