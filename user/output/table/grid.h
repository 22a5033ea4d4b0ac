/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Columns that fit a terminal: widths from the cells, the least important
 * squeezed or left out where there is no room. It must not know the report.
 */
#ifndef TARE_GRID_H
#define TARE_GRID_H

#include <glib.h>
#include <stdint.h>

#include "output/table/paint.h"

/* Where a cell is cut that is too long. In the middle what tells two of them apart stays. */
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
