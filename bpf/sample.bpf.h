/* SPDX-License-Identifier: GPL-2.0-only
 *
 * A sample: what the running task was doing when its growth passed the sampled byte, and
 * its stack. The registers and the top of the stack are copied. User space unwinds the stack:
 * most code has no frame pointers, and .eh_frame is too complex for BPF. It must not know who
 * updates counters.
 */
#ifndef TARE_SAMPLE_BPF_H
#define TARE_SAMPLE_BPF_H

#include "calls.h"
#include "compat.bpf.h"
#include "python.bpf.h"

#define STACK_ARGS 64             /* bytes that clone() may use above a thread's stack pointer */
#define STACK_SEARCHES 4          /* calls of bpf_find_vma() (7 us each) for a task, at most */
#define THREAD_STACK (8ULL << 20) /* bytes of a thread's stack, at most */
#define FIRST_STACK (64ULL << 20) /* bytes of the first thread's stack, at most */
#define STACK_BLIND (16 << 10)    /* bytes to copy if the end of the stack is not known */
#define USER_STACK (1 << 8)       /* BPF_F_USER_STACK */
#define WAKE_NS 100000000ULL
#define CHAIN_LEAST 4     /* addresses: a shorter chain is not credible */
#define FAULT_DEPTH 2560  /* bytes below the saved registers that are searched for a vm_fault */
#define FAULT_SEARCHES 16 /* searches without result after which a task is not searched again */

/* Flags for bpf_ringbuf_output(): samples wake user space only when a quarter of the ring is
 * used. */
static __always_inline __u64 wake_at(__u64 used)
{
	return used > (__u64)cfg_samples_ring / 4 ? BPF_RB_FORCE_WAKEUP : BPF_RB_NO_WAKEUP;
}

static __always_inline __u64 samples_wake(void)
{
	return wake_at(samples_used());
}

/* Samples also wake user space ten times a second: the code and the names of a JIT are in no
 * file, so they can be read only while the program lives. */
static __always_inline __u64 sample_wake(__u64 used, __u64 now)
{
	if (now - sampling.woken_ns < WAKE_NS)
		return wake_at(used);
	sampling.woken_ns = now; /* when two CPUs do this at once, user space wakes twice */
	return BPF_RB_FORCE_WAKEUP;
}

/* This CPU's scratch memory, busy until the caller clears `busy`; NULL if it is busy already. */
static __always_inline struct scratch *scratch_take(void)
{
	__u32 cpu = bpf_get_smp_processor_id();
	struct scratch *s = bpf_map_lookup_elem(&tare_scratch, &cpu);

	if (!s || s->busy)
		return NULL;
	s->busy = 1;
	return s;
}

/* The 8 bytes at a field of a struct whose first WORDS words were read; 0 if this kernel has
 * the field beyond these words. */
#define WORD(words, type, field) word_at(words, bpf_core_field_offset(type, field))

static __always_inline __u64 word_at(const __u64 *words, __u64 offset)
{
	return offset <= (WORDS - 1) * 8 ? *(const __u64 *)((const char *)words + offset) : 0;
}

/* The address of the page fault that the task is in.
 *
 * A tracepoint would pass it, but a program would run at each fault. It is also in the
 * struct vm_fault of handle_mm_fault(), on the kernel stack. The distance of this struct below the
 * saved registers is constant for faults from user mode. For faults that a system call makes
 * to fill memory (MAP_POPULATE, mlock, madvise) it depends on the call. The distance is found
 * by a search: for a position where the words make a consistent vm_fault, that is, its vma
 * belongs to the task's mm and its address is in that vma. This is checked at each read. A stale
 * vm_fault of an earlier fault from user mode has FAULT_FLAG_USER set, so that it is not
 * taken for one of a system call. */
struct fault_search {
	struct scratch *scratch;
	__u64 mm; /* the task's struct mm_struct * */
	__u64 regs, address, below;
	int user;
};

/* The fault's address if a vm_fault of a task with this mm is at `at`; else 0. `user`: 1 for a
 * fault from user mode. This function and those below are global, so that the verifier checks
 * each only once for a program. */
__weak __noinline __u64 fault_read(struct scratch *s, __u64 at, __u64 mm, int user)
{
	__u64 *fault, *vma, page, real;

	if (!cfg_period || !s)
		return 0;
	fault = s->fault;
	vma = s->vma;
	/* One read for each struct: the call costs more than the bytes. */
	if (bpf_probe_read_kernel(fault, WORDS * 8, (void *)at))
		return 0;
	page = WORD(fault, struct vm_fault, address);
	if (!page || page & (cfg_page_size - 1))
		return 0;
	real = WORD(fault, struct vm_fault, real_address);
	if ((real & ~(__u64)(cfg_page_size - 1)) != page ||
	    !!(WORD(fault, struct vm_fault, flags) & FAULT_FLAG_USER) != user)
		return 0;
	at = WORD(fault, struct vm_fault, vma);
	if (at < KERNEL_START || bpf_probe_read_kernel(vma, WORDS * 8, (void *)at))
		return 0;
	if (WORD(vma, struct vm_area_struct, vm_mm) != mm ||
	    page < WORD(vma, struct vm_area_struct, vm_start) ||
	    page >= WORD(vma, struct vm_area_struct, vm_end))
		return 0;
	return real;
}

/* One iteration of the search. It tries first the distances that were right before, then all
 * distances. */
static long fault_try(__u32 i, struct fault_search *s)
{
	__u64 below = sizeof(struct vm_fault) + (__u64)(i - TARE_FAULT_PLACES + 1) * 8;

	if (i < TARE_FAULT_PLACES)
		below = sampling.fault_at[i];
	s->address = below ? fault_read(s->scratch, s->regs - below, s->mm, s->user) : 0;
	if (!s->address)
		return 0;
	if (i >= TARE_FAULT_PLACES)
		s->below = below;
	return 1;
}

/* The address of the running task's fault; 0: not known. `regs`: address of its saved
 * registers. */
__weak __noinline __u64 fault_address(struct scratch *scratch, struct task_state *ts, __u64 regs,
				      int user)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct fault_search s = { scratch, (__u64)BPF_CORE_READ(task, mm), regs, .user = user };
	__u32 places = TARE_FAULT_PLACES;
	__u64 at = sampling.fault_at[0];

	if (!cfg_period || !scratch || !ts)
		return 0;
	if (user && at)
		s.address = fault_read(scratch, regs - at, s.mm, user);
	if (s.address)
		return s.address;
	/* The page_fault_kernel event gave it, and the task has had no fault since: the kernel
	 * counts a fault when it ends. */
	if (!user && ts->fault && ts->fault_number == task->min_flt + task->maj_flt)
		return ts->fault;
	if (ts->fault_searches < FAULT_SEARCHES)
		places += FAULT_DEPTH / 8;
	bpf_loop(places, fault_try, &s, 0);
	if (!s.address) {
		ts->fault_searches++;
	} else if (s.below) {
		at = user ? 0 : 1 + sampling.fault_next++ % (TARE_FAULT_PLACES - 1);
		asm volatile("" : "+r"(at)); /* so that the register that is checked indexes */
		if (at < TARE_FAULT_PLACES)
			sampling.fault_at[at] = s.below;
	}
	return s.address;
}

struct stack_bounds {
	__u64 start, end;
};

static long stack_bounds(struct task_struct *task, struct vm_area_struct *vma, void *ctx)
{
	struct stack_bounds *b = ctx;

	b->start = vma->vm_start;
	b->end = vma->vm_end;
	return 0;
}

/* The end of the stack that `sp` is in; 0: not known. The first thread's stack is known from
 * execve, other threads' from clone. For a thread that ran before tare came, it is the end of the
 * mapping that its stack is in. */
__weak __noinline __u64 stack_end(struct task_state *ts, __u64 sp)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct stack_bounds b = {};
	__u64 start, end;

	if (!cfg_period || !ts)
		return 0;
	end = ts->stack_top;
	if (sp < end && end - sp < THREAD_STACK)
		return end + STACK_ARGS;
	if (!ts->start_stack)
		ts->start_stack = BPF_CORE_READ(task, mm, start_stack);
	start = ts->start_stack;
	if (sp <= start && start - sp < FIRST_STACK)
		return start + 8; /* `start` is the address of argc; no frame is above it */
	/* Every libc puts a thread's TLS block at the top of its stack. The mapping may go on
	 * beyond it, merged with others. */
	end = arch_thread_pointer(task);
	if (end > sp && end - sp < THREAD_STACK)
		return end;
	if (sp >= ts->stack_start && sp < ts->stack_end)
		return ts->stack_end;
	if (ts->stack_searches >= STACK_SEARCHES)
		return 0;
	ts->stack_searches++;
	if (bpf_find_vma(task, sp, stack_bounds, &b, 0) || !b.end)
		return 0;
	ts->stack_start = b.start;
	ts->stack_end = b.end;
	return b.end;
}

/* How many bytes of a stack to copy, at most. Fewer while user space lags behind: in a burst of
 * samples with deep stacks, the inner frames are kept and fewer samples are lost. */
static __always_inline __u64 stack_most(__u64 used)
{
	/* Ring used by 2 or 3 eighths: half of cfg_stack; by 4: a quarter; by 5: an eighth. No
	 * branch, since the verifier would follow both sides to the end. */
	return cfg_stack >> ((used / (cfg_samples_ring / 8) * 5 / 8) & 3);
}

/* Let the kernel follow the frame pointers of the program, and put the addresses into the sample
 * ("chain"). In code without frame pointers the kernel finds only a few meaningless addresses;
 * such a short chain is dropped. Returns 1 if the sample has a chain. */
__weak __noinline int chain_copy(struct scratch *s)
{
	struct task_struct *task = bpf_get_current_task_btf();
	void *to;
	long n;

	if (!cfg_period || !s)
		return 0;
	to = s->payload;
	if (s->sample.flags & TARE_SAMPLE_KERNEL)
		to += TARE_KERNEL_FRAMES * 8;
	n = bpf_get_task_stack(task, to, TARE_CHAIN_FRAMES * 8, USER_STACK);
	if (n < CHAIN_LEAST * 8)
		return 0;
	s->sample.chain = n / 8;
	s->sample.flags |= TARE_SAMPLE_CHAIN;
	return 1;
}

/* Copies a stack page by page. A page of the stack that was never touched can't be read, while
 * pages above it can. bpf_probe_read_user() fills its bytes with 0, which is what the program
 * would read there. */
struct stack_pages {
	struct scratch *scratch;
	__u64 sp, size, at; /* at: offset in the payload */
	__u64 read;         /* 1: at least one page was read */
};

#define STACK_PAGE ((__u64)TARE_STACK_PIECE)

static long stack_page(__u32 i, struct stack_pages *p)
{
	__u64 from = i ? i * STACK_PAGE - p->sp % STACK_PAGE : 0;
	__u64 n = i ? STACK_PAGE : STACK_PAGE - p->sp % STACK_PAGE, to = p->at + from;

	if (from >= p->size)
		return 1;
	if (n > p->size - from)
		n = p->size - from;
	asm volatile("" : "+r"(n), "+r"(to)); /* the checked registers must be the passed ones */
	if (!n || n > STACK_PAGE || to > sizeof(p->scratch->payload) - STACK_PAGE)
		return 1;
	if (!bpf_probe_read_user(p->scratch->payload + to, n, (void *)(p->sp + from)))
		p->read = 1; /* a constant: the verifier follows each possible value */
	return !p->read;     /* stop if the page of the stack pointer can't be read */
}

/* Copy the stack [sp, end) to the end of the sample, `most` bytes at most. `end` 0: not known.
 * Returns the number of bytes; sets TARE_SAMPLE_CUT if the stack goes on, TARE_SAMPLE_NO_STACK
 * if nothing was copied. */
__weak __noinline int stack_copy(struct scratch *s, __u64 sp, __u64 end, __u64 most)
{
	__u64 size = end > sp ? end - sp : STACK_BLIND;
	struct stack_pages pages = { .scratch = s, .sp = sp };
	__u32 *flags;

	if (!cfg_period || !s)
		return 0;
	flags = &s->sample.flags;
	if (*flags & TARE_SAMPLE_KERNEL)
		pages.at += TARE_KERNEL_FRAMES * 8;
	if (*flags & TARE_SAMPLE_CHAIN)
		pages.at += TARE_CHAIN_FRAMES * 8;
	if (size > most)
		size = most;
	if (size < end - sp || end <= sp)
		*flags |= TARE_SAMPLE_CUT;
	asm volatile("" : "+r"(size));
	if (size < 8 || size > TARE_STACK_MAX) {
		*flags |= TARE_SAMPLE_NO_STACK;
		return 0;
	}
	if (!bpf_probe_read_user(s->payload + pages.at, size, (void *)sp))
		return size;
	pages.size = size;
	bpf_loop(TARE_STACK_MAX / STACK_PAGE + 1, stack_page, &pages, 0);
	if (pages.read)
		return size;
	*flags |= TARE_SAMPLE_NO_STACK | TARE_SAMPLE_CUT;
	return 0;
}

/* What to sample. */
struct sample_request {
	__u64 mm;            /* id of the address space; 0: none */
	__u64 address, size; /* TARE_SAMPLE_VIRTUAL: of the VMA; else not known yet */
	__u64 task;          /* id of the task that owns the memory; 0: the running task */
	__u64 bytes;         /* that the sample stands for; 0: computed from the task's growth */
	__u32 kind, cause;
	__u32 flags; /* TARE_SAMPLE_VIRTUAL or 0 */
	__u32 user;  /* there is a user stack */
};

static __always_inline void sample_lost(const struct sample_request *what, __u64 bytes, int busy)
{
	__sync_fetch_and_add(&sampling.lost, 1);
	if (!(what->flags & TARE_SAMPLE_VIRTUAL))
		__sync_fetch_and_add(&sampling.lost_bytes, bytes);
	if (busy)
		__sync_fetch_and_add(&sampling.busy, 1);
}

/* Set the address of the memory that the task's update is for. */
static __always_inline void sample_address(struct scratch *s, struct task_struct *task,
					   struct task_state *ts, __u64 regs, int user)
{
	struct tare_sample *out = &s->sample;

	out->address = 0;
	if (out->kind < TARE_MEMBERS && user) /* not `user`: execve is loading a program */
		out->address = fault_address(s, ts, regs, out->cause == TARE_CAUSE_FAULT);
	if (out->address) {
		if (calls_map(out->cause)) /* the record of its VMA comes when the call returns */
			out->flags |= TARE_SAMPLE_EARLY;
		return;
	}
	out->flags |= TARE_SAMPLE_NO_ADDRESS;
	if (out->kind < TARE_MEMBERS)
		__sync_fetch_and_add(&sampling.no_address, 1);
}

/* Count a sample that was taken, or left out, at a longer period (level 1 or more). */
static __always_inline void thin_count(__u32 level, int taken, __u64 bytes)
{
	struct tare_thinned *t;
	__u64 at = (__u64)level - 1;

	asm volatile("" : "+r"(at)); /* the checked register must be the index */
	if (at >= TARE_THIN_LEVELS)
		return;
	t = &sampling.thinned[at];
	t->last_ns = bpf_ktime_get_boot_ns();
	if (!t->first_ns)
		t->first_ns = t->last_ns;
	__sync_fetch_and_add(taken ? &t->taken : &t->left, 1);
	__sync_fetch_and_add(&t->bytes, bytes);
}

static __always_inline void sample_send(struct scratch *s, struct task_struct *task,
					struct task_state *ts, const struct sample_request *what,
					__u64 used)
{
	struct tare_sample *out = &s->sample;
	int virtual = out->flags & TARE_SAMPLE_VIRTUAL;
	__u64 size = sizeof(*out), sp;
	__u32 copied = 0;

	/* The kernel stack, unless the kernel only served a page fault. */
	if (!virtual && (out->cause != TARE_CAUSE_FAULT || out->kind >= TARE_MEMBERS)) {
		__builtin_memset(s->payload, 0, TARE_KERNEL_FRAMES * 8);
		bpf_get_task_stack(task, s->payload, TARE_KERNEL_FRAMES * 8, 0);
		out->flags |= TARE_SAMPLE_KERNEL;
		size += TARE_KERNEL_FRAMES * 8;
	}
	sp = out->regs[ARCH_REG_SP];
	if (what->user && !(out->flags & TARE_SAMPLE_COMPAT) && chain_copy(s))
		size += TARE_CHAIN_FRAMES * 8;
	if (what->user && !(out->flags & TARE_SAMPLE_COMPAT))
		copied = stack_copy(s, sp, stack_end(ts, sp), stack_most(used));
	else
		out->flags |= TARE_SAMPLE_NO_STACK;
	if (!copied)
		__sync_fetch_and_add(&sampling.no_stack, 1);
	out->stack = copied;
	size += copied;
	out->head.size = size;
	if (size > sizeof(*out) + sizeof(s->payload))
		return;
	if (bpf_ringbuf_output(&tare_samples, out, size, sample_wake(used, out->head.time_ns))) {
		sample_lost(what, out->bytes, 0);
		return;
	}
	__sync_fetch_and_add(&sampling.taken, 1);
	if (!virtual)
		__sync_fetch_and_add(&sampling.bytes, out->bytes);
	thin_count(sampling_level(used, cfg_samples_ring), 1, virtual ? 0 : out->bytes);
}

/* The address space that the running task uses; vfork's child uses its parent's. */
static __always_inline struct tare_mm *mm_running(struct task_struct *task, struct task_state *ts)
{
	struct mm_struct *mm = task->mm;
	__u64 key = ts->mm_key;

	asm volatile("" : "+r"(key)); /* two loads, not one of either pointer */
	if (mm)
		key = mm_key(mm);
	return mm_find(key);
}

/* `n` samples are due. Returns how many of them one sample stands for at this level; 0: no sample
 * is taken, which is counted. */
static __always_inline __u64 thinned_count(struct task_state *ts, __u64 n, __u32 level)
{
	if (!level)
		return n;
	n = sampling_thinned(n, level, random_next(ts)) << level;
	if (!n)
		thin_count(level, 0, 0);
	return n;
}

/* Take a sample: the running task's growth has passed its sampled byte, or `what` gives the
 * bytes. */
__weak __noinline int sample_take(struct task_state *ts, const struct sample_request *what)
{
	struct task_struct *task = bpf_get_current_task_btf();
	/* Newer verifiers (seen on 7.3) treat a void * as memory and refuse it as a number. */
	__u64 regs = address_of(task->stack) + regs_offset, bytes, n = 1;
	__u64 used = cfg_period ? samples_used() : 0; /* without samples there is no ring */
	__u32 level = sampling_level(used, cfg_samples_ring);
	struct sampling_state *state;
	struct scratch *s;
	struct tare_sample *out;

	if (!ts || !what || !cfg_period)
		return 0;
	state = what->flags & TARE_SAMPLE_VIRTUAL ? &ts->virtual : &ts->sampling;
	bytes = what->bytes;
	if (!bytes) {
		n = sampling_passed(state, cfg_period, random_next(ts));
		bytes = cfg_period;
	}
	if (ts->t.flags & TARE_TASK_HELD)
		return 0;
	if (used > SAMPLES_MOST) {
		sample_lost(what, n * bytes, 0);
		return 0;
	}
	n = thinned_count(ts, n, level);
	if (!n)
		return 0;
	bytes *= n;
	s = scratch_take();
	if (!s) {
		sample_lost(what, bytes, 1);
		return 0;
	}
	out = &s->sample;
	out->head.type = TARE_REC_SAMPLE;
	out->head.time_ns = bpf_ktime_get_boot_ns();
	out->task = what->task ? what->task : ts->t.id;
	out->proc = ts->t.proc;
	out->mm = what->mm;
	out->peak_seq = workload.peak_seq;
	out->bytes = bytes;
	out->address = what->address;
	out->size = what->size;
	out->tgid = task->tgid;
	out->kind = what->kind;
	out->cause = what->cause;
	out->flags = what->flags;
	out->chain = 0;
	if (bpf_probe_read_kernel(out->regs, sizeof(out->regs), (void *)regs))
		__builtin_memset(out->regs, 0, sizeof(out->regs));
	if (arch_compat(task, (const struct pt_regs *)out->regs))
		out->flags |= TARE_SAMPLE_COMPAT;
	if (!(out->flags & TARE_SAMPLE_VIRTUAL))
		sample_address(s, task, ts, regs, what->user);
	if (what->user)
		python_stack(ts, what->mm, out->task, out->head.time_ns);
	sample_send(s, task, ts, what, used);
	s->busy = 0;
	return 0;
}

#endif
