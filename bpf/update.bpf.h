/* SPDX-License-Identifier: GPL-2.0-only
 *
 * An update: a change of one kind of one mm is counted against the running task, against a
 * non-owner of the mm, or as part of the mm's initial balance. It must not know how the
 * change was found.
 *
 * This is the hot path: frequent code is inline. Rare code is in global functions: the verifier
 * checks a global function once, not again on each path that leads to a call of it.
 */
#ifndef TARE_UPDATE_BPF_H
#define TARE_UPDATE_BPF_H

#include "kmem.bpf.h"
#include "vma.bpf.h"

/* What the task is doing: TARE_CAUSE_*, or the system call that it is in. */
static __always_inline __u32 cause_of(struct task_struct *task)
{
	__u32 flags = task->flags;

	if (flags & PF_EXITING)
		return TARE_CAUSE_EXIT;
	if (flags & PF_MEMALLOC)
		return TARE_CAUSE_RECLAIM;
	return syscall_of(task);
}

/* Snapshot the peak before an update by a non-owner; see ledger_note_peak(). */
__weak __noinline int mm_note_peak(struct tare_mm *m)
{
	__u32 k;

	if (!m || m->peak_seq == workload.peak_seq)
		return 0;
	for (k = 0; k < TARE_MM_KINDS; k++)
		m->at_peak[k] = m->initial[k] + ledger_net(&m->nonowner[k]);
	m->peak_seq = workload.peak_seq;
	return 0;
}

__weak __noinline int update_by_nonowner(struct tare_mm *m, int of_process, __u32 kind, __s64 delta)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct mm_struct *mm = task->mm; /* first: see record.bpf.h on followed pointers */
	__u32 who = nonowner_current(of_process);
	__u64 *total, *cause;

	if (!m || kind >= TARE_MM_KINDS || who >= TARE_NONOWNERS)
		return 0;
	/* The running task runs in this mm but has no state: its state was lost, unless tare
	 * has not attached to it yet. */
	if (who == TARE_NONOWNER_PROCESS && !cfg_no_children && !workload.attaching && mm &&
	    mm_key(mm) == m->key && !task_find(task))
		count_lost(TARE_LOST_STATE);
	mm_note_peak(m);
	total = delta > 0 ? &m->nonowner[kind].in : &m->nonowner[kind].out;
	cause = delta > 0 ? &m->nonowner_cause[who].in : &m->nonowner_cause[who].out;
	if (delta < 0)
		delta = -delta;
	__sync_fetch_and_add(total, delta);
	if (ledger_is_rss(kind))
		__sync_fetch_and_add(cause, delta);
	return 0;
}

static __always_inline void update_rss(struct tare_mm *m, __s64 delta)
{
	__s64 before = __sync_fetch_and_add(&m->rss, delta), rss = before + delta, ahead;

	if (delta < 0 && before > m->peak)
		peak_raise(&m->peak, &m->peak_ns, before);
	ahead = rss - m->folded;
	if (ahead < 0)
		ahead = -ahead;
	if (ahead >= ledger_fold_at(rss))
		__sync_fetch_and_add(&workload.rss,
				     rss - (__s64)__sync_lock_test_and_set(&m->folded, rss));
}

/* Take a sample of the memory of address space `m`. */
__weak __noinline int sample_mapped(struct task_state *ts, struct tare_mm *m, __u32 kind,
				    __u32 cause)
{
	struct sample_request what = { .kind = kind, .cause = cause };

	if (!cfg_period || !ts || !m)
		return 0;
	if (m->brk_low)
		vma_heap_report(m, ts->t.tgid);
	what.mm = m->id;
	what.user = !(m->flags & TARE_MM_EXECING);
	sample_take(ts, &what);
	return 0;
}

/* A task grew. On the hot path: only the subtraction is inline. */
static __always_inline void sample_growth(struct task_state *ts, struct tare_mm *m, __u32 kind,
					  __u32 cause, __u64 bytes)
{
	ts->sampling.left -= bytes;
	if (ts->sampling.left <= 0)
		sample_mapped(ts, m, kind, cause);
}

/* The search is a global function, so that the verifier does not follow each of its iterations
 * through the code after it. */
__weak __noinline int cause_place(struct task_state *ts, __u32 cause)
{
	return ts ? ledger_cause_place(&ts->t, cause) : 0;
}

static __always_inline struct tare_cause *cause_find(struct task_state *ts, __u32 cause)
{
	__u64 place = cause == TARE_CAUSE_FAULT ? 0 : cause_place(ts, cause);

	_Static_assert(TARE_TASK_CAUSES == 16, "a mask of 4 bits");
	asm volatile("%0 &= 15" : "+r"(place));
	return ledger_cause_at(&ts->t, place, cause);
}

/* `delta` is not 0; `kind` is below TARE_MM_KINDS. Pages, or bytes for TARE_PAGETABLE. */
static __always_inline void counter_update_kind(struct tare_mm *m, __u64 kind, __s64 delta)
{
	struct task_struct *task;
	struct task_state *ts;

	if (ledger_is_rss(kind)) {
		if (delta < 0)
			leave_peaks(workload.rss + m->rss - m->folded);
		update_rss(m, delta);
	} else if (kind == TARE_SWAP) {
		update_swap(delta);
	}
	if (m->flags & TARE_MM_FORKING) {
		mm_note_peak(m);
		__sync_fetch_and_add(&m->initial[kind], delta);
	} else {
		task = bpf_get_current_task_btf();
		ts = task_find(task);
		if (ts && ts->t.proc == m->proc && !(ts->t.flags & TARE_TASK_ENDED)) {
			task_note_peak(ts);
			ledger_flow(&ts->t.flow[kind], delta);
			if (ledger_is_rss(kind)) {
				__u32 cause = cause_of(task);

				ledger_flow(&cause_find(ts, cause)->pages, delta);
				if (cfg_period && delta > 0)
					sample_growth(ts, m, kind, cause, delta * cfg_page_size);
			} else if (cfg_period && kind == TARE_PAGETABLE && delta > 0) {
				sample_growth(ts, m, kind, cause_of(task), delta);
			}
		} else {
			update_by_nonowner(m, ts && ts->t.proc == m->proc, kind, delta);
		}
	}
}

static __always_inline void counter_update(struct tare_mm *m, __u64 kind, __s64 delta)
{
	/* So that the register that is checked is the one that indexes. */
	asm volatile("" : "+r"(kind));
	if (delta && kind < TARE_MM_KINDS)
		counter_update_kind(m, kind, delta);
}

/* The same as a function, for callers off the hot path. */
__weak __noinline int counter_update_cold(struct tare_mm *m, __u64 kind, __s64 delta)
{
	if (m)
		counter_update(m, kind, delta);
	return 0;
}

/* An update of page tables, for all callers: a function, without the code that only RSS needs. */
__weak __noinline int update_pagetable_by(struct tare_mm *m, __s64 delta)
{
	if (m && delta)
		counter_update_kind(m, TARE_PAGETABLE, delta);
	return 0;
}

/* Page tables have no event of their own: they are read at other events, since
 * mm->pgtables_bytes is exact at any time. The CPU whose compare-and-swap succeeds counts the
 * difference. */
static __always_inline void update_pagetable(struct mm_struct *mm, struct tare_mm *m)
{
	__s64 seen = m->seen_pagetable;
	__s64 now = mm->pgtables_bytes.counter;

	if (now == seen || __sync_val_compare_and_swap(&m->seen_pagetable, seen, now) != seen)
		return;
	kmem_exclude_pagetable(now -
			       seen); /* first: the peak must be noted before anything falls */
	update_pagetable_by(m, now - seen);
}

#endif
