// SPDX-License-Identifier: GPL-2.0-only
/* Hidden tasks: tasks that run without events. A sandbox's kernel may hide its own tasks this
 * way. There is an event of the switch to a hidden task, and none of the switch away from it.
 * While it runs, memory of the watched cgroup that it frees, or that interrupts free (RCU
 * callbacks by the thousand), changes the cgroup's counter but has no event. A stretch is
 * the time between the switch to a hidden task and the next event on that CPU. The
 * difference that arises between counter and events in a stretch counts as one update. Other
 * CPUs keep running in a stretch, with events. Changes without an event outside of stretches are
 * not counted, and the report shows the difference.
 *
 * Loaded with the ledger where BPF can read that counter; else only to detect such tasks. */
#include "hidden.bpf.h"
#include "kmem.bpf.h"

#define INIT 1  /* pid 1, which a sandbox hides: taken for hidden from the start */
#define KNOWN 4 /* hidden processes that are remembered; the oldest but pid 1 is replaced */
#define NO_GAP (-0x7fffffffffffffffLL - 1)

struct tare_hidden hidden;

/* The task that each CPU runs, by its last switch event. */
static struct running {
	__u64 task; /* address of its task_struct; 0: no switch was seen yet */
	__u64 since;
	__u32 tgid;
	__u32 stretch; /* 1: a stretch is open on this CPU */
} running[TARE_MAX_CPUS];

static __u32 known[KNOWN] = { INIT }; /* tgids of hidden processes */
static __u32 next_known = 1;          /* index in known[] for the next */
static __u32 open_now;                /* open stretches on all CPUs */
/* Since the last time that no stretch was open: */
static __u32 proved; /* stretches that ended with another task's event, so a task was hidden */
static __s64 gap;    /* read_gap() when the first stretch began */

/* Only cgroup version 1 counts kernel memory alone; the field needs CONFIG_MEMCG_V1. */
struct mem_cgroup___counted {
	struct page_counter___counted {
		struct {
			long counter;
		} usage;
	} kmem;
} __attribute__((preserve_access_index));

/* Bytes by events less bytes by the cgroup's counter. NO_GAP: not known; the cgroup may be gone
 * and its struct in use for another. */
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

/* Remember the process of a task that ran without events. */
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

/* Count `bytes` that were freed without an event; below 0: allocated. */
static __always_inline void update_hidden(__s64 bytes)
{
	struct tare_cgroup *g = &workload.cgroup;

	__sync_fetch_and_add(&g->events, -bytes);
	__sync_fetch_and_add(&g->hidden, bytes);
	if (g->own)
		update_nonrss_bytes(-bytes);
	kmem_nonowner(TARE_NONOWNER_KERNEL, bytes < 0 ? -bytes : 0, bytes > 0 ? bytes : 0);
}

/* If another CPU begins a stretch at the same moment, its `gap` may already include the change
 * that is counted here; then that much stays uncounted. */
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
	__u64 from = (__u64)prev; /* a number: it is only stored and compared */
	struct running *r;

	if (cpu >= TARE_MAX_CPUS)
		return 0;
	r = &running[cpu];
	if (r->stretch)
		stretch_over(); /* prev is still the current task */
	else if (r->task && r->task != from)
		note_hidden(r);
	r->task = (__u64)next;
	r->tgid = tgid;
	if (is_known(tgid))
		stretch_begin(r);
	return 0;
}
