/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The weight of an ELF file: an upper bound of the memory that reading its symbols, unwind rules
 * and lines takes. A small hostile file can have a large weight: files have holes, and sections
 * can be compressed. So the weight is checked before libelf reads a file.
 */
#ifndef TARE_WEIGHT_H
#define TARE_WEIGHT_H

#include <stdint.h>

/* Limit in bytes for one file, and for all open files together. A large browser with its debug
 * information has less. */
#define WEIGHT_MOST (UINT64_C(2) << 30)

/* The weight in bytes, from the file's headers; 0: not an ELF file; UINT64_MAX: an ELF file that
 * must not be read. */
uint64_t weight_of(int fd);

#endif
