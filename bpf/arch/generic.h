/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The numbers of the system calls that tare knows, on architectures that have the kernel's
 * generic table: arm64, riscv64.
 */
#ifndef TARE_ARCH_GENERIC_H
#define TARE_ARCH_GENERIC_H

#define NR_NONE 0x7fff /* there is no such system call */

/* include/uapi/asm-generic/unistd.h (scripts/syscall.tbl since 6.11) */
enum arch_call {
	NR_WAITID = 95,
	NR_PRCTL = 167,
	NR_SHMAT = 196,
	NR_SHMDT = 197,
	NR_BRK = 214,
	NR_MUNMAP = 215,
	NR_MREMAP = 216,
	NR_CLONE = 220,
	NR_EXECVE = 221,
	NR_MMAP = 222,
	NR_MPROTECT = 226,
	NR_MADVISE = 233,
	NR_WAIT4 = 260,
	NR_EXECVEAT = 281,
	NR_CLONE3 = 435,
	NR_FORK = NR_NONE,
	NR_VFORK = NR_NONE,
};

#endif
