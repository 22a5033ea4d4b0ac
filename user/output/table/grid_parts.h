/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The fields of struct grid, for the files that fill it, lay it out and paint it. Only for
 * grid*.c.
 */
#ifndef TARE_GRID_PARTS_H
#define TARE_GRID_PARTS_H

#include "output/table/grid.h"

struct cell {
	char *text; /* NULL: blank */
	enum paint paint;
	bool label;
};

struct row {
	struct cell *cells;
	char *line; /* a line of text: then `cells` is NULL */
	enum paint paint;
	unsigned column, indent; /* where the line starts */
};

struct grid {
	const struct grid_column *columns;
	unsigned n;
	unsigned next; /* column of the next cell */
	GPtrArray *rows;
	unsigned *width; /* set by grid_lay_out(); 0: column not shown */
	unsigned gap;
};

/* Set the column widths so that a row fits into `width` columns, if possible. */
void grid_lay_out(struct grid *g, unsigned width);

#endif
