/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Lines at the head of the table: a label in a margin, the text behind it. Inside output/ only.
 */
#ifndef TARE_TABLE_HEAD_H
#define TARE_TABLE_HEAD_H

#include <string.h>

#include "output/table/parts.h"

/* Where the text of "peak:", "books:" … begins. */
#define MARGIN 8

/* "peak:  " in bold, up to the margin. */
static inline void print_label(GString *out, const struct table_style *style, const char *name)
{
	paint(out, style, BOLD, name);
	g_string_append_printf(out, "%*s", MARGIN - (int)strlen(name), "");
}

static inline void margin_line(GString *out, const struct table_style *style, bool *first,
			       enum paint how, const char *text)
{
	if (!*first)
		g_string_append_printf(out, "%*s", MARGIN, "");
	*first = false;
	paint_wrapped(out, style, how, MARGIN, text);
}

/* Each a line or more, or nothing where there is nothing to say. */
void table_oom_line(GString *out, const struct report *r, const struct table_style *style);
void table_books(GString *out, const struct report *r, const struct table_style *style);
void table_kernel_books(GString *out, const struct report *r, const struct table_style *style);
void table_losses(GString *out, const struct report *r, const struct table_style *style);
void table_curve(GString *out, const struct report *r, const struct table_style *style);

#endif
