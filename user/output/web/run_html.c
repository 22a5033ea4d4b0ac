/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The report as a page: user/output/web/run around its JSON.
 */
#include <string.h>

#include "output/output.h"
#include "output/web/page.h"

/* Made by the Makefile of web/run; ended by a NUL. Empty: there was no node. */
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
