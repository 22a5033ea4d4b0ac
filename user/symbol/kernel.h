/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The kernel's symbols, by /proc/kallsyms: those that were met, since the list is long to read
 * and to keep. Bounded by the kernel's functions.
 */
#ifndef TARE_KERNEL_H
#define TARE_KERNEL_H

#include <glib.h>
#include <stdint.h>

struct kernel;

struct kernel *kernel_new(void);
void kernel_free(struct kernel *k); /* takes NULL */

/* Find the symbols of these addresses (uint64_t; any order, left sorted), where some are new.
 * `path` is /proc/kallsyms, but for tests. */
void kernel_learn(struct kernel *k, const char *path, GArray *addresses);

/* Of those that were learnt; NULL: there is none. Valid until the next kernel_learn(). */
const char *kernel_name(const struct kernel *k, uint64_t address);

#endif
