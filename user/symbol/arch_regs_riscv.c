/* SPDX-License-Identifier: GPL-2.0-only
 *
 * riscv64: RISC-V ELF psABI, "DWARF register numbers". Never tested on riscv64.
 */
#include <elf.h>

#include "symbol/arch_regs.h"

#define RA 1
#define SP 2
#define FP 8
#define PC 32 /* DWARF has no number for it */

const struct arch_regs arch_regs_riscv = {
	.elf = EM_RISCV,
	.regs = 33,
	.sp = SP,
	.pc = PC,
	.fp = FP,
	/* s0 to s11; ra too, until the function saves it */
	.kept = 1ULL << RA | 3ULL << FP | 0x3ffULL << 18,
	.link = RA,
	/* The frame pointer is the caller's stack pointer; both saved words are below it. */
	.frame_next = -16,
	.frame_back = -8,
	.frame_end = 0,
	.code_bits = ~0ULL,
	/* struct user_regs_struct: pc, x1 to x31 */
	.words = 32,
	.word = { PC, 1,  2,  3,  4,  5,  6,  7,  8,  9,  10, 11, 12, 13, 14, 15,
		  16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31 },
};
