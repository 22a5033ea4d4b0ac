/* SPDX-License-Identifier: GPL-2.0-only
 *
 * System calls that mean something to both sides of the fence, by their causes (TARE_CAUSE_*
 * of abi.h). The numbers are the architecture's (bpf/arch/).
 */
#ifndef TARE_CALLS_H
#define TARE_CALLS_H

#include "abi.h"

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

#endif
