/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The debug information of one file; for user/symbol only. Module.h's module_lines() is
 * what others call.
 */
#ifndef TARE_SOURCE_H
#define TARE_SOURCE_H

#include <elfutils/libdw.h>
#include <gelf.h>

#include "symbol/module.h"

struct source;

/* `bias`: its addresses less those of the file. The Dwarf stays its owner's, and must stay. */
struct source *source_new(Dwarf *dwarf, GElf_Addr bias);
void source_free(struct source *s); /* takes NULL */

/* Bytes of the line program that source_find() would read first with `lines`. */
uint64_t source_weight(const struct source *s, uint64_t address);

/* As module_lines(). */
unsigned source_find(struct source *s, uint64_t address, bool lines, module_line_fn fn, void *ctx);

#endif
