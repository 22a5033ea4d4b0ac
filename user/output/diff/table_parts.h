/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Shared by the tables of `tare diff`. Inside output/ only.
 */
#ifndef TARE_DIFF_TABLE_PARTS_H
#define TARE_DIFF_TABLE_PARTS_H

#include <string.h>

#include "base/text.h"
#include "output/diff/diff.h"
#include "output/table/grid.h"
#include "output/table/parts.h"

/* Maximum of rows per table with --full, and of lines without. */
#define ROWS 20
#define SCREEN_LINES 25
/* WHERE on one screen, with two functions. */
#define WHERE_LINES 7

struct page {
	const struct report *report[DIFF_TIMES];
	const struct diff_style *asked;
	struct table_style style;
	bool full; /* all sections; else one screen */
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

/* Lines printed so far. */
static inline unsigned lines_of(const struct page *p)
{
	unsigned n = 0;

	for (const char *s = strchr(p->out->str, '\n'); s; s = strchr(s + 1, '\n'))
		n++;
	return n;
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
/* The sections WHERE and STACKS. */
void diff_table_where(const struct page *p);
void diff_table_stacks(const struct page *p);

#endif
