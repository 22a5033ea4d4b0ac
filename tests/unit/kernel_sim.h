/* SPDX-License-Identifier: GPL-2.0-only
 *
 * A simulated kernel, small enough to test all of its states: CPUs, tasks and one mm's
 * percpu_counters, under a scheduler that a seed decides. It provides in user space what
 * bpf/rss.bpf.c, update.bpf.h and sums.bpf.h need of state.bpf.h, compat.bpf.h and the helpers.
 * So the BPF sources themselves are compiled and tested, not a copy. It is the same on all
 * architectures.
 *
 * Tasks are coroutines. sim_step() marks a moment at which another CPU may run: it is called at
 * each access to data that the programs share. A task can lose its CPU or be moved only outside
 * of an event, as in the kernel, where the programs run with migration disabled.
 */
#ifndef TARE_KERNEL_SIM_H
#define TARE_KERNEL_SIM_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <ucontext.h>

#include "bpf/sampling.h"

#define SIM_CPUS 4
#define SIM_TASKS 6
#define SIM_BATCH LEDGER_MIN_BATCH
#define SIM_BUCKET_BITS 10 /* capacity; cfg_bucket_bits is the size in use */
#define SIM_STACK (256 * 1024)

/* Kernel types: only the fields that the programs read. */
struct pt_regs {
	long call; /* number of the system call; -1: outside of any */
	bool compat;
};

struct mm_struct {
	__u64 key;
	struct percpu_counter {
		__s64 count;
		__s32 slots[SIM_CPUS];
	} rss_stat[TARE_MEMBERS];
	struct {
		__s64 counter;
	} pgtables_bytes;
};

struct task_state {
	struct tare_record head;
	struct tare_task t;
	__u64 making;
	struct tare_flow clone;
	struct sampling_state sampling;
};

struct task_struct {
	__u32 flags;
	char comm[TARE_COMM_LEN];
	struct mm_struct *mm;
	struct pt_regs regs;
	struct task_state *state; /* NULL: this task is not followed */
};

struct trace_event_raw_rss_stat {
	__u32 mm_id, curr;
	int member;
	long size;
};

struct sim_task {
	struct task_struct k;
	struct task_state state;
	ucontext_t context;
	char *stack;
	int cpu;     /* -1: waits for a CPU */
	bool pinned; /* inside an event, or preemption is off */
	int todo;    /* changes that it still has to make */
	__s64 added[TARE_MEMBERS];
};

struct sim {
	GRand *rand;
	int cpus, tasks;
	bool migrate; /* tasks lose their CPU between a change and its event */
	bool torn;    /* other CPUs can see a flush half done */
	bool races;   /* other CPUs run in the middle of an event */
	__s64 (*step)(struct sim *s);
	struct sim_task task[SIM_TASKS];
	struct sim_task *on[SIM_CPUS];
	struct sim_task *now;
	ucontext_t scheduler;
	struct mm_struct mm;
	int outstanding;   /* changes whose event is not over */
	struct tare_mm *m; /* the ledger of `mm` */
	__s64 top;         /* highest RSS according to the updates */
	__s64 top_weight;  /* the same for RSS and non-RSS together */
};
static struct sim *sim;

static void sim_yield(void)
{
	struct sim_task *t = sim->now;

	if (t)
		swapcontext(&t->context, &sim->scheduler);
}

static void sim_step(void)
{
	if (sim->races && g_rand_boolean(sim->rand))
		sim_yield();
}

/* arch.bpf.h: here the loads of one CPU are in program order. */
#define TARE_ARCH_BPF_H
#define arch_syscall(regs) ((__s64)(regs)->call)
#define arch_compat(task, regs) ((regs)->compat)
#define ARCH_LOAD_FIRST(word) (*(volatile typeof(*(word)) *)(word))
#define ARCH_AFTER(p, loaded) (p)

/* state.bpf.h */
#define TARE_STATE_BPF_H
#define SWAP_TRIES 4
static __u32 cfg_slots_size = TARE_MEMBERS * sizeof(__s32);
static __u32 cfg_cpus, cfg_backend, cfg_bucket_bits, cfg_shape, cfg_no_children,
	cfg_page_size = 4096;
static __attribute__((unused)) __u32 cfg_split, cfg_kmem, cfg_freeze;
static __attribute__((unused)) __u64 frozen_until;
static struct tare_workload workload;
static __u32 chunk_used[TARE_CHUNKS];

/* state.bpf.h's maps: the table of address spaces. */
struct bucket {
	__u64 key[TARE_BUCKET];
};
static struct bucket buckets[1 << SIM_BUCKET_BITS];
static struct place {
	struct tare_mm m;
	__s32 slots[SIM_CPUS * TARE_MEMBERS];
} places[TARE_BUCKET << SIM_BUCKET_BITS];
static int tare_keys, tare_mms, tare_mmids;

static void count_lost(__u32 what)
{
	workload.lost[what]++;
}

static __u64 next_id(void)
{
	return ++workload.next_id;
}

static struct task_state *task_find(struct task_struct *task)
{
	return task->state;
}

/* compat.bpf.h */
#define TARE_COMPAT_BPF_H
#undef __always_inline
#define __always_inline inline __attribute__((always_inline, unused))
#define __noinline __attribute__((noinline, unused))
#define __weak __attribute__((weak))
#define PF_EXITING 0x00000004
#define PF_MEMALLOC 0x00000800
#define PF_KSWAPD 0x00020000
#define PF_KTHREAD 0x00200000

#define KEY_MAKING (1ULL << 63)

static __u64 mm_key(const struct mm_struct *mm)
{
	return mm->key;
}

static __u64 mm_vm_peak(const struct mm_struct *mm)
{
	(void)mm;
	return 0;
}

static void percpu_view(struct mm_struct *mm, __u32 member, __s64 *count, __u64 *slots)
{
	sim_step();
	*count = mm->rss_stat[member].count;
	*slots = (__u64)(uintptr_t)mm->rss_stat[member].slots;
}

static __u64 percpu_at(struct mm_struct *mm, __u32 member)
{
	return (__u64)(uintptr_t)&mm->rss_stat[member];
}

static void percpu_copy(__u64 at, __s64 *count, __u64 *slots)
{
	const struct percpu_counter *c = (void *)(uintptr_t)at;

	sim_step();
	*count = c->count;
	*slots = (__u64)(uintptr_t)c->slots;
}

static int percpu_slot(__u64 slots, __u32 cpu, __s32 *value)
{
	sim_step();
	*value = ((__s32 *)(uintptr_t)slots)[cpu];
	return 0;
}

#define percpu_slot_hot percpu_slot

static __s64 atomic_count(struct mm_struct *mm, __u32 member)
{
	sim_step();
	return mm->rss_stat[member].count;
}

/* The simulated kernels have no per-task caches of changes. */
static __attribute__((unused)) __s64 task_cache_reported(struct task_struct *task, __u32 member)
{
	(void)task, (void)member;
	return 0;
}

/* bpf_helpers.h */
#define SEC(name) __attribute__((unused))
#define BPF_PROG(name, mm, member)                                              \
	name(__u64 *ctx);                                                       \
	static int name##_body(__attribute__((unused)) __u64 *ctx, mm, member); \
	int name(__u64 *ctx)                                                    \
	{                                                                       \
		return name##_body(ctx, (void *)(uintptr_t)ctx[0], ctx[1]);     \
	}                                                                       \
	static int name##_body(__attribute__((unused)) __u64 *ctx, mm, member)
#define BPF_ANY 0

static struct task_struct *bpf_get_current_task_btf(void)
{
	return &sim->now->k;
}

static struct pt_regs *bpf_task_pt_regs(struct task_struct *task)
{
	return &task->regs;
}

static __u32 bpf_get_smp_processor_id(void)
{
	return sim->now->cpu;
}

static __u64 bpf_ktime_get_boot_ns(void)
{
	static __u64 clock;

	return ++clock;
}

static long bpf_loop(__u32 turns, void *body, void *ctx, __u64 flags)
{
	long (*each)(__u32 i, void *ctx) = body;

	(void)flags;
	for (__u32 i = 0; i < turns; i++)
		if (each(i, ctx))
			break;
	return 0;
}

static int bpf_probe_read_kernel(void *to, __u32 size, const void *from)
{
	memcpy(to, from, size);
	return 0;
}

/* Only the table of address spaces exists. */
static void *bpf_map_lookup_elem(void *map, const void *key)
{
	__u32 at;

	memcpy(&at, key, sizeof(at));
	if (map == &tare_keys && at < 1u << cfg_bucket_bits)
		return &buckets[at];
	if (map == &tare_mms && at < (__u32)TARE_BUCKET << cfg_bucket_bits)
		return &places[at];
	return NULL;
}

static int bpf_map_update_elem(void *map, const void *key, const void *value, __u64 flags)
{
	(void)map, (void)key, (void)value, (void)flags;
	return 0;
}

/* Computes the peaks again by brute force, for comparison. */
static __s64 sim_fetch_add(volatile __s64 *word, __s64 delta)
{
	__s64 old;

	sim_step();
	old = *word;
	*word += delta;
	if (sim->m && word == &sim->m->rss)
		sim->top = MAX(sim->top, *word);
	if (sim->m)
		sim->top_weight = MAX(sim->top_weight, sim->m->rss + workload.nonrss);
	return old;
}

static __s32 sim_fetch_add32(volatile __s32 *word, __s32 delta)
{
	__s32 old;

	sim_step();
	old = *word;
	*word += delta;
	return old;
}

#define __sync_fetch_and_add(p, v)                                            \
	(sizeof(*(p)) == sizeof(__s32) ?                                      \
		 sim_fetch_add32((volatile __s32 *)(void *)(p), (__s32)(v)) : \
		 sim_fetch_add((volatile __s64 *)(void *)(p), v))
#define __sync_lock_test_and_set(p, v) (sim_step(), __sync_lock_test_and_set(p, v))
#define __sync_val_compare_and_swap(p, a, b) (sim_step(), __sync_val_compare_and_swap(p, a, b))

/* Hints to the verifier in BPF assembly are left out. */
#define asm
#define volatile(...) (void)0
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wunknown-pragmas" /* clang's unroll pragma */
#include "bpf/table.bpf.h"
#pragma GCC diagnostic pop
/* No samples are taken here: the kernel data that they need is not simulated. */
#define TARE_VMA_BPF_H
enum { cfg_period = 0 };
struct sample_request {
	__u64 mm;
	__u32 kind, cause, user;
};
static inline int vma_heap_report(struct tare_mm *m, __u32 tgid)
{
	return m->brk_low && tgid;
}
static inline int sample_take(struct task_state *ts, const struct sample_request *what)
{
	return ts && what;
}

#include "bpf/rss.bpf.c"
#undef volatile
#undef asm

/* As percpu_counter_add_batch() in lib/percpu_counter.c: a change below the batch goes into the
 * CPU's slot; otherwise slot and change go into the count. Another CPU can see the count changed
 * before the slot is cleared. */
static void sim_add(struct sim_task *t, __u32 member, __s64 delta)
{
	__s32 *slot = &sim->mm.rss_stat[member].slots[t->cpu];
	__s64 *count = &sim->mm.rss_stat[member].count;

	t->added[member] += delta;
	sim->outstanding++;
	if (cfg_backend == BACKEND_COUNT) {
		*count += delta;
	} else if (llabs(*slot + delta) < SIM_BATCH) {
		*slot += delta;
	} else {
		*count += *slot + delta;
		if (sim->torn)
			sim_step();
		*slot = 0;
	}
}

static __s64 sim_sum(__u32 member)
{
	__s64 sum = sim->mm.rss_stat[member].count;

	for (int i = 0; i < sim->cpus; i++)
		sum += sim->mm.rss_stat[member].slots[i];
	return sum;
}

/* The size in the classic tracepoint is a sum that is read shortly before the event. */
static void sim_event(struct sim_task *t, __u32 member)
{
	struct trace_event_raw_rss_stat event = { .curr = 1, .member = member };
	__u64 ctx[] = { (uintptr_t)&sim->mm, member };

	t->pinned = true;
	if (cfg_backend == BACKEND_PERCPU) {
		tare_rss_percpu(ctx);
	} else if (cfg_backend == BACKEND_COUNT) {
		tare_rss_count(ctx);
	} else {
		event.size = MAX(sim_sum(member), 0) * cfg_page_size;
		sim_step();
		tare_rss_classic(&event);
	}
	sim->outstanding--;
	t->pinned = false;
}

static void sim_body(void)
{
	struct sim_task *t = sim->now;

	while (t->todo) {
		__u32 member = g_rand_int_range(sim->rand, 0, TARE_MEMBERS);
		__s64 delta = sim->step(sim);

		t->pinned = true;
		sim_add(t, member, delta);
		t->pinned = false;
		sim_yield();
		sim_event(t, member);
		t->todo--;
		sim_yield();
	}
	sim->on[t->cpu] = NULL;
	t->cpu = -1;
	sim_yield();
}

/* Gives a CPU to a waiting task, or takes it from a task that may lose it. */
static void sim_schedule(int cpu)
{
	struct sim_task *old = sim->on[cpu], *t;

	if (old && (old->pinned || !sim->migrate || g_rand_int_range(sim->rand, 0, 3)))
		return;
	if (old) {
		old->cpu = -1;
		sim->on[cpu] = NULL;
		return; /* any CPU may run it next */
	}
	t = &sim->task[g_rand_int_range(sim->rand, 0, sim->tasks)];
	if (t->cpu >= 0 || !t->todo)
		return;
	t->cpu = cpu;
	sim->on[cpu] = t;
}

static bool sim_done(void)
{
	for (int i = 0; i < sim->tasks; i++)
		if (sim->task[i].todo)
			return false;
	return true;
}

/* Runs all tasks to their end. `check` is called whenever no CPU is inside an event. */
static __attribute__((unused)) void sim_run(void (*check)(void))
{
	while (!sim_done()) {
		int cpu = g_rand_int_range(sim->rand, 0, sim->cpus);
		bool quiet = true;

		sim_schedule(cpu);
		sim->now = sim->on[cpu];
		if (!sim->now)
			continue;
		swapcontext(&sim->scheduler, &sim->now->context);
		sim->now = NULL;
		for (int i = 0; i < sim->cpus; i++)
			quiet &= !sim->on[i] || !sim->on[i]->pinned;
		if (quiet && check)
			check();
	}
}

static void sim_free(void)
{
	for (int i = 0; i < SIM_TASKS; i++)
		g_free(sim->task[i].stack);
	g_rand_free(sim->rand);
	g_clear_pointer(&sim, g_free);
}

/* One process whose tasks are all followed and only take page faults. */
static struct sim *sim_new(guint32 seed, int cpu_count, int tasks, int changes)
{
	sim = g_new0(struct sim, 1);
	sim->rand = g_rand_new_with_seed(seed);
	sim->cpus = cpu_count;
	sim->tasks = tasks;
	sim->mm.key = 4711;
	memset(&workload, 0, sizeof(workload));
	memset(buckets, 0, sizeof(buckets));
	cfg_bucket_bits = 0;
	cfg_cpus = cpu_count;
	cfg_backend = BACKEND_PERCPU;
	cfg_shape = TARE_SHAPE_PERCPU;
	cfg_no_children = 0;
	for (int i = 0; i < tasks; i++) {
		struct sim_task *t = &sim->task[i];

		t->cpu = -1;
		t->todo = changes;
		t->k.state = &t->state;
		t->k.mm = &sim->mm;
		t->k.regs.call = -1;
		t->stack = g_malloc(SIM_STACK);
		getcontext(&t->context);
		t->context.uc_stack.ss_sp = t->stack;
		t->context.uc_stack.ss_size = SIM_STACK;
		makecontext(&t->context, sim_body, 0);
	}
	sim->m = mm_create(sim->mm.key, 0);
	return sim;
}

#endif
