/* SPDX-License-Identifier: GPL-2.0-only
 *
 * A table of rows and columns that fits a terminal. Widths come from the cells; the least
 * important columns are narrowed or dropped if there is no room. It must not know the report.
 */
#ifndef TARE_GRID_H
#define TARE_GRID_H

#include <glib.h>
#include <stdint.h>

#include "output/table/paint.h"

/* Where a cell that is too long is cut. CUT_MIDDLE cuts in the middle, the others at the end. With
 * CUT_MIDDLE and CUT_WHERE_THEY_DIFFER, if two different cells would look the same, they are cut
 * so that the place where they differ stays visible. */
enum grid_cut { CUT_END, CUT_MIDDLE, CUT_WHERE_THEY_DIFFER };

struct grid_column {
	const char *title; /* NULL: none */
	bool right;        /* aligned on the right */
	enum grid_cut cut;
	unsigned soft; /* may be cut to this to make room; 0: never */
	unsigned hard; /* and to this when nothing else helps */
	unsigned drop; /* left out when there is no room, the highest first; 0: never;
			      1: only when cutting to `hard` is not enough */
};

struct grid;

/* `columns` must outlive the grid. A column whose cells are all blank is not shown. */
struct grid *grid_new(const struct grid_column *columns, unsigned n);
void grid_free(struct grid *g);

/* Fill the next cell. After the last cell of a row a new row begins. */
void grid_cell(struct grid *g, enum paint how, const char *text);
void grid_blank(struct grid *g);
/* A text that may extend over the blank cells behind it; if there are none, over the blank
 * cell before it. */
void grid_label(struct grid *g, enum paint how, const char *text);
void grid_size(struct grid *g, int64_t bytes);
/* A size with its sign, + or -. */
void grid_signed_size(struct grid *g, enum paint how, int64_t bytes);
/* CELL_UNKNOWN: the value is not measured. */
void grid_unknown(struct grid *g);
void grid_count(struct grid *g, uint64_t n);
void grid_percent(struct grid *g, double part, double whole);
/* End the current row and add a line of text, which starts `indent` columns right of the
 * start of `column`. */
void grid_line(struct grid *g, enum paint how, unsigned column, unsigned indent, const char *text);

unsigned grid_rows(const struct grid *g);

void grid_render(struct grid *g, GString *out, const struct table_style *style);

#endif
