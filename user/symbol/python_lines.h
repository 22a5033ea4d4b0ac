/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Line numbers of Python code, from the line table of its code object. CPython has three formats
 * of it: 3.8 and 3.9 (Objects/lnotab_notes.txt of 3.8), 3.10 (the same file of 3.10), and 3.11 on
 * (Objects/locations.md). Pure; a table may hold any bytes and may be cut anywhere.
 */
#ifndef TARE_PYTHON_LINES_H
#define TARE_PYTHON_LINES_H

#include <stddef.h>
#include <stdint.h>

/* The source line of an instruction. `form`: enum tare_python_lines; `first`: co_firstlineno;
 * `unit`: the instruction's offset from the start of the code, in units of 2 bytes. 0: it has no
 * line, or the table does not cover it. */
int python_line(uint32_t form, uint32_t first, const uint8_t *table, size_t size, uint32_t unit);

#endif
