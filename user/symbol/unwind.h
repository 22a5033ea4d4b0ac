/* SPDX-License-Identifier: GPL-2.0-only
 *
 * From registers and a copied piece of stack to the frames that called each other.
 * By the rules that compilers leave for it (symbol/rules.h). Where code has none, by what it
 * does until it returns, else by frame pointer; such frames say so, and are taken only where
 * a call stands before the return address. What is not in the copied piece is taken from the
 * chain of frame pointers that the kernel followed. A stack that cannot be followed ends
 * with SYNTHETIC_TRUNCATED. What differs from one architecture to another is in symbol/arch_regs.h.
 */
#ifndef TARE_UNWIND_H
#define TARE_UNWIND_H

#include <stdbool.h>
#include <stdint.h>

#include "model/samples.h"
#include "symbol/arch_regs.h"
#include "symbol/module.h"

#define UNWIND_MOST 4096 /* frames */

struct unwinder;

struct unwinder *unwinder_new(struct modules *modules, const struct arch_regs *arch);
void unwinder_free(struct unwinder *u); /* takes NULL */

struct unwound {
	struct frame *frames; /* innermost first; the unwinder's, until the next call */
	unsigned n;
	bool complete; /* up to where the thread began */
	bool fallback; /* some by frame pointer */
};
/* What a thread had: registers, as the `words` of arch_regs say, and `size` bytes of stack, from
 * its stack pointer up. */
struct stack_top {
	const __u64 *words;
	const void *stack;
	uint32_t size;
	bool cloning; /* it is in a system call that makes a task */
	/* What the kernel found by frame pointer: the instruction's address, then return
	 * addresses; on whichever stacks they are. */
	const __u64 *chain;
	unsigned n_chain;
};
struct unwound unwind(struct unwinder *u, const struct space *space, const struct stack_top *top);
/* The same of a sample of this machine; `stack` holds sample->stack bytes, and stands behind
 * the chain if the sample has one. */
struct unwound unwind_sample(struct unwinder *u, const struct space *space,
			     const struct tare_sample *sample, const void *stack);

/* Files have other numbers. */
void unwinder_forget(struct unwinder *u);

/* Distinct rules kept, and lookups that had to ask libdw. */
unsigned unwinder_rules(const struct unwinder *u);

#endif
