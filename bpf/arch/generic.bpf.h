/* SPDX-License-Identifier: GPL-2.0-only
 *
 * What the BPF programs do alike on architectures that do not number their address spaces and
 * do not keep the order of memory: arm64, riscv64. Included by their arch.bpf.h.
 */
#ifndef TARE_ARCH_GENERIC_BPF_H
#define TARE_ARCH_GENERIC_BPF_H

#include "vmlinux.h"

#include <bpf/bpf_helpers.h>

#define PTHREAD_MOST 4096 /* bytes: no libc's struct pthread is larger */

/* Is it pthread_self() of the thread with this thread pointer? glibc and musl have their
 * struct pthread right below it, each of a size of its own; another thread's is nowhere
 * near. */
static __always_inline int arch_is_self(__u64 pointer, __u64 self)
{
	return self && pointer - self <= PTHREAD_MOST;
}

/* What names an address space. The kernel has no number for it, so it is the mm's address,
 * which is in use again as soon as the mm is freed; exit_mmap comes before that, and takes
 * the old one away. The verifier lets nobody calculate with an address but by taking one
 * from another, which gives a plain number: so it is counted from `base`, any of ours. */
static __always_inline __u64 arch_mm_key(struct mm_struct *mm, const void *base)
{
	__u64 key = (__u64)mm;

	asm volatile("%0 -= %1" : "+r"(key) : "r"(base));
	return key & ~(1ULL << 63);
}

/* Order of memory. Plain loads and stores have none here; atomic operations that return a
 * value do (acquire and release; on arm64 see arch/arm64/net/bpf_jit_comp.c
 * emit_lse_atomic()). */

/* The value of a word, before all that is read after it. */
#define ARCH_LOAD_FIRST(word) __sync_fetch_and_add(word, 0)

/* `p`: what is read through it is read after `loaded` was. By a dependency of addresses,
 * which the processor respects even where the number that is added is always 0. */
#define ARCH_AFTER(p, loaded)                          \
	({                                             \
		typeof(p) p_ = (p);                    \
		__u64 zero_ = (loaded);                \
                                                       \
		asm volatile("%1 &= 0\n\t"             \
			     "%0 += %1"                \
			     : "+r"(p_), "+r"(zero_)); \
		p_;                                    \
	})

#endif
