/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Printers of `tare diff`. Each compares two reports, `a` before and `b` after, and returns
 * UTF-8 text that ends with a newline. Free it with g_free().
 */
#ifndef TARE_OUTPUT_DIFF_H
#define TARE_OUTPUT_DIFF_H

#include "model/diff.h"
#include "output/output.h"

struct diff_style {
	struct table_style table;     /* width and colours */
	enum sample_type sample_type; /* of functions and stacks: by its change */
	bool full;                    /* all sections; else what fits on one screen */
	bool all;                     /* the same with every row, not only the first ones */
};

/* Tables: weight, processes and threads, functions and stacks. */
char *diff_table_render(const struct report *a, const struct report *b,
			const struct diff_style *style);

/* JSON (schema tare.diff/2) with every row and all sample types, sorted by the style's sample
 * type. The schema is static: do not free it. */
char *diff_json_render(const struct report *a, const struct report *b,
		       const struct diff_style *style);
const char *diff_json_schema(void);

/* An HTML page. Large differences are cut: the JSON's `left_out` says by how much. Call only if
 * html_built(). */
char *diff_html_render(const struct report *a, const struct report *b,
		       const struct diff_style *style);

#endif
