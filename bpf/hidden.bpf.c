// SPDX-License-Identifier: GPL-2.0-only
/* Tasks that run without events, as a sandbox's kernel may hide its own: there is
 * an event of the switch to such a task and none of the switch away from it.
 * Loaded only to look for them. */
#include "state.bpf.h"

struct tare_hidden hidden;

static struct {
	__u32 seen, tid, tgid;
	char comm[TARE_COMM_LEN];
} running[TARE_MAX_CPUS];

SEC("?tp_btf/sched_switch")
int BPF_PROG(tare_switch, bool preempt, struct task_struct *prev, struct task_struct *next)
{
	__u64 cpu = bpf_get_smp_processor_id();
	__u32 before, tgid;

	if (cpu >= TARE_MAX_CPUS)
		return 0;
	tgid = running[cpu].tgid;
	if (running[cpu].seen && running[cpu].tid != (__u32)prev->pid) {
		before = __sync_val_compare_and_swap(&hidden.tgid, 0, tgid);
		if (!before)
			__builtin_memcpy(hidden.comm, running[cpu].comm, TARE_COMM_LEN);
		else if (before != tgid)
			hidden.others = 1;
	}
	running[cpu].seen = 1;
	running[cpu].tid = next->pid;
	running[cpu].tgid = next->tgid;
	bpf_probe_read_kernel(running[cpu].comm, TARE_COMM_LEN, next->group_leader->comm);
	return 0;
}
