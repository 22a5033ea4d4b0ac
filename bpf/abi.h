/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The contract between the BPF programs and user space: every struct that both
 * use, and nothing else. Fixed-width integers, explicit padding, and a size
 * assertion on each struct. It must not know kernel types or libbpf.
 *
 * Units: counts of the four RSS members are pages; page tables, kernel stacks and
 * other kernel memory are bytes; times are nanoseconds of CLOCK_BOOTTIME; sizes
 * of virtual memory are bytes.
 */
#ifndef TARE_ABI_H
#define TARE_ABI_H

#ifndef __bpf__
#include <linux/types.h>
#endif

#include "arch.h" /* TARE_REGS */

/* What the memory is. The first four are the kernel's own member numbers of
 * mm->rss_stat (include/linux/mm_types_task.h), so they index its arrays. */
enum tare_kind {
	TARE_FILE = 0,
	TARE_ANON = 1,
	TARE_SWAP = 2, /* swap entries: memory that is swapped out, not resident */
	TARE_SHMEM = 3,
	TARE_PAGETABLE = 4, /* bytes, not pages, from here on */
	TARE_KSTACK = 5,    /* kernel stacks: a task's own, from its birth to its end */
	TARE_KMEM = 6,      /* all other charged kernel memory: see struct tare_cgroup */
	TARE_KINDS = 7,
};
#define TARE_MEMBERS 4
#define TARE_MM_KINDS 5 /* those that an address space has */

/* Causes: what the task was doing. A cause below TARE_CAUSE_FAULT is the number of a
 * system call, with TARE_CAUSE_COMPAT set for a 32-bit call. */
#define TARE_CAUSE_COMPAT 0x8000u
#define TARE_CAUSE_FAULT 0x10000u   /* page fault from user mode */
#define TARE_CAUSE_EXIT 0x10001u    /* teardown of an exiting task */
#define TARE_CAUSE_RECLAIM 0x10002u /* direct reclaim: the task was short of memory */
#define TARE_CAUSE_OTHER 0x10003u   /* a task's causes beyond TARE_TASK_CAUSES */

/* Which non-owner (a task that changes another process's memory) made an update. */
enum tare_nonowner {
	TARE_NONOWNER_RECLAIM = 0,    /* kswapd, or another process's direct reclaim */
	TARE_NONOWNER_KHUGEPAGED = 1, /* huge-page collapse */
	TARE_NONOWNER_KERNEL = 2,     /* any other kernel thread (OOM reaper, kworker) */
	TARE_NONOWNER_PROCESS = 3,    /* a task of another process */
	/* RSS: the process's own task, after its final record. Kernel memory: a followed task
	 * that frees more than its account holds. */
	TARE_NONOWNER_LATE = 4,
	TARE_NONOWNERS = 5,
};

/* Every way to lose something. Names for output: lost_name[] of user/model/report.h. */
enum tare_lost {
	TARE_LOST_MM = 0,          /* table of address spaces full: updates not counted */
	TARE_LOST_TASK = 1,        /* no memory for a task's state: task not followed */
	TARE_LOST_RECORD_TASK = 2, /* ring full: final record of a task */
	TARE_LOST_RECORD_MM = 3,   /* ring full: final record of an address space */
	TARE_LOST_EVENT = 4,       /* ring full: birth, rename or exec event */
	TARE_LOST_READ = 5,        /* a counter could not be read */
	TARE_LOST_CPU = 6,         /* update on a CPU beyond the number known at load */
	TARE_LOST_STATE = 7,       /* a followed task's state could not be found at an update */
	TARE_LOSSES = 8,
};

/* Placeholder for the number of a BPF helper (the kernel has about 200): see slot_cast(). */
#define TARE_CALL_CAST 0x7a7e0001

#define TARE_COMM_LEN 16
#define TARE_TASK_CAUSES 16
#define TARE_PATH_LEN 256
#define TARE_ARGV_LEN 4096

struct tare_flow {
	__u64 in;
	__u64 out;
};
_Static_assert(sizeof(struct tare_flow) == 16, "tare_flow");

struct tare_cause {
	__u32 id; /* TARE_CAUSE_* or a system call */
	__u32 used;
	struct tare_flow pages; /* anon + file + shmem */
};
_Static_assert(sizeof(struct tare_cause) == 24, "tare_cause");

/* ts.flags */
#define TARE_TASK_HELD (1u << 0)     /* waits before execve: its updates do not count yet */
#define TARE_TASK_EXITING (1u << 1)  /* last task of its process, which ends with it */
#define TARE_TASK_ENDED (1u << 2)    /* final record sent */
#define TARE_TASK_ATTACHED (1u << 3) /* was running before tare came */

/* In tare_task.exit_code: the OOM killer killed it. The bits below are the wait status. */
#define TARE_EXIT_OOM (1 << 16)

/* One task, in task storage. It goes to user space in each sweep and, when the task ends, once
 * as its final record. `id` and `proc` are serial numbers, never used twice (tids are). */
struct tare_task {
	__u64 id;
	__u64 proc; /* id of the process: that of its first task seen */
	__u32 tid;
	__u32 tgid;
	__u32 ppid;
	__s32 exit_code; /* wait status of the process, right once all its tasks ended */
	__u64 start_ns;
	__u64 end_ns;
	char comm[TARE_COMM_LEN];
	/* Net at the workload's peak. Valid when peak_seq equals the workload's last
	 * peak_seq; else the net now is the net at the peak (see ledger_note_peak()). */
	__s64 at_peak[TARE_KINDS];
	__u64 faults;        /* min_flt + maj_flt since tare came */
	__u64 faults_major;  /* of these, maj_flt */
	__u64 faults_kernel; /* taken in kernel mode */
	__u64 mapped;
	__u64 unmapped;
	__u64 brk_up;
	__u64 brk_down;
	/* Kernels with SPLIT_RSS_COUNTING (up to 6.1): pages that this task has cached and not
	 * yet added to its mm's counters, now and when tare came. */
	__s64 cached[TARE_MEMBERS];
	__s64 cached0[TARE_MEMBERS];
	__u64 mm_proc; /* owner of the mm that these pages belong to; 0: there is no cache */
	__u64 faults0; /* min_flt + maj_flt when tare came */
	__u64 faults_major0;
	__u64 cgroup; /* id of its control group, see task_cgroup(); 0: not known */
	/* Written at every update, so in neighbouring cache lines. */
	__u64 peak_seq;
	__u32 flags;
	__u32 n_causes;
	struct tare_flow flow[TARE_KINDS];
	struct tare_cause causes[TARE_TASK_CAUSES];
};
_Static_assert(sizeof(struct tare_task) == 784, "tare_task");

/* Special peak numbers. NEVER: no peak was noted yet. NOW (in reports): the peak is now, so
 * no task can have noted it. */
#define TARE_PEAK_NEVER (~0ULL - 1)
#define TARE_PEAK_NOW (~0ULL)

/* mm.flags */
#define TARE_MM_IGNORE (1u << 0)    /* the launcher's own mm: not in the books */
#define TARE_MM_FORKING (1u << 1)   /* fork in progress: updates go to the initial balance */
#define TARE_MM_EXECING (1u << 2)   /* execve in progress: not yet current->mm */
#define TARE_MM_ATTACHING (1u << 3) /* initial balance being taken */
#define TARE_MM_DEAD (1u << 4)      /* record sent from exit_mmap */

/* One address space. In its map the per-CPU slots follow the struct. */
struct tare_mm {
	/* Used at every update, so in neighbouring cache lines. */
	__u64 key;  /* mm_key() of compat.bpf.h; 0: the element is free */
	__u64 proc; /* owner */
	__u32 flags;
	__u32 classic_id; /* the classic tracepoint's hash of the mm; 0 unknown */
	__s64 rss;        /* pages: anon + file + shmem, initial balance included */
	__s64 folded;     /* part of rss that tare_workload.rss includes: see ledger_fold_at() */
	__s64 peak;       /* largest rss before a fall; the peak is the larger of this and rss */
	__s64 seen_pagetable;

	__s64 seen[TARE_MEMBERS]; /* pages: the kernel's count (without slots) as last seen */
	__u64 peak_ns;            /* when it began to fall from the peak */
	__u64 id;
	__u64 brk;         /* end of the heap as last seen */
	__u64 brk_low;     /* lowest brk since the last TARE_VMA_HEAP; 0: nothing to report */
	__u64 brk_low_seq; /* workload.peak_seq at that time */
	__s64 initial[TARE_MM_KINDS];
	struct tare_flow nonowner[TARE_MM_KINDS];
	struct tare_flow nonowner_cause[TARE_NONOWNERS]; /* pages: anon + file + shmem */
	/* initial + nonowner at the peak, with peak_seq as in tare_task. The initial balance is
	 * part of it because it grows while fork copies pages. */
	__s64 at_peak[TARE_MM_KINDS];
	__u64 peak_seq; /* or TARE_PEAK_NEVER */
	/* Filled when the record is made: sums of the kernel, and of the ledger (seen + slots). */
	__s64 kernel[TARE_MM_KINDS];
	__s64 ledger[TARE_MM_KINDS];
	__u32 sums_valid; /* 0: the counters have a shape that tare cannot sum */
	__u32 sweep;      /* number of the last sweep that wrote it */
	__u32 at;         /* index of its element in tare_mms */
	__u32 pad;
	__u64 vm_peak; /* pages: most address space at once, by the kernel; filled likewise */
};
_Static_assert(sizeof(struct tare_mm) == 480, "tare_mm");

/* An account: sums of the tasks and address spaces of one process whose final records found
 * no room in the ring. Accounts stay in the kernel, in a map by process; all processes that
 * the map has no room for share one account. `task` has the identity of the last task to end
 * and the start_ns of the first; `mm` has the initial balances, updates by others and the
 * largest peak. */
struct tare_ended {
	__u64 tasks;
	__u64 attached; /* of these tasks, those that ran before tare came */
	__u64 mms;
	struct tare_task task;
	struct tare_mm mm;
};
_Static_assert(sizeof(struct tare_ended) == 24 + sizeof(struct tare_task) + sizeof(struct tare_mm),
	       "tare_ended");

#define TARE_ENDED_MOST 4096 /* processes that have an account */

/* Records of rings and sweeps: each begins with struct tare_record; `type` says the rest. */
enum tare_record_type {
	TARE_REC_TASK_NEW = 1, /* tare_task_new */
	TARE_REC_TASK_END = 2, /* tare_record + tare_task, cut after causes[n_causes] */
	TARE_REC_MM_END = 3,   /* tare_mm_end */
	TARE_REC_EXEC = 4,     /* tare_exec */
	TARE_REC_RENAME = 5,   /* tare_rename */
	TARE_REC_TASK = 6,     /* as TASK_END, in sweeps: of a live task; in the ring: of an exiting
				  one whose address space somebody else may free */
	TARE_REC_MM = 7,       /* only in sweeps: as MM_END, of a live mm */
	/* In the ring of samples (tare_samples): */
	TARE_REC_SAMPLE = 8,       /* tare_sample, then kernel and user stack */
	TARE_REC_VMA = 9,          /* tare_vma */
	TARE_REC_MAP = 10,         /* tare_map, cut after name[names] */
	TARE_REC_IMAGE = 11,       /* tare_image, cut after name[names] */
	TARE_REC_PYTHON = 12,      /* tare_python_stack, cut after frame[n] */
	TARE_REC_PYTHON_CODE = 13, /* tare_python_code */
	TARE_REC_OOM = 14,         /* tare_oom; in the ring of events */
};

struct tare_record {
	__u32 type;
	__u32 size; /* of the whole record in bytes */
	__u64 time_ns;
};
_Static_assert(sizeof(struct tare_record) == 16, "tare_record");

struct tare_mm_end {
	struct tare_record head;
	struct tare_mm mm;
};
_Static_assert(sizeof(struct tare_mm_end) == 496, "tare_mm_end");

struct tare_task_new {
	struct tare_record head;
	__u64 id;
	__u64 proc;
	__u64 parent; /* id of the task that made it; 0: found at attach */
	__u32 tid;
	__u32 tgid;
	__u32 ppid;
	__u32 pad;
	__u64 start_ns;
	__u64 cgroup; /* as in tare_task */
	char comm[TARE_COMM_LEN];
};
_Static_assert(sizeof(struct tare_task_new) == 88, "tare_task_new");

struct tare_rename {
	struct tare_record head;
	__u64 id;
	char comm[TARE_COMM_LEN];
};
_Static_assert(sizeof(struct tare_rename) == 40, "tare_rename");

/* The OOM killer chose a victim. `trigger` is the task that ran out of memory, often another
 * one. */
struct tare_oom {
	struct tare_record head;
	__u64 victim, trigger; /* ids of the processes; 0: not followed */
	__u64 peak;            /* number of the peak that the kill was; 0: it was none */
	__u64 cgroup;          /* the control group at its limit; 0: none, or not known */
	__s64 usage, limit;    /* bytes charged to it, and its limit; 0 if there is none */
	__u32 levels;          /* how far it is above the control group of the victim or trigger */
	__u32 victim_tgid;
	__u32 trigger_tgid, trigger_tid;
	char victim_comm[TARE_COMM_LEN]; /* empty: not known (before Linux 6.10) */
	char trigger_comm[TARE_COMM_LEN], trigger_thread[TARE_COMM_LEN];
};
_Static_assert(sizeof(struct tare_oom) == 16 + 6 * 8 + 4 * 4 + 3 * 16, "tare_oom");

struct tare_exec {
	struct tare_record head;
	__u64 id;
	__u64 proc;
	__u32 tid; /* after execve: the thread group's */
	__u32 tgid;
	__u32 argv_len;       /* bytes in argv, each argument ended by NUL */
	__u32 argv_truncated; /* 1: there was more */
	char comm[TARE_COMM_LEN];
	char path[TARE_PATH_LEN];   /* as given to execve */
	char interp[TARE_PATH_LEN]; /* the program that runs it: of a script its interpreter */
	char argv[TARE_ARGV_LEN];
};
_Static_assert(sizeof(struct tare_exec) == 16 + 16 + 16 + 16 + 512 + 4096, "tare_exec");

/* The kernel memory that a control group is charged for, as the kernel's events report it
 * (mod_memcg_state: every change of the cgroup's kernel pages). Bytes.
 *
 *   charged = initial + sum of all events
 *
 * Each event is counted as TARE_KMEM. It goes to the running task if that is followed; an
 * event from an interrupt, a kernel thread or a task that is not followed goes to a non-owner.
 * Charges that clone() and fork() make for a new task go to the new task. A task gives back
 * at most what its account holds: what it frees beyond that was charged to somebody else, so
 * the rest of that free goes to a non-owner. When a task ends, what its account holds is added
 * to `left`; later frees of that memory are counted against non-owners.
 *
 * Page tables and stacks have kinds of their own and are charged too. So when a page table
 * or stack is counted under its own kind, it is taken out of TARE_KMEM: an increase out of
 * the account of the task that was charged for it, a decrease out of the non-owners, since
 * the kernel frees such memory in RCU callbacks. Hence always
 *
 *   charged = pagetable + kstack + kmem of all tasks + left + nonowner + initial - attached
 */
struct tare_cgroup {
	__u64 id;      /* of the control group: its directory's inode; 0: none is watched */
	__u64 memcg;   /* address of its struct mem_cgroup; 0: it had no event of its own yet */
	__u32 level;   /* its depth in the hierarchy */
	__u32 own;     /* 1: nobody but the workload is in it */
	__u32 counted; /* 1: BPF can read its counter, one number of kernel memory alone (v1) */
	__u32 pad;
	__s64 events;    /* sum of all events so far */
	__s64 attached;  /* page tables and stacks that followed tasks had before tare came */
	__s64 vmalloc;   /* of `events`: from vmalloc() */
	__s64 sock;      /* of `events`: socket buffers (MEMCG_SOCK) */
	__s64 elsewhere; /* of followed tasks in other cgroups: in their flows, not in `events` */
	struct tare_flow nonowner[TARE_NONOWNERS];
	__s64 left;             /* held by tasks when they ended; later frees are in nonowner */
	__s64 left_at_peak;     /* valid with nonowner_peak_seq, as at_peak of tare_task */
	__s64 nonowner_at_peak; /* the same; net of all non-owners, plus left */
	__u64 nonowner_peak_seq;
	/* Stretches in which tasks ran without events (hidden.bpf.c), and how much the cgroup's
	 * counter fell in these: counted against TARE_NONOWNER_KERNEL and in `events`. */
	__u64 hidden_times;
	__u64 hidden_ns; /* upper bound: a stretch ends with the next event on its CPU */
	__s64 hidden;
};
_Static_assert(sizeof(struct tare_cgroup) == 208, "tare_cgroup");

/* State of the whole workload, in .bss, read by user space through mmap.
 * Its weight is rss + nonrss, in pages. */
struct tare_workload {
	__s64 rss;     /* pages; less than 1/1024 off, see ledger_fold_at() */
	__s64 nonrss;  /* pages: swap and kernel memory */
	__s64 swap;    /* of nonrss: swap */
	__s64 polled;  /* of nonrss: kernel memory without events; user space polls and sets it */
	__s64 drift;   /* of nonrss: the cgroup's counter less the events; set by user space */
	__s64 peak;    /* largest RSS before a fall; the peak is the larger of this and rss */
	__u64 peak_ns; /* when RSS began to fall from the peak */
	__s64 weight_peak; /* the same of the weight */
	__u64 weight_peak_ns;
	__s64 weight_peak_kernel; /* pages of kernel memory at that time */
	__s64 weight_peak_polled; /* `polled` at that time */
	__s64 weight_peak_drift;  /* `drift` at that time */
	__u64 peak_seq;           /* number of peaks of the weight so far */
	__s64 live_procs;
	__s64 stacks; /* kernel stacks of live tasks */
	__u64 next_id;
	__u64 mms_closed;  /* address spaces whose counters were checked at exit_mmap */
	__u64 mms_nonzero; /* of these, with a counter that was not 0 */
	__u64 stack_bytes; /* size of a kernel stack on this kernel */
	__u64 attaching;   /* 1: attach is in progress; a task that is not found yet is no loss */
	struct tare_cgroup cgroup;
	__u64 lost[TARE_LOSSES];
};
_Static_assert(sizeof(struct tare_workload) == 160 + 208 + 64, "tare_workload");

/* What all live address spaces hold, by tare_sum; `stacks`, `nonrss` are read a moment later. */
struct tare_held {
	__s64 kind[TARE_MM_KINDS]; /* pages; TARE_PAGETABLE: bytes */
	__s64 mms;
	__s64 stacks; /* kernel stacks */
	__s64 nonrss; /* pages */
};
_Static_assert(sizeof(struct tare_held) == 64, "tare_held");

/* Samples show which code made memory grow. They have a ring buffer of their own, together with
 * changes of VMAs, which user space needs to interpret them. So an overflow of this ring does
 * not affect the ledger. `mm` is tare_mm.id. `peak_seq` is the number of the workload's peaks so
 * far: memory whose sample has peak_seq < n, and whose end has peak_seq >= n, was live at peak
 * n. */
#define TARE_KERNEL_FRAMES 40     /* kernel frames, at most */
#define TARE_STACK_MAX (64 << 10) /* bytes of user stack, at most */
#define TARE_STACK_PIECE 4096     /* a user stack is copied by these; unreadable ones are zeros */
#define TARE_CHAIN_FRAMES 126     /* addresses found by frame pointers, at most */

/* sample.flags */
#define TARE_SAMPLE_COMPAT (1u << 0)     /* a 32-bit program */
#define TARE_SAMPLE_NO_STACK (1u << 1)   /* no user stack: in execve, or it was unreadable */
#define TARE_SAMPLE_CUT (1u << 2)        /* not all of the stack was copied */
#define TARE_SAMPLE_NO_ADDRESS (1u << 3) /* address not known */
#define TARE_SAMPLE_KERNEL (1u << 4)     /* TARE_KERNEL_FRAMES addresses come before the stack */
#define TARE_SAMPLE_VIRTUAL (1u << 5)    /* a sample of mapped address space, not of memory */
#define TARE_SAMPLE_EARLY (1u << 6)      /* in mmap or mremap: the record of its VMA follows */
#define TARE_SAMPLE_CHAIN (1u << 7)      /* TARE_CHAIN_FRAMES words come before the user stack */

struct tare_sample {
	struct tare_record head;
	__u64 task;
	__u64 proc;
	__u64 mm; /* 0: none */
	__u64 peak_seq;
	__u64 bytes; /* growth that the sample stands for: a multiple of the period */
	__u64 address;
	__u64 size; /* TARE_SAMPLE_VIRTUAL: of what was mapped at `address`; else 0 */
	__u32 tgid;
	__u32 kind;
	__u32 cause;
	__u32 flags;
	__u32 stack; /* bytes of user stack, from the stack pointer up */
	/* Valid words of the chain: the address of the instruction, then return addresses that
	 * the kernel found by frame pointers. */
	__u32 chain;
	__u64 regs[TARE_REGS]; /* indices: ARCH_REG_* */
};
_Static_assert(sizeof(struct tare_sample) == 96 + 8 * TARE_REGS, "tare_sample");

enum tare_vma_what {
	TARE_VMA_ANON = 1,    /* mmap without a file: [start, start + size), a = prot, b = flags */
	TARE_VMA_UNMAP = 2,   /* munmap */
	TARE_VMA_MOVE = 3,    /* mremap: [start, +size) is now [a, +b) */
	TARE_VMA_DISCARD = 4, /* madvise that gives memory back; a = advice */
	TARE_VMA_HEAP = 5,    /* the heap ends at `start`; its lowest end since then was a */
	TARE_VMA_PROTECT = 6, /* mprotect: a = prot; sent only when it has PROT_EXEC */
	TARE_VMA_NAME = 7,    /* prctl(PR_SET_VMA_ANON_NAME): name[] */
	TARE_VMA_SHM = 8,     /* shmat */
	TARE_VMA_UNSHM = 9,   /* shmdt: `start` only */
	TARE_VMA_FORK = 10,   /* the mm is a copy of the mm with id a; b = proc */
	TARE_VMA_GONE = 11,   /* the mm is torn down */
};

#define TARE_NAME_LEN 80 /* ANON_VMA_NAME_MAX_LEN */

struct tare_vma {
	struct tare_record head;
	__u64 mm;
	__u64 peak_seq;
	__u32 tgid;
	__u32 what;
	__u64 start;
	__u64 size;
	__u64 a;
	__u64 b;
	char name[TARE_NAME_LEN];
};
_Static_assert(sizeof(struct tare_vma) == 152, "tare_vma");

/* A file: inode, device, and the components of its path, the last one first. */
#define TARE_PATH_PARTS 20
#define TARE_PART_LEN 64

struct tare_file {
	__u64 inode;
	__u32 dev;   /* as the kernel has it: major << 20 | minor */
	__u32 names; /* parts used; TARE_PATH_PARTS: the path may have more */
	__u32 deleted;
	__u32 pad;
	char name[TARE_PATH_PARTS][TARE_PART_LEN];
};
_Static_assert(sizeof(struct tare_file) == 24 + TARE_PATH_PARTS * TARE_PART_LEN, "tare_file");

struct tare_map {
	struct tare_record head;
	__u64 mm;
	__u64 peak_seq;
	__u64 start;
	__u64 size;
	__u64 offset; /* in the file, bytes */
	__u32 tgid;
	__u32 prot;
	__u32 flags;
	__u32 pad;
	struct tare_file file;
};
_Static_assert(sizeof(struct tare_map) == 72 + sizeof(struct tare_file), "tare_map");

#define TARE_AUXV 56

/* A new program in a new address space. */
struct tare_image {
	struct tare_record head;
	__u64 mm;
	__u64 proc;
	__u64 start_stack; /* where the first thread's stack began */
	__u64 start_brk;
	__u32 tgid;
	__u32 pad;
	__u64 auxv[TARE_AUXV]; /* type, value, type, value …: Elf64_auxv_t */
	struct tare_file file;
};
_Static_assert(sizeof(struct tare_image) == 56 + 8 * TARE_AUXV + sizeof(struct tare_file),
	       "tare_image");

#define TARE_FAULT_PLACES 5

/* While user space lags behind, the period is 2^level times as long, see sampling_level(). This
 * struct counts the samples at one level. */
#define TARE_THIN_LEVELS 9 /* levels 1 to 9; at level 0 nothing is thinned */
struct tare_thinned {
	__u64 taken;
	__u64 bytes; /* growth that the taken samples stand for */
	__u64 left;  /* samples not taken because the period was longer */
	__u64 first_ns, last_ns;
};
_Static_assert(sizeof(struct tare_thinned) == 40, "tare_thinned");

/* How sampling went, in .bss. */
struct tare_sampling {
	__u64 taken;
	__u64 bytes;            /* growth that the taken samples stand for */
	__u64 lost;             /* samples lost: the ring was full, or the CPU's scratch was busy */
	__u64 lost_bytes;       /* growth that the lost samples stood for */
	__u64 lost_vma_changes; /* records of VMA changes and mapped files: the ring was full */
	__u64 busy;             /* part of `lost`: this CPU was taking another sample */
	__u64 no_address;       /* samples without an address */
	__u64 no_stack;         /* samples without a user stack */
	/* How many bytes below a task's saved registers the kernel keeps its struct vm_fault;
	 * 0: not known. [0] is for faults from user mode, the others for system calls that
	 * fill memory. */
	__s64 fault_at[TARE_FAULT_PLACES];
	__u64 fault_next;   /* counts replacements of fault_at[1] and up, in turn */
	__u64 python_codes; /* number of ids that code objects got; also the last id */
	__u64 woken_ns;     /* when user space was last woken for a sample */
	struct tare_thinned thinned[TARE_THIN_LEVELS];
};
_Static_assert(sizeof(struct tare_sampling) == 88 + 8 * TARE_FAULT_PLACES + 40 * TARE_THIN_LEVELS,
	       "tare_sampling");

/* Tasks that the kernel runs without events, in .bss. */
struct tare_hidden {
	__u32 tgid;   /* of the first such task that was found; 0: none */
	__u32 others; /* 1: tasks of other processes too */
	char comm[TARE_COMM_LEN];
};
_Static_assert(sizeof(struct tare_hidden) == 8 + TARE_COMM_LEN, "tare_hidden");

/* The table of address spaces: key i of bucket b belongs to element b x TARE_BUCKET + i. */
#define TARE_BUCKET 8
#define TARE_CHUNKS 64 /* parts of the table; a walk skips a part without address spaces */

/* Counter backends: ways to learn by how much a counter changed; the best first. */
enum counter_backend {
	BACKEND_PERCPU,  /* 6.2 on: this CPU's slot of the percpu_counter */
	BACKEND_COUNT,   /* 5.5 to 6.1: the atomic count */
	BACKEND_CLASSIC, /* any kernel: `size` of the classic tracepoint; needs tracefs */
	BACKEND_NONE,
};

/* How mm->rss_stat keeps its counts (bpf/compat.bpf.h). */
enum tare_shape { TARE_SHAPE_UNKNOWN = 0, TARE_SHAPE_PERCPU = 1, TARE_SHAPE_ATOMIC = 2 };

/* The hierarchy of tare_task.cgroup. */
enum tare_hierarchy {
	TARE_HIERARCHY_NONE = 0,
	TARE_HIERARCHY_MEMORY = 1,  /* v1: that of the memory controller */
	TARE_HIERARCHY_UNIFIED = 2, /* v2 */
};

/* Arguments of the iterator tare_attach; user space writes them before each run. */
struct tare_attach_args {
	__u32 all;      /* 1: attach to every user process but `except` */
	__u32 except;   /* tgid */
	__u32 held;     /* 1: these tasks wait before execve; their mm is the launcher's */
	__u32 found;    /* result: tasks attached to in this run */
	__u64 since_ns; /* attach also to children of followed tasks that were born since then */
};
_Static_assert(sizeof(struct tare_attach_args) == 24, "tare_attach_args");

struct tare_sweep_args {
	__u32 number; /* of the sweep; an mm is written once in each sweep */
	__u32 pad;
};
_Static_assert(sizeof(struct tare_sweep_args) == 8, "tare_sweep_args");

#define TARE_MAX_CPUS 1024

#endif
