/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Sums of ended tasks and address spaces whose final records found no room in the ring: an
 * account for each process, as far as there is room for accounts, and one for all others.
 * This is rare, so it is called, not inlined. It must not know who ends.
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

/* The search goes apart, as cause_place() does. */
__weak __noinline int ended_place(struct tare_ended *e, __u32 cause)
{
	return e ? ended_cause_place(&e->task, cause) : 0;
}

/* One turn of bpf_loop(): in a plain loop the verifier would follow the search 16 times. */
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

/* Add to an account, in the map or in .bss. A global function: verified once for both. */
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
