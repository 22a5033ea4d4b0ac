/* SPDX-License-Identifier: GPL-2.0-only
 *
 * What BPF and user space both must know of x86-64: the numbers of the system calls that tare
 * knows, and a sample's registers. Each architecture has a header of this name; the Makefile
 * chooses the folder. It must not know kernel types.
 */
#ifndef TARE_ARCH_H
#define TARE_ARCH_H

#define ARCH_ELF 62               /* EM_X86_64; chooses user/symbol/arch_regs_*.c */
#define ARCH_AUDIT 0xc000003eu    /* AUDIT_ARCH_X86_64, as libseccomp names calls */
#define ARCH_AUDIT_32 0x40000003u /* AUDIT_ARCH_I386 */

/* The words of a sample are those of the kernel's struct pt_regs. */
#define TARE_REGS 21
#define ARCH_REG_PC 16
#define ARCH_REG_SP 19
#define ARCH_REG_FP 4

/* A user address without its tag: bits 57 to 62 may be a tag (linear address masking, 6.4). */
#define ARCH_UNTAG(address) ((address) & ~(0x3fULL << 57))

/* arch/x86/entry/syscalls/syscall_64.tbl */
enum arch_call {
	NR_MMAP = 9,
	NR_MPROTECT = 10,
	NR_MUNMAP = 11,
	NR_BRK = 12,
	NR_MREMAP = 25,
	NR_MADVISE = 28,
	NR_SHMAT = 30,
	NR_CLONE = 56,
	NR_FORK = 57,
	NR_VFORK = 58,
	NR_EXECVE = 59,
	NR_WAIT4 = 61,
	NR_SHMDT = 67,
	NR_PRCTL = 157,
	NR_WAITID = 247,
	NR_EXECVEAT = 322,
	NR_CLONE3 = 435,
};

/* syscall_32.tbl. MMAP is mmap2: the old mmap (90) passes its arguments in memory, and no current
 * libc calls it. */
enum arch_call_32 {
	NR32_FORK = 2,
	NR32_WAITPID = 7,
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
	NR32_MADVISE = 219,
	NR32_WAITID = 284,
	NR32_EXECVEAT = 358,
	NR32_SHMAT = 397,
	NR32_SHMDT = 398,
	NR32_CLONE3 = 435,
};

#endif
