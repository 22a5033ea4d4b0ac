/* SPDX-License-Identifier: GPL-2.0-only
 *
 * What the BPF programs must know of x86-64. Each architecture has a header of this name
 * with the same functions; the Makefile chooses the folder. It must not know maps.
 */
#ifndef TARE_ARCH_BPF_H
#define TARE_ARCH_BPF_H

#include "vmlinux.h"

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

#include "arch.h"

#define TS_COMPAT 0x0002 /* arch/x86/include/asm/thread_info.h: a 32-bit system call */

/* Number of the system call that saved these registers; negative: none did. The entry code
 * stores the number in orig_ax, and -1 for exceptions (arch/x86/entry/entry_64.S). */
static __always_inline __s64 arch_syscall(const struct pt_regs *regs)
{
	return (__s64)regs->orig_ax;
}

/* The task is in a 32-bit system call. `regs`: its saved registers, or a copy. */
static __always_inline int arch_compat(const struct task_struct *task, const struct pt_regs *regs)
{
	return task->thread_info.status & TS_COMPAT;
}

/* Argument `n`, from 0, of the system call that saved these registers, read at its exit. */
static __always_inline __u64 arch_argument(const struct pt_regs *regs, int n)
{
	switch (n) {
	case 0:
		return regs->di;
	case 1:
		return regs->si;
	case 2:
		return regs->dx;
	case 3:
		return regs->r10;
	case 4:
		return regs->r8;
	default:
		return regs->r9;
	}
}

/* The same for a 32-bit system call. */
static __always_inline __u32 arch_argument_32(const struct pt_regs *regs, int n)
{
	switch (n) {
	case 0:
		return regs->bx;
	case 1:
		return regs->cx;
	case 2:
		return regs->dx;
	case 3:
		return regs->si;
	case 4:
		return regs->di;
	default:
		return regs->bp;
	}
}

/* The task's thread pointer, which points to its TLS block. 0: not known. */
static __always_inline __u64 arch_thread_pointer(struct task_struct *task)
{
	return BPF_CORE_READ(task, thread.fsbase);
}

/* Is `self` pthread_self() of the thread with this thread pointer? */
static __always_inline int arch_is_self(__u64 pointer, __u64 self)
{
	return pointer == self;
}

/* The key of an address space. The kernel numbers address spaces, and "a ctx_id will never be
 * reused" (arch/x86/include/asm/mmu.h, f39681ed0f48, 4.13); the mm's address is reused at once.
 * `base` is for architectures without such numbers. */
struct mm_struct___key {
	struct {
		__u64 ctx_id;
	} context;
} __attribute__((preserve_access_index));

static __always_inline __u64 arch_mm_key(struct mm_struct *mm, const void *base)
{
	return ((struct mm_struct___key *)mm)->context.ctx_id;
}

/* Order of memory. x86 keeps two loads in order, and two stores. */

/* Load a word before all later loads. */
#define ARCH_LOAD_FIRST(word) (*(volatile typeof(*(word)) *)(word))

/* The pointer `p`, for loads that must come after the load of `loaded`. */
#define ARCH_AFTER(p, loaded) (p)

#endif
