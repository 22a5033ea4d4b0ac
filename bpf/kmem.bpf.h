/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Kernel memory: the account of the watched control group, and how page tables and stacks,
 * which have kinds of their own, are taken out of it (struct tare_cgroup in abi.h has
 * the equation). It must not know where the updates come from.
 */
#ifndef TARE_KMEM_BPF_H
#define TARE_KMEM_BPF_H

#include "arch.bpf.h"
#include "calls.h"
#include "weight.bpf.h"

/* Is it the watched cgroup, or below it? In kmem.bpf.c. */
struct mem_cgroup;
int in_cgroup(__u64 memcg_at);

/* The cause of the system call that the task is in; TARE_CAUSE_FAULT if it is in none. */
static __always_inline __u32 syscall_of(struct task_struct *task)
{
	struct pt_regs *regs = (struct pt_regs *)bpf_task_pt_regs(task);
	__s64 nr = arch_syscall(regs);

	if (nr < 0 || nr >= TARE_CAUSE_COMPAT)
		return TARE_CAUSE_FAULT;
	return arch_compat(task, regs) ? nr | TARE_CAUSE_COMPAT : nr;
}

/* The running task is making another task. Not inlined, so that the verifier checks it once. */
__weak __noinline int making_task(void)
{
	return calls_clone(syscall_of(bpf_get_current_task_btf()));
}

static __always_inline int kmem_watched(void)
{
	return cfg_kmem && workload.cgroup.id;
}

/* Only the workload is in the cgroup: all memory that the cgroup is charged for is the
 * workload's. */
static __always_inline int kmem_own(void)
{
	return kmem_watched() && workload.cgroup.own;
}

/* Bytes to whole pages, signed: BPF has no signed division. */
static __always_inline __s64 in_pages(__s64 bytes)
{
	return bytes < 0 ? -(__s64)((__u64)-bytes / cfg_page_size) :
			   (__s64)((__u64)bytes / cfg_page_size);
}

/* update_nonrss() in bytes. */
__weak __noinline int update_nonrss_bytes(__s64 bytes)
{
	return update_nonrss(in_pages(bytes));
}

/* The running task as a non-owner: TARE_NONOWNER_*. `of_process`: it belongs to the process
 * that owns the memory. */
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

/* Snapshot the peak before an update of kernel memory that no live task holds; see
 * ledger_note_peak(). */
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

/* An update of kernel memory by a non-owner. Bytes; `in` and `out` may be below 0, see
 * kmem_exclude_charge() and kmem_exclude_free(). */
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

/* `bytes` of kernel memory that were counted as TARE_KMEM are counted under their own kind now:
 * take them out of the account of `charged`, the task that was charged. NULL: that task is not
 * followed. */
__weak __noinline int kmem_exclude_charge(struct task_state *charged, __u64 bytes)
{
	if (!kmem_watched()) {
		update_nonrss(bytes / cfg_page_size);
	} else if (charged && !(charged->t.flags & TARE_TASK_ENDED)) {
		task_note_peak(charged);
		charged->t.flow[TARE_KMEM].in -= bytes;
	} else {
		kmem_nonowner(TARE_NONOWNER_KERNEL, -(__s64)bytes, 0);
	}
	return 0;
}

/* The same for memory of such a kind that is freed. The kernel uncharges it later, and the
 * non-owner that does so is known (`freed_by`): page tables are uncharged in RCU callbacks, a
 * stack by its own task after its final record. */
__weak __noinline int kmem_exclude_free(__u32 freed_by, __u64 bytes)
{
	if (!kmem_own())
		update_nonrss(-(__s64)(bytes / cfg_page_size));
	if (kmem_watched())
		kmem_nonowner(freed_by, 0, -(__s64)bytes);
	return 0;
}

/* The running task changed page tables by `bytes`. Page tables that fork copies are also in the
 * clone's account (task_state.clone), as is all memory that fork is charged for. */
__weak __noinline int kmem_exclude_pagetable(__s64 bytes)
{
	struct task_state *ts = task_find(bpf_get_current_task_btf());

	if (bytes <= 0)
		return kmem_exclude_free(TARE_NONOWNER_KERNEL, -bytes);
	kmem_exclude_charge(ts, bytes);
	if (ts && kmem_watched() && making_task())
		ts->clone.in -= bytes;
	return 0;
}

/* A task begins: move to it the charges that its parent, the running task, got for it. Its stack
 * is one of these charges, unless no system call of the parent made the task (io_uring's
 * workers). Returns the bytes without the stack. */
__weak __noinline __s64 kmem_task_begin(struct task_state *parent, struct task_state *child)
{
	__u64 stack = workload.stack_bytes;
	struct tare_flow *made;

	if (!parent || !child)
		return 0;
	made = &parent->clone;
	if (!kmem_watched() || !making_task()) {
		kmem_exclude_charge(parent, stack);
		return 0;
	}
	task_note_peak(parent);
	task_note_peak(child);
	ledger_move(&parent->t.flow[TARE_KMEM], &child->t.flow[TARE_KMEM], made);
	made->in = made->out = 0;
	kmem_exclude_charge(child, stack);
	return ledger_net(&child->t.flow[TARE_KMEM]);
}

/* Take `held` bytes out of a task's account: this memory has no owner from now on. If
 * the cgroup is not the workload's own, the later free cannot be attributed, so the memory
 * leaves the weight now. */
static __always_inline void kmem_disown(struct task_state *ts, __s64 held)
{
	if (!workload.cgroup.own)
		update_nonrss_bytes(-held);
	task_note_peak(ts);
	cgroup_note_peak();
	ledger_leave(&ts->t.flow[TARE_KMEM], held);
	__sync_fetch_and_add(&workload.cgroup.left, held);
}

/* A task ends. */
__weak __noinline int kmem_task_end(struct task_state *ts)
{
	if (ts && kmem_watched())
		kmem_disown(ts, ledger_net(&ts->t.flow[TARE_KMEM]));
	return 0;
}

/* The task's clone() failed: there is no child, and the kernel frees later what the call was
 * charged for. */
__weak __noinline int kmem_clone_failed(struct task_state *ts)
{
	if (!ts)
		return 0;
	kmem_disown(ts, ledger_net(&ts->clone));
	ts->clone.in = ts->clone.out = 0;
	return 0;
}

/* Page tables and stacks of a task that ran before tare came: these bytes are in the cgroup's
 * initial balance, and counted under their own kinds now. */
static __always_inline void kmem_attach(__u64 bytes)
{
	if (!kmem_own())
		update_nonrss(bytes / cfg_page_size);
	__sync_fetch_and_add(&workload.cgroup.attached, bytes);
}

#endif
