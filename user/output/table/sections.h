/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The sections of the table. Each appends a blank line and the section to `out`, or nothing
 * if the report has no data for it. Inside output/ only.
 */
#ifndef TARE_TABLE_SECTIONS_H
#define TARE_TABLE_SECTIONS_H

#include "output/output.h"

void table_totals(GString *out, const struct report *r, const struct table_style *style);
void table_who(GString *out, const struct report *r, const struct table_style *style);
void table_why(GString *out, const struct report *r, const struct table_style *style);
void table_where(GString *out, const struct report *r, const struct table_style *style);
void table_kernel(GString *out, const struct report *r, const struct table_style *style);
void table_charged(GString *out, const struct report *r, const struct table_style *style);
void table_slabs(GString *out, const struct report *r, const struct table_style *style);
void table_virtual(GString *out, const struct report *r, const struct table_style *style);

#endif
