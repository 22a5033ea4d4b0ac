/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Differences between kernels: every difference that the programs meet is here, with the
 * commit that made it. Decided by BTF (CO-RE), never by the kernel's version. It must not know
 * what is counted.
 */
#ifndef TARE_COMPAT_BPF_H
#define TARE_COMPAT_BPF_H

#include "arch.bpf.h"
#include "calls.h"
#include "table.bpf.h"

/* include/linux/sched.h; the values are the same since 4.x. */
#define PF_EXITING 0x00000004
#define PF_MEMALLOC 0x00000800
#define PF_KSWAPD 0x00020000
#define SIGKILL 9
#define SIGNAL_GROUP_EXIT 0x00000004 /* include/linux/sched/signal.h */

/* include/uapi/linux/sched.h */
#define CLONE_VM 0x00000100
#define CLONE_THREAD 0x00010000

#define MAX_ERRNO 4095 /* include/linux/err.h: results from -MAX_ERRNO to -1 are errors */

/* Kernel addresses are at or above this, user addresses below: with 4 and with 5 levels of page
 * tables, on all architectures. */
#define KERNEL_START (1ULL << 63)

/* The value of an enumerator that this kernel may not have: then -1, which no event passes.
 * Enumerators are read only here (tools/lint checks that), because the relocation of a missing
 * enumerator makes its whole program fail to load. The barriers keep the relocation inside the
 * branch, which the verifier removes when the enumerator is missing. */
#define ITEM(type, value)                                         \
	({                                                        \
		int item_ = -1;                                   \
                                                                  \
		if (bpf_core_enum_value_exists(type, value)) {    \
			asm volatile("" ::: "memory");            \
			item_ = bpf_core_enum_value(type, value); \
			asm volatile("" : "+r"(item_));           \
		}                                                 \
		item_;                                            \
	})

/* c466412c73c3 (7.1): vmalloc moved from memcg_stat_item to node_stat_item, whose changes
 * have an event of their own. */
enum node_stat_item___vmalloc {
	NR_VMALLOC = 0, /* the kernel's value is put here at load */
};

/* The key of an address space. Never 0; its top bit is never set (see KEY_MAKING). */
static __always_inline __u64 mm_key(struct mm_struct *mm)
{
	return arch_mm_key(mm, &workload);
}

/* Classic backend: the key of an mm that fork or execve is making is this bit and the
 * tracepoint's hash of the mm. */
#define KEY_MAKING (1ULL << 63)

/* f1a7941243c1 (6.2): mm->rss_stat is an array of percpu_counter. */
struct mm_struct___percpu {
	struct percpu_counter rss_stat[TARE_MEMBERS];
} __attribute__((preserve_access_index));

/* Before 6.2: a struct of atomic counts, and (SPLIT_RSS_COUNTING) a cache of plain ints in
 * each task. */
struct mm_rss_stat___atomic {
	atomic_long_t count[TARE_MEMBERS];
} __attribute__((preserve_access_index));

struct mm_struct___atomic {
	struct mm_rss_stat___atomic rss_stat;
} __attribute__((preserve_access_index));

struct task_rss_stat___split {
	int events;
	int count[TARE_MEMBERS];
} __attribute__((preserve_access_index));

struct task_struct___split {
	struct task_rss_stat___split rss_stat;
} __attribute__((preserve_access_index));

/* Read one member's percpu_counter: its central count and the per-CPU pointer to its slots. A
 * switch, since an index into a BTF array must be a constant. */
static __always_inline void percpu_view(struct mm_struct *mm, __u32 member, __s64 *count,
					__u64 *slots)
{
	struct mm_struct___percpu *p = (void *)mm;

#define VIEW(i)                                          \
	case i:                                          \
		*count = p->rss_stat[i].count;           \
		*slots = (__u64)p->rss_stat[i].counters; \
		break
	switch (member) {
		VIEW(0);
		VIEW(1);
		VIEW(2);
	default:
		VIEW(3);
	}
#undef VIEW
}

/* The address of one member's percpu_counter. Not inline; see atomic_count(). */
static __noinline __attribute__((unused)) __u64 percpu_at(struct mm_struct *mm, __u32 member)
{
	return address_of(mm) + bpf_core_field_offset(struct mm_struct___percpu, rss_stat) +
	       (__u64)(member & 3) * bpf_core_type_size(struct percpu_counter);
}

/* The same as percpu_view(), from that address: slower, but one path for the verifier, not four. */
static __always_inline void percpu_copy(__u64 at, __s64 *count, __u64 *slots)
{
	struct percpu_counter *c = (void *)at;

	*count = BPF_CORE_READ(c, count);
	*slots = (__u64)BPF_CORE_READ(c, counters);
}

/* The address of a CPU's slot; 0 for a CPU number that is too large. */
static __always_inline __u64 slot_address(__u64 slots, __u64 cpu)
{
	/* So that the register that is checked is the one that indexes. */
	asm volatile("" : "+r"(cpu));
	return cpu < TARE_MAX_CPUS ? slots + cpu_offset[cpu] : 0;
}

/* fd264ca02094 (6.2): bpf_rdonly_cast() makes a readable pointer of a number; a bad address is
 * caught by the fault handler, so no helper call is needed: some ns less for each update. User
 * space replaces this call by it (user/capture/sections.c). It is not declared as an extern,
 * because libbpf would then read all of the kernel's types. */
static void *(*const slot_cast)(const void *at, __u32 btf_id) = (void *)TARE_CALL_CAST;

static __always_inline int percpu_slot_hot(__u64 slots, __u32 cpu, __s32 *value)
{
	struct refcount_struct *slot; /* the type only has to begin with an s32 */
	__u64 at = slot_address(slots, cpu);

	if (!at)
		return -1;
	slot = slot_cast((void *)at, cfg_slot_type);
	*value = slot->refs.counter;
	return 0;
}

static __always_inline int percpu_slot(__u64 slots, __u32 cpu, __s32 *value)
{
	__u64 at = slot_address(slots, cpu);

	return at ? bpf_probe_read_kernel(value, sizeof(*value), (void *)at) : -1;
}

/* Not inline, like every function that reads a shape which this kernel may not have: if it
 * were, the compiler would move the field's offset out of the branch that is dead on this
 * kernel, and the verifier would see a relocation that failed. */
static __noinline __attribute__((unused)) __s64 atomic_count(struct mm_struct *mm, __u32 member)
{
	struct mm_struct___atomic *a = (void *)mm;

	switch (member) {
	case 0:
		return BPF_CORE_READ(a, rss_stat.count[0].counter);
	case 1:
		return BPF_CORE_READ(a, rss_stat.count[1].counter);
	case 2:
		return BPF_CORE_READ(a, rss_stat.count[2].counter);
	default:
		return BPF_CORE_READ(a, rss_stat.count[3].counter);
	}
}

/* The cached pages of a member that a task with a full cache is adding to its mm at this event;
 * 0 if the event has another reason. check_sync_rss_stat() (mm/memory.c, up to 6.1) adds the
 * cache when a task has counted more than 64 changes, and clears it after the tracepoint. */
#define TASK_RSS_EVENTS_THRESH 64

static __noinline __attribute__((unused)) __s64 task_cache_reported(struct task_struct *task,
								    __u32 member)
{
	struct task_struct___split *t = (void *)task;

	if (BPF_CORE_READ(t, rss_stat.events) <= TASK_RSS_EVENTS_THRESH)
		return 0;
	switch (member) {
	case 0:
		return BPF_CORE_READ(t, rss_stat.count[0]);
	case 1:
		return BPF_CORE_READ(t, rss_stat.count[1]);
	case 2:
		return BPF_CORE_READ(t, rss_stat.count[2]);
	default:
		return BPF_CORE_READ(t, rss_stat.count[3]);
	}
}

/* Pages that a task has cached and not added to its mm's counters yet. Left as it is on kernels
 * where tasks have no cache. */
static __always_inline void task_cached(struct task_struct *task, __s64 cached[TARE_MEMBERS])
{
	struct task_struct___split *t = (void *)task;

	if (!cfg_split)
		return;
	cached[0] = t->rss_stat.count[0];
	cached[1] = t->rss_stat.count[1];
	cached[2] = t->rss_stat.count[2];
	cached[3] = t->rss_stat.count[3];
}

#endif
