/* SPDX-License-Identifier: GPL-2.0-only
 *
 * arm64. Register numbers: DWARF for the Arm 64-bit Architecture (AADWARF64), "DWARF register
 * names". Frame records: AAPCS64, "The Frame Pointer".
 */
#include <elf.h>

#include "symbol/arch_regs.h"

#define FP 29
#define LR 30
#define SP 31
#define PC 32

const struct arch_regs arch_regs_arm64 = {
	.elf = EM_AARCH64,
	.regs = 33,
	.sp = SP,
	.pc = PC,
	.fp = FP,
	/* x19 to x28; x29 and x30 too, until the function saves them */
	.kept = 0x3ffULL << 19 | 1ULL << FP | 1ULL << LR,
	.link = LR,
	.frame_next = 0,
	.frame_back = 8,
	.frame_end = 16,
	/* Pointer authentication puts its signature above the address bits. User addresses have
	 * 48 bits: with 52-bit addresses mmap() goes higher only if the program asks for it. */
	.code_bits = (1ULL << 48) - 1,
	/* struct rt_sigframe: a siginfo_t of 128 bytes, 176 bytes of the ucontext_t, then the
	 * struct sigcontext, whose registers follow its fault_address. The kernel omits unwind
	 * rules on purpose (arch/arm64/kernel/vdso/sigreturn.S). */
	.signal_code = "__kernel_rt_sigreturn",
	.signal_at = 128 + 176 + 8,
	/* struct user_pt_regs: x0 to x30, sp, pc, pstate */
	.words = 34,
	.word = { 0,  1,  2,  3,  4,  5,  6,  7,  8,  9,  10, 11, 12, 13, 14, 15, 16,
		  17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, FP, LR, SP, PC, NO_REGISTER },
};
