// SPDX-License-Identifier: GPL-2.0-only
/* Virtual growth and faults, per task. One hook on the way out of system calls:
 * the arguments are still in the registers there, and only calls that succeeded
 * count. It is also where page tables that munmap freed are entered. */
#include "enter.bpf.h"

#define TASK_SIZE_MAX 0x8000000000000000ULL /* user addresses are below, 4 or 5 levels */

enum range_call {
	CALL_NONE,
	CALL_MMAP,
	CALL_MUNMAP,
	CALL_MREMAP,
	CALL_BRK,
	CALL_SHMAT,
	CALL_OTHER
};

struct call {
	__u32 what;
	__u64 a0, a1, a2;
};

/* arch/x86/entry/syscalls/syscall_64.tbl */
static __always_inline __u32 call_64(__u64 nr)
{
	switch (nr) {
	case 9:
		return CALL_MMAP;
	case 10: /* mprotect */
	case 28: /* madvise */
	case 67: /* shmdt */
		return CALL_OTHER;
	case 11:
		return CALL_MUNMAP;
	case 12:
		return CALL_BRK;
	case 25:
		return CALL_MREMAP;
	case 30:
		return CALL_SHMAT;
	default:
		return CALL_NONE;
	}
}

/* syscall_32.tbl; the old mmap (90) passes its arguments in memory and is made
 * by no libc of today. */
static __always_inline __u32 call_32(__u64 nr)
{
	switch (nr) {
	case 45:
		return CALL_BRK;
	case 91:
		return CALL_MUNMAP;
	case 125: /* mprotect */
	case 219: /* madvise */
	case 398: /* shmdt */
		return CALL_OTHER;
	case 163:
		return CALL_MREMAP;
	case 192:
		return CALL_MMAP;
	case 397:
		return CALL_SHMAT;
	default:
		return CALL_NONE;
	}
}

static __always_inline void decode(struct task_struct *task, struct pt_regs *regs, struct call *c)
{
	if (task->thread_info.status & TS_COMPAT) {
		c->what = call_32(regs->orig_ax);
		c->a0 = (__u32)regs->bx;
		c->a1 = (__u32)regs->cx;
		c->a2 = (__u32)regs->dx;
	} else {
		c->what = call_64(regs->orig_ax);
		c->a0 = regs->di;
		c->a1 = regs->si;
		c->a2 = regs->dx;
	}
}

static __always_inline void grow(__u64 *up, __u64 *down, __u64 from, __u64 to)
{
	if (to > from)
		*up += to - from;
	else
		*down += from - to;
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
		t->mapped += ledger_page_up(c->a1, page);
		break;
	case CALL_MUNMAP:
		t->unmapped += ledger_page_up(c->a1, page);
		break;
	case CALL_MREMAP:
		grow(&t->mapped, &t->unmapped, ledger_page_up(c->a1, page),
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
		grow(&t->brk_up, &t->brk_down, ledger_page_up(m->brk, page),
		     ledger_page_up(bytes, page));
		m->brk = bytes;
		break;
	}
}

SEC("?tp_btf/sys_exit")
int BPF_PROG(tare_sys_exit, struct pt_regs *regs, long ret)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct call call = {};
	struct task_state *ts;
	struct mm_struct *mm;
	struct tare_mm *m;

	decode(task, regs, &call);
	if (call.what == CALL_NONE || (ret < 0 && ret >= -4095))
		return 0;
	ts = task_find(task);
	mm = task->mm;
	if (!ts || !mm || ts->t.flags & TARE_TASK_HELD)
		return 0;
	m = mm_find(mm_key(mm));
	count_call(task, &ts->t, m, mm, &call, ret);
	if (m && !(m->flags & (TARE_MM_IGNORE | TARE_MM_OPENING)))
		enter_pagetable(mm, m);
	return 0;
}

/* Faults that the kernel takes on a task's behalf, in read() into fresh memory
 * and the like. Those from user mode need no hook: the kernel counts all of a
 * task's faults itself (min_flt, maj_flt). With page faults disabled the access
 * just fails and is not counted there either. */
SEC("?tp_btf/page_fault_kernel")
int BPF_PROG(tare_fault_kernel, unsigned long address)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct task_state *ts = task_find(task);

	if (ts && address < TASK_SIZE_MAX && !task->pagefault_disabled)
		ts->t.faults_kernel++;
	return 0;
}
