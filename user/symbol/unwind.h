/* SPDX-License-Identifier: GPL-2.0-only
 *
 * From registers and a copied piece of stack to the frames that called each other.
 * By the rules that compilers leave for it (.eh_frame, .debug_frame), looked up by
 * libdw and kept by address; by frame pointer only where code has none, and then
 * the frames say so. A stack that cannot be followed ends with MARK_TRUNCATED.
 *
 * Bounds: rules are kept for so many addresses (RULES_MOST, 100 bytes each), then all are
 * looked up anew.
 */
#ifndef TARE_UNWIND_H
#define TARE_UNWIND_H

#include <stdbool.h>
#include <stdint.h>

#include "model/samples.h"
#include "symbol/module.h"

#define UNWIND_MOST 4096 /* frames */

struct unwinder;

struct unwinder *unwinder_new(struct modules *modules);
void unwinder_free(struct unwinder *u); /* takes NULL */

struct unwound {
	struct frame *frames; /* innermost first; the unwinder's, until the next call */
	unsigned n;
	bool complete; /* up to where the thread began */
	bool guessed;  /* some by frame pointer */
};
/* `stack` holds sample->stack bytes from its stack pointer up. */
struct unwound unwind(struct unwinder *u, const struct space *space,
		      const struct tare_sample *sample, const void *stack);

/* Files have other numbers. */
void unwinder_forget(struct unwinder *u);

/* Distinct rules kept, and lookups that had to ask libdw. */
unsigned unwinder_rules(const struct unwinder *u);

#endif
