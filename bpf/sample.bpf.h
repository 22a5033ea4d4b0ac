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
/* The fault's address if a vm_fault of a task with this mm is at `at`; else 0. `user`: 1 for a
 * fault from user mode.
 *
 * This function and those below are global, so that the verifier checks each only once for a
 * program. What their loops work on is in the scratch: the verifier goes on with a loop
 * until all that it knows about registers and the stack stays the same, and it knows nothing
 * about maps. */
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
static long fault_try(__u32 i, struct scratch_loop *loop)
{
	__u64 below = sizeof(struct vm_fault) + (__u64)(i - TARE_FAULT_PLACES + 1) * 8;
	struct fault_search *s = &loop->scratch->search;

	if (i < TARE_FAULT_PLACES)
		below = sampling.fault_at[i];
	s->address = below ? fault_read(loop->scratch, s->regs - below, s->mm, s->user) : 0;
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
	__u64 mm = (__u64)BPF_CORE_READ(task, mm), at = sampling.fault_at[0];
	struct scratch_loop loop = { scratch };
	__u32 places = TARE_FAULT_PLACES;
	struct fault_search *s;

	if (!cfg_period || !scratch || !ts)
		return 0;
	s = &scratch->search;
	s->address = user && at ? fault_read(scratch, regs - at, mm, user) : 0;
	if (s->address)
		return s->address;
	/* The page_fault_kernel event gave it, and the task has had no fault since: the kernel
	 * counts a fault when it ends. */
	if (!user && ts->fault && ts->fault_number == task->min_flt + task->maj_flt)
		return ts->fault;
	if (ts->fault_searches < FAULT_SEARCHES)
		places += FAULT_DEPTH / 8;
	s->mm = mm;
	s->regs = regs;
	s->user = user;
	s->below = 0;
	bpf_loop(places, fault_try, &loop, 0);
	if (!s->address) {
		ts->fault_searches++;
	} else if (s->below) {
		at = user ? 0 : 1 + sampling.fault_next++ % (TARE_FAULT_PLACES - 1);
		asm volatile("" : "+r"(at)); /* so that the register that is checked indexes */
		if (at < TARE_FAULT_PLACES)
			sampling.fault_at[at] = s->below;
	}
	return s->address;
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

#define STACK_PAGE ((__u64)TARE_STACK_PIECE)

/* Copy one page of the stack; 1: the copy ends. A page of the stack that was never touched
 * can't be read, while pages above it can. bpf_probe_read_user() fills its bytes with 0, which is
 * what the program would read there. */
__weak __noinline int stack_page(struct scratch *s, __u32 i)
{
	struct stack_pages *p;
	__u64 from, to, n;

	if (!cfg_period || !s)
		return 1;
	p = &s->pages;
	from = i ? i * STACK_PAGE - p->sp % STACK_PAGE : 0;
	n = i ? STACK_PAGE : STACK_PAGE - p->sp % STACK_PAGE;
	to = p->at + from;
	if (from >= p->size)
		return 1;
	if (n > p->size - from)
		n = p->size - from;
	asm volatile("" : "+r"(n), "+r"(to)); /* the checked registers must be the passed ones */
	if (!n || n > STACK_PAGE || to > sizeof(s->payload) - STACK_PAGE)
		return 1;
	if (!bpf_probe_read_user(s->payload + to, n, (void *)(p->sp + from)))
		p->read = 1;
	return !p->read; /* stop if the page of the stack pointer can't be read */
}

static long stack_next(__u32 i, struct scratch_loop *loop)
{
	return stack_page(loop->scratch, i) & 1;
}

/* The offset of the user stack in the payload. No branch: the verifier would follow both sides. */
static __always_inline __u64 stack_offset(__u32 flags)
{
	return !!(flags & TARE_SAMPLE_KERNEL) * TARE_KERNEL_FRAMES * 8ULL +
	       !!(flags & TARE_SAMPLE_CHAIN) * TARE_CHAIN_FRAMES * 8ULL;
}

/* Copy the stack [sp, end) to the end of the sample, `most` bytes at most. `end` 0: not known.
 * Returns the number of bytes; sets TARE_SAMPLE_CUT if the stack goes on, TARE_SAMPLE_NO_STACK
 * if nothing was copied. */
__weak __noinline int stack_copy(struct scratch *s, __u64 sp, __u64 end, __u64 most)
{
	__u64 size = end > sp ? end - sp : STACK_BLIND;
	struct scratch_loop loop = { s };
	__u32 *flags;
	__u64 at;

	if (!cfg_period || !s)
		return 0;
	flags = &s->sample.flags;
	at = stack_offset(*flags);
	if (size > most)
		size = most;
	if (size < end - sp || end <= sp)
		*flags |= TARE_SAMPLE_CUT;
	asm volatile("" : "+r"(size));
	if (size < 8 || size > TARE_STACK_MAX) {
		*flags |= TARE_SAMPLE_NO_STACK;
		return 0;
	}
	if (!bpf_probe_read_user(s->payload + at, size, (void *)sp))
		return size;
	s->pages = (struct stack_pages){ sp, size, at, 0 };
	bpf_loop(TARE_STACK_MAX / STACK_PAGE + 1, stack_next, &loop, 0);
	if (s->pages.read)
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

/* Samples that were lost stood for `bytes`. `busy`: this CPU was taking another. */
static __always_inline void sample_lost(__u32 flags, __u64 bytes, int busy)
{
	__sync_fetch_and_add(&sampling.lost, 1);
	__sync_fetch_and_add(&sampling.lost_bytes, bytes * !(flags & TARE_SAMPLE_VIRTUAL));
	__sync_fetch_and_add(&sampling.busy, busy);
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

/* sampling_level() and sampling_passed() (sampling.h) as functions, each verified once. */
__weak __noinline __u32 level_of(__u64 used)
{
	return cfg_period ? sampling_level(used, cfg_samples_ring) : 0;
}

__weak __noinline __u64 sampling_next(struct sampling_state *state, __u32 random)
{
	return cfg_period && state ? sampling_passed(state, cfg_period, random) : 0;
}

/* The growth of `ts` has passed its sampled byte, or `what` gives the bytes, and the ring has
 * `used` bytes. Returns the bytes that one sample stands for; 0: none is taken, which is
 * counted. */
__weak __noinline __u64 sample_due(struct task_state *ts, const struct sample_request *what,
				   __u64 used)
{
	__u32 level = level_of(used);
	__u64 bytes, n = 1;

	if (!cfg_period || !ts || !what)
		return 0;
	bytes = what->bytes;
	if (!bytes) {
		n = sampling_next(what->flags & TARE_SAMPLE_VIRTUAL ? &ts->virtual : &ts->sampling,
				  random_next(ts));
		bytes = cfg_period;
	}
	if (ts->t.flags & TARE_TASK_HELD)
		return 0;
	if (used > SAMPLES_MOST) {
		sample_lost(what->flags, n * bytes, 0);
		return 0;
	}
	if (!level)
		return n * bytes;
	n = sampling_thinned(n, level, random_next(ts)) << level;
	if (!n)
		thin_count(level, 0, 0);
	return n * bytes;
}

/* Set all of a sample that does not need a search: what was asked for, the task, the registers. */
__weak __noinline int sample_fill(struct scratch *s, struct task_state *ts,
				  const struct sample_request *what, __u64 regs)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct tare_sample *out;

	if (!cfg_period || !s || !ts || !what)
		return 0;
	out = &s->sample;
	out->head.type = TARE_REC_SAMPLE;
	out->head.time_ns = bpf_ktime_get_boot_ns();
	out->task = what->task ? what->task : ts->t.id;
	out->proc = ts->t.proc;
	out->mm = what->mm;
	out->peak_seq = workload.peak_seq;
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
	return 0;
}

/* Set the address of the memory that the task's update is for. */
__weak __noinline int sample_address(struct scratch *s, struct task_state *ts, __u64 regs, int user)
{
	struct tare_sample *out;

	if (!cfg_period || !s || !ts)
		return 0;
	out = &s->sample;
	out->address = 0;
	if (out->kind < TARE_MEMBERS && user) /* not `user`: execve is loading a program */
		out->address = fault_address(s, ts, regs, out->cause == TARE_CAUSE_FAULT);
	if (out->address) {
		if (calls_map(out->cause)) /* the record of its VMA comes when the call returns */
			out->flags |= TARE_SAMPLE_EARLY;
		return 0;
	}
	out->flags |= TARE_SAMPLE_NO_ADDRESS;
	if (out->kind < TARE_MEMBERS)
		__sync_fetch_and_add(&sampling.no_address, 1);
	return 0;
}

/* Put the kernel stack into the sample, unless the kernel only served a page fault. */
__weak __noinline int kernel_copy(struct scratch *s)
{
	struct tare_sample *out;

	if (!cfg_period || !s)
		return 0;
	out = &s->sample;
	if (out->flags & TARE_SAMPLE_VIRTUAL ||
	    (out->cause == TARE_CAUSE_FAULT && out->kind < TARE_MEMBERS))
		return 0;
	__builtin_memset(s->payload, 0, TARE_KERNEL_FRAMES * 8);
	bpf_get_task_stack(bpf_get_current_task_btf(), s->payload, TARE_KERNEL_FRAMES * 8, 0);
	out->flags |= TARE_SAMPLE_KERNEL;
	return 0;
}

/* Put the stacks into the sample. */
static __always_inline void sample_stacks(struct scratch *s, struct task_state *ts, __u32 user,
					  __u64 used)
{
	struct tare_sample *out = &s->sample;
	__u64 sp = out->regs[ARCH_REG_SP];

	kernel_copy(s);
	out->stack = 0;
	if (user && !(out->flags & TARE_SAMPLE_COMPAT)) {
		chain_copy(s);
		out->stack = stack_copy(s, sp, stack_end(ts, sp), stack_most(used));
	} else {
		out->flags |= TARE_SAMPLE_NO_STACK;
	}
	if (!out->stack)
		__sync_fetch_and_add(&sampling.no_stack, 1);
}

/* Put the sample into the ring, and count it. */
__weak __noinline int sample_send(struct scratch *s, __u64 used)
{
	struct tare_sample *out;
	__u64 size, bytes;

	if (!cfg_period || !s)
		return 0;
	out = &s->sample;
	size = sizeof(*out) + stack_offset(out->flags) + out->stack;
	out->head.size = size;
	asm volatile("" : "+r"(size)); /* the checked register must be the passed one */
	if (size > sizeof(*out) + sizeof(s->payload))
		return 0;
	if (bpf_ringbuf_output(&tare_samples, out, size, sample_wake(used, out->head.time_ns))) {
		sample_lost(out->flags, out->bytes, 0);
		return 0;
	}
	bytes = out->bytes * !(out->flags & TARE_SAMPLE_VIRTUAL);
	__sync_fetch_and_add(&sampling.taken, 1);
	__sync_fetch_and_add(&sampling.bytes, bytes);
	thin_count(level_of(used), 1, bytes);
	return 0;
}

/* Take a sample: the running task's growth has passed its sampled byte, or `what` gives the
 * bytes. Its parts are global functions, each followed once and not once for each path
 * through those before it. The kernel allows calls 8 deep, and the walk of Python's
 * frames needs all of them in tare_kmem. */
__weak __noinline int sample_take(struct task_state *ts, const struct sample_request *what)
{
	struct task_struct *task = bpf_get_current_task_btf();
	/* Newer verifiers (seen on 7.3) treat a void * as memory and refuse it as a number. */
	__u64 regs = address_of(task->stack) + regs_offset, bytes;
	__u64 used = cfg_period ? samples_used() : 0; /* without samples there is no ring */
	struct scratch *s;

	if (!ts || !what || !cfg_period)
		return 0;
	bytes = sample_due(ts, what, used);
	if (!bytes)
		return 0;
	s = scratch_take();
	if (!s) {
		sample_lost(what->flags, bytes, 1);
		return 0;
	}
	s->sample.bytes = bytes;
	sample_fill(s, ts, what, regs);
	if (!(what->flags & TARE_SAMPLE_VIRTUAL))
		sample_address(s, ts, regs, what->user);
	if (what->user)
		python_stack(ts, what->mm, s->sample.task, s->sample.head.time_ns);
	sample_stacks(s, ts, what->user, used);
	sample_send(s, used);
	s->busy = 0;
	return 0;
}

/* Take a sample of memory that is not mapped: `what` has its kind and cause, and its bytes and
 * task if these differ. There is no user stack if the address space has one of the flags `hidden`.
 * vfork's child uses its parent's address space. A function, since each path that follows
 * task->mm costs time at load: see record.bpf.h. */
__weak __noinline int sample_unmapped(struct task_state *ts, struct sample_request *what,
				      __u32 hidden)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct mm_struct *mm = task->mm;
	struct tare_mm *m;
	__u64 key;

	if (!cfg_period || !ts || !what)
		return 0;
	key = ts->mm_key;
	asm volatile("" : "+r"(key)); /* two loads, not one of either pointer */
	if (mm)
		key = mm_key(mm);
	m = mm_find(key);
	what->mm = m ? m->id : 0;
	what->user = m && !(m->flags & hidden);
	sample_take(ts, what);
	return 0;
}

#endif
