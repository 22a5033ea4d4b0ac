/* SPDX-License-Identifier: GPL-2.0-only
 *
 * x86-64: System V ABI, AMD64 supplement, figure 3.36 "DWARF register number mapping".
 */
#include <elf.h>

#include "symbol/arch_regs.h"

#define RBP 6
#define RSP 7
#define RIP 16 /* the return address's column */

/* struct sigcontext: r8 to r15, rdi rsi rbp rbx rdx rax rcx rsp rip */
static const int8_t signal_word[] = {
	8, 9, 10, 11, 12, 13, 14, 15, 5, 4, RBP, 3, 1, 0, 2, RSP, RIP
};

const struct arch_regs arch_regs_x86 = {
	.elf = EM_X86_64,
	.regs = 17,
	.sp = RSP,
	.pc = RIP,
	.fp = RBP,
	/* rbx, rbp, r12 to r15 */
	.kept = 1 << 3 | 1 << RBP | 0xf << 12,
	.link = NO_REGISTER,
	.frame_next = 0,
	.frame_back = 8,
	.frame_end = 16,
	.code_bits = ~0ULL,
	/* libc's signal trampoline has unwind rules, Go's has none. There the stack pointer
	 * points to a ucontext_t; its struct sigcontext is at offset 40. */
	.signal_at = 40,
	.signal_word = signal_word,
	.signal_words = sizeof(signal_word),
	/* struct pt_regs: r15 r14 r13 r12 rbp rbx r11 r10 r9 r8 rax rcx rdx rsi rdi orig_rax
	 * rip cs flags rsp ss */
	.words = 21,
	.word = { 15, 14, 13, 12, RBP,         3,   11,          10,          9,   8,          0,
		  2,  1,  4,  5,  NO_REGISTER, RIP, NO_REGISTER, NO_REGISTER, RSP, NO_REGISTER },
};
