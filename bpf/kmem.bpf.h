/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Kernel memory: the account of the control group that is watched, and what its
 * entries have to do with page tables and stacks, which have kinds of their own
 * (struct tare_group in abi.h says how it adds up). It must not know where the
 * entries come from.
 */
#ifndef TARE_KMEM_BPF_H
#define TARE_KMEM_BPF_H

#include "weight.bpf.h"

/* Is it the watched group, or below it? In kmem.bpf.c. */
int in_group(struct mem_cgroup *memcg);

static __always_inline int kmem_watched(void)
{
	return cfg_kmem && workload.group.id;
}

/* Only the workload is in the group: all that the group is charged is its own. */
static __always_inline int kmem_own(void)
{
	return kmem_watched() && workload.group.own;
}

static __always_inline __u32 foreigner(struct task_struct *task, int of_process)
{
	__u32 flags = task->flags;

	if (flags & (PF_KSWAPD | PF_MEMALLOC))
		return TARE_FOREIGN_RECLAIM;
	if (flags & PF_KTHREAD) {
		char comm[TARE_COMM_LEN] = {};

		bpf_probe_read_kernel(comm, sizeof(comm), task->comm);
		return comm[0] == 'k' && comm[1] == 'h' && comm[2] == 'u' && comm[3] == 'g' ?
			       TARE_FOREIGN_KHUGEPAGED :
			       TARE_FOREIGN_KERNEL;
	}
	return of_process ? TARE_FOREIGN_LATE : TARE_FOREIGN_PROCESS;
}

/* An entry that no followed task made. Bytes, signed each way: see kmem_has_kind(). */
__weak __noinline int kmem_foreign(__u32 who, __s64 in, __s64 out)
{
	struct tare_group *g = &workload.group;
	__s64 net = 0;
	__u32 i;

	if (who >= TARE_FOREIGNERS)
		return 0;
	if (g->foreign_peak_seq != workload.peak_seq) {
		for (i = 0; i < TARE_FOREIGNERS; i++)
			net += ledger_net(&g->foreign[i]);
		g->foreign_at_peak = net;
		g->foreign_peak_seq = workload.peak_seq;
	}
	__sync_fetch_and_add(&g->foreign[who].in, in);
	__sync_fetch_and_add(&g->foreign[who].out, out);
	return 0;
}

/* Kernel memory that `charged` was charged for, as TARE_KMEM, is entered under
 * its own kind: taken out there. NULL: somebody who is not followed. */
__weak __noinline int kmem_came_as(struct task_state *charged, __u64 bytes)
{
	if (!kmem_watched()) {
		enter_beside(bytes / cfg_page_size);
	} else if (charged && !(charged->t.flags & TARE_TASK_ENDED)) {
		ledger_note_peak(&charged->t, workload.peak_seq);
		charged->t.flow[TARE_KMEM].in -= bytes;
	} else {
		kmem_foreign(TARE_FOREIGN_KERNEL, -(__s64)bytes, 0);
	}
	return 0;
}

/* The same of what goes: the kernel uncharges it later, and by whom is known: page
 * tables by RCU, a stack by its task on its last steps. */
__weak __noinline int kmem_went_as(__u32 freed_by, __u64 bytes)
{
	if (!kmem_own())
		enter_beside(-(__s64)(bytes / cfg_page_size));
	if (kmem_watched())
		kmem_foreign(freed_by, 0, -(__s64)bytes);
	return 0;
}

/* The running task was the cause of this change of page tables. */
__weak __noinline int kmem_has_kind(__s64 bytes)
{
	if (bytes > 0)
		kmem_came_as(task_find(bpf_get_current_task_btf()), bytes);
	else
		kmem_went_as(TARE_FOREIGN_KERNEL, -bytes);
	return 0;
}

/* Page tables and stacks of tasks that ran before tare came: in the group's
 * opening, and entered under their own kinds now. */
static __always_inline void kmem_adopt(__u64 bytes)
{
	if (!kmem_own())
		enter_beside(bytes / cfg_page_size);
	__sync_fetch_and_add(&workload.group.adopted, bytes);
}

#endif
