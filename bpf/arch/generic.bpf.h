/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Functions of the BPF programs for architectures that do not number their address spaces and
 * do not keep loads and stores in order: arm64, riscv64. Included by their arch.bpf.h.
 */
#ifndef TARE_ARCH_GENERIC_BPF_H
#define TARE_ARCH_GENERIC_BPF_H

#include "vmlinux.h"

#include <bpf/bpf_helpers.h>

#define PTHREAD_MOST 4096 /* bytes: no libc's struct pthread is larger */

/* Is `self` pthread_self() of the thread with this thread pointer? glibc and musl have their
 * struct pthread right below the thread pointer; its size differs. Another thread's is not
 * within PTHREAD_MOST bytes. */
static __always_inline int arch_is_self(__u64 pointer, __u64 self)
{
	return self && pointer - self <= PTHREAD_MOST;
}

/* The key of an address space. The kernel has no number for it, so the key is the mm's address.
 * An address may be used again when its mm is freed; exit_mmap comes before that and
 * removes the old key from the table. The verifier forbids arithmetic with an address, except
 * the difference of two addresses, which is a plain number. So the key is the distance from
 * `base`, the address of any variable of these programs. */
static __always_inline __u64 arch_mm_key(struct mm_struct *mm, const void *base)
{
	__u64 key = (__u64)mm;

	asm volatile("%0 -= %1" : "+r"(key) : "r"(base));
	return key & ~(1ULL << 63);
}

/* Order of memory. Plain loads and stores are not ordered here. Atomic operations that return a
 * value are (acquire and release; for arm64 see arch/arm64/net/bpf_jit_comp.c
 * emit_lse_atomic()). */

/* Load a word before all later loads. */
#define ARCH_LOAD_FIRST(word) __sync_fetch_and_add(word, 0)

/* The pointer `p`, for loads that must come after the load of `loaded`: by an address dependency,
 * which the processor respects even though the number that is added is always 0. */
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
