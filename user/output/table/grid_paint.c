/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Prints a grid, after grid_lay_out(), as lines of text.
 */
#include "base/text.h"
#include "output/table/grid_parts.h"

struct cursor {
	GString *out;
	const struct table_style *style;
	unsigned at;
};

/* Print `text` between the columns `start` and `end`. */
static void put_cell(struct cursor *c, enum paint how, unsigned start, unsigned end, bool right,
		     const char *text)
{
	g_autofree char *fit = text_fit(text, end - start);
	unsigned width = (unsigned)text_width(fit), from = right ? end - width : start;

	if (!width)
		return;
	paint_spaces(c->out, from - c->at);
	paint(c->out, c->style, how, fit);
	c->at = from + width;
}

/* Screen column where a grid column starts. */
static unsigned column_start(const struct grid *g, unsigned column)
{
	unsigned start = 0;

	for (unsigned i = 0; i < column; i++)
		if (g->width[i])
			start += g->width[i] + g->gap;
	return start;
}

static void put_label(const struct grid *g, struct cursor *c, const struct cell *cells,
		      unsigned column)
{
	unsigned start = column_start(g, column), end = start + g->width[column], next = column + 1;
	unsigned width = (unsigned)text_width(cells[column].text);

	for (; next < g->n && !cells[next].text; next++)
		if (g->width[next])
			end = column_start(g, next) + g->width[next];
	/* Too wide: start in the blank cell before, one blank after what is printed already. */
	if (width > end - start)
		start = MAX(c->at + !!c->at, end > width ? end - width : 0);
	put_cell(c, cells[column].paint, start, end, false, cells[column].text);
}

static void render_titles(const struct grid *g, struct cursor *c)
{
	for (unsigned i = 0; i < g->n; i++) {
		unsigned start = column_start(g, i);

		if (g->width[i] && g->columns[i].title)
			put_cell(c, DIM, start, start + g->width[i], g->columns[i].right,
				 g->columns[i].title);
	}
	g_string_append_c(c->out, '\n');
}

static void render_cells(const struct grid *g, struct cursor *c, const struct cell *cells)
{
	for (unsigned i = 0; i < g->n; i++) {
		unsigned start = column_start(g, i);

		if (!g->width[i] || !cells[i].text)
			continue;
		if (cells[i].label)
			put_label(g, c, cells, i);
		else
			put_cell(c, cells[i].paint, start, start + g->width[i], g->columns[i].right,
				 cells[i].text);
	}
	g_string_append_c(c->out, '\n');
}

void grid_render(struct grid *g, GString *out, const struct table_style *style)
{
	struct cursor c = { .out = out, .style = style };

	grid_lay_out(g, style->width);
	render_titles(g, &c);
	for (unsigned i = 0; i < g->rows->len; i++) {
		const struct row *r = g_ptr_array_index(g->rows, i);
		unsigned indent;

		c.at = 0;
		if (r->cells) {
			render_cells(g, &c, r->cells);
			continue;
		}
		indent = column_start(g, r->column) + r->indent;
		paint_spaces(out, indent);
		paint_wrapped(out, style, r->paint, indent, r->line);
	}
}
