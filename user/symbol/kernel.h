/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The kernel's symbols, by /proc/kallsyms.
 */
#ifndef TARE_KERNEL_H
#define TARE_KERNEL_H

#include <glib.h>
#include <stdint.h>

/* Names for `n` addresses, sorted: an array of n strings, NULL where there is none.
 * `path` is /proc/kallsyms, but for tests. */
GPtrArray *kernel_names(const char *path, const uint64_t *addresses, unsigned n);

#endif
