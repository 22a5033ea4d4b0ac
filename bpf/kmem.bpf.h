/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Kernel memory: the account of the control group that is watched, and what its
 * updates have to do with page tables and stacks, which have kinds of their own
 * (struct tare_cgroup in abi.h says how it adds up). It must not know where the
 * updates come from.
 */
#ifndef TARE_KMEM_BPF_H
#define TARE_KMEM_BPF_H

#include "arch.bpf.h"
#include "calls.h"
#include "weight.bpf.h"

/* Is it the watched cgroup, or below it? In kmem.bpf.c. */
struct mem_cgroup;
int in_cgroup(__u64 memcg_at);

/* Number of the system call that the task is in, as a cause; TARE_CAUSE_FAULT: in none. */
static __always_inline __u32 syscall_of(struct task_struct *task)
{
	struct pt_regs *regs = (struct pt_regs *)bpf_task_pt_regs(task);
	__s64 nr = arch_syscall(regs);

	if (nr < 0 || nr >= TARE_CAUSE_COMPAT)
		return TARE_CAUSE_FAULT;
	return arch_compat(task, regs) ? nr | TARE_CAUSE_COMPAT : nr;
}

/* The running task is making another. Not inlined, so that the verifier follows it once. */
__weak __noinline int making_task(void)
{
	return calls_clone(syscall_of(bpf_get_current_task_btf()));
}

static __always_inline int kmem_watched(void)
{
	return cfg_kmem && workload.cgroup.id;
}

/* Only the workload is in the cgroup: all that the cgroup is charged is its own. */
static __always_inline int kmem_own(void)
{
	return kmem_watched() && workload.cgroup.own;
}

/* Whole pages, signed: BPF has no signed division. */
static __always_inline __s64 in_pages(__s64 bytes)
{
	return bytes < 0 ? -(__s64)((__u64)-bytes / cfg_page_size) :
			   (__s64)((__u64)bytes / cfg_page_size);
}

/* The same as update_nonrss(). */
__weak __noinline int update_nonrss_bytes(__s64 bytes)
{
	return update_nonrss(in_pages(bytes));
}

/* Who the running task is to an account that is not its own: TARE_NONOWNER_*. */
__weak __noinline int nonowner_current(int of_process)
{
	struct task_struct *task = bpf_get_current_task_btf();
	__u32 flags = task->flags;

	if (flags & (PF_KSWAPD | PF_MEMALLOC))
		return TARE_NONOWNER_RECLAIM;
	if (flags & PF_KTHREAD) {
		char comm[TARE_COMM_LEN] = {};

		bpf_probe_read_kernel(comm, sizeof(comm), task->comm);
		return comm[0] == 'k' && comm[1] == 'h' && comm[2] == 'u' && comm[3] == 'g' ?
			       TARE_NONOWNER_KHUGEPAGED :
			       TARE_NONOWNER_KERNEL;
	}
	return of_process ? TARE_NONOWNER_LATE : TARE_NONOWNER_PROCESS;
}

/* As ledger_note_peak(), for kernel memory that no live task holds. */
__weak __noinline int cgroup_note_peak(void)
{
	struct tare_cgroup *g = &workload.cgroup;
	__s64 net = g->left;
	__u32 i;

	if (g->nonowner_peak_seq == workload.peak_seq)
		return 0;
	for (i = 0; i < TARE_NONOWNERS; i++)
		net += ledger_net(&g->nonowner[i]);
	g->left_at_peak = g->left;
	g->nonowner_at_peak = net;
	g->nonowner_peak_seq = workload.peak_seq;
	return 0;
}

/* An update that no followed task made. Bytes, signed each way: see kmem_has_kind(). */
__weak __noinline int kmem_nonowner(__u32 who, __s64 in, __s64 out)
{
	struct tare_cgroup *g = &workload.cgroup;

	if (who >= TARE_NONOWNERS)
		return 0;
	cgroup_note_peak();
	__sync_fetch_and_add(&g->nonowner[who].in, in);
	__sync_fetch_and_add(&g->nonowner[who].out, out);
	return 0;
}

/* Kernel memory that `charged` was charged for, as TARE_KMEM, is counted under
 * its own kind: taken out there. NULL: somebody who is not followed. */
__weak __noinline int kmem_came_as(struct task_state *charged, __u64 bytes)
{
	if (!kmem_watched()) {
		update_nonrss(bytes / cfg_page_size);
	} else if (charged && !(charged->t.flags & TARE_TASK_ENDED)) {
		ledger_note_peak(&charged->t, workload.peak_seq);
		charged->t.flow[TARE_KMEM].in -= bytes;
	} else {
		kmem_nonowner(TARE_NONOWNER_KERNEL, -(__s64)bytes, 0);
	}
	return 0;
}

/* The same of what goes: the kernel uncharges it later, and by whom is known: page
 * tables by RCU, a stack by its task on its last steps. */
__weak __noinline int kmem_went_as(__u32 freed_by, __u64 bytes)
{
	if (!kmem_own())
		update_nonrss(-(__s64)(bytes / cfg_page_size));
	if (kmem_watched())
		kmem_nonowner(freed_by, 0, -(__s64)bytes);
	return 0;
}

/* The running task was the cause of this change of page tables. Those that fork copies are in
 * the account of the clone, as all that fork is charged. */
__weak __noinline int kmem_has_kind(__s64 bytes)
{
	struct task_state *ts = task_find(bpf_get_current_task_btf());

	if (bytes <= 0)
		return kmem_went_as(TARE_NONOWNER_KERNEL, -bytes);
	kmem_came_as(ts, bytes);
	if (ts && kmem_watched() && making_task())
		ts->clone.in -= bytes;
	return 0;
}

/* A task is born: move to it what its parent, which is running, was charged for it. Its stack
 * is part of that, unless no system call of the parent made it (io_uring's workers).
 * Returns the bytes without the stack. */
__weak __noinline __s64 kmem_born(struct task_state *parent, struct task_state *child)
{
	__u64 stack = workload.stack_bytes;
	struct tare_flow *made;

	if (!parent || !child)
		return 0;
	made = &parent->clone;
	if (!kmem_watched() || !making_task()) {
		kmem_came_as(parent, stack);
		return 0;
	}
	ledger_note_peak(&parent->t, workload.peak_seq);
	ledger_note_peak(&child->t, workload.peak_seq);
	ledger_move(&parent->t.flow[TARE_KMEM], &child->t.flow[TARE_KMEM], made);
	made->in = made->out = 0;
	kmem_came_as(child, stack);
	return ledger_net(&child->t.flow[TARE_KMEM]);
}

/* Take `held` out of a task's account: it has no owner from now on. Where others are in the
 * cgroup too nobody can tell when it is freed, so it leaves the weight now. */
static __always_inline void kmem_give_up(struct task_state *ts, __s64 held)
{
	if (!workload.cgroup.own)
		update_nonrss_bytes(-held);
	ledger_note_peak(&ts->t, workload.peak_seq);
	cgroup_note_peak();
	ledger_leave(&ts->t.flow[TARE_KMEM], held);
	__sync_fetch_and_add(&workload.cgroup.left, held);
}

/* A task ends. */
__weak __noinline int kmem_leave(struct task_state *ts)
{
	if (ts && kmem_watched())
		kmem_give_up(ts, ledger_net(&ts->t.flow[TARE_KMEM]));
	return 0;
}

/* The task's clone() made no child: it failed, and what it was charged is freed by and by. */
__weak __noinline int kmem_unborn(struct task_state *ts)
{
	if (!ts)
		return 0;
	kmem_give_up(ts, ledger_net(&ts->clone));
	ts->clone.in = ts->clone.out = 0;
	return 0;
}

/* Page tables and stacks of tasks that ran before tare came: in the cgroup's
 * initial balance, and counted under their own kinds now. */
static __always_inline void kmem_attach(__u64 bytes)
{
	if (!kmem_own())
		update_nonrss(bytes / cfg_page_size);
	__sync_fetch_and_add(&workload.cgroup.attached, bytes);
}

#endif
