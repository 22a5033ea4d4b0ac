/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The forms that a report can be had in, by name.
 */
#ifndef TARE_FORMATS_H
#define TARE_FORMATS_H

#include <glib.h>

#include "output/output.h"

struct format_style {
	struct table_style table;
	enum sample_type sample_type; /* where a format shows one only */
};

struct format {
	const char *name;
	const char *suffix; /* of a file's name; NULL: of none */
	bool stacks;        /* it shows nothing else */
	bool wants_stacks;  /* they belong to it where they can be had */
	bool binary;        /* nothing for a terminal */
	GString *(*render)(const struct report *r, const struct format_style *style);
};

/* Ends with one without a name. The first is the table. */
extern const struct format formats[];

/* NULL: there is none. */
const struct format *format_named(const char *name);
const struct format *format_of_file(const char *path);

/* "table, json, … or csv": free with g_free(). */
char *format_names(void);

#endif
