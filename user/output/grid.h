/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Columns that fit a terminal: widths from the cells, the least important
 * squeezed or left out where there is no room. It must not know the report.
 */
#ifndef TARE_GRID_H
#define TARE_GRID_H

#include <glib.h>
#include <stdint.h>

#include "output/output.h"

enum paint { PLAIN, BOLD, DIM, GOOD, BAD };

/* What stands for 0, and for what is not measured. */
#define CELL_ZERO "·"
#define CELL_UNKNOWN "n/m"

/* `text` in the colour, where the style has colours. */
void paint(GString *out, const struct table_style *style, enum paint how, const char *text);

/* "━━ tool: what ━━━━━━ right ━━"; all are printable, `tool` is ASCII and ends with a
 * blank. */
void paint_head(GString *out, const struct table_style *style, const char *tool, const char *what,
		const char *right);

/* `text` in lines of the style's width, words whole where they can be; the
 * first line starts at the cursor, which stands at column `indent`, the
 * others `indent` columns in. Ends with a newline. */
void paint_wrapped(GString *out, const struct table_style *style, enum paint how, unsigned indent,
		   const char *text);

/* "label:   text", made printable, further lines from the margin on; nothing where
 * there is no text. */
void paint_labelled(GString *out, const struct table_style *style, unsigned margin,
		    const char *label, enum paint how, const char *text);

/* "what before → after" where the two differ, after "; " where something was there. */
void add_difference(GString *out, const char *what, const char *before, const char *after);

/* `share` (0 to 1) of `cells` columns in block characters, from the left. */
char *bar(double share, unsigned cells);

struct grid_column {
	const char *title; /* NULL: none */
	bool right;        /* aligned on the right */
	unsigned soft;     /* may be cut to this to make room; 0: never */
	unsigned hard;     /* and to this when nothing else helps */
	unsigned drop;     /* left out when there is no room, the highest first; 0: never;
			      1: only when cutting to `hard` is not enough */
};

struct grid;

/* `columns` must outlive the grid. A column whose cells are all blank is not shown. */
struct grid *grid_new(const struct grid_column *columns, unsigned n);
void grid_free(struct grid *g);

/* The next cell; after the last of a row the next row begins. */
void grid_cell(struct grid *g, enum paint how, const char *text);
void grid_blank(struct grid *g);
/* A label for this column and, where it needs the room, the blank ones that
 * follow; where none does, the blank one before. */
void grid_label(struct grid *g, enum paint how, const char *text);
void grid_size(struct grid *g, int64_t bytes);
/* The same with its sign. */
void grid_signed_size(struct grid *g, enum paint how, int64_t bytes);
/* What is not measured. */
void grid_unknown(struct grid *g);
void grid_count(struct grid *g, uint64_t n);
void grid_percent(struct grid *g, double part, double whole);
/* Ends the row, if one is begun, and gives a line of its own, `indent` columns
 * right of where `column` starts. */
void grid_line(struct grid *g, enum paint how, unsigned column, unsigned indent, const char *text);

unsigned grid_rows(const struct grid *g);

void grid_render(struct grid *g, GString *out, const struct table_style *style);

#endif
