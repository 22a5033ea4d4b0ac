/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The first and the final record of a task. Values that the kernel keeps anyway (fault counts,
 * names, exit code) are read when the record is made, not tracked. It must not know which event
 * began or ended a task.
 *
 * Off the hot path, pointers are followed with BPF_CORE_READ. For each pointer that is followed
 * directly the verifier searches the kernel's whole BTF (Linux 6.3 to 6.19), about 1 ms at
 * load, and again on each path that leads there. So a pointer is followed directly only before
 * the first branch of a program.
 */
#ifndef TARE_RECORD_BPF_H
#define TARE_RECORD_BPF_H

#include "ended.bpf.h"
#include "kmem.bpf.h"

static __always_inline void task_identity(struct task_struct *task, struct tare_task *t)
{
	t->tid = task->pid;
	t->tgid = task->tgid;
	t->ppid = BPF_CORE_READ(task, real_parent, tgid);
	bpf_probe_read_kernel(t->comm, sizeof(t->comm), task->comm);
}

/* Set the baseline of the fault counts: only later faults count. */
static __always_inline void faults_baseline(struct task_struct *task, struct tare_task *t)
{
	t->faults0 = task->min_flt + task->maj_flt;
	t->faults_major0 = task->maj_flt;
	t->faults_kernel = 0;
}

/* Pages that the task has not added to its mm's counters yet, and the process that owns the mm:
 * the task may use another process's mm (vfork, CLONE_VM). */
static __always_inline void fill_cached(struct task_struct *task, struct tare_task *t)
{
	struct mm_struct *mm = task->mm;
	struct tare_mm *m = mm ? mm_find(mm_key(mm)) : NULL;

	task_cached(task, t->cached);
	t->mm_proc = m ? m->proc : t->proc;
}

/* Did the OOM killer choose this process? It notes the address space of its victim (mm/oom_kill.c
 * mark_oom_victim()) before the victim can give that up. */
static __always_inline bool is_oom_victim(struct task_struct *task)
{
	struct signal_struct *signal = BPF_CORE_READ(task, signal);

	return bpf_core_field_exists(signal->oom_mm) && BPF_CORE_READ(signal, oom_mm);
}

/* The status that the parent's wait() gets (kernel/exit.c wait_task_zombie()), with
 * TARE_EXIT_OOM. */
static __always_inline int wait_status(struct task_struct *task)
{
	int status;

	if (!(BPF_CORE_READ(task, signal, flags) & SIGNAL_GROUP_EXIT))
		return BPF_CORE_READ(task, group_leader, exit_code);
	status = BPF_CORE_READ(task, signal, group_exit_code);
	if ((status & 0x7f) == SIGKILL && is_oom_victim(task))
		status |= TARE_EXIT_OOM;
	return status;
}

static __always_inline void task_fill(struct task_struct *task, struct task_state *ts, __u32 type)
{
	struct tare_task *t = &ts->t;

	ts->head.type = type;
	ts->head.size = ledger_record_size(t->n_causes);
	ts->head.time_ns = bpf_ktime_get_boot_ns();
	task_identity(task, t);
	if (type == TARE_REC_TASK_END || t->flags & TARE_TASK_EXITING)
		t->exit_code = wait_status(task);
	t->faults = task->min_flt + task->maj_flt - t->faults0;
	t->faults_major = task->maj_flt - t->faults_major0;
	if (cfg_split)
		fill_cached(task, t);
}

/* Begin to follow a task. `parent`: the state of the task that made it; NULL if it was found
 * running. `proc`: id of its process; 0 for the first task of one. Returns NULL when the kernel
 * had no memory for the state. */
static __always_inline struct task_state *task_begin(struct task_struct *task,
						     struct task_state *parent, __u64 proc,
						     __u32 flags)
{
	struct task_state *ts =
		bpf_task_storage_get(&tare_tasks, task, 0, BPF_LOCAL_STORAGE_GET_F_CREATE);
	struct tare_task_new *rec;

	if (!ts) {
		count_lost(TARE_LOST_TASK);
		return NULL;
	}
	ts->t.id = next_id();
	ts->t.proc = proc ? proc : ts->t.id;
	ts->t.flags = flags;
	ts->t.start_ns = task->start_boottime;
	ts->t.peak_seq = workload.peak_seq;
	__sync_fetch_and_add(&workload.stacks, 1);
	if (!(flags & TARE_TASK_ATTACHED) || flags & TARE_TASK_HELD)
		ts->t.flow[TARE_KSTACK].in = workload.stack_bytes;
	if (flags & TARE_TASK_ATTACHED)
		kmem_attach(workload.stack_bytes);
	if (cfg_period) {
		ts->random = (__u64)bpf_get_prandom_u32() << 32 | bpf_get_prandom_u32();
		sampling_begin(&ts->sampling, cfg_period, random_next(ts));
		sampling_begin(&ts->virtual, cfg_period, random_next(ts));
	}
	task_identity(task, &ts->t);
	faults_baseline(task, &ts->t);
	task_cached(task, ts->t.cached0);
	if (!proc)
		__sync_fetch_and_add(&workload.live_procs, 1);

	rec = bpf_ringbuf_reserve(&tare_ring, sizeof(*rec), 0);
	if (!rec) {
		count_lost(TARE_LOST_EVENT);
		return ts;
	}
	rec->head.type = TARE_REC_TASK_NEW;
	rec->head.size = sizeof(*rec);
	rec->head.time_ns = bpf_ktime_get_boot_ns();
	rec->id = ts->t.id;
	rec->proc = ts->t.proc;
	rec->parent = parent ? parent->t.id : 0;
	rec->tid = ts->t.tid;
	rec->tgid = ts->t.tgid;
	rec->ppid = ts->t.ppid;
	rec->pad = 0;
	rec->start_ns = ts->t.start_ns;
	__builtin_memcpy(rec->comm, ts->t.comm, sizeof(rec->comm));
	bpf_ringbuf_submit(rec, ring_wake(0));
	return ts;
}

/* Send a task's sums before its final record: a record as of a sweep. */
static __always_inline void task_leave(struct task_struct *task, struct task_state *ts)
{
	__u32 size;

	task_fill(task, ts, TARE_REC_TASK);
	size = ts->head.size;
	if (size > sizeof(struct tare_record) + sizeof(struct tare_task))
		return;
	if (bpf_ringbuf_output(&tare_ring, ts, size, ring_wake(0)))
		count_lost(TARE_LOST_EVENT);
}

static __always_inline void task_end(struct task_struct *task, struct task_state *ts)
{
	int last = 0;
	__u32 size;

	kmem_exclude_free(TARE_NONOWNER_LATE, workload.stack_bytes);
	kmem_task_end(ts);
	task_note_peak(ts);
	ts->t.flow[TARE_KSTACK].out += workload.stack_bytes;
	ts->t.flags |= TARE_TASK_ENDED;
	__sync_fetch_and_add(&workload.stacks, -1);
	if (ts->t.flags & TARE_TASK_EXITING)
		last = __sync_fetch_and_add(&workload.live_procs, -1) <= 1;
	ts->t.end_ns = bpf_ktime_get_boot_ns();
	task_fill(task, ts, TARE_REC_TASK_END);
	size = ts->head.size;
	if (size > sizeof(struct tare_record) + sizeof(struct tare_task))
		return;
	/* After the last process ends, no other record may come to wake user space. */
	if (!bpf_ringbuf_output(&tare_ring, ts, size, ring_wake(last)))
		return;
	ended_fold_task(ended_account(ts->t.proc), ts);
	count_lost(TARE_LOST_RECORD_TASK); /* last: user space reads accounts when this changes */
}

#endif
