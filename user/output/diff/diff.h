/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Printers of two reports, before and after. Each reads them and nothing else, and
 * returns UTF-8 that ends with a newline, to be freed with g_free().
 */
#ifndef TARE_OUTPUT_DIFF_H
#define TARE_OUTPUT_DIFF_H

#include "model/diff.h"
#include "output/output.h"

struct diff_style {
	struct table_style table;     /* the width and colours */
	enum sample_type sample_type; /* of functions and stacks; rows are sorted by its change */
	bool all;                     /* every row; else the first of each table */
};

/* For eyes: what the workload weighed, who grew more, and where. */
char *diff_table_render(const struct report *a, const struct report *b,
			const struct diff_style *style);

/* JSON of the schema tare.diff/2: every row, all sample types, sorted by that of the style; and
 * that schema, static. */
char *diff_json_render(const struct report *a, const struct report *b,
		       const struct diff_style *style);
const char *diff_json_schema(void);

#endif
