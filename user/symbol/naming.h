/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Names for the frames of a profile: of ELF files, of the kernel, of what a JIT
 * wrote down (perf maps), demangled.
 */
#ifndef TARE_NAMING_H
#define TARE_NAMING_H

#include "model/profile.h"
#include "symbol/jits.h"
#include "symbol/module.h"

/* Fill names, modules and, where `lines`, files and lines. Inlined functions become
 * frames of their own then. */
void naming_fill(struct profile *p, const struct samples *s, struct modules *modules,
		 struct jits *jits, bool lines);

/* A C++, Rust or D name for people; a copy of the name itself where it is none. */
char *naming_demangle(const char *name);

#endif
