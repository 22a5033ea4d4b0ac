/* SPDX-License-Identifier: GPL-2.0-only
 *
 * System calls that both the BPF programs and user space treat specially, by their causes
 * (TARE_CAUSE_* of abi.h), and values of their arguments. The numbers of the calls are in
 * bpf/arch/. It must not know how a call is observed.
 */
#ifndef TARE_CALLS_H
#define TARE_CALLS_H

#include "abi.h"

/* include/linux/sched.h; also in field 9 of /proc/PID/stat. The value is the same since 4.x. */
#define PF_KTHREAD 0x00200000

/* Values of arguments, the same on all architectures that tare knows
 * (include/uapi/asm-generic/mman-common.h, include/uapi/linux/prctl.h). Named differently from
 * libc's macros, so that both can be included. */
enum calls_value {
	UAPI_PROT_EXEC = 0x4,
	UAPI_MAP_ANONYMOUS = 0x20,
	UAPI_MADV_DONTNEED = 4,
	UAPI_MADV_REMOVE = 9,
	UAPI_MADV_DONTNEED_LOCKED = 24,
	UAPI_PR_SET_VMA = 0x53564d41,
	UAPI_PR_SET_VMA_ANON_NAME = 0,
};

#define CALLS_INLINE static inline __attribute__((always_inline, unused))

CALLS_INLINE int calls_execve(__u32 cause)
{
	return cause == NR_EXECVE || cause == NR_EXECVEAT ||
	       cause == (TARE_CAUSE_COMPAT | NR32_EXECVE) ||
	       cause == (TARE_CAUSE_COMPAT | NR32_EXECVEAT);
}

/* The system call makes a task. */
CALLS_INLINE int calls_clone(__u32 cause)
{
	return cause == NR_CLONE || cause == NR_FORK || cause == NR_VFORK || cause == NR_CLONE3 ||
	       cause == (TARE_CAUSE_COMPAT | NR32_FORK) ||
	       cause == (TARE_CAUSE_COMPAT | NR32_CLONE) ||
	       cause == (TARE_CAUSE_COMPAT | NR32_VFORK) ||
	       cause == (TARE_CAUSE_COMPAT | NR32_CLONE3);
}

/* The system call may reap a task that ended. */
CALLS_INLINE int calls_wait(__u32 cause)
{
	return cause == NR_WAIT4 || cause == NR_WAITID ||
	       cause == (TARE_CAUSE_COMPAT | NR32_WAITPID) ||
	       cause == (TARE_CAUSE_COMPAT | NR32_WAIT4) ||
	       cause == (TARE_CAUSE_COMPAT | NR32_WAITID);
}

/* The system call maps a VMA, and may fill it with pages before it returns. */
CALLS_INLINE int calls_map(__u32 cause)
{
	return cause == NR_MMAP || cause == NR_MREMAP || cause == (TARE_CAUSE_COMPAT | NR32_MMAP) ||
	       cause == (TARE_CAUSE_COMPAT | NR32_MREMAP);
}

/* The advice of madvise() frees memory at once. MADV_FREE frees it later or not at all: that
 * memory counts as freed when another sample is taken on the same page. */
CALLS_INLINE int calls_gives_back(__u64 advice)
{
	return advice == UAPI_MADV_DONTNEED || advice == UAPI_MADV_REMOVE ||
	       advice == UAPI_MADV_DONTNEED_LOCKED;
}

/* A mapping with this protection may hold code. */
CALLS_INLINE int calls_makes_code(__u64 prot)
{
	return !!(prot & UAPI_PROT_EXEC);
}

#endif
