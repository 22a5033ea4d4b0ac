/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Names for the frames of a profile: of ELF files, of the kernel, of what a JIT
 * wrote down (perf maps), demangled. A frame keeps its number from profile to profile, so
 * a name that was found is kept as long as its frame.
 */
#ifndef TARE_NAMING_H
#define TARE_NAMING_H

#include "model/profile.h"
#include "symbol/jits.h"
#include "symbol/module.h"

struct naming;

struct naming *naming_new(void);
void naming_free(struct naming *n); /* takes NULL */
/* Frames have other numbers: `now` has those of the first `count`; NO_NODE: it is no more. */
void naming_renumber(struct naming *n, const uint32_t *now, uint32_t count);

/* Fill names, modules and, where `lines`, files and lines: the same in each call. Inlined
 * functions become frames of their own. */
void naming_fill(struct naming *n, struct profile *p, const struct samples *s,
		 struct modules *modules, struct jits *jits, bool lines);

/* A C++, Rust or D name for people; a copy of the name itself where it is none. */
char *naming_demangle(const char *name);

#endif
