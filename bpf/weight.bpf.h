/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The workload's weight (RSS, swap and kernel memory) and its peaks. It must not
 * know whose memory comes or goes.
 *
 * A peak is noted when memory begins to fall from it. So nothing is compared while memory grows,
 * and no peak is missed: before each fall, the value before the fall is compared with the peak.
 */
#ifndef TARE_WEIGHT_BPF_H
#define TARE_WEIGHT_BPF_H

#include "compat.bpf.h"

#define FROZEN_NS 3000000000ULL

/* Raise a peak to `value`, the value before a fall. Returns 1 if it was raised. */
__weak __noinline int peak_raise(__s64 *peak, __u64 *when, __s64 value)
{
	__u32 try;

	for (try = 0; try < SWAP_TRIES && peak && when; try++) {
		__s64 old = *peak;

		if (value <= old)
			return 0;
		if (__sync_val_compare_and_swap(peak, old, value) != old)
			continue;
		*when = bpf_ktime_get_boot_ns();
		return 1;
	}
	return 0;
}

static __always_inline void note_weight_peak(__s64 nonrss)
{
	workload.weight_peak_kernel = nonrss - workload.swap;
	workload.weight_peak_polled = workload.polled;
	workload.weight_peak_drift = workload.drift;
	__sync_fetch_and_add(&workload.peak_seq, 1);
}

/* Memory is about to fall; `rss` is the RSS before the fall, in pages. */
static __always_inline void leave_peaks(__s64 rss)
{
	__s64 nonrss = workload.nonrss;

	if (cfg_freeze)
		return; /* only weight_freeze() notes peaks */
	if (rss > workload.peak)
		peak_raise(&workload.peak, &workload.peak_ns, rss);
	if (rss + nonrss > workload.weight_peak &&
	    peak_raise(&workload.weight_peak, &workload.weight_peak_ns, rss + nonrss))
		note_weight_peak(nonrss);
}

/* Note now as a peak of the weight, so that all accounts keep what they hold now. Without
 * cfg_freeze only if it is one; with it, until user space has read them (it sets frozen_until to 0)
 * or some seconds have passed: kills come in groups, and the first victim is already torn down at
 * the next. Returns its number; 0: not noted. */
static __always_inline __u64 weight_freeze(void)
{
	__s64 nonrss = workload.nonrss, weight = workload.rss + nonrss;
	__u64 now = bpf_ktime_get_boot_ns();

	if (cfg_freeze) {
		if (now < frozen_until)
			return 0;
		frozen_until = now + FROZEN_NS;
		workload.weight_peak = weight;
		workload.weight_peak_ns = now;
		workload.peak = workload.rss;
		workload.peak_ns = now;
	} else if (weight < workload.weight_peak ||
		   !peak_raise(&workload.weight_peak, &workload.weight_peak_ns, weight)) {
		return 0;
	}
	note_weight_peak(nonrss);
	return workload.peak_seq;
}

/* Change the part of the weight that is not RSS, by `pages`. Rare compared with faults, so not
 * inlined. */
__weak __noinline int update_nonrss(__s64 pages)
{
	if (pages < 0)
		leave_peaks(workload.rss);
	__sync_fetch_and_add(&workload.nonrss, pages);
	return 0;
}

static __always_inline void update_swap(__s64 pages)
{
	update_nonrss(pages);
	__sync_fetch_and_add(&workload.swap, pages);
}

/* Note the task's net at the last peak: once after each peak. Global, as many paths lead here. */
__weak __noinline int task_peak(struct task_state *ts)
{
	if (ts)
		ledger_note_peak(&ts->t, workload.peak_seq);
	return 0;
}

static __always_inline void task_note_peak(struct task_state *ts)
{
	if (ts->t.peak_seq != workload.peak_seq)
		task_peak(ts);
}

#endif
