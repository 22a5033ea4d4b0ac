/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The results of `tare bench` as one HTML file that fetches nothing.
 */
#ifndef TARE_OUTPUT_BENCH_HTML_H
#define TARE_OUTPUT_BENCH_HTML_H

#include <stddef.h>

/* `json`, `len` bytes: of the schema tare.bench/1. Free with g_free(). Only where html_built(). */
char *bench_html(const char *json, size_t len);

#endif
