/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Whole sums of an mm's counters, the kernel's and the ledger's, and claims: counting all
 * changes that are in the kernel's sum and that no event has counted yet. It is slow, since it
 * reads every CPU's slot: for initial balances, closings, sweeps and the rare update that found
 * no change on its own CPU. It must not know who gets what was claimed.
 */
#ifndef TARE_SUMS_BPF_H
#define TARE_SUMS_BPF_H

#include "compat.bpf.h"

#define SUM_TRIES 6

/* One walk over the CPUs' slots of one member. It uses bpf_loop() because the verifier
 * follows each iteration of a plain loop: with many CPUs the load would take too long. */
struct walk {
	struct tare_mm *m;
	__u64 slots;
	__u32 member;
	__s64 kernel;  /* sum of the kernel's slots */
	__s64 ledger;  /* sum of the slots as the ledger has last seen them */
	__s64 claimed; /* pages that this walk has counted */
};

static long sum_slot(__u32 cpu, struct walk *w)
{
	__s32 *last = mm_slot(w->m, cpu, w->member), now = 0;

	if (percpu_slot(w->slots, cpu, &now))
		count_lost(TARE_LOST_READ);
	w->kernel += now;
	if (last)
		w->ledger += *last;
	return 0;
}

static long claim_slot(__u32 cpu, struct walk *w)
{
	__s32 *last = mm_slot(w->m, cpu, w->member), now = 0, old = 0;

	/* Read `last` before the slot, and swap only if `last` has not changed: else an event
	 * that has counted a newer value in the meantime would be undone. */
	if (last)
		old = ARCH_LOAD_FIRST(last);
	if (!last || percpu_slot(w->slots, cpu, &now)) {
		count_lost(TARE_LOST_READ);
		return 0;
	}
	if (now != old && __sync_val_compare_and_swap(last, old, now) == old)
		w->claimed += ledger_slot_delta(now, old);
	return 0;
}

/* `place`: index of the mm in tare_mms; `at`: address of its percpu_counter. Returns pages.
 * Global: the verifier checks it once. */
__weak __noinline __s64 claim_percpu(__u32 place, __u64 at, __u32 member)
{
	struct tare_mm *m = bpf_map_lookup_elem(&tare_mms, &place);
	struct walk w = { .m = m, .member = member & 3 };
	__s64 seen, count;

	/* Kernels before 6.8 verify a global function even if nothing calls it. */
	if (cfg_backend != BACKEND_PERCPU || !m)
		return 0;
	seen = ARCH_LOAD_FIRST(&m->seen[member & 3]);
	percpu_copy(at, &count, &w.slots);
	if (__sync_val_compare_and_swap(&m->seen[member & 3], seen, count) == seen)
		w.claimed = count - seen;
	bpf_loop(cfg_cpus, claim_slot, &w, 0);
	return w.claimed;
}

/* Put the kernel's sum of one member, as percpu_counter_sum() computes it, into
 * w->kernel, and the ledger's (all that it has seen) into w->ledger. */
static __noinline __s64 percpu_sums(struct mm_struct *mm, struct tare_mm *m, struct walk *w)
{
	w->m = m;
	w->ledger = m->seen[w->member & 3];
	percpu_copy(percpu_at(mm, w->member), &w->kernel, &w->slots);
	bpf_loop(cfg_cpus, sum_slot, w, 0);
	return w->kernel;
}

static __always_inline void both_sums(struct mm_struct *mm, struct tare_mm *m, struct walk *w)
{
	w->kernel = w->ledger = m->seen[w->member & 3];
	if (cfg_shape == TARE_SHAPE_PERCPU)
		percpu_sums(mm, m, w);
	else if (cfg_shape == TARE_SHAPE_ATOMIC)
		w->kernel = atomic_count(mm, w->member);
}

/* Claim every change of one member that no event has counted yet; each change is counted exactly
 * once even when other CPUs do the same, because each word is swapped atomically.
 * Returns the change in pages. */
static __always_inline __s64 claim_all(struct mm_struct *mm, struct tare_mm *m, __u32 member)
{
	struct walk w = { .member = member & 3 };

	if (cfg_backend == BACKEND_PERCPU)
		return claim_percpu(m->at, percpu_at(mm, member), member);
	both_sums(mm, m, &w);
	return w.kernel - (__s64)__sync_lock_test_and_set(&m->seen[w.member], w.kernel);
}

struct claims {
	struct mm_struct *mm;
	struct tare_mm *m;
	__s64 delta[TARE_MEMBERS];
};

static __attribute__((unused)) long claim_member(__u32 member, struct claims *c)
{
	c->delta[member & 3] += claim_all(c->mm, c->m, member & 3);
	return 0;
}

struct sums {
	struct mm_struct *mm;
	struct tare_mm *m;
	__u64 off[TARE_MEMBERS]; /* difference of the closest pair of sums so far */
};

static long try_sums(__u32 i, struct sums *s)
{
	__u32 member = i & 3;
	struct walk w = { .member = member };
	__u64 off;

	if (!s->off[member])
		return 0;
	both_sums(s->mm, s->m, &w);
	off = w.kernel > w.ledger ? w.kernel - w.ledger : w.ledger - w.kernel;
	if (off >= s->off[member])
		return 0;
	s->off[member] = off;
	s->m->kernel[member] = w.kernel;
	s->m->ledger[member] = w.ledger;
	return 0;
}

/* Read both sums at one moment, into m->kernel[] and m->ledger[]. While threads run, a change
 * is in the kernel's sum some ns before its event counts it. So several pairs are read and
 * the closest pair is kept: the difference that remains is real. */
static __always_inline void take_sums(struct mm_struct *mm, struct tare_mm *m)
{
	struct sums s = { mm, m, { ~0ULL, ~0ULL, ~0ULL, ~0ULL } };

	m->vm_peak = mm_vm_peak(mm);
	m->sums_valid = cfg_shape != TARE_SHAPE_UNKNOWN;
	bpf_loop(TARE_MEMBERS * SUM_TRIES, try_sums, &s, 0);
	m->ledger[TARE_PAGETABLE] = m->seen_pagetable;
	m->kernel[TARE_PAGETABLE] = mm->pgtables_bytes.counter;
}

#endif
