/* SPDX-License-Identifier: GPL-2.0-only
 *
 * What unwinding needs to know about an architecture: one constant struct for each. Every build
 * has all of them, so tests of all architectures run on any. It must not know how a stack is
 * walked.
 *
 * Registers have DWARF's numbers. The program counter always has a number here, also on
 * architectures where DWARF has none for it.
 */
#ifndef TARE_ARCH_REGS_H
#define TARE_ARCH_REGS_H

#include <stdbool.h>
#include <stdint.h>

#define ARCH_REGS_MAX 33  /* registers of any architecture, at most */
#define ARCH_WORDS_MAX 34 /* words of a sample's registers, at most */
#define NO_REGISTER (-1)

struct arch_regs {
	uint16_t elf; /* EM_* in the ELF header */
	uint8_t regs; /* the unwinder tracks registers 0 to regs - 1 */
	uint8_t sp, pc;
	uint8_t fp; /* frame pointer: head of the linked list of frames */
	/* The register that a call puts its return address in; NO_REGISTER: a call pushes it. */
	int8_t link;
	uint64_t kept; /* bit by register: callee-saved, unless an unwind rule says otherwise */
	/* Offsets from the frame pointer, in bytes: of the caller's saved frame pointer, of the
	 * return address, and of the end of the frame (the caller's stack pointer). */
	int8_t frame_next, frame_back, frame_end;
	/* Mask of the address bits of a return address; the other bits may hold a signature or
	 * a tag. */
	uint64_t code_bits;
	/* Symbol of the kernel's signal trampoline, if it has no unwind rules; else NULL. */
	const char *signal_code;
	/* In the trampoline: offset of the saved registers from the stack pointer, in bytes. */
	uint16_t signal_at;
	/* The register in each saved word; NULL: the order is that of `word`. */
	const int8_t *signal_word;
	uint8_t signal_words;
	/* The register in each word of a sample (bpf/arch/); NO_REGISTER: none of ours. */
	uint8_t words;
	int8_t word[ARCH_WORDS_MAX];
};

extern const struct arch_regs arch_regs_x86, arch_regs_arm64, arch_regs_riscv;

/* The architecture that this program was built for. */
const struct arch_regs *arch_regs_own(void);

#endif
