/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The arithmetic of the ledger: pure functions on abi.h's structs, compiled by
 * the BPF programs and by the unit tests alike. It must not know maps, tasks,
 * helpers or how a counter is read.
 */
#ifndef TARE_LEDGER_H
#define TARE_LEDGER_H

#include "abi.h"

#define LEDGER_INLINE static inline __attribute__((always_inline, unused))

/* Smallest batch at which the kernel flushes a slot of a percpu_counter:
 * max(32, 2 x CPUs), lib/percpu_counter.c compute_batch_value(). */
#define LEDGER_MIN_BATCH 32

/* Change of a slot. Slots are s32 and may wrap; the difference does not. */
LEDGER_INLINE __s64 ledger_slot_delta(__s32 now, __s32 last)
{
	return (__s32)((__u32)now - (__u32)last);
}

/* What one flush added to a percpu_counter's central count, when several flushes may be
 * outstanding (made by the kernel, not counted by an event yet).
 *
 * A flush moves a slot's value c and the step a that triggered it into the
 * count, and sets the slot to 0. When two CPUs flush before either of them has its
 * event, both see both moves in `moved`. A flush on another CPU shows: its
 * slot is 0 now and was not 0 when last seen. The steps nearly always have the same size
 * (one page for each fault), so `moved` less all the c's divides evenly among the flushes.
 * Where it does not, the first event takes all of `moved`: the sum stays right, and the
 * shares of two tasks are off by at most that step.
 *
 * own: this CPU's slot as last seen (its c). others: how many other CPUs have
 * a flush outstanding; others_sum: the sum of their c's.
 * Returns the part of `moved` that this CPU's flush made. Pages. */
LEDGER_INLINE __s64 ledger_flush_share(__s64 moved, __s64 own, __u32 others, __s64 others_sum)
{
	__s64 steps = moved - own - others_sum;
	__u64 size = steps < 0 ? -(__u64)steps : (__u64)steps;
	__u64 n = (__u64)others + 1;
	__s64 step, share;

	if (!others || size % n)
		return moved;
	step = (__s64)(size / n);
	if (steps < 0)
		step = -step;
	share = own + step;
	if (share < LEDGER_MIN_BATCH && share > -LEDGER_MIN_BATCH)
		return moved; /* too small for a flush: the other slots were not flushed */
	return share;
}

/* Count a change. Increases and decreases are summed separately. */
LEDGER_INLINE void ledger_flow(struct tare_flow *f, __s64 delta)
{
	if (delta > 0)
		f->in += delta;
	else
		f->out -= delta;
}

LEDGER_INLINE __s64 ledger_net(const struct tare_flow *f)
{
	return (__s64)(f->in - f->out);
}

/* The part of a change that an account can take: it gives back at most what it holds. */
LEDGER_INLINE __s64 ledger_own_part(const struct tare_flow *f, __s64 delta)
{
	__s64 held = ledger_net(f);

	if (held < 0)
		held = 0;
	return delta < -held ? -held : delta;
}

/* Move `part`, which one account has counted, to another. */
LEDGER_INLINE void ledger_move(struct tare_flow *from, struct tare_flow *to,
			       const struct tare_flow *part)
{
	from->in -= part->in;
	from->out -= part->out;
	to->in += part->in;
	to->out += part->out;
}

/* Take `held` out of an account: this memory has no owner from now on. */
LEDGER_INLINE void ledger_leave(struct tare_flow *f, __s64 held)
{
	if (held > 0)
		f->out += held;
	else
		f->in -= held;
}

/* anon, file and shmem are resident; swap entries and page tables are not. */
LEDGER_INLINE int ledger_is_rss(__u32 kind)
{
	return kind == TARE_FILE || kind == TARE_ANON || kind == TARE_SHMEM;
}

/* A task's net at the workload's peak, without a visit to every task at each peak.
 * A peak gets its number (peak_seq) when the workload begins to fall from it. Before its next
 * change a task notes its net under the latest number. So at the end: a task whose
 * peak_seq is the last number has its net at that peak in at_peak; any other task has not
 * changed since that peak, and its net now is its net then. */
LEDGER_INLINE void ledger_note_peak(struct tare_task *t, __u64 peak_seq)
{
	int k;

	if (t->peak_seq == peak_seq)
		return;
	for (k = 0; k < TARE_KINDS; k++)
		t->at_peak[k] = ledger_net(&t->flow[k]);
	t->peak_seq = peak_seq;
}

LEDGER_INLINE __s64 ledger_at_peak(const struct tare_task *t, __u32 kind, __u64 last_peak_seq)
{
	return t->peak_seq == last_peak_seq ? t->at_peak[kind] : ledger_net(&t->flow[kind]);
}

/* By how many pages an mm's rss may differ from the part of it that the workload's sum
 * includes, before the difference is added to the sum. It is below 1/1024 of the mm's rss, so
 * the sum is right within 1/1024, and exact while every mm is small. So tasks of
 * many processes do not contend for the sum's cache line. */
LEDGER_INLINE __s64 ledger_fold_at(__s64 rss)
{
	return rss < 2048 ? 1 : (__s64)((__u64)rss / 1024);
}

/* The index in causes[] for cause `id`. The first element is for page faults; the last
 * one takes the causes that find no room. */
LEDGER_INLINE __u32 ledger_cause_place(const struct tare_task *t, __u32 id)
{
	__u32 i;

	if (id == TARE_CAUSE_FAULT)
		return 0;
	for (i = 1; i < TARE_TASK_CAUSES - 1; i++)
		if (!t->causes[i].used || t->causes[i].id == id)
			break;
	return i;
}

/* The cause at that index; it is given to `id` if it was not used. Never NULL. */
LEDGER_INLINE struct tare_cause *ledger_cause_at(struct tare_task *t, __u64 place, __u32 id)
{
	struct tare_cause *c = &t->causes[place];

	if (!c->used) {
		c->used = 1;
		c->id = place < TARE_TASK_CAUSES - 1 ? id : TARE_CAUSE_OTHER;
		if (t->n_causes <= place)
			t->n_causes = place + 1;
	}
	return c;
}

LEDGER_INLINE struct tare_cause *ledger_cause(struct tare_task *t, __u32 id)
{
	return ledger_cause_at(t, ledger_cause_place(t, id), id);
}

/* Size in bytes of a task's record with `n_causes` causes: unused causes are cut off. */
LEDGER_INLINE __u32 ledger_record_size(__u32 n_causes)
{
	if (n_causes > TARE_TASK_CAUSES)
		n_causes = TARE_TASK_CAUSES;
	return sizeof(struct tare_record) + sizeof(struct tare_task) -
	       (TARE_TASK_CAUSES - n_causes) * sizeof(struct tare_cause);
}

/* Bytes rounded up to pages, as mmap and munmap do; 0 on overflow. */
LEDGER_INLINE __u64 ledger_page_up(__u64 bytes, __u64 page)
{
	return (bytes + page - 1) & ~(page - 1);
}

#endif
