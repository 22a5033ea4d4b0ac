/* SPDX-License-Identifier: GPL-2.0-only */
#include "output/table/grid_parts.h"

#include <math.h>
#include <string.h>

#include "base/text.h"

struct grid *grid_new(const struct grid_column *columns, unsigned n)
{
	struct grid *g = g_new0(struct grid, 1);

	g->columns = columns;
	g->n = n;
	g->rows = g_ptr_array_new();
	g->width = g_new0(unsigned, n);
	return g;
}

void grid_free(struct grid *g)
{
	if (!g)
		return;
	for (unsigned i = 0; i < g->rows->len; i++) {
		struct row *r = g_ptr_array_index(g->rows, i);

		for (unsigned c = 0; r->cells && c < g->n; c++)
			g_free(r->cells[c].text);
		g_free(r->cells);
		g_free(r->line);
		g_free(r);
	}
	g_ptr_array_unref(g->rows);
	g_free(g->width);
	g_free(g);
}

unsigned grid_rows(const struct grid *g)
{
	return g->rows->len;
}

static struct cell *next_cell(struct grid *g)
{
	struct row *r;

	if (!g->next) {
		r = g_new0(struct row, 1);
		r->cells = g_new0(struct cell, g->n);
		g_ptr_array_add(g->rows, r);
	}
	r = g_ptr_array_index(g->rows, g->rows->len - 1);
	g->next = (g->next + 1) % g->n;
	return &r->cells[g->next ? g->next - 1 : g->n - 1];
}

void grid_cell(struct grid *g, enum paint how, const char *text)
{
	struct cell *c = next_cell(g);

	c->text = g_strdup(text);
	c->paint = how;
}

void grid_blank(struct grid *g)
{
	next_cell(g);
}

void grid_label(struct grid *g, enum paint how, const char *text)
{
	struct cell *c = next_cell(g);

	c->text = g_strdup(text);
	c->paint = how;
	c->label = true;
}

void grid_size(struct grid *g, int64_t bytes)
{
	g_autofree char *text = text_size(bytes);

	grid_cell(g, bytes ? PLAIN : DIM, bytes ? text : CELL_ZERO);
}

void grid_signed_size(struct grid *g, enum paint how, int64_t bytes)
{
	g_autofree char *size = text_size(bytes);
	g_autofree char *text = g_strdup_printf("%s%s", bytes > 0 ? "+" : "", size);

	grid_cell(g, bytes ? how : DIM, bytes ? text : CELL_ZERO);
}

void grid_unknown(struct grid *g)
{
	grid_cell(g, DIM, CELL_UNKNOWN);
}

/* At most five characters: 9999, 12.3k, 456k, 7.89M … */
void grid_count(struct grid *g, uint64_t n)
{
	static const char unit[] = "kMGTPE";
	g_autofree char *text = NULL;
	double v = (double)n / 1e3;
	unsigned u = 0;

	if (n < 10000) {
		text = g_strdup_printf("%u", (unsigned)n);
	} else {
		for (; v >= 999.5; u++)
			v /= 1e3;
		text = g_strdup_printf("%.*f%c", v < 9.995 ? 2 : v < 99.95 ? 1 : 0, v, unit[u]);
	}
	grid_cell(g, n ? PLAIN : DIM, n ? text : CELL_ZERO);
}

void grid_percent(struct grid *g, double part, double whole)
{
	double percent = whole > 0 ? part / whole * 100 : 0;
	g_autofree char *text = g_strdup_printf("%.*f%%", fabs(percent) < 9.95 ? 1 : 0, percent);

	if (!part || whole <= 0)
		grid_cell(g, DIM, CELL_ZERO);
	else
		grid_cell(g, PLAIN, fabs(percent) < 0.05 ? "<0.1%" : text);
}

void grid_line(struct grid *g, enum paint how, unsigned column, unsigned indent, const char *text)
{
	struct row *r = g_new0(struct row, 1);

	g->next = 0;
	r->line = g_strdup(text);
	r->paint = how;
	r->column = column;
	r->indent = indent;
	g_ptr_array_add(g->rows, r);
}
