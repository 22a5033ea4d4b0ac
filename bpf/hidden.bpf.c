// SPDX-License-Identifier: GPL-2.0-only
/* Tasks that run without events, as a sandbox's kernel may hide its own: there is an event of
 * the switch to such a task and none of the switch away from it. What it, or interrupts
 * meanwhile (RCU callbacks by the thousand), free of the watched cgroup is in the cgroup's
 * counter alone. So what the counter changed by, beyond the events, between such a switch and
 * the next event on that CPU counts as one update. In between other CPUs go on, with
 * events; what has no event and is of no such stretch stays missing, and shows.
 *
 * Loaded with the ledger where BPF can read that counter; else only to look for such tasks. */
#include "hidden.bpf.h"
#include "kmem.bpf.h"

#define INIT 1  /* whom a sandbox hides: suspected from the start */
#define KNOWN 4 /* others last a while: the oldest are forgotten */
#define NO_GAP (-0x7fffffffffffffffLL - 1)

struct tare_hidden hidden;

/* What each CPU runs, by its last switch. */
static struct running {
	__u64 task; /* address of its task_struct; 0: no switch was seen yet */
	__u64 since;
	__u32 tgid;
	__u32 stretch; /* 1: it is known, or suspected, to run without events */
} running[TARE_MAX_CPUS];

static __u32 known[KNOWN] = { INIT }; /* processes */
static __u32 next_known = 1;          /* place for the next */
static __u32 open_now;                /* stretches that are not over, on all CPUs */
static __u32 proved;                  /* of those since there were none, so many were hidden */
static __s64 gap;                     /* when the first of them began: see read_gap() */

/* Version 1 alone has one number; there is no such field without CONFIG_MEMCG_V1. */
struct mem_cgroup___counted {
	struct page_counter___counted {
		struct {
			long counter;
		} usage;
	} kmem;
} __attribute__((preserve_access_index));

/* Bytes that the events tell beyond the cgroup's counter. NO_GAP: not known; the cgroup may be
 * gone, and its memory another's. */
static __always_inline __s64 read_gap(void)
{
	struct mem_cgroup___counted *counted = (void *)workload.cgroup.memcg;
	struct mem_cgroup *memcg = (void *)workload.cgroup.memcg;
	__s64 events = workload.cgroup.events, pages = 0;

	if (!bpf_core_field_exists(counted->kmem.usage.counter)) {
		workload.cgroup.counted = 0;
		return NO_GAP;
	}
	if (!workload.cgroup.counted || !memcg ||
	    bpf_core_read(&pages, sizeof(pages), &counted->kmem.usage.counter) ||
	    BPF_CORE_READ(memcg, css.cgroup, kn, id) != workload.cgroup.id)
		return NO_GAP;
	return events - pages * cfg_page_size;
}

static __always_inline int is_known(__u32 tgid)
{
	__u32 i;

	for (i = 0; i < KNOWN; i++)
		if (known[i] == tgid)
			return 1;
	return 0;
}

/* It ran without events. */
static __always_inline void note_hidden(struct running *r)
{
	__u32 before = __sync_val_compare_and_swap(&hidden.tgid, 0, r->tgid), at = next_known;
	struct task_struct *task = (void *)r->task;

	if (!before)
		BPF_CORE_READ_INTO(&hidden.comm, task, group_leader, comm);
	else if (before != r->tgid)
		hidden.others = 1;
	if (is_known(r->tgid) || at >= KNOWN)
		return;
	known[at] = r->tgid;
	next_known = at + 1 < KNOWN ? at + 1 : 1;
}

/* `bytes` went without an event; below 0: came. */
static __always_inline void update_hidden(__s64 bytes)
{
	struct tare_cgroup *g = &workload.cgroup;

	__sync_fetch_and_add(&g->events, -bytes);
	__sync_fetch_and_add(&g->hidden, bytes);
	if (g->own)
		update_nonrss_bytes(-bytes);
	kmem_nonowner(TARE_NONOWNER_KERNEL, bytes < 0 ? -bytes : 0, bytes > 0 ? bytes : 0);
}

/* If another CPU begins a stretch right now, what this one counts is missing from that one's:
 * then as much stays missing in all. */
__noinline int stretch_over(void)
{
	__u32 cpu = bpf_get_smp_processor_id();
	struct running *r = &running[cpu < TARE_MAX_CPUS ? cpu : 0];
	__s64 before = gap, now;

	if (!r->stretch)
		return 0;
	r->stretch = 0;
	if (r->task != bpf_get_current_task()) {
		note_hidden(r);
		__sync_fetch_and_add(&proved, 1);
		__sync_fetch_and_add(&workload.cgroup.hidden_times, 1);
		__sync_fetch_and_add(&workload.cgroup.hidden_ns, bpf_ktime_get_ns() - r->since);
	}
	if (__sync_fetch_and_add(&open_now, -1) != 1 || !proved)
		return 0;
	now = read_gap();
	if (now != before && now != NO_GAP && before != NO_GAP)
		update_hidden(now - before);
	return 0;
}

static __always_inline void stretch_begin(struct running *r)
{
	r->since = bpf_ktime_get_ns();
	r->stretch = 1;
	if (__sync_fetch_and_add(&open_now, 1))
		return;
	proved = 0;
	gap = read_gap();
}

SEC("?tp_btf/sched_switch")
int BPF_PROG(tare_switch, bool preempt, struct task_struct *prev, struct task_struct *next)
{
	__u32 cpu = bpf_get_smp_processor_id(), tgid = next->tgid;
	__u64 from = (__u64)prev; /* to store and to compare the verifier allows: no call */
	struct running *r;

	if (cpu >= TARE_MAX_CPUS)
		return 0;
	r = &running[cpu];
	if (r->stretch)
		stretch_over(); /* prev is current still */
	else if (r->task && r->task != from)
		note_hidden(r);
	r->task = (__u64)next;
	r->tgid = tgid;
	if (is_known(tgid))
		stretch_begin(r);
	return 0;
}
