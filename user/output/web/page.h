/* SPDX-License-Identifier: GPL-2.0-only
 *
 * A page of user/output/web, bundled by the Makefile, with its data. Inside output/ only.
 */
#ifndef TARE_PAGE_H
#define TARE_PAGE_H

#include <stddef.h>

/* The page with `json` where it says @TARE_DATA@. The JSON stands inside a <script>
 * element; it is escaped so that nothing in it can end that element or begin another,
 * and JSON.parse() still gives the same. `len` bytes, which need no NUL.
 * HTML, ended by a NUL; free with g_free(). */
char *page_fill(const char *page, const char *json, size_t len);

#endif
