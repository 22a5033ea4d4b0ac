/* SPDX-License-Identifier: GPL-2.0-only
 *
 * What BPF and user space both must know of arm64: the numbers of the system calls that tare
 * knows, and a sample's registers. Each architecture has a header of this name; the Makefile
 * chooses the folder. It must not know kernel types.
 */
#ifndef TARE_ARCH_H
#define TARE_ARCH_H

#include "../generic.h"

#define ARCH_ELF 183              /* EM_AARCH64; chooses user/symbol/arch_regs_*.c */
#define ARCH_AUDIT 0xc00000b7u    /* AUDIT_ARCH_AARCH64, as libseccomp names calls */
#define ARCH_AUDIT_32 0x40000028u /* AUDIT_ARCH_ARM */

/* A sample's registers are the words of struct user_pt_regs, the first part of the kernel's
 * struct pt_regs: x0 to x30, sp, pc, pstate. */
#define TARE_REGS 34
#define ARCH_REG_FP 29
#define ARCH_REG_SP 31
#define ARCH_REG_PC 32

/* An address without its tag: the hardware ignores user space's top byte
 * (Documentation/arch/arm64/tagged-addresses.rst). */
#define ARCH_UNTAG(address) ((address) & ~(0xffULL << 56))

/* arch/arm64/tools/syscall_32.tbl, for 32-bit arm programs. MMAP is mmap2. */
enum arch_call_32 {
	NR32_FORK = 2,
	NR32_EXECVE = 11,
	NR32_BRK = 45,
	NR32_MUNMAP = 91,
	NR32_WAIT4 = 114,
	NR32_CLONE = 120,
	NR32_MPROTECT = 125,
	NR32_MREMAP = 163,
	NR32_PRCTL = 172,
	NR32_VFORK = 190,
	NR32_MMAP = 192,
	NR32_MADVISE = 220,
	NR32_WAITID = 280,
	NR32_SHMAT = 305,
	NR32_SHMDT = 306,
	NR32_EXECVEAT = 387,
	NR32_CLONE3 = 435,
	NR32_WAITPID = NR_NONE,
};

#endif
