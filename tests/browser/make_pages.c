/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Writes HTML pages as tare does. `make_pages <RESULTS.json >RESULTS.html` makes the page of
 * `tare bench` from any JSON, `make_pages run <REPORT.json` that of `tare run`, `make_pages
 * diff <DIFFERENCE.json` that of `tare diff`; `make_pages report NAME` makes a page
 * from a fixture of tests/golden/fixtures.c, or from a report of large_report.h.
 */
#include <glib.h>
#include <stdio.h>

#include "output/bench/html.h"
#include "output/output.h"
#include "output/web/page.h"
#include "tests/golden/fixtures.c"
#include "large_report.h"

extern const char run_page_html[], diff_page_html[];

static GString *input(void)
{
	GString *json = g_string_new(NULL);
	char part[65536];
	size_t n;

	while ((n = fread(part, 1, sizeof(part), stdin)) > 0)
		g_string_append_len(json, part, (gssize)n);
	return json;
}

static char *filled(const char *page)
{
	GString *json = input();
	char *html = !strcmp(page, "run")  ? page_fill(run_page_html, json->str, json->len) :
		     !strcmp(page, "diff") ? page_fill(diff_page_html, json->str, json->len) :
					     bench_html(json->str, json->len);

	g_string_free(json, TRUE);
	return html;
}

static char *rendered(struct report *r)
{
	gint64 start = g_get_monotonic_time();
	GString *html = html_render(r);

	fprintf(stderr, "%zu bytes in %.0f ms\n", html->len,
		(double)(g_get_monotonic_time() - start) / 1000);
	report_free(r);
	return g_string_free(html, FALSE);
}

static char *report_named(const char *name)
{
	if (!strcmp(name, "large") || !strcmp(name, "build"))
		return rendered(large_report(!strcmp(name, "build")));
	for (unsigned i = 0; i < G_N_ELEMENTS(fixtures); i++)
		if (!strcmp(name, fixtures[i].name))
			return rendered(fixtures[i].make());
	return NULL;
}

int main(int argc, char **argv)
{
	g_autofree char *html = argc > 2 ? report_named(argv[2]) :
					   filled(argc > 1 ? argv[1] : "bench");

	return !html || fputs(html, stdout) == EOF || fflush(stdout) ? 1 : 0;
}
