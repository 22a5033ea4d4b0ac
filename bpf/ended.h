/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Sums of what ended when there was no room for its final record, by process: pure
 * arithmetic on abi.h's structs, compiled into the BPF programs and into the unit tests.
 * Several CPUs may add to one account at a time: sums are added atomically. Who adds in the
 * nanoseconds between a new peak and the account's note of it can miss its share of the
 * peak, never of the sums.
 */
#ifndef TARE_ENDED_H
#define TARE_ENDED_H

#include "ledger.h"

LEDGER_INLINE void ended_flow(struct tare_flow *to, const struct tare_flow *f)
{
	__sync_fetch_and_add(&to->in, f->in);
	__sync_fetch_and_add(&to->out, f->out);
}

/* Its causes by number; the last takes what finds no room. The first is not kept for page
 * faults, as a task's is: an account may be of tasks that had none. A cause is claimed with
 * its number at once, so that no other CPU sees the one without the other. */
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

/* Add what a task did but for its causes. `seq`: the number of the present peak, by which
 * the task has noted its net. */
LEDGER_INLINE void ended_add_task(struct tare_ended *e, const struct tare_task *t, __u64 seq)
{
	struct tare_task *sum = &e->task;
	int k;

	ledger_note_peak(sum, seq);
	for (k = 0; k < TARE_KINDS; k++) {
		__sync_fetch_and_add(&sum->at_peak[k], ledger_at_peak(t, k, seq));
		ended_flow(&sum->flow[k], &t->flow[k]);
	}
	/* At its end a task has reported all that it had cached. */
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
	/* Those of the last task to end: its end is that of the process. */
	sum->tgid = t->tgid;
	sum->ppid = t->ppid;
	sum->exit_code = t->exit_code;
	sum->end_ns = t->end_ns;
	if (!sum->start_ns || t->start_ns < sum->start_ns)
		sum->start_ns = t->start_ns;
	__builtin_memcpy(sum->comm, t->comm, sizeof(sum->comm));
	if (t->flags & TARE_TASK_ATTACHED)
		__sync_fetch_and_add(&e->attached, 1);
	__sync_fetch_and_add(&e->tasks, 1);
}

/* The address space's initial balance and what others did to it, at present. */
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
	if (m->peak > sum->peak) { /* of two at the same moment one stays */
		sum->peak = m->peak;
		sum->peak_ns = m->peak_ns;
	}
	__sync_fetch_and_add(&e->mms, 1);
}

#endif
