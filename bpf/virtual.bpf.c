// SPDX-License-Identifier: GPL-2.0-only
/* Mapped address space and faults, per task. One hook at the exit of system calls: the arguments
 * are still in the registers, and only calls that succeeded count. Page tables that
 * munmap freed are counted here too. */
#include "update.bpf.h"
#include "vma.bpf.h"

#define MMAP2_UNIT 4096 /* bytes: the unit of a file offset in a 32-bit program's mmap2 */

enum vma_call {
	CALL_NONE,
	CALL_MMAP,
	CALL_MUNMAP,
	CALL_MREMAP,
	CALL_BRK,
	CALL_SHMAT,
	CALL_MPROTECT,
	CALL_MADVISE,
	CALL_SHMDT,
	CALL_PRCTL,
};

struct call {
	__u32 what;
	__u64 a0, a1, a2, a3, a4, a5;
	__u64 grew_at, grew; /* address space that it mapped: address, bytes */
};

#define CALLS 512 /* larger than all of these system calls' numbers */

/* Tables, because the verifier would follow each case of a switch to the end of the program. */
static const __u8 call_64[CALLS] = {
	[NR_MMAP] = CALL_MMAP,       [NR_MUNMAP] = CALL_MUNMAP, [NR_MREMAP] = CALL_MREMAP,
	[NR_BRK] = CALL_BRK,         [NR_SHMAT] = CALL_SHMAT,   [NR_MPROTECT] = CALL_MPROTECT,
	[NR_MADVISE] = CALL_MADVISE, [NR_SHMDT] = CALL_SHMDT,   [NR_PRCTL] = CALL_PRCTL,
};

static const __u8 call_32[CALLS] = {
	[NR32_MMAP] = CALL_MMAP,       [NR32_MUNMAP] = CALL_MUNMAP, [NR32_MREMAP] = CALL_MREMAP,
	[NR32_BRK] = CALL_BRK,         [NR32_SHMAT] = CALL_SHMAT,   [NR32_MPROTECT] = CALL_MPROTECT,
	[NR32_MADVISE] = CALL_MADVISE, [NR32_SHMDT] = CALL_SHMDT,   [NR32_PRCTL] = CALL_PRCTL,
};

static __always_inline __u32 call_of(const __u8 *calls, __u64 nr)
{
	/* So that the register that is checked is the one that indexes. */
	asm volatile("" : "+r"(nr));
	return nr < CALLS ? calls[nr] : CALL_NONE;
}

static __always_inline void call_decode(struct task_struct *task, struct pt_regs *regs,
					struct call *c)
{
	if (arch_compat(task, regs)) {
		c->what = call_of(call_32, arch_syscall(regs));
		c->a0 = arch_argument_32(regs, 0);
		c->a1 = arch_argument_32(regs, 1);
		c->a2 = arch_argument_32(regs, 2);
		if (!cfg_period)
			return;
		c->a3 = arch_argument_32(regs, 3);
		c->a4 = arch_argument_32(regs, 4);
		c->a5 = (__u64)arch_argument_32(regs, 5) * MMAP2_UNIT;
	} else {
		c->what = call_of(call_64, arch_syscall(regs));
		c->a0 = arch_argument(regs, 0);
		c->a1 = arch_argument(regs, 1);
		c->a2 = arch_argument(regs, 2);
		if (!cfg_period) /* each register that is read costs a millisecond at load */
			return;
		c->a3 = arch_argument(regs, 3);
		c->a4 = arch_argument(regs, 4);
		c->a5 = arch_argument(regs, 5);
	}
}

/* A mapping at `at` had `from` bytes and has `to` bytes now. */
static __always_inline void note_growth(struct call *c, __u64 *up, __u64 *down, __u64 at,
					__u64 from, __u64 to)
{
	if (to <= from) {
		*down += from - to;
		return;
	}
	*up += to - from;
	c->grew_at = at + from;
	c->grew = to - from;
}

static long shm_size(struct task_struct *task, struct vm_area_struct *vma, void *bytes)
{
	*(__u64 *)bytes = vma->vm_end - vma->vm_start;
	return 0;
}

static __always_inline void count_call(struct task_struct *task, struct tare_task *t,
				       struct tare_mm *m, struct mm_struct *mm, struct call *c,
				       __u64 ret)
{
	__u64 page = cfg_page_size, bytes = 0;

	switch (c->what) {
	case CALL_MMAP:
		c->grew_at = ret;
		c->grew = ledger_page_up(c->a1, page);
		t->mapped += c->grew;
		break;
	case CALL_MUNMAP:
		t->unmapped += ledger_page_up(c->a1, page);
		break;
	case CALL_MREMAP:
		note_growth(c, &t->mapped, &t->unmapped, ret, ledger_page_up(c->a1, page),
			    ledger_page_up(c->a2, page));
		break;
	case CALL_SHMAT:
		if (!bpf_find_vma(task, ret, shm_size, &bytes, 0))
			t->mapped += bytes;
		break;
	case CALL_BRK:
		if (!m)
			break;
		bytes = mm->brk;
		if (cfg_period && bytes < m->brk)
			vma_heap(m, m->brk, bytes);
		note_growth(c, &t->brk_up, &t->brk_down, 0, ledger_page_up(m->brk, page),
			    ledger_page_up(bytes, page));
		m->brk = bytes;
		break;
	}
}

static __always_inline void report_mmap(struct tare_mm *m, struct call *c, __u64 start, __u64 size)
{
	struct mapping map = { start, size, c->a4, c->a5, c->a2, c->a3 };

	if (c->a3 & UAPI_MAP_ANONYMOUS)
		vma_anon(m, start, size, c->a2, c->a3);
	else
		vma_mapped(m, &map);
}

/* Report to user space which VMA changed. */
static __always_inline void report_call(struct tare_mm *m, struct call *c, __u64 ret, __u64 page)
{
	__u64 size = ledger_page_up(c->a1, page), start = ARCH_UNTAG(c->a0);

	switch (c->what) {
	case CALL_MMAP:
		report_mmap(m, c, ret, size);
		break;
	case CALL_MUNMAP:
		vma_changed(m, TARE_VMA_UNMAP, start, size, 0);
		break;
	case CALL_MREMAP:
		vma_moved(m, start, size, ret, ledger_page_up(c->a2, page));
		break;
	case CALL_SHMAT:
		vma_changed(m, TARE_VMA_SHM, ret, 0, 0);
		break;
	case CALL_SHMDT:
		vma_changed(m, TARE_VMA_UNSHM, start, 0, 0);
		break;
	case CALL_MPROTECT:
		if (calls_makes_code(c->a2))
			vma_changed(m, TARE_VMA_PROTECT, start, size, c->a2);
		break;
	case CALL_MADVISE:
		if (calls_gives_back(c->a2))
			vma_changed(m, TARE_VMA_DISCARD, start, size, c->a2);
		break;
	case CALL_PRCTL:
		if (c->a0 == UAPI_PR_SET_VMA && c->a1 == UAPI_PR_SET_VMA_ANON_NAME)
			vma_named(m, ARCH_UNTAG(c->a2), ledger_page_up(c->a3, page), c->a4);
		break;
	}
}

/* Sample mapped address space. After the VMA is reported, so that user space knows what is
 * mapped there. */
static __always_inline void sample_virtual(struct task_state *ts, struct tare_mm *m,
					   const struct call *c, __u32 cause)
{
	struct sample_request what = {
		.mm = m->id,
		.address = c->grew_at,
		.size = c->grew,
		.cause = cause,
		.flags = TARE_SAMPLE_VIRTUAL,
		.user = 1,
	};

	ts->virtual.left -= c->grew;
	if (ts->virtual.left > 0)
		return;
	if (m->brk_low)
		vma_heap_report(m, ts->t.tgid);
	sample_take(ts, &what);
}

SEC("?tp_btf/sys_exit")
int BPF_PROG(tare_sys_exit, struct pt_regs *regs, long ret)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct mm_struct *mm = task->mm; /* first: see record.bpf.h on followed pointers */
	struct call call = {};
	struct task_state *ts;
	struct tare_mm *m;

	call_decode(task, regs, &call);
	if (call.what == CALL_NONE || (ret < 0 && ret >= -MAX_ERRNO))
		return 0;
	if (call.what == CALL_PRCTL && !cfg_period)
		return 0;
	ts = task_find(task);
	if (!ts || !mm || ts->t.flags & TARE_TASK_HELD)
		return 0;
	m = mm_find(mm_key(mm));
	count_call(task, &ts->t, m, mm, &call, ret);
	if (cfg_period && m && !(m->flags & TARE_MM_IGNORE)) {
		report_call(m, &call, ret, cfg_page_size);
		if (call.grew)
			sample_virtual(ts, m, &call, cause_of(task));
	}
	if (m && !(m->flags & (TARE_MM_IGNORE | TARE_MM_ATTACHING)))
		update_pagetable(mm, m);
	return 0;
}

/* Page faults in kernel mode, for example in read() into fresh memory. Faults in user mode need
 * no hook: the kernel counts all faults of a task itself (min_flt, maj_flt). While page faults
 * are disabled, the access fails and the kernel does not count it either. */
SEC("?tp_btf/page_fault_kernel")
int BPF_PROG(tare_fault_kernel, unsigned long address)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct task_state *ts = task_find(task);

	if (ts && address < KERNEL_START && !task->pagefault_disabled) {
		ts->t.faults_kernel++;
		if (cfg_period) {
			ts->fault = address;
			ts->fault_number = task->min_flt + task->maj_flt;
		}
	}
	return 0;
}
