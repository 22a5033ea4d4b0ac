/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Line numbers of Python code, by the table that each code object has. Its form differs from
 * version to version: Objects/lnotab_notes.txt (3.8 and 3.10), Objects/locations.md (3.11 on).
 * Pure; a table may hold any bytes and may be cut anywhere.
 */
#ifndef TARE_PYTHON_LINES_H
#define TARE_PYTHON_LINES_H

#include <stddef.h>
#include <stdint.h>

/* The source line of an instruction, which is so many units of 2 bytes behind the code's first
 * one; `form`: enum tare_python_lines, `first`: co_firstlineno. 0: it has none, or the table
 * does not reach there. */
int python_line(uint32_t form, uint32_t first, const uint8_t *table, size_t size, uint32_t unit);

#endif
