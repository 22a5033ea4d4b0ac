/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The output formats of a report, by name.
 */
#ifndef TARE_FORMATS_H
#define TARE_FORMATS_H

#include <glib.h>

#include "output/output.h"

struct format_style {
	struct table_style table;
	enum sample_type sample_type; /* for formats that show only one */
};

struct format {
	const char *name;
	const char *suffix; /* of file names; NULL: none */
	bool stacks;        /* shows only stacks: a report without them is an error */
	bool binary;        /* must not be written to a terminal */
	GString *(*render)(const struct report *r, const struct format_style *style);
};

/* The table comes first. The last entry has no name. */
extern const struct format formats[];

/* NULL: no such format. */
const struct format *format_named(const char *name);
const struct format *format_of_file(const char *path);

/* All names: "table, json, … or csv". Free with g_free(). */
char *format_names(void);

#endif
