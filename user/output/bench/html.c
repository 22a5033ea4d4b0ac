/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The HTML page of `tare bench`: user/output/web/bench with the JSON in it.
 */
#include "output/bench/html.h"

#include "output/web/page.h"

/* The Makefile makes this from web/bench and adds a NUL. Empty: built without node. */
extern const char bench_page_html[];

char *bench_html(const char *json, size_t len)
{
	return page_fill(bench_page_html, json, len);
}
