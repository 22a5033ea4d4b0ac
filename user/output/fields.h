/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Writer of comma-separated values (RFC 4180) that are safe in a spreadsheet and on a
 * terminal. Inside output/ only. It must not know what the values mean.
 */
#ifndef TARE_FIELDS_H
#define TARE_FIELDS_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#define FIELD_UNKNOWN INT64_MIN

struct fields {
	GString *out;
	bool begun; /* the current record has a field */
};

/* Append a field to the record. text_printable() escapes control characters, because
 * RFC 4180 does not allow them. Text that a spreadsheet would run as a formula gets an
 * apostrophe in front. NULL: an empty field. */
void fields_text(struct fields *f, const char *text);
/* FIELD_UNKNOWN: an empty field. */
void fields_int(struct fields *f, int64_t v);
/* The decimal point does not depend on the locale. Not finite: an empty field. */
void fields_real(struct fields *f, double v, const char *format);
void fields_blank(struct fields *f, unsigned n);
/* End the record, which must have at least one field. */
void fields_end(struct fields *f);

#endif
