/* SPDX-License-Identifier: GPL-2.0-only
 *
 * What BPF and user space both must know of riscv64: the numbers of the system calls that tare
 * knows, and a sample's registers. Each architecture has a header of this name; the Makefile
 * chooses the folder. It must not know kernel types.
 * It compiles; no test has run it.
 */
#ifndef TARE_ARCH_H
#define TARE_ARCH_H

#include "../generic.h"

#define ARCH_ELF 243              /* EM_RISCV; chooses user/symbol/arch_regs_*.c */
#define ARCH_AUDIT 0xc00000f3u    /* AUDIT_ARCH_RISCV64, as libseccomp names calls */
#define ARCH_AUDIT_32 0x400000f3u /* AUDIT_ARCH_RISCV32 */

/* A sample's registers are the words of struct user_regs_struct, the first part of the kernel's
 * struct pt_regs: pc, then x1 to x31. */
#define TARE_REGS 32
#define ARCH_REG_PC 0
#define ARCH_REG_SP 2
#define ARCH_REG_FP 8

/* A user address without its tag: with pointer masking, which a program has to turn on, the top 7
 * bits are a tag (6.13). */
#define ARCH_UNTAG(address) ((address) & ~(0x7fULL << 57))

/* The same numbers, since a 32-bit kernel has the same table. MMAP is mmap2. */
enum arch_call_32 {
	NR32_PRCTL = NR_PRCTL,
	NR32_SHMAT = NR_SHMAT,
	NR32_SHMDT = NR_SHMDT,
	NR32_BRK = NR_BRK,
	NR32_MUNMAP = NR_MUNMAP,
	NR32_MREMAP = NR_MREMAP,
	NR32_CLONE = NR_CLONE,
	NR32_EXECVE = NR_EXECVE,
	NR32_MMAP = NR_MMAP,
	NR32_MPROTECT = NR_MPROTECT,
	NR32_MADVISE = NR_MADVISE,
	NR32_EXECVEAT = NR_EXECVEAT,
	NR32_CLONE3 = NR_CLONE3,
	NR32_WAITID = NR_WAITID,
	NR32_WAIT4 = NR_NONE,
	NR32_WAITPID = NR_NONE,
	NR32_FORK = NR_NONE,
	NR32_VFORK = NR_NONE,
};

#endif
