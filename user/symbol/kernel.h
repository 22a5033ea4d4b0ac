/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Names of kernel functions, from /proc/kallsyms. Only functions that samples hit are kept,
 * since the whole list is slow to read and large. Bounded by the number of kernel functions.
 */
#ifndef TARE_KERNEL_H
#define TARE_KERNEL_H

#include <glib.h>
#include <stdint.h>

struct kernel;

struct kernel *kernel_new(void);
void kernel_free(struct kernel *k); /* takes NULL */

/* Look up the symbols of these addresses (uint64_t). Reads `path` only if an address is new.
 * Sorts the array. `path` is /proc/kallsyms except in tests. */
void kernel_learn(struct kernel *k, const char *path, GArray *addresses);

/* The name of the function at an address that kernel_learn() was given; NULL: not known. Valid
 * until the next kernel_learn(). */
const char *kernel_name(const struct kernel *k, uint64_t address);

#endif
