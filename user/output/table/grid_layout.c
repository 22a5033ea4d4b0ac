/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The widths of a grid's columns: as wide as the cells need; columns are narrowed or dropped
 * if there is no room.
 */
#include "base/text.h"
#include "output/table/grid_parts.h"

/* Width that a cell needs in its own column. A label may extend over blank cells. */
static unsigned cell_width(const struct grid *g, const struct cell *cells, unsigned column)
{
	const struct cell *c = &cells[column];
	unsigned width;

	if (!c->text)
		return 0;
	width = (unsigned)text_width(c->text);
	if (!c->label || !column)
		return width;
	if (column + 1 < g->n && !cells[column + 1].text)
		return 1;
	return width - MIN(width - MIN(width, 1), g->width[column - 1] + 1);
}

/* Width that the cells of a column need; 0 if all are blank. */
static unsigned natural_width(const struct grid *g, unsigned column)
{
	const char *title = g->columns[column].title;
	unsigned width = 0;

	for (unsigned i = 0; i < g->rows->len; i++) {
		const struct row *r = g_ptr_array_index(g->rows, i);

		if (r->cells)
			width = MAX(width, cell_width(g, r->cells, column));
	}
	return width && title ? MAX(width, (unsigned)text_width(title)) : width;
}

static unsigned total_width(const struct grid *g)
{
	unsigned total = 0;

	for (unsigned i = 0; i < g->n; i++)
		if (g->width[i])
			total += g->width[i] + (total ? g->gap : 0);
	return total;
}

static void measure_columns(struct grid *g, unsigned dropped)
{
	for (unsigned i = 0; i < g->n; i++) {
		unsigned drop = g->columns[i].drop;

		g->width[i] = drop && drop >= dropped ? 0 : natural_width(g, i);
	}
}

/* Narrow columns from the left until the row fits into `width`. */
static bool squeeze_columns(struct grid *g, unsigned width, bool hard)
{
	for (unsigned i = 0; i < g->n; i++) {
		const struct grid_column *c = &g->columns[i];
		unsigned least = hard ? c->hard : c->soft, total = total_width(g);

		if (total <= width)
			return true;
		if (c->soft && g->width[i] > least)
			g->width[i] -= MIN(total - width, g->width[i] - least);
	}
	return total_width(g) <= width;
}

/* Try to fit without the columns whose `drop` is `dropped` or higher. */
static bool try_layout(struct grid *g, unsigned width, unsigned dropped, bool hard)
{
	for (g->gap = 2; g->gap; g->gap--) {
		measure_columns(g, dropped);
		if (squeeze_columns(g, width, hard && g->gap == 1))
			return true;
	}
	g->gap = 1;
	return false;
}

void grid_lay_out(struct grid *g, unsigned width)
{
	unsigned highest = 1;

	for (unsigned i = 0; i < g->n; i++)
		highest = MAX(highest, g->columns[i].drop);
	for (unsigned dropped = highest + 1; dropped > 1; dropped--)
		if (try_layout(g, width, dropped, false))
			return;
	if (!try_layout(g, width, 2, true))
		try_layout(g, width, 1, true);
}
