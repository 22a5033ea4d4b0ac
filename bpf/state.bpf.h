/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Where the kernel side keeps its state: maps, globals, configuration, and the
 * few lines that reach them; address spaces are in table.bpf.h. Defined in state.bpf.c. It must
 * not know which tracepoint asks.
 */
#ifndef TARE_STATE_BPF_H
#define TARE_STATE_BPF_H

#include "vmlinux.h"

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "abi_python.h"
#include "sampling.h"

#define SWAP_TRIES 4 /* of a compare-and-swap that another CPU won */

/* Set by user space before load (frozen .rodata: the verifier knows them). */
extern const volatile __u32 cfg_cpus;        /* possible CPUs: sets of slots per mm */
extern const volatile __u32 cfg_slots_size;  /* of one CPU's set, with its padding */
extern const volatile __u32 cfg_backend;     /* enum counter_backend: whose events we get */
extern const volatile __u32 cfg_shape;       /* enum tare_shape: what sums can be read */
extern const volatile __u32 cfg_split;       /* tasks cache changes (SPLIT_RSS_COUNTING) */
extern const volatile __u32 cfg_no_children; /* stay with the first process */
extern const volatile __u32 cfg_page_size;
extern const volatile __u32 cfg_bucket_bits;  /* tare_keys has 2^this buckets */
extern const volatile __u32 cfg_kmem;         /* kernel memory's events are there */
extern const volatile __u32 cfg_period;       /* bytes of growth a sample; 0: none are taken */
extern const volatile __u32 cfg_python;       /* its functions are looked for */
extern const volatile __u32 cfg_ring;         /* bytes of tare_ring */
extern const volatile __u32 cfg_samples_ring; /* bytes */
extern const volatile __u32 cfg_stack;        /* bytes of user stack to copy, at most */
extern const volatile __u32 cfg_slot_type;    /* the kernel's number of struct refcount_struct */
extern const volatile __u32 cfg_memcg_long;   /* they pass their value as a long, not an int */

/* A task's state is its record, header included: it is sent as it lies. */
struct task_state {
	struct tare_record head;
	struct tare_task t;
	__u64 mm_key; /* its process's mm: to be found still when exit has taken task->mm */
	__u64 making; /* classic backend: key of the mm that its fork or execve makes */
	struct tare_flow clone;         /* of flow[TARE_KMEM]: of the clone() that it is in */
	struct sampling_state sampling; /* of growth */
	struct sampling_state virtual;  /* of address space that it maps */
	__u64 fault;                    /* address of the kernel's last fault on its behalf */
	__u64 fault_number;             /* faults that it had by then */
	__u64 random;                   /* the last number drawn, see random_next() */
	__u64 stack_top;                /* where clone() let its stack begin; 0 not known */
	__u64 start_stack;              /* of its address space; 0 not known yet */
	__u64 stack_start, stack_end;   /* the mapping that its stack was found in */
	__u32 stack_searches;
	__u32 fault_searches;  /* that found nothing */
	__u64 python;          /* address of its PyThreadState; 0 not known */
	__u64 python_searches; /* that found none */
};

struct tasks_map {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct task_state);
};

/* The address spaces, found by the mm's key in table.bpf.h. An element is
 * struct tare_mm, then for each CPU cfg_slots_size bytes that begin with
 * TARE_MEMBERS s32 slots. User space sets the
 * numbers and the size of elements before load. */
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

/* Classic backend: the tracepoint's hash of an mm, to the mm's key. */
struct mmids_map {
	__uint(type, BPF_MAP_TYPE_HASH);
	__type(key, __u32);
	__type(value, __u64);
	__uint(max_entries, 8192);
};

/* Sums of ended tasks and address spaces, by process: see ended.bpf.h. Not allocated ahead:
 * in nearly all runs there are none. */
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

/* The samples' ring; as small as can be where none are taken. */
struct samples_map {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096);
};

/* One code object: as long as all of this is the same it is the same one. */
struct python_key {
	__u64 mm, code, file, name, line;
};

/* Include/cpython/unicodeobject.h, up to 3.14: the head of every text. */
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

/* What the walk over Python's frames has read, and where it is. */
#define PYTHON_FRAME_WORDS 9 /* all of a frame that is of interest in any version */
#define PYTHON_CODE_FROM 40  /* likewise of a code object, from here on */
#define PYTHON_CODE_WORDS 13
struct python_walk {
	struct tare_python python;
	__u64 self;   /* thread pointer of the thread that is looked for */
	__u64 thread; /* address of the state that is looked at; 0: there are no more */
	__u64 at;     /* address of the frame to be read next; 0: the outermost was read */
	__u64 frame[PYTHON_FRAME_WORDS], code[PYTHON_CODE_WORDS]; /* as they were read */
	struct python_text text;
	struct python_key key; /* of the code read last */
};

/* Where a CPU puts a record together: a program's own stack has no room for it.
 * `busy` keeps an interrupt's from another's. */
#define WORDS 10
struct scratch {
	__u32 busy;
	__u32 pad;
	__u64 fault[WORDS], vma[WORDS]; /* beginnings of the kernel's structs, as they were read */
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

/* Code objects whose names were reported, with their numbers. */
struct codes_map {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__type(key, struct python_key);
	__type(value, __u64);
	__uint(max_entries, 1);
};

/* Files that have an interpreter. */
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
extern struct tare_ended ended_none; /* zeroes, to begin an account with */
extern struct tare_workload workload;
extern __u32 chunk_used[TARE_CHUNKS];   /* address spaces in each part of the table */
extern __u64 regs_offset;               /* of a task's saved registers in its kernel stack */
extern __u64 cpu_offset[TARE_MAX_CPUS]; /* __per_cpu_offset[], filled by tare_init */

static __always_inline void count_lost(__u32 what)
{
	if (what < TARE_LOSSES)
		__sync_fetch_and_add(&workload.lost[what], 1);
}

/* For the flags of a record: user space is woken when there is something that it must not
 * miss (`now`), and at a quarter of the ring; else it comes by itself now and then. */
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

/* The last quarter of the ring is kept for changes of VMAs, without which no sample makes sense. */
#define SAMPLES_MOST ((__u64)cfg_samples_ring / 4 * 3)

/* The state of a followed task, NULL for any other. */
static __always_inline struct task_state *task_find(struct task_struct *task)
{
	return bpf_task_storage_get(&tare_tasks, task, 0, 0);
}

/* A pointer that the verifier tracks, as the plain number it is. */
static __always_inline __u64 address_of(void *p)
{
	void *volatile at = p;
	__u64 address = 0;

	bpf_probe_read_kernel(&address, sizeof(address), (void *)&at);
	return address;
}

/* Knuth's linear congruential numbers (MMIX), a task's own: the kernel's helper costs a
 * tenth of a sample. */
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
