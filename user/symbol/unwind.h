/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The unwinder: computes the frames of a stack from registers and a copy of its top. For each
 * frame it uses, in this order:
 *  1. the unwind rules that the compiler wrote (rules.h);
 *  2. for code without rules, the instructions up to its return (returns.h);
 *  3. the frame pointer.
 * A frame without rules has FRAME_FALLBACK, since its caller is a guess. The guess is refused if
 * origin.h knows that no call is before the return address. Frames beyond the copy come from the
 * addresses that the kernel found by frame pointers. A stack that cannot be unwound further ends
 * with SYNTHETIC_TRUNCATED. Differences between architectures are in arch_regs.h.
 */
#ifndef TARE_UNWIND_H
#define TARE_UNWIND_H

#include <stdbool.h>
#include <stdint.h>

#include "model/samples.h"
#include "symbol/arch_regs.h"
#include "symbol/module.h"

#define UNWIND_MOST 4096 /* frames of a stack */

struct unwinder;

struct unwinder *unwinder_new(struct modules *modules, const struct arch_regs *arch);
void unwinder_free(struct unwinder *u); /* takes NULL */

struct unwound {
	/* Innermost first. The unwinder owns them; valid until its next call. */
	struct frame *frames;
	unsigned n;
	bool complete; /* the outermost frame is where the thread began */
	bool fallback; /* at least one frame is a fallback */
};
/* The state of a thread when it was sampled. */
struct stack_top {
	const __u64 *words; /* registers, in the order of arch_regs.word */
	const void *stack;  /* copy of the stack, from the stack pointer up */
	uint32_t size;      /* bytes of it */
	bool cloning;       /* the thread is in clone() or another call that creates a task */
	/* What the kernel found by frame pointers, on any stack: the address of the
	 * instruction, then return addresses. */
	const __u64 *chain;
	unsigned n_chain;
};
struct unwound unwind(struct unwinder *u, const struct space *space, const struct stack_top *top);
/* Unwind a sample of this architecture. `stack`: its sample->stack bytes of user stack. If the
 * sample has TARE_SAMPLE_CHAIN, the chain's words must be directly before them in memory. */
struct unwound unwind_sample(struct unwinder *u, const struct space *space,
			     const struct tare_sample *sample, const void *stack);

/* Empty all caches: files were renumbered. */
void unwinder_forget(struct unwinder *u);

/* The number of unwind rules in the cache. */
unsigned unwinder_rules(const struct unwinder *u);

#endif
