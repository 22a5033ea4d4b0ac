/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Shared by the tables of `tare diff`. Inside output/ only.
 */
#ifndef TARE_DIFF_TABLE_PARTS_H
#define TARE_DIFF_TABLE_PARTS_H

#include "base/text.h"
#include "output/diff/diff.h"
#include "output/table/grid.h"
#include "output/table/parts.h"

/* Maximum of rows per table without --all. */
#define ROWS 20

struct page {
	const struct report *report[DIFF_TIMES];
	const struct diff_style *asked;
	struct table_style style;
	const struct diff *d;
	GString *out;
};

static inline void change_cell(struct grid *g, bool known, enum paint how, int64_t before,
			       int64_t after)
{
	if (known)
		grid_signed_size(g, how, after - before);
	else
		grid_unknown(g);
}

static inline void size_cell(struct grid *g, bool known, int64_t bytes)
{
	if (known)
		grid_size(g, bytes);
	else
		grid_unknown(g);
}

/* The line about left-out rows. */
static inline void more(struct grid *g, unsigned n, const char *what)
{
	g_autofree char *count = text_count(n);
	g_autofree char *text = g_strdup_printf("… %s more %s", count, what);

	if (n)
		grid_line(g, DIM, 0, 0, text);
}

/* Section WHO: processes and threads by name. */
void diff_table_who(const struct page *p);
/* Sections WHERE and STACKS. */
void diff_table_where(const struct page *p);

#endif
