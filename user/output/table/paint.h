/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Text for a terminal: colours, lines of its width, bars. It must not know the report.
 */
#ifndef TARE_PAINT_H
#define TARE_PAINT_H

#include <glib.h>

#include "output/output.h"

enum paint { PLAIN, BOLD, DIM, GOOD, WARN, BAD };

/* What stands for 0, and for what is not measured. */
#define CELL_ZERO "·"
#define CELL_UNKNOWN "n/m"

/* `text` in the colour, where the style has colours. */
void paint(GString *out, const struct table_style *style, enum paint how, const char *text);

/* "━━ tool: what ━━━━━━ right ━━"; all are printable, `tool` is ASCII and ends with a
 * blank. */
void paint_head(GString *out, const struct table_style *style, const char *tool, const char *what,
		const char *right);

/* `n` blanks. */
void paint_spaces(GString *out, unsigned n);

/* `text` in lines of the style's width, words whole where they can be; the
 * first line starts at the cursor, which stands at column `indent`, the
 * others `indent` columns in. Ends with a newline. */
void paint_wrapped(GString *out, const struct table_style *style, enum paint how, unsigned indent,
		   const char *text);

/* "label:   text", made printable, further lines from the margin on; nothing where
 * there is no text. */
void paint_labelled(GString *out, const struct table_style *style, unsigned margin,
		    const char *label, enum paint how, const char *text);

/* "what before → after" where the two differ, after "; " where something was there. */
void add_difference(GString *out, const char *what, const char *before, const char *after);

/* `share` (0 to 1) of `cells` columns in block characters, from the left. */
char *bar(double share, unsigned cells);

#endif
