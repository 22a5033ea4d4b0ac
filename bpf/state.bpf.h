/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The state of the BPF programs: maps, globals, configuration, and the few functions that
 * access them. The table of address spaces is in table.bpf.h. All is defined in state.bpf.c.
 * It must not know which tracepoint uses it.
 */
#ifndef TARE_STATE_BPF_H
#define TARE_STATE_BPF_H

#include "vmlinux.h"

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "abi_python.h"
#include "sampling.h"

#define SWAP_TRIES 4 /* how often a compare-and-swap is tried when another CPU was first */

/* Set by user space before load (frozen .rodata: the verifier knows them). */
extern const volatile __u32 cfg_cpus;        /* possible CPUs: sets of slots per mm */
extern const volatile __u32 cfg_slots_size;  /* of one CPU's set, with its padding */
extern const volatile __u32 cfg_backend;     /* enum counter_backend: the one that is loaded */
extern const volatile __u32 cfg_shape;       /* enum tare_shape: how whole sums are read */
extern const volatile __u32 cfg_split;       /* tasks cache changes (SPLIT_RSS_COUNTING) */
extern const volatile __u32 cfg_no_children; /* follow the first process only */
extern const volatile __u32 cfg_page_size;
extern const volatile __u32 cfg_bucket_bits;  /* tare_keys has 2^this buckets */
extern const volatile __u32 cfg_kmem;         /* the kernel has events of kernel memory */
extern const volatile __u32 cfg_period;       /* bytes of growth per sample; 0: no samples */
extern const volatile __u32 cfg_python;       /* Python functions are sampled too */
extern const volatile __u32 cfg_freeze;       /* peaks are noted by weight_freeze() alone */
extern const volatile __u32 cfg_ring;         /* bytes of tare_ring */
extern const volatile __u32 cfg_samples_ring; /* bytes */
extern const volatile __u32 cfg_stack;        /* bytes of user stack to copy, at most */
extern const volatile __u32 cfg_slot_type;    /* the kernel's number of struct refcount_struct */
extern const volatile __u32 cfg_cgroup;       /* enum tare_hierarchy */
extern const volatile __u32 cfg_memcg_long;   /* mod_memcg_state passes a long, not an int */

/* A task's state. It begins with the task's record, header included, which is sent from here
 * without a copy. */
struct task_state {
	struct tare_record head;
	struct tare_task t;
	__u64 mm_key; /* key of its process's mm: exit clears task->mm before its last events */
	__u64 making; /* classic backend: key of the mm that its fork or execve makes */
	struct tare_flow clone;         /* part of flow[TARE_KMEM]: of the clone() in progress */
	struct sampling_state sampling; /* of growth */
	struct sampling_state virtual;  /* of address space that it maps */
	__u64 fault;                    /* address of its last page fault in kernel mode */
	__u64 fault_number;             /* its min_flt + maj_flt at that fault */
	__u64 random;                   /* the last number drawn, see random_next() */
	__u64 stack_top;                /* top of the stack passed to clone(); 0 not known */
	__u64 start_stack;              /* mm->start_stack; 0 not read yet */
	__u64 stack_start, stack_end;   /* the mapping that its stack was found in */
	__u32 stack_searches;           /* calls of bpf_find_vma() */
	__u32 fault_searches;           /* searches for a vm_fault that found nothing */
	__u64 python;                   /* address of its PyThreadState; 0 not known */
	__u64 python_searches;          /* searches for a PyThreadState that found nothing */
};

struct tasks_map {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct task_state);
};

/* The address spaces; table.bpf.h finds one by the mm's key. An element is struct tare_mm,
 * then for each CPU cfg_slots_size bytes, which begin with TARE_MEMBERS slots of type s32.
 * User space sets the number of elements and their size before load. */
struct bucket {
	__u64 key[TARE_BUCKET];
};

struct keys_map {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__type(key, __u32);
	__type(value, struct bucket);
	__uint(max_entries, 1);
};

struct mms_map {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(key_size, sizeof(__u32));
	__uint(value_size, sizeof(struct tare_mm));
	__uint(max_entries, TARE_BUCKET);
};

/* Classic backend: from the tracepoint's hash of an mm to the mm's key. */
struct mmids_map {
	__uint(type, BPF_MAP_TYPE_HASH);
	__type(key, __u32);
	__type(value, __u64);
	__uint(max_entries, 8192);
};

/* Accounts of lost final records, by process: see ended.bpf.h. Not preallocated: nearly all
 * runs have none. */
struct ended_map {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, __u64);
	__type(value, struct tare_ended);
	__uint(max_entries, TARE_ENDED_MOST);
};

struct ring_map {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 8 << 20);
};

/* The ring of samples. User space sets its size; this one is the smallest that is allowed. */
struct samples_map {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096);
};

/* Identity of a Python code object: two code objects with the same key are taken for one. */
struct python_key {
	__u64 mm, code, file, name, line;
};

/* Head of a Python string (Include/cpython/unicodeobject.h, up to 3.14). */
struct python_text {
	__u64 refs, type;
	__s64 length; /* in characters */
	__u64 hash;
	__u32 state; /* PYTHON_TEXT_* */
	__u32 pad;
};
#define PYTHON_TEXT_KIND(state) ((state) >> 2 & 7) /* bytes of a character: 1, 2, 4 */
#define PYTHON_TEXT_COMPACT 0x20                   /* the characters follow the object … */
#define PYTHON_TEXT_ASCII 0x40                     /* … which is a PyASCIIObject */

/* The walk over Python's frames: its position and what it has read. */
#define PYTHON_FRAME_WORDS 9 /* words of a frame that hold the fields of all versions */
#define PYTHON_CODE_FROM 40  /* the same for a code object, from this byte on */
#define PYTHON_CODE_WORDS 13
struct python_walk {
	struct tare_python python;
	__u64 self;   /* thread pointer of the running thread, whose state is searched */
	__u64 thread; /* address of the PyThreadState to look at next; 0: no more */
	__u64 at;     /* address of the frame to read next; 0: the outermost was read */
	__u64 frame[PYTHON_FRAME_WORDS], code[PYTHON_CODE_WORDS]; /* as they were read */
	struct python_text text;
	struct python_key key; /* of the code read last */
};

/* The search of a vm_fault on the kernel stack, and the copy of a user stack (sample.bpf.h). */
struct fault_search {
	__u64 mm;             /* address of the task's mm_struct */
	__u64 regs;           /* address of the saved registers */
	__u64 address, below; /* what was found, and how far below `regs`; 0: nothing */
	__u64 user;           /* 1: a fault from user mode */
};

struct stack_pages {
	__u64 sp, size, at; /* at: offset in the payload */
	__u64 read;         /* 1: at least one page was read */
};

/* The walk along a file's path, upwards (vma.bpf.h). */
struct path_walk {
	__u64 dentry, mount; /* struct dentry *, struct mount * */
	__u32 n;             /* parts that were written */
	__u32 pad;
};

/* One for each CPU: memory to build a record in, since a BPF program's stack is too small.
 * `busy`: in use; an interrupt that finds it set takes no sample. */
#define WORDS 10
struct scratch {
	__u32 busy;
	__u32 pad;
	__u64 fault[WORDS], vma[WORDS]; /* first words of a struct vm_fault and vm_area_struct */
	struct fault_search search;
	struct stack_pages pages;
	struct path_walk path;
	struct python_walk walk;
	struct tare_python_stack python;
	struct tare_python_code code;
	union {
		struct {
			struct tare_sample sample;
			/* And a page, so that the last one can begin anywhere. */
			__u8 payload[(TARE_KERNEL_FRAMES + TARE_CHAIN_FRAMES) * 8 + TARE_STACK_MAX +
				     4096];
		};
		struct tare_vma change;
		struct tare_map map;
		struct tare_image image;
	};
};

/* Context of a loop, which must be on the stack. All that the loop works on is in the scratch.
 * An iteration may be a global function. The verifier does not know what that returns, but must see
 * that the loop's function returns 0 or 1: hence its `& 1`. */
struct scratch_loop {
	struct scratch *scratch;
};

struct scratch_map {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__type(key, __u32);
	__type(value, struct scratch);
	__uint(max_entries, 1);
};

/* Address spaces that run Python, by id. */
struct pythons_map {
	__uint(type, BPF_MAP_TYPE_HASH);
	__type(key, __u64);
	__type(value, struct tare_python);
	__uint(max_entries, 1);
};

/* Code objects whose names were sent, with their ids. */
struct codes_map {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__type(key, struct python_key);
	__type(value, __u64);
	__uint(max_entries, 1);
};

/* Files that hold CPython. */
struct python_file_key {
	__u64 inode, dev;
};

struct python_files_map {
	__uint(type, BPF_MAP_TYPE_HASH);
	__type(key, struct python_file_key);
	__type(value, struct tare_python_file);
	__uint(max_entries, 1);
};

extern struct pythons_map tare_pythons SEC(".maps");
extern struct python_files_map tare_python_files SEC(".maps");
extern struct codes_map tare_codes SEC(".maps");
extern struct samples_map tare_samples SEC(".maps");
extern struct scratch_map tare_scratch SEC(".maps");
extern struct tare_sampling sampling;
extern struct tasks_map tare_tasks SEC(".maps");
extern struct keys_map tare_keys SEC(".maps");
extern struct mms_map tare_mms SEC(".maps");
extern struct mmids_map tare_mmids SEC(".maps");
extern struct ring_map tare_ring SEC(".maps");
extern struct ended_map tare_ended SEC(".maps");

extern struct tare_ended ended_rest; /* of processes that found no room in tare_ended */
extern struct tare_ended ended_none; /* zeroes: the initial value of an account */
extern struct tare_workload workload;
extern __u64 frozen_until;              /* see weight_freeze(); user space writes it too */
extern __u32 chunk_used[TARE_CHUNKS];   /* address spaces in each part of the table */
extern __u64 regs_offset;               /* of the saved registers from the kernel stack's start */
extern __u64 cpu_offset[TARE_MAX_CPUS]; /* __per_cpu_offset[], filled by tare_init */

static __always_inline void count_lost(__u32 what)
{
	if (what < TARE_LOSSES)
		__sync_fetch_and_add(&workload.lost[what], 1);
}

/* Flags for bpf_ringbuf_submit(): wake user space if the record is urgent (`now`) or a quarter
 * of the ring is used; otherwise user space polls the ring. */
static __always_inline __u64 ring_wake(int now)
{
	if (now || bpf_ringbuf_query(&tare_ring, BPF_RB_AVAIL_DATA) > cfg_ring / 4)
		return BPF_RB_FORCE_WAKEUP;
	return BPF_RB_NO_WAKEUP;
}

static __always_inline __u64 samples_used(void)
{
	return bpf_ringbuf_query(&tare_samples, BPF_RB_AVAIL_DATA);
}

/* The last quarter of the ring is kept for changes of VMAs: without these, user space cannot
 * interpret any sample. */
#define SAMPLES_MOST ((__u64)cfg_samples_ring / 4 * 3)

/* The state of a followed task, NULL for any other. */
static __always_inline struct task_state *task_find(struct task_struct *task)
{
	return bpf_task_storage_get(&tare_tasks, task, 0, 0);
}

/* A pointer as a plain number, which the verifier does not track. */
static __always_inline __u64 address_of(void *p)
{
	void *volatile at = p;
	__u64 address = 0;

	bpf_probe_read_kernel(&address, sizeof(address), (void *)&at);
	return address;
}

/* Random numbers of the task: Knuth's linear congruential generator (MMIX). The kernel's helper
 * would cost a tenth of a sample. */
static __always_inline __u32 random_next(struct task_state *ts)
{
	ts->random = ts->random * 6364136223846793005ULL + 1442695040888963407ULL;
	return ts->random >> 32;
}

static __always_inline __u64 next_id(void)
{
	return __sync_fetch_and_add(&workload.next_id, 1) + 1;
}

#endif
