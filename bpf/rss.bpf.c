// SPDX-License-Identifier: GPL-2.0-only
/* The ledger's hook: the rss_stat event, which comes right after the kernel changed one
 * member of mm->rss_stat. Three backends find the size of the change, by what
 * the kernel passes and how it counts. update.bpf.h counts it. */
#include "update.bpf.h"
#include "sums.bpf.h"

/* The first event of an mm that is not in the table. While a followed task is in execve, the mm
 * is that of the program being loaded, and belongs to this task's process. In fork it is the
 * child's, which does not exist yet: all updates until task_newtask are the child's initial
 * balance. Any other mm is not of the workload. */
static __noinline struct tare_mm *mm_first_event(__u64 key)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct task_state *ts = task_find(task);
	struct tare_mm *m;
	__u32 cause;

	if (!ts || ts->t.flags & TARE_TASK_ENDED)
		return NULL;
	cause = cause_of(task);
	if (!calls_execve(cause) && (!calls_clone(cause) || cfg_no_children))
		return NULL;
	m = mm_create(key, calls_execve(cause) ? TARE_MM_EXECING : TARE_MM_FORKING);
	if (!m)
		return NULL;
	m->proc = ts->t.proc;
	return m;
}

static __always_inline struct tare_mm *mm_of_event(__u64 key)
{
	struct tare_mm *m = table_find(key);

	if (!m)
		m = mm_first_event(key);
	if (!m || m->flags & (TARE_MM_IGNORE | TARE_MM_ATTACHING))
		return NULL;
	return m;
}

/* Flushes of other CPUs that no event has counted yet: the slot is 0 now and was not 0 when
 * last seen. */
struct flushes {
	struct tare_mm *m;
	__u64 slots;
	__u32 member, self;
	__u32 others;
	__s64 others_sum;
};

static long find_flush(__u32 cpu, struct flushes *f)
{
	__s32 *last = mm_slot(f->m, cpu, f->member), now = 0;

	if (cpu == f->self || !last || !*last || percpu_slot(f->slots, cpu, &now) || now)
		return 0;
	f->others++;
	f->others_sum += *last;
	return 0;
}

/* The rare events: of a flush, or of a change that is not in this CPU's slot any more.
 * Returns the change in pages. */
static __noinline __s64 percpu_rare(struct mm_struct *mm, struct tare_mm *m, __u32 member,
				    __u32 cpu)
{
	__u64 at = opaque_copy(member & 3);
	struct flushes f = { .m = m, .member = at, .self = cpu };
	__s64 count, moved, share = 0, own, seen;
	__s32 now = 0, *last;
	bool elsewhere;
	__u32 try;

	/* Read `seen` before the count: with an older count than `seen`, an update of another
	 * CPU would be undone. */
	seen = ARCH_LOAD_FIRST(&m->seen[at]);
	percpu_view(mm, member & 3, &count, &f.slots);
	last = mm_slot(m, cpu, at);
	if (!last || percpu_slot(f.slots, cpu, &now)) {
		count_lost(TARE_LOST_CPU);
		return 0;
	}
	own = *last;
	moved = count - seen;
	/* The slot is as last seen, so no change was made on this CPU. Either the task moved to
	 * this CPU between its change and its event, or another CPU's claim has counted the
	 * change: this event counts whatever is outstanding on any CPU. */
	elsewhere = now == own && (now || !moved);
	/* For example +1 and -1: the slot is back at 0 without a flush. */
	if (!elsewhere && !moved)
		return ledger_slot_delta(now, __sync_lock_test_and_set(last, now));
	if (!elsewhere)
		bpf_loop(cfg_cpus, find_flush, &f, 0);
	/* `!own && f.others`: the slot was 0 before this CPU's flush, and other CPUs have flushed
	 * too. This CPU's share can't be told from theirs, so all is claimed. */
	if (elsewhere || (!own && f.others))
		return claim_all(mm, m, at);
	for (try = 0; try < SWAP_TRIES; try++) {
		moved = count - seen;
		share = ledger_flush_share(moved, own, f.others, f.others_sum);
		if (__sync_val_compare_and_swap(&m->seen[at], seen, seen + share) == seen)
			break;
		share = 0; /* another CPU has counted a flush in the meantime */
		f.others = 0;
		seen = ARCH_LOAD_FIRST(&m->seen[at]);
		percpu_copy(percpu_at(mm, at), &count, &f.slots);
	}
	return share + ledger_slot_delta(now, __sync_lock_test_and_set(last, now));
}

/* Since 6.2: the change is in this CPU's slot of the percpu_counter, unless it flushed the
 * slot. A slot that is not 0 was not flushed. */
SEC("?tp_btf/rss_stat")
int BPF_PROG(tare_rss_percpu, struct mm_struct *mm, int member)
{
	struct tare_mm *m = mm_of_event(mm_key(mm));
	__u32 cpu = bpf_get_smp_processor_id();
	__s64 count, delta;
	__u64 slots, again = opaque_copy(member);
	__s32 *last, now;

	if (!m || (__u32)member >= TARE_MEMBERS)
		return 0;
	percpu_view(mm, member, &count, &slots);
	last = mm_slot(m, cpu, again);
	if (!last || percpu_slot_hot(slots, cpu, &now)) {
		count_lost(TARE_LOST_CPU);
		return 0;
	}
	if (now && now != *last)
		delta = ledger_slot_delta(now, __sync_lock_test_and_set(last, now));
	else
		delta = percpu_rare(mm, m, again, cpu);
	update_pagetable(mm, m);
	counter_update(m, again, delta);
	return 0;
}

/* 5.5 to 6.1 (b3d1411b6726): an atomic count. It is read again, not taken from the
 * event's argument: what another CPU has added since is then counted here, and its own event
 * finds no difference; no change is ever undone. Where tasks cache their changes, nearly every
 * event is a task that reports its cache, and task_cache_reported() has the task's own change. */
SEC("?tp_btf/rss_stat")
int BPF_PROG(tare_rss_count, struct mm_struct *mm, int member)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct tare_mm *m = mm_of_event(mm_key(mm));
	__s64 seen, share, reported = 0;
	__u64 at = (__u32)member;
	__u32 try;

	if (!m || at >= TARE_MEMBERS)
		return 0;
	/* For the verifier of 6.1, which loses the bound that the compiler relies on. */
	asm volatile("%0 &= 3" : "+r"(at));
	if (cfg_split && task->mm == mm)
		reported = task_cache_reported(task, member);
	for (try = 0; try < SWAP_TRIES; try++) {
		seen = m->seen[at];
		share = reported ? reported : atomic_count(mm, member) - seen;
		if (__sync_val_compare_and_swap(&m->seen[at], seen, seen + share) != seen)
			continue;
		counter_update(m, ctx[1], share);
		break;
	}
	update_pagetable(mm, m);
	return 0;
}

/* The classic tracepoint identifies the mm by a keyed hash, not by its address (e4dcad204d3a).
 * Which mm it is, is known when the event is of the running task's mm. An mm that fork or
 * execve is making has the hash as its key until lifecycle.bpf.c learns the real key. */
static __always_inline __u64 classic_key(__u32 id, int curr)
{
	struct task_struct *task = bpf_get_current_task_btf();
	__u64 *known = bpf_map_lookup_elem(&tare_mmids, &id);
	__u64 key = KEY_MAKING | id;
	struct tare_mm *m;

	if (known)
		return *known;
	/* execve switches to its new mm before lifecycle.bpf.c gets the event. */
	if (!curr || !task->mm || mm_find(key))
		return key;
	key = mm_key(task->mm);
	m = mm_find(key);
	if (!m)
		return key;
	m->classic_id = id;
	if (bpf_map_update_elem(&tare_mmids, &id, &key, BPF_ANY))
		count_lost(TARE_LOST_MM);
	return key;
}

SEC("?tp/kmem/rss_stat")
int tare_rss_classic(struct trace_event_raw_rss_stat *event)
{
	__u32 member = event->member, id = event->mm_id;
	__s64 now = (__u64)event->size / cfg_page_size;
	struct task_struct *task;
	struct task_state *ts;
	struct tare_mm *m;
	__u64 key;

	if (member >= TARE_MEMBERS)
		return 0;
	key = classic_key(id, event->curr);
	m = mm_of_event(key);
	if (!m)
		return 0;
	task = bpf_get_current_task_btf();
	if (key & KEY_MAKING) {
		ts = task_find(task);
		if (ts)
			ts->making = key;
		m->classic_id = id;
	}
	/* The verifier of 6.1 loses the check above when the register is spilled. */
	asm volatile("" : "+r"(member));
	counter_update(m, member, now - (__s64)__sync_lock_test_and_set(&m->seen[member & 3], now));
	if (event->curr && task->mm)
		update_pagetable(task->mm, m);
	return 0;
}
