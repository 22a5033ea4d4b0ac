/* SPDX-License-Identifier: GPL-2.0-only
 *
 * What a grid holds: for the files that fill it, lay it out and paint it. Only for grid*.c.
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

/* Sets the widths, so that all fits in `width` columns where it can. */
void grid_lay_out(struct grid *g, unsigned width);

#endif
