/* SPDX-License-Identifier: GPL-2.0-only
 *
 * What the BPF programs must know of arm64. Each architecture has a header of this name
 * with the same functions; the Makefile chooses the folder. It must not know maps.
 */
#ifndef TARE_ARCH_BPF_H
#define TARE_ARCH_BPF_H

#include "vmlinux.h"

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

#include "arch.h"
#include "../generic.bpf.h"

#define PSR_MODE32_BIT 0x10 /* arch/arm64/include/uapi/asm/ptrace.h */

/* Number of the system call that saved these registers; negative: none did. The entry code
 * stores it, and -1 (NO_SYSCALL) for exceptions (arch/arm64/kernel/entry.S). */
static __always_inline __s64 arch_syscall(const struct pt_regs *regs)
{
	return (__s32)regs->syscallno;
}

/* The task entered the kernel from a 32-bit program. `regs`: its saved registers, or a copy. By the
 * saved processor mode, because the task's own flag changes in the middle of an execve. */
static __always_inline int arch_compat(const struct task_struct *task, const struct pt_regs *regs)
{
	return regs->pstate & PSR_MODE32_BIT;
}

/* Argument `n`, from 0, of the system call that saved these registers, read at its exit: x0 has
 * the result then. */
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

/* The same for a 32-bit system call. */
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

/* The task's thread pointer. 0: not known. The kernel saves the register only when the task
 * loses its CPU, so until then the first thread of a new program may have the value from before
 * execve. */
static __always_inline __u64 arch_thread_pointer(struct task_struct *task)
{
	return BPF_CORE_READ((struct task_struct___tp *)task, thread.uw.tp_value);
}

#endif
