/* SPDX-License-Identifier: GPL-2.0-only */
#include "output/grid.h"

#include <math.h>
#include <string.h>

#include "base/text.h"

struct cell {
	char *text; /* NULL: blank */
	enum paint paint;
	bool label;
};

struct row {
	struct cell *cells;
	char *line; /* instead of cells */
	enum paint paint;
	unsigned column, indent; /* where the line starts */
};

struct grid {
	const struct grid_column *columns;
	unsigned n;
	unsigned next; /* column of the next cell */
	GPtrArray *rows;
	unsigned *width; /* as laid out; 0: not shown */
	unsigned gap;
};

void paint(GString *out, const struct table_style *style, enum paint how, const char *text)
{
	static const char *const code[] = {
		[BOLD] = "\033[1m",
		[DIM] = "\033[2m",
		[GOOD] = "\033[32m",
		[BAD] = "\033[31m",
	};

	if (!style->colour || how == PLAIN || !*text)
		g_string_append(out, text);
	else
		g_string_append_printf(out, "%s%s\033[0m", code[how], text);
}

static void spaces(GString *out, unsigned n)
{
	g_string_append_printf(out, "%*s", (int)n, "");
}

/* Bytes of `s` that go on one line of `width` columns. */
static size_t line_length(const char *s, unsigned width)
{
	g_autofree char *fit = NULL;
	const char *blank;

	if (text_width(s) <= width)
		return strlen(s);
	fit = text_fit(s, width);
	*strrchr(fit, *"…") = '\0'; /* the first byte of the mark */
	blank = strrchr(fit, ' ');
	return blank && blank != fit ? (size_t)(blank - fit) : strlen(fit);
}

void paint_wrapped(GString *out, const struct table_style *style, enum paint how, unsigned indent,
		   const char *text)
{
	unsigned width = MAX(style->width, indent + 20) - indent;

	for (bool first = true; first || *text; first = false) {
		size_t len = line_length(text, width);
		g_autofree char *line = g_strndup(text, len);

		if (!first)
			spaces(out, indent);
		paint(out, style, how, line);
		g_string_append_c(out, '\n');
		text += len;
		while (*text == ' ')
			text++;
	}
}

void paint_head(GString *out, const struct table_style *style, const char *tool, const char *what,
		const char *right)
{
	unsigned fixed = (unsigned)(strlen("--   -  --") + strlen(tool));
	g_autofree char *end = text_fit(right, style->width / 3);
	unsigned room = style->width - fixed - (unsigned)text_width(end);
	g_autofree char *fit = text_fit(what, room);

	paint(out, style, DIM, "━━ ");
	paint(out, style, BOLD, tool);
	paint(out, style, BOLD, fit);
	g_string_append_c(out, ' ');
	for (unsigned n = room - (unsigned)text_width(fit) + 2; n--;)
		g_string_append(out, "━");
	g_string_append_c(out, ' ');
	g_string_append(out, end);
	paint(out, style, DIM, " ━━");
	g_string_append_c(out, '\n');
}

void paint_labelled(GString *out, const struct table_style *style, unsigned margin,
		    const char *label, enum paint how, const char *text)
{
	g_autofree char *safe = text_printable(text);

	if (!*safe)
		return;
	paint(out, style, BOLD, label);
	g_string_append_printf(out, "%*s", (int)margin - (int)text_width(label), "");
	paint_wrapped(out, style, how, margin, safe);
}

void add_difference(GString *out, const char *what, const char *before, const char *after)
{
	if (g_strcmp0(before, after))
		g_string_append_printf(out, "%s%s %s → %s", out->len ? "; " : "", what,
				       before ? before : CELL_UNKNOWN,
				       after ? after : CELL_UNKNOWN);
}

char *bar(double share, unsigned cells)
{
	static const char *const part[] = { "", "▏", "▎", "▍", "▌", "▋", "▊", "▉" };
	unsigned eighths;
	GString *out = g_string_new(NULL);

	share = CLAMP(share, 0, 1);
	eighths = (unsigned)lround(share * cells * 8);
	if (!eighths && share > 0)
		eighths = 1;
	for (unsigned i = 0; i < eighths / 8; i++)
		g_string_append(out, "█");
	g_string_append(out, part[eighths % 8]);
	return g_string_free(out, FALSE);
}

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

/* Four columns: 9999, 12.3k, 456k, 7.89M … */
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

/* What a cell wants of its own column: a label may spread over blank ones. */
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

/* The width that the cells of a column want, 0 when all are blank. */
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

static void measure(struct grid *g, unsigned dropped)
{
	for (unsigned i = 0; i < g->n; i++) {
		unsigned drop = g->columns[i].drop;

		g->width[i] = drop && drop >= dropped ? 0 : natural_width(g, i);
	}
}

/* Cut what may be cut, the first column first, until all fits in `width`. */
static bool squeeze(struct grid *g, unsigned width, bool hard)
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

/* Without the columns of this priority and above. */
static bool try_layout(struct grid *g, unsigned width, unsigned dropped, bool hard)
{
	for (g->gap = 2; g->gap; g->gap--) {
		measure(g, dropped);
		if (squeeze(g, width, hard && g->gap == 1))
			return true;
	}
	g->gap = 1;
	return false;
}

static void lay_out(struct grid *g, unsigned width)
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

struct cursor {
	GString *out;
	const struct table_style *style;
	unsigned at;
};

/* `text` between the columns `start` and `end`. */
static void put(struct cursor *c, enum paint how, unsigned start, unsigned end, bool right,
		const char *text)
{
	g_autofree char *fit = text_fit(text, end - start);
	unsigned width = (unsigned)text_width(fit), from = right ? end - width : start;

	if (!width)
		return;
	spaces(c->out, from - c->at);
	paint(c->out, c->style, how, fit);
	c->at = from + width;
}

/* Where a column starts. */
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
	/* Nothing but the mark before it: leave a gap after that. */
	if (width > end - start)
		start = MAX(c->at + !!c->at, end > width ? end - width : 0);
	put(c, cells[column].paint, start, end, false, cells[column].text);
}

static void render_titles(const struct grid *g, struct cursor *c)
{
	for (unsigned i = 0; i < g->n; i++) {
		unsigned start = column_start(g, i);

		if (g->width[i] && g->columns[i].title)
			put(c, DIM, start, start + g->width[i], g->columns[i].right,
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
			put(c, cells[i].paint, start, start + g->width[i], g->columns[i].right,
			    cells[i].text);
	}
	g_string_append_c(c->out, '\n');
}

void grid_render(struct grid *g, GString *out, const struct table_style *style)
{
	struct cursor c = { .out = out, .style = style };

	lay_out(g, style->width);
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
		spaces(out, indent);
		paint_wrapped(out, style, r->paint, indent, r->line);
	}
}
