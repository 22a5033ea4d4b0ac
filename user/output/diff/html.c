/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The difference as an HTML page: user/output/web/diff with the JSON in it, which has no more
 * rows than a browser draws at once.
 */
#include <string.h>

#include "output/diff/diff.h"
#include "output/diff/view.h"
#include "output/web/page.h"

/* The Makefile makes this from web/diff and adds a NUL. Empty: built without node. */
extern const char diff_page_html[];

/* With names of 40 bytes a page of at most about 10 MB. */
static const struct diff_limits page_limits = {
	.stacks = 5000,
	.frames = 150000,
	.functions = 500,
	.whose = 1000,
};

char *diff_html_render(const struct report *a, const struct report *b,
		       const struct diff_style *style)
{
	g_autofree char *json = diff_json_within(a, b, style, &page_limits);

	return page_fill(diff_page_html, json, strlen(json));
}
