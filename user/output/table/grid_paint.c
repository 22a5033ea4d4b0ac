/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Prints a grid, after grid_lay_out(), as lines of text.
 */
#include <string.h>

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

static const char *text_at(const struct grid *g, unsigned row, unsigned column)
{
	const struct row *r = g_ptr_array_index(g->rows, row);

	return r->cells && !r->cells[column].label ? r->cells[column].text : NULL;
}

static size_t common_prefix(const char *a, const char *b)
{
	size_t n = 0;

	while (a[n] && a[n] == b[n])
		n++;
	return n;
}

static char *shorten(const struct grid *g, unsigned column, const char *text, size_t keep)
{
	if (g->columns[column].cut == CUT_WHERE_THEY_DIFFER && !keep)
		return text_fit(text, g->width[column]);
	return text_shorten(text, g->width[column], keep);
}

/* Shorten the cells of a column. If two different cells would look the same, they are cut so that
 * the place where they differ stays visible. */
static void shorten_column(struct grid *g, unsigned column)
{
	g_autoptr(GHashTable) first = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	g_autofree size_t *keep = g_new0(size_t, g->rows->len + 1);

	for (unsigned i = 0; i < g->rows->len; i++) {
		const char *text = text_at(g, i, column), *other;
		g_autofree char *fit = text ? shorten(g, column, text, 0) : NULL;
		unsigned of = fit ? GPOINTER_TO_UINT(g_hash_table_lookup(first, fit)) : 0;

		if (fit && !of)
			g_hash_table_insert(first, g_steal_pointer(&fit), GUINT_TO_POINTER(i + 1));
		other = of ? text_at(g, of - 1, column) : text;
		if (of && strcmp(other, text))
			keep[i] = keep[of - 1] = common_prefix(other, text);
	}
	for (unsigned i = 0; i < g->rows->len; i++) {
		const struct row *r = g_ptr_array_index(g->rows, i);
		struct cell *c = r->cells ? &r->cells[column] : NULL;
		char *fit;

		if (!c || !c->text || c->label)
			continue;
		fit = shorten(g, column, c->text, keep[i]);
		g_free(c->text);
		c->text = fit;
	}
}

void grid_render(struct grid *g, GString *out, const struct table_style *style)
{
	struct cursor c = { .out = out, .style = style };

	grid_lay_out(g, style->width);
	for (unsigned i = 0; i < g->n; i++)
		if (g->width[i] && g->columns[i].cut != CUT_END)
			shorten_column(g, i);
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
