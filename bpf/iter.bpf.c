// SPDX-License-Identifier: GPL-2.0-only
/* Iterators over all tasks: attach to running tasks, with their initial balances, and write
 * records of the followed tasks (a sweep). User space runs them while the workload runs. */
#include "update.bpf.h"
#include "vma.bpf.h"
#include "record.bpf.h"
#include "sums.bpf.h"

struct tare_attach_args attach;
struct tare_sweep_args sweep;

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, __u32);
	__type(value, __u32);
	__uint(max_entries, 32768);
} tare_targets SEC(".maps");

/* Take an mm's initial balance while its threads may run. While TARE_MM_ATTACHING is set, events
 * of the mm count nothing; the second claim catches the changes of that time. From then
 * on each event counts its own change. */
static __always_inline void mm_attach(struct mm_struct *mm, __u64 proc, __u32 flags)
{
	struct tare_mm *m = mm_find(mm_key(mm));
	struct claims claims = { .mm = mm };
	__u32 member, pass;

	if (m)
		return;
	m = mm_create(mm_key(mm), flags | TARE_MM_ATTACHING);
	if (!m)
		return;
	claims.m = m;
	m->proc = proc;
	m->brk = mm->brk;
	/* While events count nothing: one that found seen_pagetable at 0 would count what the mm
	 * holds already as growth. */
	m->initial[TARE_PAGETABLE] = mm->pgtables_bytes.counter;
	m->seen_pagetable = m->initial[TARE_PAGETABLE];
	for (pass = 0; pass < 2; pass++) {
		bpf_loop(TARE_MEMBERS, claim_member, &claims, 0);
		for (member = 0; member < TARE_MEMBERS; member++)
			m->initial[member] = claims.delta[member];
		if (!pass)
			m->flags = flags;
	}
	m->peak_seq = TARE_PEAK_NEVER; /* its initial balance was held at every peak so far */
	if (flags & TARE_MM_IGNORE)
		return;
	update_rss(m, m->initial[TARE_FILE] + m->initial[TARE_ANON] + m->initial[TARE_SHMEM]);
	update_swap(m->initial[TARE_SWAP]);
	kmem_attach(m->initial[TARE_PAGETABLE]);
}

static __always_inline int is_target(struct task_struct *task)
{
	__u32 tgid = task->tgid;

	if (attach.all)
		return tgid != attach.except;
	if (bpf_map_lookup_elem(&tare_targets, &tgid))
		return 1;
	return !cfg_no_children && task->start_boottime >= attach.since_ns &&
	       task_find(task->real_parent);
}

static __always_inline void attach_cached(struct task_struct *task, struct tare_mm *m)
{
	__s64 cached[TARE_MEMBERS] = {};
	__u32 member;

	task_cached(task, cached);
	for (member = 0; member < TARE_MEMBERS; member++)
		__sync_fetch_and_add(&m->initial[member], cached[member]);
}

SEC("iter/task")
int tare_attach(struct bpf_iter__task *ctx)
{
	struct task_struct *task = ctx->task, *leader;
	struct task_state *ts, *first;
	struct mm_struct *mm;
	struct tare_mm *m;
	__u32 flags;

	if (!task)
		return 0;
	mm = task->mm; /* first: see record.bpf.h on followed pointers */
	leader = task->group_leader;
	if (!mm || task->flags & (PF_KTHREAD | PF_EXITING) || task_find(task) || !is_target(task))
		return 0;
	flags = TARE_TASK_ATTACHED | (attach.held ? TARE_TASK_HELD : 0);
	first = task_find(leader);
	if (!first && leader != task)
		first = task_begin(leader, NULL, 0, flags);
	ts = task_begin(task, NULL, first ? first->t.proc : 0, flags);
	if (!ts)
		return 0;
	attach.found++;
	ts->mm_key = mm_key(mm);
	mm_attach(mm, ts->t.proc, attach.held ? TARE_MM_IGNORE : 0);
	m = mm_find(mm_key(mm));
	if (m && cfg_split)
		attach_cached(task, m);
	return 0;
}

/* A sweep's copy of an mm's account; one sweep runs at a time. */
static struct tare_mm_end copy;

/* Write an mm's record. `mm` is NULL while it is torn down: then the ledger's sums are right,
 * but there are no sums of the kernel to compare with. Returns not 0 if there was no room.
 *
 * The mm may end meanwhile, and another one may get its element: mm_delete() clears the key first,
 * and place_clear() sets another id. Then nothing is written: its final record has the sums. */
static __always_inline int sweep_mm(struct seq_file *seq, struct mm_struct *mm, struct tare_mm *m,
				    __u64 key)
{
	__u64 id = m->id;

	if (mm)
		take_sums(mm, m);
	else
		m->sums_valid = 0;
	copy.head.type = TARE_REC_MM;
	copy.head.size = sizeof(copy);
	copy.head.time_ns = bpf_ktime_get_boot_ns();
	bpf_probe_read_kernel(&copy.mm, sizeof(copy.mm), m);
	/* By an atomic operation, so that the key and the id are read after the copy. */
	if (__sync_fetch_and_add(&m->id, 0) != id || m->key != key || copy.mm.id != id ||
	    copy.mm.flags & TARE_MM_DEAD)
		return 0;
	return bpf_seq_write(seq, &copy, sizeof(copy));
}

SEC("iter/task")
int tare_sweep(struct bpf_iter__task *ctx)
{
	struct task_struct *task = ctx->task;
	struct seq_file *seq = ctx->meta->seq;
	struct task_state *ts;
	struct mm_struct *mm;
	struct tare_mm *m;
	__u64 key;
	__u32 size;

	if (!task)
		return 0;
	ts = task_find(task);
	if (!ts || ts->t.flags & TARE_TASK_ENDED)
		return 0;
	mm = task->mm;
	key = ts->mm_key;
	asm volatile("" : "+r"(key)); /* two loads, not one of either pointer */
	if (mm)
		key = mm_key(mm);
	m = mm_find(key);
	if (cfg_period && m && m->brk_low)
		vma_heap_report(m, task->tgid);
	if (m && m->sweep != sweep.number &&
	    !(m->flags & (TARE_MM_IGNORE | TARE_MM_FORKING | TARE_MM_EXECING)) &&
	    sweep_mm(seq, mm, m, key))
		return 0; /* no room: the kernel calls again for this task */
	task_fill(task, ts, TARE_REC_TASK);
	size = ts->head.size;
	if (size > sizeof(struct tare_record) + sizeof(struct tare_task) ||
	    bpf_seq_write(seq, ts, size))
		return 0;
	if (m)
		m->sweep = sweep.number;
	return 0;
}
