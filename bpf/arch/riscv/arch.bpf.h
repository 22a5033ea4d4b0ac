/* SPDX-License-Identifier: GPL-2.0-only
 *
 * What the BPF programs must know of riscv64. Each architecture has a header of this name
 * with the same functions; the Makefile chooses the folder. It must not know maps.
 * It compiles; no test has run it.
 */
#ifndef TARE_ARCH_BPF_H
#define TARE_ARCH_BPF_H

#include "vmlinux.h"

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

#include "arch.h"
#include "../generic.bpf.h"

#define EXC_SYSCALL 8 /* arch/riscv/include/asm/csr.h */
#define SR_UXL 0x300000000UL
#define SR_UXL_32 0x100000000UL

/* Number of the system call that saved these registers; negative: none did. */
static __always_inline __s64 arch_syscall(const struct pt_regs *regs)
{
	return regs->cause == EXC_SYSCALL ? (__s64)regs->a7 : -1;
}

/* The task entered the kernel from a 32-bit program. `regs`: its saved registers, or a copy. */
static __always_inline int arch_compat(const struct task_struct *task, const struct pt_regs *regs)
{
	return (regs->status & SR_UXL) == SR_UXL_32;
}

/* Argument `n`, from 0, of the system call that saved these registers, read at its exit: a0 has
 * the result then. */
static __always_inline __u64 arch_argument(const struct pt_regs *regs, int n)
{
	switch (n) {
	case 0:
		return regs->orig_a0;
	case 1:
		return regs->a1;
	case 2:
		return regs->a2;
	case 3:
		return regs->a3;
	case 4:
		return regs->a4;
	default:
		return regs->a5;
	}
}

/* The same for a 32-bit system call. */
static __always_inline __u32 arch_argument_32(const struct pt_regs *regs, int n)
{
	return arch_argument(regs, n);
}

/* The task's thread pointer. 0: not known. */
static __always_inline __u64 arch_thread_pointer(struct task_struct *task)
{
	const struct pt_regs *regs = (const struct pt_regs *)bpf_task_pt_regs(task);

	return BPF_CORE_READ(regs, tp);
}

#endif
