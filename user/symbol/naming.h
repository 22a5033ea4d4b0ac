/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Names for the frames of a profile, from ELF files, /proc/kallsyms and perf maps, demangled. A
 * frame has the same number in all profiles of a session, so its name is looked up once and kept
 * as long as the frame.
 */
#ifndef TARE_NAMING_H
#define TARE_NAMING_H

#include "model/profile.h"
#include "symbol/jits.h"
#include "symbol/module.h"

struct naming;

struct naming *naming_new(void);
void naming_free(struct naming *n); /* takes NULL */
/* Frames were renumbered: now[i] is the new number of frame i, for i < count; NO_NODE: the frame
 * was removed. */
void naming_renumber(struct naming *n, const uint32_t *now, uint32_t count);

/* The number of files, and of names in place of one, that are kept for names. */
unsigned naming_places(const struct naming *n);

enum naming_detail {
	NAMING_INLINED, /* functions, and by DWARF those that were inlined in them */
	NAMING_LINES,   /* the same, with source files and lines */
	NAMING_SYMBOLS, /* functions only: DWARF takes time and memory */
};

/* Fill the names and modules of a profile's frames. Adds a frame for each inlined function.
 * `detail` must be the same in each call. */
void naming_fill(struct naming *n, struct profile *p, const struct samples *s,
		 struct modules *modules, struct jits *jits, enum naming_detail detail);

/* Before a profile is made: name the frames of stacks that hold `least` bytes or more, from their
 * files, the largest stack first, for about `most_us` of time. A file can't be found any more once
 * the processes of its container have ended. */
void naming_ahead(struct naming *n, const struct samples *s, struct modules *modules, int64_t least,
		  int64_t most_us);

/* Demangle a C++, Rust or D name; any other name is copied. The caller frees the result. */
char *naming_demangle(const char *name);

#endif
