/* SPDX-License-Identifier: GPL-2.0-only
 *
 * How much of memory an ELF file may take when its symbols, rules and lines are read. Its
 * maker says so, and need not have as much: files have holes, and sections are compressed.
 */
#ifndef TARE_WEIGHT_H
#define TARE_WEIGHT_H

#include <stdint.h>

/* Of a file that is read, and of all that are open. Large browsers with their debug
 * information have less. */
#define WEIGHT_MOST (UINT64_C(2) << 30)

/* Bytes, at most, by its headers; 0: no ELF file. */
uint64_t weight_of(int fd);

#endif
