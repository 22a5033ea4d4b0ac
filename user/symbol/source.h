/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The debug information (DWARF) of one file; for user/symbol only. Others call module_lines().
 */
#ifndef TARE_SOURCE_H
#define TARE_SOURCE_H

#include <elfutils/libdw.h>
#include <gelf.h>

#include "symbol/module.h"

struct source;

/* `bias`: addresses in the debug information minus those in the file. The caller keeps `dwarf`
 * open until source_free(), and closes it. */
struct source *source_new(Dwarf *dwarf, GElf_Addr bias);
void source_free(struct source *s); /* takes NULL */

/* Bytes of the line program that source_find() with `lines` would load for an address; 0: none,
 * or it is loaded. */
uint64_t source_weight(const struct source *s, uint64_t address);

/* As module_lines(). */
unsigned source_find(struct source *s, uint64_t address, bool lines, module_line_fn fn, void *ctx);

#endif
