/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Comma-separated values by RFC 4180, harmless in a spreadsheet and on a terminal.
 * Inside output/ only. It must not know what they are.
 */
#ifndef TARE_FIELDS_H
#define TARE_FIELDS_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#define FIELD_UNKNOWN INT64_MIN

struct fields {
	GString *out;
	bool begun; /* the record has a field */
};

/* The next field of the record. What is not printable is escaped as text_printable()
 * does it: RFC 4180 has no control characters. An apostrophe goes before what a
 * spreadsheet would take for a formula. NULL is empty. */
void fields_text(struct fields *f, const char *text);
/* Empty for FIELD_UNKNOWN. */
void fields_int(struct fields *f, int64_t v);
/* With a point whatever the locale; empty where it is not finite. */
void fields_real(struct fields *f, double v, const char *format);
void fields_blank(struct fields *f, unsigned n);
/* Of a record that has at least one. */
void fields_end(struct fields *f);

#endif
