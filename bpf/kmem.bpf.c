// SPDX-License-Identifier: GPL-2.0-only
/* The kernel's own event for each change of a control group's kernel memory,
 * page-wise: objects of slabs are served from pages charged ahead, by CPU. */
#include "update.bpf.h"
#include "hidden.bpf.h"

#define UNKNOWN_LEVEL (~0u)
#define DEEPEST 32

static __always_inline __u64 ancestor_id(struct cgroup *cgroup, __u32 level)
{
	__u64 at = address_of(cgroup) + bpf_core_field_offset(struct cgroup, ancestors), id = 0;
	struct cgroup *up = NULL;

	bpf_probe_read_kernel(&up, sizeof(up), (void *)(at + level * sizeof(up)));
	bpf_core_read(&up, sizeof(up), &up->kn);
	bpf_core_read(&id, sizeof(id), &((struct kernfs_node *)up)->id);
	return id;
}

struct search {
	struct cgroup *cgroup;
	__u32 depth;
};

static long find_level(__u32 level, struct search *s)
{
	if (level > s->depth)
		return 1;
	if (ancestor_id(s->cgroup, level) != workload.cgroup.id)
		return 0;
	workload.cgroup.level = level;
	return 1;
}

/* Is it the watched cgroup, or below it? Where in the hierarchy that stands shows
 * with its first event. */
__weak __noinline int in_cgroup(__u64 memcg_at)
{
	struct mem_cgroup *memcg = (void *)memcg_at;
	struct cgroup *cgroup = BPF_CORE_READ(memcg, css.cgroup);
	__u32 level = workload.cgroup.level;
	struct search s = { .cgroup = cgroup };

	if (BPF_CORE_READ(cgroup, kn, id) == workload.cgroup.id) {
		workload.cgroup.memcg = address_of(memcg);
		return 1;
	}
	s.depth = BPF_CORE_READ(cgroup, level);
	if (level == UNKNOWN_LEVEL) {
		bpf_loop(DEEPEST, find_level, &s, 0);
		level = workload.cgroup.level;
	}
	return level < s.depth && ancestor_id(cgroup, level) == workload.cgroup.id;
}

/* Is it the cgroup that the task lives in? It need not be the one that is watched: a
 * workload may move out. Only then is an update in another cgroup the task's: else it
 * freed, or charged, what is others' (RCU callbacks that run on its stack, a page that
 * it was the last to hold). */
static __always_inline int its_own(struct task_struct *task, __u64 memcg)
{
	struct css_set *set = BPF_CORE_READ(task, cgroups);
	int id = ITEM(enum cgroup_subsys_id, memory_cgrp_id);
	__u64 at = address_of(set) + bpf_core_field_offset(struct css_set, subsys) +
		   (__u64)id * sizeof(set);
	void *css = NULL;

	bpf_probe_read_kernel(&css, sizeof(css), (void *)at);
	return address_of(css) == memcg + bpf_core_field_offset(struct mem_cgroup, css);
}

/* Interrupts, and the RCU callbacks that run at their end, have a stack of their
 * own, and the program's arguments lie on the stack that it runs on: the task
 * that was interrupted is not to blame. */
static __always_inline int in_interrupt(void *args, struct task_struct *task)
{
	return address_of(args) - (__u64)address_of(task->stack) >= workload.stack_bytes;
}

__weak __noinline int sample_kmem(struct task_state *ts, __u64 bytes)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct sample_request what = { .kind = TARE_KMEM };
	struct tare_mm *m;

	if (!ts)
		return 0;
	ts->sampling.left -= bytes;
	if (ts->sampling.left > 0)
		return 0;
	m = mm_running(task, ts);
	what.cause = cause_of(task);
	what.mm = m ? m->id : 0;
	what.user = m && !(m->flags & (TARE_MM_IGNORE | TARE_MM_EXECING));
	sample_take(ts, &what);
	return 0;
}

/* The running task waits for another: what is freed then was that one's (kernel/exit.c
 * release_task()). */
__weak __noinline int is_reaping(void)
{
	return calls_wait(syscall_of(bpf_get_current_task_btf()));
}

/* Count it against the running task, of what is freed at most what its account holds. What a
 * clone() is charged is kept apart until the child is there; if it failed there is none, and
 * the next update clears that (kmem_unborn()). */
__weak __noinline __s64 own_part(struct task_state *ts, __s64 bytes)
{
	return ts && (bytes > 0 || !is_reaping()) ? ledger_own_part(&ts->t.flow[TARE_KMEM], bytes) :
						    0;
}

__weak __noinline int update_own(struct task_state *ts, int inside, __s64 bytes)
{
	int making = making_task();
	__s64 own = own_part(ts, bytes);

	if (!ts)
		return 0;
	if (inside && workload.cgroup.own)
		update_nonrss_bytes(bytes);
	else
		update_nonrss_bytes(own);
	ledger_note_peak(&ts->t, workload.peak_seq);
	ledger_flow(&ts->t.flow[TARE_KMEM], own);
	if (making)
		ledger_flow(&ts->clone, own);
	else if (ts->clone.in || ts->clone.out)
		kmem_unborn(ts);
	if (!inside)
		__sync_fetch_and_add(&workload.cgroup.elsewhere, own);
	else if (own != bytes)
		kmem_nonowner(TARE_NONOWNER_LATE, 0, own - bytes);
	if (cfg_period && own > 0 && !making)
		sample_kmem(ts, own);
	return 0;
}

static __always_inline void update_kmem(struct task_struct *task, struct task_state *ts,
					int interrupt, int inside, __s64 bytes)
{
	__u32 who;

	if (ts && !(ts->t.flags & TARE_TASK_ENDED)) {
		update_own(ts, inside, bytes);
		return;
	}
	if (!inside)
		return;
	if (workload.cgroup.own)
		update_nonrss_bytes(bytes);
	who = interrupt ? TARE_NONOWNER_KERNEL : nonowner_current(!!ts);
	kmem_nonowner(who, bytes > 0 ? bytes : 0, bytes < 0 ? -bytes : 0);
}

/* Global, as all that is called here: the verifier takes it once. */
__weak __noinline int on_kmem(__u64 memcg, int item, __s64 pages, int interrupt)
{
	int sock = item == ITEM(enum memcg_stat_item, MEMCG_SOCK);
	int kmem = item == ITEM(enum memcg_stat_item, MEMCG_KMEM);
	int vmalloc = item == ITEM(enum memcg_stat_item, MEMCG_VMALLOC);
	struct task_struct *task = bpf_get_current_task_btf();
	struct tare_cgroup *g = &workload.cgroup;
	__s64 bytes = pages * cfg_page_size;
	struct task_state *ts;
	int inside;

	if (!g->id || !(sock || kmem || vmalloc))
		return 0;
	stretch_over();
	ts = interrupt ? NULL : task_find(task);
	inside = in_cgroup(memcg);
	if (!inside && (!ts || ts->t.flags & TARE_TASK_HELD /* in tare's image still */ ||
			!its_own(task, memcg)))
		return 0;
	if (vmalloc) {
		if (inside)
			__sync_fetch_and_add(&g->vmalloc, bytes);
		return 0;
	}
	if (inside)
		__sync_fetch_and_add(&g->events, bytes);
	if (inside && sock)
		__sync_fetch_and_add(&g->sock, bytes);
	update_kmem(task, ts, interrupt, inside, bytes);
	return 0;
}

/* The kernel lets no program interrupt itself: an event from an interrupt that
 * comes while tare_kmem runs is not given to it. So there are two. The first takes
 * what comes; the second, called next for the same event with its arguments at the
 * same place, takes what the first was not given. Which event it has taken the
 * first leaves here, for each CPU, apart for tasks and interrupts. */
static __u64 taken[TARE_MAX_CPUS][2];

#define VALUE(ctx) (cfg_memcg_long ? (__s64)(ctx)[2] : (__s32)(ctx)[2])

SEC("?tp_btf/mod_memcg_state")
int BPF_PROG(tare_kmem, struct mem_cgroup *memcg, int item)
{
	int interrupt = in_interrupt(ctx, bpf_get_current_task_btf());
	__u64 cpu = bpf_get_smp_processor_id();

	on_kmem(address_of(memcg), item, VALUE(ctx), interrupt);
	if (cpu < TARE_MAX_CPUS)
		taken[cpu][interrupt & 1] = address_of(ctx);
	return 0;
}

SEC("?tp_btf/mod_memcg_state")
int BPF_PROG(tare_kmem_too, struct mem_cgroup *memcg, int item)
{
	int interrupt = in_interrupt(ctx, bpf_get_current_task_btf());
	__u64 cpu = bpf_get_smp_processor_id();

	if (cpu >= TARE_MAX_CPUS)
		return 0;
	if (taken[cpu][interrupt & 1] != address_of(ctx))
		on_kmem(address_of(memcg), item, VALUE(ctx), interrupt);
	taken[cpu][interrupt & 1] = 0;
	if (!interrupt) /* one that came while this ran: the first took it */
		taken[cpu][1] = 0;
	return 0;
}

/* What user space knows of the weight: pages on top of what there is, and pages in
 * the place of its last samples. Run by it. */
SEC("raw_tp")
int tare_weigh(struct bpf_raw_tracepoint_args *ctx)
{
	__s64 more = ctx->args[0], polled = ctx->args[1], drift = ctx->args[2];

	update_nonrss(more + polled - workload.polled + drift - workload.drift);
	workload.polled = polled;
	workload.drift = drift;
	return 0;
}
