/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Accounts of tasks and address spaces whose final records found no room in the ring: one
 * account for each process while the map has room, and one for all other processes.
 * This is rare, so the functions are not inlined. It must not know why something ended.
 */
#ifndef TARE_ENDED_BPF_H
#define TARE_ENDED_BPF_H

#include "ended.h"
#include "state.bpf.h"

static __always_inline struct tare_ended *ended_account(__u64 proc)
{
	struct tare_ended *e = bpf_map_lookup_elem(&tare_ended, &proc);

	if (e)
		return e;
	bpf_map_update_elem(&tare_ended, &proc, &ended_none, BPF_NOEXIST);
	e = bpf_map_lookup_elem(&tare_ended, &proc);
	return e ? e : &ended_rest;
}

struct ended_causes {
	struct tare_task *from;
	struct tare_ended *to;
};

/* The search is a function of its own, for the same reason as cause_place(). */
__weak __noinline int ended_place(struct tare_ended *e, __u32 cause)
{
	return e ? ended_cause_place(&e->task, cause) : 0;
}

/* One iteration of bpf_loop(): in a plain loop the verifier would follow the search 16 times. */
static long ended_take_cause(__u32 i, struct ended_causes *c)
{
	struct tare_cause *cause;
	__u64 place;

	if (i >= TARE_TASK_CAUSES)
		return 0;
	cause = &c->from->causes[i];
	if (!cause->used)
		return 0;
	place = ended_place(c->to, cause->id);
	asm volatile("%0 &= 15" : "+r"(place)); /* TARE_TASK_CAUSES - 1 */
	ended_flow(&c->to->task.causes[place].pages, &cause->pages);
	return 0;
}

/* Add a task to an account, which is in the map or in .bss. Global: verified once for both. */
__weak __noinline int ended_fold_task(struct tare_ended *e, struct task_state *ts)
{
	struct ended_causes c;

	if (!e || !ts)
		return 0;
	c = (struct ended_causes){ &ts->t, e };
	ended_add_task(e, &ts->t, workload.peak_seq);
	bpf_loop(TARE_TASK_CAUSES, ended_take_cause, &c, 0);
	return 0;
}

__weak __noinline int ended_fold_mm(struct tare_ended *e, struct tare_mm *m)
{
	if (e && m)
		ended_add_mm(e, m, workload.peak_seq);
	return 0;
}

#endif
