// SPDX-License-Identifier: GPL-2.0-only
/* The lifecycle: tasks begin, are renamed, run other programs and end. Address spaces get an
 * owner, and their counters are checked when they close. */
#include "update.bpf.h"
#include "vma.bpf.h"
#include "record.bpf.h"
#include "sums.bpf.h"

/* Classic backend: the mm that this task's fork or execve made had its hash as the key. Its
 * real key is known now: move it to an element with that key. */
static __noinline int classic_rename(struct task_state *ts, __u64 key)
{
	__u64 old_key = ts->making;
	struct tare_mm *old = mm_find(old_key), *m;
	__u32 id = old_key, at;

	ts->making = 0;
	if (!old_key || !old)
		return 0;
	m = mm_create(key, old->flags);
	if (m) {
		at = m->at;
		*m = *old;
		m->key = key;
		m->at = at;
		if (bpf_map_update_elem(&tare_mmids, &id, &key, BPF_ANY))
			count_lost(TARE_LOST_MM);
	}
	mm_delete(old);
	return 0;
}

/* The mm that `maker` has just made, for process `proc`: in the table already if it had
 * updates, else new. `making`: TARE_MM_FORKING or TARE_MM_EXECING. */
static __always_inline struct tare_mm *mm_of_maker(struct task_state *maker, struct mm_struct *mm,
						   __u64 proc, __u32 making)
{
	struct tare_mm *m;

	if (cfg_backend == BACKEND_CLASSIC && maker->making)
		classic_rename(maker, mm_key(mm));
	m = mm_find(mm_key(mm));
	if (m && !(m->flags & making)) { /* an older mm with this key, whose end was not seen */
		mm_delete(m);
		m = NULL;
	}
	if (!m)
		m = mm_create(mm_key(mm), 0);
	if (!m)
		return NULL;
	m->proc = proc;
	m->brk = mm->brk;
	return m;
}

/* Sample the kernel stack of a new task. It counts as the new task's, but the user stack that
 * explains it is the parent's. One sample for each stack: one per period would leave
 * many threads without a sample. */
static __always_inline void sample_new_stack(struct task_state *parent, struct task_state *child)
{
	struct sample_request what = {
		.task = child->t.id,
		.bytes = workload.stack_bytes,
		.kind = TARE_KSTACK,
		.cause = cause_of(bpf_get_current_task_btf()),
	};

	sample_unmapped(parent, &what, TARE_MM_IGNORE);
}

/* Sample the kernel memory of a new task, without its stack: by the parent's sampling, and
 * attributed to the child. */
static __always_inline void sample_new_kmem(struct task_state *parent, struct task_state *child,
					    __s64 bytes)
{
	struct sample_request what = { .task = child->t.id, .kind = TARE_KMEM };

	if (bytes <= 0)
		return;
	parent->sampling.left -= bytes;
	if (parent->sampling.left > 0)
		return;
	what.cause = cause_of(bpf_get_current_task_btf());
	sample_unmapped(parent, &what, TARE_MM_IGNORE);
}

/* The stack pointer that was passed to clone() for the child; 0: it uses its parent's stack. */
static __always_inline __u64 clone_stack(struct task_struct *child)
{
	struct pt_regs *regs = (struct pt_regs *)bpf_task_pt_regs(child);
	struct pt_regs *own = (struct pt_regs *)bpf_task_pt_regs(bpf_get_current_task_btf());

	return regs->sp != own->sp ? regs->sp : 0;
}

/* A fork made address space `mm` for the new task `ts`. */
static __always_inline void mm_forked(struct task_state *parent, struct task_state *ts,
				      struct mm_struct *mm)
{
	struct tare_mm *m;

	ts->mm_key = mm_key(mm);
	m = mm_of_maker(parent, mm, ts->t.proc, TARE_MM_FORKING);
	if (!m)
		return;
	m->flags |= TARE_MM_FORKING;
	update_pagetable(mm, m);
	m->flags &= ~TARE_MM_FORKING;
	if (cfg_period)
		vma_forked(m, parent->mm_key, ts->t.proc, ts->t.tgid);
}

SEC("tp_btf/task_newtask")
int BPF_PROG(tare_newtask, struct task_struct *child, __u64 clone_flags)
{
	struct mm_struct *mm = child->mm; /* first: see record.bpf.h on followed pointers */
	struct task_state *parent = task_find(bpf_get_current_task_btf()), *ts = NULL;
	int thread = !!(clone_flags & CLONE_THREAD);
	__s64 kmem;

	if (!parent)
		return 0;
	if (!cfg_no_children || thread)
		ts = task_begin(child, parent, thread ? parent->t.proc : 0, 0);
	if (!ts) { /* not followed: its kernel memory stays in the parent's account */
		parent->clone.in = parent->clone.out = 0;
		return 0;
	}
	if (cfg_period) {
		sample_new_stack(parent, ts);
		ts->stack_top = clone_stack(child);
	}
	if (thread)
		ts->mm_key = parent->mm_key;
	/* First: the copied page tables leave parent->clone before kmem_task_begin() moves that. */
	if (!(clone_flags & CLONE_VM) && mm)
		mm_forked(parent, ts, mm);
	kmem = kmem_task_begin(parent, ts);
	if (cfg_period)
		sample_new_kmem(parent, ts, kmem);
	return 0;
}

SEC("?tp_btf/task_rename")
int BPF_PROG(tare_rename, struct task_struct *task, const char *comm)
{
	struct task_state *ts = task_find(task);
	struct tare_rename *rec;

	if (!ts)
		return 0;
	rec = bpf_ringbuf_reserve(&tare_ring, sizeof(*rec), 0);
	if (!rec) {
		count_lost(TARE_LOST_EVENT);
		return 0;
	}
	rec->head.type = TARE_REC_RENAME;
	rec->head.size = sizeof(*rec);
	rec->head.time_ns = bpf_ktime_get_boot_ns();
	rec->id = ts->t.id;
	bpf_probe_read_kernel_str(rec->comm, sizeof(rec->comm), comm);
	bpf_ringbuf_submit(rec, ring_wake(0));
	return 0;
}

/* Send the new program's name and arguments. The kernel has just written its stack, so
 * reading it does not fault. */
static __always_inline void send_exec(struct task_struct *task, struct task_state *ts,
				      struct mm_struct *mm, struct linux_binprm *bprm)
{
	struct tare_exec *rec;
	__u64 start, len;

	rec = bpf_ringbuf_reserve(&tare_ring, sizeof(*rec), 0);
	if (!rec) {
		count_lost(TARE_LOST_EVENT);
		return;
	}
	rec->head.type = TARE_REC_EXEC;
	rec->head.size = sizeof(*rec);
	rec->head.time_ns = bpf_ktime_get_boot_ns();
	rec->id = ts->t.id;
	rec->proc = ts->t.proc;
	rec->tid = task->pid;
	rec->tgid = task->tgid;
	rec->argv_len = 0;
	rec->argv_truncated = 0;
	bpf_probe_read_kernel(rec->comm, sizeof(rec->comm), task->comm);
	rec->path[0] = rec->interp[0] = 0;
	bpf_probe_read_kernel_str(rec->path, sizeof(rec->path), bprm->filename);
	bpf_probe_read_kernel_str(rec->interp, sizeof(rec->interp), bprm->interp);
	start = mm->arg_start;
	len = mm->arg_end - start;
	if (len > TARE_ARGV_LEN) {
		len = TARE_ARGV_LEN;
		rec->argv_truncated = 1;
	}
	if (len && !bpf_probe_read_user(rec->argv, len, (void *)start))
		rec->argv_len = len;
	/* Wake user space: it should read /proc while the process lives. */
	bpf_ringbuf_submit(rec, ring_wake(1));
}

SEC("tp_btf/sched_process_exec")
int BPF_PROG(tare_exec, struct task_struct *task, pid_t old_pid, struct linux_binprm *bprm)
{
	struct mm_struct *mm = task->mm; /* first: see record.bpf.h on followed pointers */
	struct task_state *ts = task_find(task);
	struct tare_mm *m;

	if (!ts)
		return 0;
	if (ts->t.flags & TARE_TASK_HELD) {
		ts->t.flags &= ~TARE_TASK_HELD;
		faults_baseline(task, &ts->t);
		/* The pages that it had cached were added to the launcher's mm. */
		__builtin_memset(ts->t.cached0, 0, sizeof(ts->t.cached0));
		ts->t.start_ns = bpf_ktime_get_boot_ns();
	}
	task_identity(task, &ts->t); /* after execve a thread has the leader's tid */
	if (!mm)
		return 0;
	ts->mm_key = mm_key(mm);
	ts->stack_top = ts->start_stack = 0;
	m = mm_of_maker(ts, mm, ts->t.proc, TARE_MM_EXECING);
	if (m)
		m->flags &= ~TARE_MM_EXECING;
	send_exec(task, ts, mm, bprm);
	if (cfg_period)
		vma_image(m, ts->t.proc);
	return 0;
}

/* This event comes before exit_mm since 6.16, and after it up to 6.15. The last task of a
 * process still has to tear down its address space, so its final record waits for that. A task
 * that uses another process's address space (vfork) has nothing to tear down. If somebody else
 * holds the address space (a reader of /proc/PID/cmdline), that one may free it, as a non-owner,
 * long before the kernel frees the task: then the task's sums, which are final but for kernel
 * memory, are sent now, so that no report has the free without the growth. */
SEC("tp_btf/sched_process_exit")
int BPF_PROG(tare_exit, struct task_struct *task)
{
	struct task_state *ts = task_find(task);
	struct mm_struct *mm = task->mm;
	struct tare_mm *m;

	if (!ts || ts->t.flags & TARE_TASK_ENDED)
		return 0;
	m = mm ? mm_find(mm_key(mm)) : NULL;
	if (!BPF_CORE_READ(task, signal, live.counter))
		ts->t.flags |= TARE_TASK_EXITING;
	if (!(ts->t.flags & TARE_TASK_EXITING) || !m || m->proc != ts->t.proc)
		task_end(task, ts);
	else if (BPF_CORE_READ(mm, mm_users.counter) > 1)
		task_leave(task, ts);
	return 0;
}

/* For tasks whose address space outlived them: another process shares it, or another task
 * reads its /proc files. */
SEC("tp_btf/sched_process_free")
int BPF_PROG(tare_free, struct task_struct *task)
{
	struct task_state *ts = task_find(task);

	if (ts && !(ts->t.flags & TARE_TASK_ENDED))
		task_end(task, ts);
	return 0;
}

static __always_inline void mm_close(struct mm_struct *mm, struct tare_mm *m)
{
	struct claims closing = { .mm = mm, .m = m };
	struct tare_mm_end *rec;
	__u32 member;

	bpf_loop(TARE_MEMBERS, claim_member, &closing, 0);
	for (member = 0; member < TARE_MEMBERS; member++)
		if (closing.delta[member])
			counter_update_cold(m, member, closing.delta[member]);
	update_pagetable(mm, m);
	take_sums(mm, m);
	if (cfg_period)
		vma_gone(m);
	m->flags |= TARE_MM_DEAD;
	__sync_fetch_and_add(&workload.mms_closed, 1);
	if (m->kernel[0] || m->kernel[1] || m->kernel[2] || m->kernel[3])
		__sync_fetch_and_add(&workload.mms_nonzero, 1);
	rec = bpf_ringbuf_reserve(&tare_ring, sizeof(*rec), 0);
	if (!rec) {
		ended_fold_mm(ended_account(m->proc), m);
		count_lost(TARE_LOST_RECORD_MM);
		return;
	}
	rec->head.type = TARE_REC_MM_END;
	rec->head.size = sizeof(*rec);
	rec->head.time_ns = bpf_ktime_get_boot_ns();
	rec->mm = *m;
	bpf_ringbuf_submit(rec, ring_wake(0));
}

/* The end of an address space: all four counters must be 0 now. The running task is the one
 * that dropped the last reference, mostly the process's last task. */
static __always_inline int mm_ended(struct mm_struct *mm)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct task_state *ts = task_find(task);
	struct tare_mm *m = mm_find(mm_key(mm));

	if (!m && cfg_backend == BACKEND_CLASSIC && ts && ts->making) {
		m = mm_find(ts->making);
		ts->making = 0;
	}
	if (m) {
		__u32 id = m->classic_id;

		/* Also for the mm of a fork or execve that failed: its maker's process owns it. */
		if (!(m->flags & TARE_MM_IGNORE))
			mm_close(mm, m);
		mm_delete(m);
		if (cfg_backend == BACKEND_CLASSIC && id)
			bpf_map_delete_elem(&tare_mmids, &id);
	}
	if (ts && ts->t.flags & TARE_TASK_EXITING && !(ts->t.flags & TARE_TASK_ENDED))
		task_end(task, ts);
	return 0;
}

/* One of these two programs is loaded. */
SEC("tp_btf/exit_mmap")
int BPF_PROG(tare_exit_mmap, struct mm_struct *mm)
{
	return mm_ended(mm);
}

/* The tracepoint is at the end of the function exit_mmap(), since 6.1. Without it: the return
 * of this function. */
SEC("fexit/exit_mmap")
int BPF_PROG(tare_exit_mmap_end, struct mm_struct *mm)
{
	return mm_ended(mm);
}
