/* SPDX-License-Identifier: GPL-2.0-only
 *
 * What the BPF programs have to know of arm64. Each architecture has a header of this name
 * with the same functions; the Makefile chooses the folder. It must not know maps.
 */
#ifndef TARE_ARCH_BPF_H
#define TARE_ARCH_BPF_H

#include "vmlinux.h"

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

#include "arch.h"

#define PSR_MODE32_BIT 0x10 /* arch/arm64/include/uapi/asm/ptrace.h */
#define PTHREAD_MOST 4096   /* bytes: no libc's struct pthread is larger */

/* Number of the system call that the registers are of; negative: of none. The entry code
 * stores it, and -1 (NO_SYSCALL) for exceptions (arch/arm64/kernel/entry.S). */
static __always_inline __s64 arch_syscall(const struct pt_regs *regs)
{
	return (__s32)regs->syscallno;
}

/* It is a 32-bit program's. `regs` are the task's, or a copy. By the mode that the processor
 * comes from: the task's flag changes in the middle of an execve. */
static __always_inline int arch_compat(const struct task_struct *task, const struct pt_regs *regs)
{
	return regs->pstate & PSR_MODE32_BIT;
}

/* Argument `n`, from 0, of the system call whose registers these are at its end: x0 has the
 * result then. */
static __always_inline __u64 arch_argument(const struct pt_regs *regs, int n)
{
	switch (n) {
	case 0:
		return regs->orig_x0;
	case 1:
		return regs->regs[1];
	case 2:
		return regs->regs[2];
	case 3:
		return regs->regs[3];
	case 4:
		return regs->regs[4];
	default:
		return regs->regs[5];
	}
}

/* The same of a 32-bit program's. */
static __always_inline __u32 arch_argument_32(const struct pt_regs *regs, int n)
{
	return arch_argument(regs, n);
}

struct thread_struct___tp {
	struct {
		unsigned long tp_value;
	} uw;
} __attribute__((preserve_access_index));

struct task_struct___tp {
	struct thread_struct___tp thread;
} __attribute__((preserve_access_index));

/* What its register for thread-local data points at. The kernel saves it when the task loses
 * its CPU, so that of a program's first thread may be the one from before execve until then.
 * 0: not known. */
static __always_inline __u64 arch_thread_pointer(struct task_struct *task)
{
	return BPF_CORE_READ((struct task_struct___tp *)task, thread.uw.tp_value);
}

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
 * value do (acquire and release; arch/arm64/net/bpf_jit_comp.c emit_lse_atomic()). */

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
