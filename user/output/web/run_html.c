/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The report as an HTML page: user/output/web/run with the JSON in it.
 */
#include <string.h>

#include "output/output.h"
#include "output/web/page.h"

/* The Makefile makes this from web/run and adds a NUL. Empty: built without node. */
extern const char run_page_html[];

bool html_built(void)
{
	return *run_page_html;
}

GString *html_render(const struct report *r)
{
	g_autofree char *json = json_render(r);
	g_autofree char *html = page_fill(run_page_html, json, strlen(json));

	return g_string_new(html);
}
