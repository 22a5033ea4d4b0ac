/* SPDX-License-Identifier: GPL-2.0-only
 *
 * System calls that mean something to both sides of the fence, by their causes (TARE_CAUSE_*
 * of abi.h), and what they are called with. The calls' numbers are the architecture's
 * (bpf/arch/).
 */
#ifndef TARE_CALLS_H
#define TARE_CALLS_H

#include "abi.h"

/* include/linux/sched.h; field 9 of /proc/PID/stat has it too. It has not moved since 4.x. */
#define PF_KTHREAD 0x00200000

/* Values of arguments, the same on these architectures (include/uapi/asm-generic/mman-common.h,
 * include/uapi/linux/prctl.h). Under names that no libc has. */
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

/* A task is made in it. */
CALLS_INLINE int calls_clone(__u32 cause)
{
	return cause == NR_CLONE || cause == NR_FORK || cause == NR_VFORK || cause == NR_CLONE3 ||
	       cause == (TARE_CAUSE_COMPAT | NR32_FORK) ||
	       cause == (TARE_CAUSE_COMPAT | NR32_CLONE) ||
	       cause == (TARE_CAUSE_COMPAT | NR32_VFORK) ||
	       cause == (TARE_CAUSE_COMPAT | NR32_CLONE3);
}

/* A task that ended is taken away in it. */
CALLS_INLINE int calls_wait(__u32 cause)
{
	return cause == NR_WAIT4 || cause == NR_WAITID ||
	       cause == (TARE_CAUSE_COMPAT | NR32_WAITPID) ||
	       cause == (TARE_CAUSE_COMPAT | NR32_WAIT4) ||
	       cause == (TARE_CAUSE_COMPAT | NR32_WAITID);
}

/* A VMA is mapped in it, and may be filled before the call is done. */
CALLS_INLINE int calls_map(__u32 cause)
{
	return cause == NR_MMAP || cause == NR_MREMAP || cause == (TARE_CAUSE_COMPAT | NR32_MMAP) ||
	       cause == (TARE_CAUSE_COMPAT | NR32_MREMAP);
}

/* madvise that gives memory back at once. MADV_FREE's goes later or not at all: it counts as
 * gone when that shows, by another sample at its place. */
CALLS_INLINE int calls_gives_back(__u64 advice)
{
	return advice == UAPI_MADV_DONTNEED || advice == UAPI_MADV_REMOVE ||
	       advice == UAPI_MADV_DONTNEED_LOCKED;
}

/* Code may be run in a range of this protection. */
CALLS_INLINE int calls_makes_code(__u64 prot)
{
	return !!(prot & UAPI_PROT_EXEC);
}

#endif
