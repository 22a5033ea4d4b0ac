/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The results of `tare bench` as one HTML file that loads nothing from the network.
 */
#ifndef TARE_OUTPUT_BENCH_HTML_H
#define TARE_OUTPUT_BENCH_HTML_H

#include <stddef.h>

/* `json` has `len` bytes and the schema tare.bench/1. Call only if html_built(). Free with
 * g_free(). */
char *bench_html(const char *json, size_t len);

#endif
