// SPDX-License-Identifier: GPL-2.0-only
/* The kernel's event for each change of a control group's kernel memory. Changes are whole
 * pages: slab objects are charged to pages that each CPU has charged in advance. */
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

/* Is it the watched cgroup, or below it? The first event of it finds the depth of the watched
 * cgroup in the hierarchy. */
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

/* Is `memcg` the cgroup that the task lives in? The task need not live in the watched cgroup:
 * a workload may move out. An update in a cgroup other than the watched one is the
 * task's only if the task lives there. Otherwise it is an update of other tasks' memory: an RCU
 * callback that runs on this task's stack, or a page that it was the last to use. */
static __always_inline int is_own_cgroup(struct task_struct *task, __u64 memcg)
{
	struct css_set *set = BPF_CORE_READ(task, cgroups);
	int id = ITEM(enum cgroup_subsys_id, memory_cgrp_id);
	__u64 at = address_of(set) + bpf_core_field_offset(struct css_set, subsys) +
		   (__u64)id * sizeof(set);
	void *css = NULL;

	bpf_probe_read_kernel(&css, sizeof(css), (void *)at);
	return address_of(css) == memcg + bpf_core_field_offset(struct mem_cgroup, css);
}

/* Does the program run in an interrupt, or in an RCU callback at its end? These have a stack of
 * their own, and the program's arguments are on the stack that it runs on. Such an update is not
 * the interrupted task's. */
__weak __noinline int in_interrupt(__u64 args)
{
	struct task_struct *task = bpf_get_current_task_btf();

	return args - (__u64)address_of(task->stack) >= workload.stack_bytes;
}

static __always_inline void sample_kmem(struct task_state *ts, __u64 bytes)
{
	struct sample_request what = { .kind = TARE_KMEM };

	ts->sampling.left -= bytes;
	if (ts->sampling.left > 0)
		return;
	what.cause = cause_of(bpf_get_current_task_btf());
	sample_unmapped(ts, &what, TARE_MM_IGNORE | TARE_MM_EXECING);
}

/* The running task waits for another task to end: memory freed now was the other task's
 * (kernel/exit.c release_task()). */
__weak __noinline int is_reaping(void)
{
	return calls_wait(syscall_of(bpf_get_current_task_btf()));
}

/* The part of an update that the running task's account takes: of a free at most what the account
 * holds, and nothing of a free while the task reaps another. */
__weak __noinline __s64 own_part(struct task_state *ts, __s64 bytes)
{
	return ts && (bytes > 0 || !is_reaping()) ? ledger_own_part(&ts->t.flow[TARE_KMEM], bytes) :
						    0;
}

/* Count an update against the running task. The charges of a clone() are also summed in
 * ts->clone until the child begins. If clone() failed, no child begins, and the next update
 * clears this sum (kmem_clone_failed()). */
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
	task_note_peak(ts);
	ledger_flow(&ts->t.flow[TARE_KMEM], own);
	if (making)
		ledger_flow(&ts->clone, own);
	else if (ts->clone.in || ts->clone.out)
		kmem_clone_failed(ts);
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

/* Inline, but all that it calls is global: the verifier checks that once. */
static __always_inline int on_kmem(__u64 memcg, int item, __s64 pages, int interrupt)
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
			!is_own_cgroup(task, memcg)))
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

/* The kernel does not run a program within itself: an event from an interrupt that comes while
 * tare_kmem runs is not passed to tare_kmem. So there are two programs. The first counts the
 * events that it is passed. The second is called next for the same event, with its
 * arguments at the same address, and counts the events that the first was not passed. For
 * this, the first stores here the address of the arguments of its last event, for each CPU,
 * [0] for tasks and [1] for interrupts. */
static __u64 taken[TARE_MAX_CPUS][2];

#define VALUE(ctx) (cfg_memcg_long ? (__s64)(ctx)[2] : (__s32)(ctx)[2])

SEC("?tp_btf/mod_memcg_state")
int BPF_PROG(tare_kmem, struct mem_cgroup *memcg, int item)
{
	int interrupt = in_interrupt(address_of(ctx));
	__u64 cpu = bpf_get_smp_processor_id();

	on_kmem(address_of(memcg), item, VALUE(ctx), interrupt);
	if (cpu < TARE_MAX_CPUS)
		taken[cpu][interrupt & 1] = address_of(ctx);
	return 0;
}

SEC("?tp_btf/mod_memcg_state")
int BPF_PROG(tare_kmem_too, struct mem_cgroup *memcg, int item)
{
	int interrupt = in_interrupt(address_of(ctx));
	__u64 cpu = bpf_get_smp_processor_id();

	if (cpu >= TARE_MAX_CPUS)
		return 0;
	if (taken[cpu][interrupt & 1] != address_of(ctx))
		on_kmem(address_of(memcg), item, VALUE(ctx), interrupt);
	taken[cpu][interrupt & 1] = 0;
	if (!interrupt) /* an interrupt's event while this program ran: the first counted it */
		taken[cpu][1] = 0;
	return 0;
}

/* User space runs this to add parts of the weight that have no events, in pages: args[0] is added,
 * args[1] and args[2] replace `polled` and `drift`. */
SEC("raw_tp")
int tare_weigh(struct bpf_raw_tracepoint_args *ctx)
{
	__s64 more = ctx->args[0], polled = ctx->args[1], drift = ctx->args[2];

	update_nonrss(more + polled - workload.polled + drift - workload.drift);
	workload.polled = polled;
	workload.drift = drift;
	return 0;
}
