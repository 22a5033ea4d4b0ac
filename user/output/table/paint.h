/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Text for a terminal: colours, line breaks, bars. It must not know the report.
 */
#ifndef TARE_PAINT_H
#define TARE_PAINT_H

#include <glib.h>

#include "output/output.h"

enum paint { PLAIN, BOLD, DIM, GOOD, WARN, BAD };

/* Cell text for 0 and for a value that is not measured. */
#define CELL_ZERO "·"
#define CELL_UNKNOWN "n/m"

/* Append `text`, coloured if the style has colours. */
void paint(GString *out, const struct table_style *style, enum paint how, const char *text);

/* Append "━━ tool: what ━━━━━━ right ━━". All texts must be printable; `tool` must be ASCII
 * and end with a blank. */
void paint_head(GString *out, const struct table_style *style, const char *tool, const char *what,
		const char *right);

/* Append `n` blanks. */
void paint_spaces(GString *out, unsigned n);

/* Append `text` wrapped at words to the style's width, and a newline. The cursor must be at
 * column `indent`; further lines start there too. */
void paint_wrapped(GString *out, const struct table_style *style, enum paint how, unsigned indent,
		   const char *text);

/* Append "label:   text", escaped and wrapped; further lines start at column `margin`. An
 * empty text prints nothing. */
void paint_labelled(GString *out, const struct table_style *style, unsigned margin,
		    const char *label, enum paint how, const char *text);

/* Append "what before → after" if the two differ; "; " comes first unless `out` is empty. */
void add_difference(GString *out, const char *what, const char *before, const char *after);

/* A bar of block characters, `share` (0 to 1) of `cells` columns long. Free with g_free(). */
char *bar(double share, unsigned cells);

#endif
