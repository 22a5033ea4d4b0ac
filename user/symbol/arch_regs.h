/* SPDX-License-Identifier: GPL-2.0-only
 *
 * What unwinding has to know of an architecture: a constant for each, all of them in every
 * build, so that each is tested on any. It must not know how a stack is walked.
 *
 * Registers go by DWARF's numbers. The one that has the address of the instruction has a
 * number here too, whether DWARF gives it one or not.
 */
#ifndef TARE_ARCH_REGS_H
#define TARE_ARCH_REGS_H

#include <stdbool.h>
#include <stdint.h>

#define ARCH_REGS_MAX 33  /* at most */
#define ARCH_WORDS_MAX 34 /* of a sample's registers, at most */
#define NO_REGISTER (-1)

struct arch_regs {
	uint16_t elf; /* EM_* of its files */
	uint8_t regs; /* registers that are followed: 0 to regs - 1 */
	uint8_t sp, pc;
	uint8_t fp; /* frame pointer: a chain of frames begins there */
	/* Where a call leaves the address that it returns to; NO_REGISTER: on the stack. */
	int8_t link;
	uint64_t kept; /* bit by register: a call leaves it as it was, if no rule says else */
	/* Of a frame in the chain, from the frame pointer: where the caller's frame pointer
	 * and the return address stand, and where the caller's stack begins. */
	int8_t frame_next, frame_back, frame_end;
	/* Bits of a return address that are an address: others may sign or tag it. */
	uint64_t code_bits;
	/* The kernel's code behind a signal's handler, where it has no rules; and how far
	 * above the stack pointer the words of what was interrupted are then. */
	const char *signal_code;
	uint16_t signal_at;
	/* Which registers those words are; NULL: as a sample's. */
	const int8_t *signal_word;
	uint8_t signal_words;
	/* What a sample's words are (bpf/arch/): registers, or NO_REGISTER. */
	uint8_t words;
	int8_t word[ARCH_WORDS_MAX];
};

extern const struct arch_regs arch_regs_x86, arch_regs_arm64, arch_regs_riscv;

/* The one that this program was built for. */
const struct arch_regs *arch_regs_own(void);

#endif
