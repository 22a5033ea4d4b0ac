/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Puts data into a page of user/output/web, which the Makefile bundles. Inside output/ only.
 */
#ifndef TARE_PAGE_H
#define TARE_PAGE_H

#include <stddef.h>

/* Replace @TARE_DATA@ in the page by `json` (`len` bytes, no NUL needed). The JSON stands in
 * a <script> element and is escaped so that it cannot end the element or begin another;
 * JSON.parse() gives the same value. Returns HTML with a NUL; free with g_free(). */
char *page_fill(const char *page, const char *json, size_t len);

#endif
