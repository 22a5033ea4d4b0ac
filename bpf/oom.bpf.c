// SPDX-License-Identifier: GPL-2.0-only
/* The kernel's OOM killer has chosen a victim (tracepoint mark_victim, mm/oom_kill.c).
 *
 * mark_oom_victim() runs in the task that ran out of memory, right after SIGKILL was queued to the
 * victim. The victim needs an interrupt and its way out of the kernel before it frees anything,
 * so what the ledger says now is what was held at the kill. The kill is noted as a peak of the
 * workload: each account notes its sums before its next change (ledger_note_peak()), so user space
 * reads the state at the kill whenever it comes to it. */
#include "update.bpf.h"
#include "record.bpf.h"

#define LEVELS 16 /* control groups above the victim's that are looked at */

/* Control groups charge in batches, and other CPUs free meanwhile: a group this near to its limit,
 * in pages, was the one without memory. */
#define NEAR 256

/* 72ba14deb40a (6.10): the tracepoint passes the task and its owner; before, a pid. */
struct trace_event_raw_mark_victim___task {
	unsigned int uid;
} __attribute__((preserve_access_index));

/* `usage` and `max` are of v1 and v2 alike (mm/page_counter.c). */
struct page_counter___limit {
	atomic_long_t usage;
	unsigned long max;
	struct page_counter___limit *parent;
} __attribute__((preserve_access_index));

struct mem_cgroup___memory {
	struct page_counter___limit memory;
} __attribute__((preserve_access_index));

static __always_inline struct mem_cgroup *memcg_of(struct task_struct *task)
{
	struct css_set *set = BPF_CORE_READ(task, cgroups);
	int id = ITEM(enum cgroup_subsys_id, memory_cgrp_id);
	__u64 at = address_of(set) + bpf_core_field_offset(struct css_set, subsys) +
		   (__u64)id * sizeof(set);
	__u64 css = 0;

	if (id < 0)
		return NULL;
	bpf_probe_read_kernel(&css, sizeof(css), (void *)at);
	return css ? (void *)(css - bpf_core_field_offset(struct mem_cgroup, css)) : NULL;
}

struct limits {
	struct tare_oom *rec;
	struct page_counter___limit *counter;
};

static long find_limit(__u32 level, struct limits *l)
{
	__u64 usage = 0, max = 0,
	      offset = bpf_core_field_offset(struct mem_cgroup___memory, memory);
	struct page_counter___limit *counter = l->counter;
	struct mem_cgroup *memcg;

	if (!counter)
		return 1;
	bpf_core_read(&usage, sizeof(usage), &counter->usage.counter);
	bpf_core_read(&max, sizeof(max), &counter->max);
	if (usage + NEAR < max) {
		l->counter = BPF_CORE_READ(counter, parent);
		return 0;
	}
	memcg = (void *)(address_of(counter) - offset);
	l->rec->usage = usage * cfg_page_size;
	l->rec->limit = max * cfg_page_size;
	l->rec->levels = level;
	l->rec->cgroup = BPF_CORE_READ(memcg, css.cgroup, kn, id);
	return 1;
}

/* The group whose limit was reached: the task's, or the nearest above it. None: the machine has
 * no memory left. */
static __always_inline void fill_limit(struct tare_oom *rec, struct task_struct *task)
{
	struct mem_cgroup___memory *memcg = (void *)memcg_of(task);
	struct limits l = { .rec = rec };

	if (!memcg || !bpf_core_field_exists(memcg->memory.max))
		return;
	l.counter = (void *)(address_of(memcg) +
			     bpf_core_field_offset(struct mem_cgroup___memory, memory));
	bpf_loop(LEVELS, find_limit, &l, 0);
}

static __always_inline void fill_trigger(struct tare_oom *rec)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct task_state *ts = task_find(task);

	rec->trigger_tid = task->pid;
	rec->trigger_tgid = task->tgid;
	rec->trigger = ts ? ts->t.proc : 0;
	BPF_CORE_READ_INTO(&rec->trigger_comm, task, group_leader, comm);
	bpf_probe_read_kernel(rec->trigger_thread, sizeof(rec->trigger_thread), task->comm);
}

/* A scratch: the record is larger than what a stack should hold. Kills are under one lock of the
 * kernel (oom_lock), so one is enough. */
static struct tare_oom oom;

SEC("?tp_btf/mark_victim")
int tare_oom(unsigned long long *ctx)
{
	struct tare_oom *rec = &oom;

	__builtin_memset(rec, 0, sizeof(*rec));
	rec->head.type = TARE_REC_OOM;
	rec->head.size = sizeof(*rec);
	rec->head.time_ns = bpf_ktime_get_boot_ns();
	fill_trigger(rec);
	if (bpf_core_field_exists(struct trace_event_raw_mark_victim___task, uid)) {
		struct task_struct *victim = (void *)ctx[0];
		struct task_state *ts = task_find(victim);

		rec->victim_tgid = victim->tgid;
		rec->victim = ts ? ts->t.proc : 0;
		BPF_CORE_READ_INTO(&rec->victim_comm, victim, group_leader, comm);
		fill_limit(rec, victim);
	} else { /* the task that asked is in that group too, unless its limit was lowered */
		rec->victim_tgid = (__u32)ctx[0];
		fill_limit(rec, bpf_get_current_task_btf());
	}
	rec->peak = weight_freeze();
	if (bpf_ringbuf_output(&tare_ring, rec, sizeof(*rec), BPF_RB_FORCE_WAKEUP))
		count_lost(TARE_LOST_EVENT);
	return 0;
}
