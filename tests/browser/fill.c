/* SPDX-License-Identifier: GPL-2.0-only
 *
 * fill <RESULTS.json >RESULTS.html: the report as tare writes it, of any JSON.
 */
#include <glib.h>
#include <stdio.h>

#include "output/bench_html.h"

int main(void)
{
	GString *json = g_string_new(NULL);
	g_autofree char *html = NULL;
	char part[65536];
	size_t n;

	while ((n = fread(part, 1, sizeof(part), stdin)) > 0)
		g_string_append_len(json, part, (gssize)n);
	html = bench_html(json->str, json->len);
	g_string_free(json, TRUE);
	return fputs(html, stdout) == EOF || fflush(stdout) ? 1 : 0;
}
