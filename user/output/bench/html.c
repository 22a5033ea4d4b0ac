/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The report of `tare bench`: the page of user/output/web/bench around its JSON.
 */
#include "output/bench/html.h"

#include "output/web/page.h"

/* Made by the Makefile of web/bench; ended by a NUL. Empty: there was no node. */
extern const char bench_page_html[];

char *bench_html(const char *json, size_t len)
{
	return page_fill(bench_page_html, json, len);
}
