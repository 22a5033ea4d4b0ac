/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The sections of the table. Each appends a blank line and the section to `out`, or nothing
 * if the report has no data for it. Inside output/ only.
 */
#ifndef TARE_TABLE_SECTIONS_H
#define TARE_TABLE_SECTIONS_H

#include "output/output.h"

void table_books(GString *out, const struct report *r, const struct table_style *style);
void table_totals(GString *out, const struct report *r, const struct table_style *style);
void table_who(GString *out, const struct report *r, const struct table_style *style);
void table_why(GString *out, const struct report *r, const struct table_style *style);
void table_where(GString *out, const struct report *r, const struct table_style *style);
void table_kernel(GString *out, const struct report *r, const struct table_style *style);
void table_charged(GString *out, const struct report *r, const struct table_style *style);
void table_slabs(GString *out, const struct report *r, const struct table_style *style);
void table_virtual(GString *out, const struct report *r, const struct table_style *style);
void table_self(GString *out, const struct report *r, const struct table_style *style);

/* The story of an incident; nothing if there was none. It is a part of table_head(). */
void table_incident(GString *out, const struct report *r, const struct table_style *style);

/* The default screen: which function or thread to look at, and when it grew. */
void table_brief(GString *out, const struct report *r, const struct table_style *style);
/* Lines of it for what was asked for by --self and --slab; nothing if it was not. */
void table_self_line(GString *out, const struct report *r, const struct table_style *style);
void table_slabs_line(GString *out, const struct report *r, const struct table_style *style);
/* Parts of it: WHO and WHERE in at most `lines` lines, with a blank line and the titles. Nothing
 * if there is nothing to show. */
void table_who_top(GString *out, const struct report *r, const struct table_style *style,
		   unsigned lines);
void table_where_top(GString *out, const struct report *r, const struct table_style *style,
		     unsigned lines);

/* The texts of a function's row: its name with its line, its caller, its file. Printable; free
 * with g_free(). */
struct function;
char *table_function(const struct function *f);
/* Is it no function, but memory held before tare came or copied by fork? */
bool table_before(const struct function *f);
char *table_caller(const struct function *f);
char *table_module(const struct function *f);

#endif
