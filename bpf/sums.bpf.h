/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Whole sums of an mm's counters, the kernel's and the ledger's, and taking all
 * that is outstanding between them. Slow (every CPU's slot): for openings,
 * closings, sweeps and the rare entry that found nothing of its own.
 */
#ifndef TARE_SUMS_BPF_H
#define TARE_SUMS_BPF_H

#include "compat.bpf.h"

#define SUM_TRIES 6

/* As percpu_counter_sum() does. */
static __noinline __s64 percpu_sum(struct mm_struct *mm, __u32 member)
{
	__u64 slots;
	__s64 sum;
	__u32 cpu;

	percpu_view(mm, member, &sum, &slots);
	for (cpu = 0; cpu < cfg_cpus && cpu < TARE_MAX_CPUS; cpu++) {
		__s32 value = 0;

		if (percpu_slot(slots, cpu, &value))
			lost(TARE_LOST_READ);
		sum += value;
	}
	return sum;
}

/* The kernel's sum of one member. */
static __always_inline __s64 kernel_sum(struct mm_struct *mm, __u32 member)
{
	if (cfg_shape == TARE_SHAPE_PERCPU)
		return percpu_sum(mm, member);
	if (cfg_shape == TARE_SHAPE_ATOMIC)
		return atomic_count(mm, member);
	return 0;
}

/* What the ledger has entered of one member: all that it has seen. */
static __always_inline __s64 ledger_sum(struct tare_mm *m, __u32 member)
{
	__s64 sum = m->seen[member & 3];
	__u32 cpu;

	for (cpu = 0; cpu < cfg_cpus && cpu < TARE_MAX_CPUS; cpu++) {
		__s32 *last = mm_slot(m, cpu, member);

		if (last)
			sum += *last;
	}
	return sum;
}

/* Take every change of one member that no event has entered, exactly once even
 * when others do the same: each word is swapped for what was read of it.
 * Returns the change in pages. */
static __noinline __s64 claim_percpu(struct mm_struct *mm, struct tare_mm *m, __u32 member)
{
	__s64 count, delta;
	__u64 slots;
	__u32 cpu;

	percpu_view(mm, member, &count, &slots);
	delta = count - (__s64)__sync_lock_test_and_set(&m->seen[member & 3], count);
	for (cpu = 0; cpu < cfg_cpus && cpu < TARE_MAX_CPUS; cpu++) {
		__s32 *last = mm_slot(m, cpu, member), now = 0;

		if (!last || percpu_slot(slots, cpu, &now)) {
			lost(TARE_LOST_READ);
			continue;
		}
		if (now != *last)
			delta += ledger_slot_delta(now, __sync_lock_test_and_set(last, now));
	}
	return delta;
}

static __always_inline __s64 claim_all(struct mm_struct *mm, struct tare_mm *m, __u32 member)
{
	__s64 sum;

	if (cfg_arm == ARM_PERCPU)
		return claim_percpu(mm, m, member);
	sum = kernel_sum(mm, member);
	return sum - (__s64)__sync_lock_test_and_set(&m->seen[member & 3], sum);
}

/* Both sums at one moment, into m->kernel[] and m->ledger[]. While threads run,
 * a change is in the kernel's sum some ns before its event enters it: of a few
 * tries the nearest pair is kept, so what is left is a real difference. */
static __always_inline void take_sums(struct mm_struct *mm, struct tare_mm *m)
{
	__u32 member, try;

	m->sums_valid = cfg_shape != TARE_SHAPE_UNKNOWN;
	for (member = 0; member < TARE_MEMBERS; member++) {
		__u64 best = ~0ULL;

		for (try = 0; try < SUM_TRIES && best; try++) {
			__s64 ledger = ledger_sum(m, member);
			__s64 kernel = kernel_sum(mm, member);
			__s64 off = kernel - ledger;
			__u64 size = off < 0 ? -off : off;

			if (size >= best)
				continue;
			best = size;
			m->kernel[member] = kernel;
			m->ledger[member] = ledger;
		}
	}
	m->ledger[TARE_PAGETABLE] = m->seen_pagetable;
	m->kernel[TARE_PAGETABLE] = mm->pgtables_bytes.counter;
}

#endif
