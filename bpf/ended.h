/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Accounts (struct tare_ended): sums of tasks and address spaces that ended when the ring had
 * no room for their final records, by process. Pure arithmetic on abi.h's structs, compiled
 * into the BPF programs and into the unit tests. It must not know maps.
 *
 * Several CPUs may add to one account at the same time: sums are added atomically. An
 * addition in the nanoseconds between a new peak and the account's note of that peak may be
 * missing in at_peak, never in the sums.
 */
#ifndef TARE_ENDED_H
#define TARE_ENDED_H

#include "ledger.h"

LEDGER_INLINE void ended_flow(struct tare_flow *to, const struct tare_flow *f)
{
	__sync_fetch_and_add(&to->in, f->in);
	__sync_fetch_and_add(&to->out, f->out);
}

/* The index in causes[] for cause `id`; the last element takes the causes that find no room.
 * Unlike in a task, the first element is not reserved for page faults: the tasks of an account
 * may have had none. `id` and `used` are set by one compare-and-swap, so that no other CPU sees
 * one without the other. */
LEDGER_INLINE __u32 ended_cause_place(struct tare_task *sum, __u32 id)
{
	const union {
		struct {
			__u32 id, used;
		};
		__u64 word;
	} want = { .id = id, .used = 1 };
	struct tare_cause *last = &sum->causes[TARE_TASK_CAUSES - 1];
	__u32 i;

	for (i = 0; i < TARE_TASK_CAUSES - 1 && id != TARE_CAUSE_OTHER; i++) {
		struct tare_cause *c = &sum->causes[i];
		__u64 *word = (__u64 *)c;

		if (!c->used)
			__sync_val_compare_and_swap(word, 0, want.word);
		if (*(volatile __u64 *)word == want.word)
			return i;
	}
	last->used = 1;
	last->id = TARE_CAUSE_OTHER;
	return TARE_TASK_CAUSES - 1;
}

/* Add a task's sums, but not its causes. `seq`: the number of the last peak
 * (workload.peak_seq); the task has noted its net for that. */
LEDGER_INLINE void ended_add_task(struct tare_ended *e, const struct tare_task *t, __u64 seq)
{
	struct tare_task *sum = &e->task;
	int k;

	ledger_note_peak(sum, seq);
	for (k = 0; k < TARE_KINDS; k++) {
		__sync_fetch_and_add(&sum->at_peak[k], ledger_at_peak(t, k, seq));
		ended_flow(&sum->flow[k], &t->flow[k]);
	}
	/* At its end a task has added all cached pages to its mm's counters. */
	for (k = 0; k < TARE_MEMBERS; k++)
		if (!t->mm_proc || t->mm_proc == t->proc)
			__sync_fetch_and_add(&sum->cached0[k], t->cached0[k] - t->cached[k]);
	__sync_fetch_and_add(&sum->faults, t->faults);
	__sync_fetch_and_add(&sum->faults_major, t->faults_major);
	__sync_fetch_and_add(&sum->faults_kernel, t->faults_kernel);
	__sync_fetch_and_add(&sum->mapped, t->mapped);
	__sync_fetch_and_add(&sum->unmapped, t->unmapped);
	__sync_fetch_and_add(&sum->brk_up, t->brk_up);
	__sync_fetch_and_add(&sum->brk_down, t->brk_down);
	/* The identity of the last task to end: the process ends with it. */
	sum->tgid = t->tgid;
	sum->ppid = t->ppid;
	sum->cgroup = t->cgroup;
	sum->exit_code = t->exit_code;
	sum->end_ns = t->end_ns;
	if (!sum->start_ns || t->start_ns < sum->start_ns)
		sum->start_ns = t->start_ns;
	__builtin_memcpy(sum->comm, t->comm, sizeof(sum->comm));
	if (t->flags & TARE_TASK_ATTACHED)
		__sync_fetch_and_add(&e->attached, 1);
	__sync_fetch_and_add(&e->tasks, 1);
}

/* The address space's initial balance plus its updates by non-owners, now. */
LEDGER_INLINE __s64 ended_mm_held(const struct tare_mm *m, int kind)
{
	return m->initial[kind] + ledger_net(&m->nonowner[kind]);
}

/* Add an address space that has closed. */
LEDGER_INLINE void ended_add_mm(struct tare_ended *e, const struct tare_mm *m, __u64 seq)
{
	struct tare_mm *sum = &e->mm;
	int noted = m->peak_seq == seq, k;

	if (sum->peak_seq != seq) {
		for (k = 0; k < TARE_MM_KINDS; k++)
			sum->at_peak[k] = ended_mm_held(sum, k);
		sum->peak_seq = seq;
	}
	for (k = 0; k < TARE_MM_KINDS; k++) {
		__sync_fetch_and_add(&sum->at_peak[k], noted ? m->at_peak[k] : ended_mm_held(m, k));
		__sync_fetch_and_add(&sum->initial[k], m->initial[k]);
		ended_flow(&sum->nonowner[k], &m->nonowner[k]);
	}
	for (k = 0; k < TARE_NONOWNERS; k++)
		ended_flow(&sum->nonowner_cause[k], &m->nonowner_cause[k]);
	if (m->peak > sum->peak) { /* a race between two CPUs may keep the smaller peak */
		sum->peak = m->peak;
		sum->peak_ns = m->peak_ns;
	}
	if (m->vm_peak > sum->vm_peak)
		sum->vm_peak = m->vm_peak;
	__sync_fetch_and_add(&e->mms, 1);
}

#endif
