/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The lines above the tables: a label ("peak:"), then text from column MARGIN on. Inside
 * output/ only.
 */
#ifndef TARE_TABLE_HEAD_H
#define TARE_TABLE_HEAD_H

#include <string.h>

#include "output/table/parts.h"

/* Column where the text behind "peak:", "books:" … begins. */
#define MARGIN 8

/* Print the label in bold and pad it to MARGIN. */
static inline void print_label(GString *out, const struct table_style *style, const char *name)
{
	paint(out, style, BOLD, name);
	g_string_append_printf(out, "%*s", MARGIN - (int)strlen(name), "");
}

/* Print `text` from MARGIN on. *first: the cursor is at MARGIN already; cleared. */
static inline void margin_line(GString *out, const struct table_style *style, bool *first,
			       enum paint how, const char *text)
{
	if (!*first)
		g_string_append_printf(out, "%*s", MARGIN, "");
	*first = false;
	paint_wrapped(out, style, how, MARGIN, text);
}

/* All lines above the sections: 6 to 11. */
void table_head(GString *out, const struct report *r, const struct table_style *style);

/* Each prints one or more lines, or nothing if the report has nothing for it. */
void table_curve(GString *out, const struct report *r, const struct table_style *style);
/* When the weight was near its peak and when it grew fastest: at most two lines. */
void table_moments(GString *out, const struct report *r, const struct table_style *style);
/* One line: is all exact? If not, what is off, lost or not measured. */
void table_trust(GString *out, const struct report *r, const struct table_style *style);

#endif
