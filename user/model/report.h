/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The report: all that a printer may know. Plain data, built by model/books.c,
 * read by output/. Every size is in bytes, every time in nanoseconds; times of
 * day are since the command's start (or attach). Strings are as the kernel gave
 * them (not escaped, perhaps not UTF-8): printers escape for where they go.
 */
#ifndef TARE_REPORT_H
#define TARE_REPORT_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "bpf/abi.h"

/* kind_name[TARE_ANON] = "anon" …; kind_order[] is the order of display:
 * anon, file, shmem, swap, pagetable, kstack, kmem. */
extern const char *const kind_name[TARE_KINDS];
extern const enum tare_kind kind_order[TARE_KINDS];
/* lost_name[TARE_LOST_MM] = "mm_state" …, and what each means, for people. */
extern const char *const lost_name[TARE_LOSSES];
extern const char *const lost_meaning[TARE_LOSSES];
/* nonowner_name[]: "reclaim" "khugepaged" "kernel" "process" "late" */
extern const char *const nonowner_name[TARE_NONOWNERS];

struct flow {
	uint64_t in;
	uint64_t out;
};

/* net = initial + in - out + unattributed, always. `in` and `out` are the
 * tasks' own; nonowner is apart. */
struct balance {
	int64_t initial;
	struct flow tasks;
	struct flow nonowner;
	int64_t unattributed;
	int64_t net;
};

/* How far the members of a folded row (count > 1) differ; else it is not filled. `min` and
 * `max` are exact, `median` is right within 1/32 (model/sketch.h). */
struct report_spread {
	int64_t min, median, max;
};

struct report_cause {
	char *name; /* "page fault", "brk", "read", "exit" … */
	struct flow flow;
};

/* A task, or those of one process and name that ended, as one row (count > 1): sums. */
struct report_task {
	uint64_t id;      /* bit 63: of a fold, see model/fold.h */
	uint64_t count;   /* of tasks; 1: itself */
	pid_t tid;        /* 0: of more than one */
	char *comm;       /* the last name */
	GPtrArray *names; /* char *: earlier names, oldest first; may be empty */
	bool alive;
	bool attached;             /* ran before tare came: faults and flows are since then */
	uint64_t start_ns, end_ns; /* end_ns 0 while alive */
	struct flow flow[TARE_KINDS];
	int64_t at_peak[TARE_KINDS]; /* net when the workload's weight was at its peak */
	uint64_t faults_user, faults_kernel, faults_major;
	GArray *causes; /* struct report_cause, largest in + out first */
	uint64_t mapped, unmapped, brk_up, brk_down;
	struct report_spread in_spread; /* of RSS that came in, by task */
};

struct report_exit {
	bool known;
	int code;   /* exit status, valid when signal is 0 */
	int signal; /* 0: ended by exit() */
};

/* A process, or those of one name and parent that ended, as one row (count > 1): sums, and
 * no exe nor argv; rss_peak is the largest of theirs. */
struct report_process {
	uint64_t id;     /* bit 63: of a fold; 0: not known */
	pid_t pid, ppid; /* 0: of more than one */
	uint64_t count;  /* of processes; 1: itself */
	uint64_t failed; /* of them ended by a signal, or with an exit status other than 0 */
	char *parent;    /* what made it was called so then; NULL: not known */
	char *comm;
	char *exe;       /* path of the program; NULL unknown */
	GPtrArray *argv; /* char * */
	bool argv_truncated;
	char *title; /* what it goes by, where its name does not say all (model/title.h); NULL */
	GPtrArray *images; /* char *: programs it ran before exe, oldest first */
	bool alive;
	uint64_t start_ns, end_ns;
	struct report_exit exit; /* of folded ones known where it is the same of all */
	int64_t rss_peak;        /* exact */
	uint64_t rss_peak_ns;
	struct report_spread rss_peak_spread;
	/* Held when the workload's weight was at its peak. In kmem only what its
	 * tasks were charged and gave back; what others freed is not known by process. */
	int64_t at_peak[TARE_KINDS];
	struct balance balance[TARE_KINDS];
	struct flow nonowner_cause[TARE_NONOWNERS]; /* anon + file + shmem */
	GPtrArray *tasks; /* struct report_task *, by at_peak, then in, largest first */
};

/* One thing that tare uses of the kernel, and how this one has it. */
struct report_feature {
	char *name;  /* "ledger", "virtual", "faults_kernel" … */
	char *state; /* "percpu", "on", "not measured" … */
	char *why;   /* NULL, or the reason and the way out */
};

struct report_point {
	uint64_t time_ns;
	int64_t rss;
	int64_t nonrss;           /* swap and kernel memory */
	int64_t kind[TARE_KINDS]; /* their parts, where `kinds`: they add up; kmem may be below 0 */
	bool kinds;
};

enum report_reason { REPORT_END, REPORT_SNAPSHOT, REPORT_DETACH };

/* What a control group's own counters say, one of each; CGROUP_UNKNOWN where this
 * kernel or version does not tell it. Names in JSON: cgroup_stat_name[]. */
enum cgroup_stat {
	CGROUP_ANON,
	CGROUP_FILE, /* page cache, without shmem; mapped or not */
	CGROUP_SHMEM,
	CGROUP_SWAP,
	CGROUP_PAGETABLES,
	CGROUP_KERNEL_STACK,
	CGROUP_SLAB_RECLAIMABLE,
	CGROUP_SLAB_UNRECLAIMABLE,
	CGROUP_VMALLOC,
	CGROUP_PERCPU,
	CGROUP_SOCK,
	CGROUP_STATS,
};
#define CGROUP_UNKNOWN INT64_MIN
extern const char *const cgroup_stat_name[CGROUP_STATS];

/* One look at the counters. Bytes. */
struct cgroup_counters {
	uint64_t time_ns;
	int64_t current; /* all that is charged; includes up to 64 pages per CPU charged ahead */
	int64_t kernel;  /* of it, kernel memory without socket buffers */
	int64_t stat[CGROUP_STATS];
};

/* The control group that the workload lives in. */
struct report_cgroup {
	unsigned version; /* of its hierarchy: 1 or 2; 0: there is none */
	char *path;       /* in the hierarchy, "/tare-4121" */
	bool own;         /* tare made it: nobody else is in it */
	uint64_t others;  /* processes in it and below that are not followed */
	struct cgroup_counters now;
	struct cgroup_counters highest; /* of the looks at each interval, the one with most current;
					   time_ns 0: there was none */
	int64_t peak;                   /* of current, by the kernel itself; or CGROUP_UNKNOWN */
	int64_t kernel_peak;            /* likewise of kernel */
	int64_t limit;                  /* CGROUP_UNKNOWN: none */
	int64_t oom_kills;              /* processes that it killed for this limit */
};

/* How well kernel memory is known. */
enum kmem_level {
	KMEM_NONE,   /* not at all: page tables and stacks only */
	KMEM_CGROUP, /* as the control group's total, by looking now and then */
	KMEM_EVENTS, /* each change, by task */
};

/* The kernel memory of the workload: events against the cgroup's own counter. */
struct report_kmem {
	enum kmem_level level;
	bool whole; /* nobody else is in the cgroup: what it is charged is the workload's */
	struct flow nonowner[TARE_NONOWNERS]; /* kmem updates that no followed task made */
	int64_t left;                         /* what tasks held when they ended: since then
						 updates by non-owners take from it */
	int64_t left_at_peak;                 /* the same, of those that had ended by the peak */
	/* What tasks' accounts held beyond what there was in all: freed by others. In their
	 * `out`, taken from the largest accounts first (model/claims.h). */
	int64_t freed_by_others, freed_by_others_at_peak;
	/* What was held before tare came, as far as it can be there still. */
	int64_t before, before_at_peak;
	int64_t nonowner_at_peak; /* what no row had then, but for initial balance and drift */
	int64_t polled_at_peak;   /* of peak_kernel: what no event tells, polled: by looking now
						 and then (v1: socket buffers) */
	int64_t drift_at_peak;    /* of peak_kernel: what the cgroup's counter had beyond
						 the events */
	int64_t by_events;        /* initial + all events: what should be charged now */
	/* What the cgroup says; socket buffers included where it charges them. CGROUP_UNKNOWN:
	 * could not be read. */
	int64_t by_cgroup;
	int64_t bound;         /* the two agree if they differ by no more than this */
	int64_t vmalloc, sock; /* of it, by events; CGROUP_UNKNOWN: not told apart here */
	int64_t elsewhere;     /* updates by tasks that live in other cgroups: not in by_events */
	/* What went while tasks ran without events: by_group tells it, and it is in by_events,
	 * as nonowner. CGROUP_UNKNOWN: not looked for. Stretches, and how long at most. */
	int64_t hidden;
	uint64_t hidden_times, hidden_ns;
};

/* A slab cache (--slab), from /proc/slabinfo, which is the whole machine's. */
struct report_slab {
	char *name;
	uint64_t object_size;
	int64_t objects, bytes; /* more than before the command started, when kernel
				   memory was highest */
};

/* What tare itself cost (--self). */
struct report_self {
	bool valid;
	uint64_t rss;         /* user space, peak (VmHWM) */
	uint64_t map_bytes;   /* BPF maps, from their fdinfo memlock */
	uint64_t updates;     /* counter updates: runs of the rss_stat program */
	double ns_per_update; /* from kernel.bpf_stats; negative: not measured */
	uint64_t cpu_ns;      /* user + system of the tare process */
};

/* Where it ran; what is not known is NULL or 0. */
struct report_machine {
	char *distribution; /* PRETTY_NAME of os-release */
	char *cpu;          /* model name */
	unsigned cpus;
	int64_t memory; /* MemTotal, bytes */
	int64_t page_size;
};

struct profile;

struct report {
	char *tare_version;
	char *kernel; /* release and machine */
	struct report_machine machine;
	/* CLOCK_REALTIME when the command started (attach: when tare came); 0: not known. */
	int64_t started_ns;
	GPtrArray *command; /* char *; empty for attach */
	char *target;       /* attach: "pid 4121", "cgroup /x" …; NULL for run */
	enum report_reason reason;
	struct report_exit exit; /* of the command */
	uint64_t duration_ns;
	GPtrArray *features; /* struct report_feature * */

	bool balanced;      /* as found when the books were closed: see report_balanced() */
	uint64_t off_pages; /* sum of |unattributed| over the four members and all processes */
	uint64_t mms_closed, mms_nonzero;
	bool sums_valid; /* false: kernel's counters could not be summed: not checked */
	uint64_t lost[TARE_LOSSES];
	uint64_t malformed; /* records from the kernel that made no sense */

	int64_t peak_rss;
	uint64_t peak_ns;
	uint64_t peak_bound; /* peak_rss is right within this many bytes */
	/* The peak of the weight: RSS, swap and kernel memory. Tasks' and processes'
	 * at_peak are of this moment. */
	int64_t peak_weight, peak_kernel;
	uint64_t peak_weight_ns, peak_weight_bound;
	/* kmem: where the cgroup is the workload's (kmem.whole) initial and nonowner are
	 * the cgroup's, and `unattributed` is by how much its own counter differs from
	 * the events; else only what the tasks were charged and gave back. */
	struct balance totals[TARE_KINDS];
	struct report_kmem kmem;
	struct report_cgroup cgroup;
	GArray *slabs;   /* struct report_slab, largest first; NULL: not asked for */
	char *slab_note; /* how it was measured, or why it was not */
	struct flow nonowner_cause[TARE_NONOWNERS];
	GPtrArray *processes; /* struct report_process *, by weight at the peak, then rss_peak */
	GArray *series;       /* struct report_point */
	struct report_self self;
	struct profile *profile; /* where it grew; NULL: not sampled */
};

struct report *report_new(void);
void report_free(struct report *r); /* takes NULL */
struct report_process *report_process_new(void);
struct report_task *report_task_new(void);
GArray *report_slabs_new(void); /* struct report_slab, names owned */
/* Append to `features`; strings are copied, `why` may be NULL. */
void report_add_feature(struct report *r, const char *name, const char *state, const char *why);
/* False where the report has a feature of this name whose state is "not
 * measured" or "off": its figures are unknown then, not 0. */
bool report_measured(const struct report *r, const char *feature);

/* This kind's updates are known, by task. Kernel memory (TARE_KMEM) needs the
 * kernel's events for that. */
bool report_kind(const struct report *r, enum tare_kind kind);
/* How much the workload holds of it is known: kernel memory also by looking at the group. */
bool report_held(const struct report *r, enum tare_kind kind);
/* net = initial + tasks + nonowner + unattributed. */
void balance_close(struct balance *b);
uint64_t report_lost_total(const struct report *r);
/* Of them those that cost sums; where records found no room the kernel side kept theirs, and
 * only detail was lost. */
uint64_t report_lost_sums(const struct report *r);
/* How many processes, and tasks of one, its rows stand for. */
uint64_t report_processes(const struct report *r);
uint64_t report_tasks(const struct report_process *p);
/* Why the books do not balance, a reason each, the gravest first: char *, owned by the array.
 * None: nothing unattributed, no sums lost, no bad closing; kernel memory, where each
 * change is reported and only the workload is in the cgroup, within its bound. */
GPtrArray *report_reasons(const struct report *r);
/* Checked (sums_valid), and there are none. All that say so ask this. */
bool report_balanced(const struct report *r);
/* The reasons in one text; NULL: they balance, or are not checked. Free with g_free(). */
char *report_why_off(const struct report *r);
/* Events and the cgroup's own counter differ by more than their bound. */
bool report_kmem_off(const struct report *r);
/* Sums over kinds: RSS (anon, file, shmem), user (RSS and swap), kernel, and all. */
int64_t kinds_rss(const int64_t kind[TARE_KINDS]);
int64_t kinds_user(const int64_t kind[TARE_KINDS]);
int64_t kinds_kernel(const int64_t kind[TARE_KINDS]);
int64_t kinds_weight(const int64_t kind[TARE_KINDS]);
int64_t flow_net(struct flow f);

#endif
