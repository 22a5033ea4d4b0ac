/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The report: all that an output format may know. Plain data, built by model/books.c,
 * read by output/. Every size is in bytes, every time in nanoseconds; points in time
 * are since the command's start (or attach). Strings are as the kernel gave
 * them (not escaped, perhaps not UTF-8): each output format escapes them as it needs.
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

/* Always: net = initial + tasks (in - out) + nonowner (in - out) + unattributed. */
struct balance {
	int64_t initial;
	struct flow tasks;
	struct flow nonowner;
	int64_t unattributed;
	int64_t net;
};

/* How much the members of a folded row (count > 1) differ; other rows do not fill it. `min` and
 * `max` are exact, `median` is right within 1/32 (model/sketch.h). */
struct report_spread {
	int64_t min, median, max;
};

struct report_cause {
	char *name; /* "page fault", "brk", "read", "exit" … */
	struct flow flow;
};

/* The row of a task, or of many ended tasks of one process and name (a fold): then it holds
 * sums. */
struct report_task {
	uint64_t id;      /* bit 63 set: a fold, see model/fold.h */
	uint64_t count;   /* tasks; more than 1: a fold */
	pid_t tid;        /* 0: more than one task */
	char *comm;       /* the last name */
	GPtrArray *names; /* char *: earlier names, oldest first; may be empty */
	bool alive;
	bool attached;             /* ran before tare came: faults and flows count since then */
	uint64_t start_ns, end_ns; /* end_ns 0 while alive */
	struct flow flow[TARE_KINDS];
	int64_t at_peak[TARE_KINDS]; /* net when the workload's weight was at its peak */
	uint64_t faults_user, faults_kernel, faults_major;
	GArray *causes; /* struct report_cause, largest in + out first */
	uint64_t mapped, unmapped, brk_up, brk_down;
	struct report_spread in_spread; /* of the RSS that each task took in */
};

struct report_exit {
	bool known;
	int code;   /* exit status, valid when signal is 0 */
	int signal; /* 0: ended by exit() */
	bool oom;   /* the kernel killed it because memory ran out */
};

/* The row of a process, or of many ended processes of one name and parent (a fold): then it holds
 * sums, has no exe and argv, and rss_peak is the largest of theirs. */
struct report_process {
	uint64_t id;     /* bit 63 set: a fold; 0: not known */
	pid_t pid, ppid; /* 0: more than one process */
	uint64_t count;  /* processes; more than 1: a fold */
	uint64_t failed; /* of `count`: ended by a signal or with an exit status other than 0 */
	char *parent;    /* name of the process that made it, at that time; NULL: not known */
	char *comm;
	char *exe;       /* path of the program; NULL unknown */
	GPtrArray *argv; /* char * */
	bool argv_truncated;
	char *title; /* what it goes by, where its name does not say all (model/title.h); NULL */
	GPtrArray *images; /* char *: programs it ran before exe, oldest first */
	bool alive;
	uint64_t start_ns, end_ns;
	struct report_exit exit; /* of a fold: known if it is the same for all */
	int64_t rss_peak;        /* exact */
	uint64_t rss_peak_ns;
	struct report_spread rss_peak_spread;
	/* The most address space that it had mapped at once, whoever mapped it (calls, execve,
	 * fork); not below rss_peak. Of several processes the largest. 0: not known. */
	int64_t vm_peak;
	/* Held when the workload's weight was at its peak. kmem: charges of its tasks less their
	 * own frees; frees by others are not known by process. */
	int64_t at_peak[TARE_KINDS];
	struct balance balance[TARE_KINDS];
	struct flow nonowner_cause[TARE_NONOWNERS]; /* anon + file + shmem */
	GPtrArray *tasks; /* struct report_task *, by at_peak, then in, largest first */
};

/* A feature of the kernel that tare uses, and its state in this run. */
struct report_feature {
	char *name;  /* "ledger", "virtual", "faults_kernel" … */
	char *state; /* "percpu", "on", "not measured" … */
	char *why;   /* NULL, or the reason and the way out */
};

struct report_point {
	uint64_t time_ns;
	int64_t rss;
	int64_t nonrss;           /* swap and kernel memory */
	int64_t kind[TARE_KINDS]; /* if `kinds`: the sums by kind; kmem may be below 0 */
	bool kinds;
};

enum report_reason { REPORT_END, REPORT_SNAPSHOT, REPORT_DETACH };

/* The figures of a control group's own counters; CGROUP_UNKNOWN where this kernel or version has
 * no such figure. Names in JSON: cgroup_stat_name[]. */
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

/* The counters at one time. Bytes. */
struct cgroup_counters {
	uint64_t time_ns;
	int64_t current; /* all charges; up to 64 pages per CPU may be charged in advance */
	int64_t kernel;  /* of `current`: kernel memory without socket buffers */
	int64_t stat[CGROUP_STATS];
};

/* The control group that the workload lives in. */
struct report_cgroup {
	unsigned version; /* of its hierarchy: 1 or 2; 0: there is none */
	char *path;       /* in the hierarchy, "/tare-4121" */
	bool own;         /* tare made it: nobody else is in it */
	uint64_t others;  /* processes in it and below it that are not followed */
	struct cgroup_counters now;
	struct cgroup_counters highest; /* polled at each interval: those with the largest
					   `current`; time_ns 0: never polled */
	int64_t peak;                   /* of `current`, by the kernel; or CGROUP_UNKNOWN */
	int64_t kernel_peak;            /* of `kernel`, by the kernel; or CGROUP_UNKNOWN */
	int64_t limit;                  /* CGROUP_UNKNOWN: none */
	int64_t oom_kills;              /* processes that it killed for this limit */
};

/* How well kernel memory is known. */
enum kmem_level {
	KMEM_NONE,   /* not at all: page tables and stacks only */
	KMEM_CGROUP, /* the control group's total, polled */
	KMEM_EVENTS, /* each change, by task */
};

/* The kernel memory of the workload: the events, compared with the cgroup's own counter. */
struct report_kmem {
	enum kmem_level level;
	bool whole; /* only the workload is in the cgroup: all its charges are the workload's */
	struct flow nonowner[TARE_NONOWNERS]; /* updates of TARE_KMEM by non-owners */
	int64_t left;         /* held by tasks when they ended; later frees are in nonowner */
	int64_t left_at_peak; /* the same, of tasks that had ended by the peak */
	/* Bytes by which the tasks' accounts exceeded the total: freed by others. Counted in
	 * `out` of the tasks, the largest accounts first (model/claims.h). */
	int64_t freed_by_others, freed_by_others_at_peak;
	/* The most that can still be held of the memory from before tare came. */
	int64_t before, before_at_peak;
	int64_t nonowner_at_peak; /* held by no row at the peak; no initial balance, no drift */
	int64_t polled_at_peak;   /* of peak_kernel: memory without events, polled (cgroup v1:
				     socket buffers) */
	int64_t drift_at_peak;    /* of peak_kernel: the cgroup's counter less the events */
	int64_t by_events;        /* initial + all events: the charge now, by the events */
	/* The charge now, by the cgroup's counter; with socket buffers where it charges them.
	 * CGROUP_UNKNOWN: it could not be read. */
	int64_t by_cgroup;
	int64_t bound;         /* the two agree if they differ by no more than this */
	int64_t vmalloc, sock; /* of by_events; CGROUP_UNKNOWN: not counted separately here */
	int64_t elsewhere;     /* updates by tasks that live in other cgroups: not in by_events */
	/* Freed while hidden tasks ran (tasks without events), by the cgroup's counter. It is in
	 * by_events and in nonowner. CGROUP_UNKNOWN: not measured. Number of stretches, and an
	 * upper bound of their time. */
	int64_t hidden;
	uint64_t hidden_times, hidden_ns;
};

/* A slab cache (--slab), from /proc/slabinfo, which counts the whole machine. */
struct report_slab {
	char *name;
	uint64_t object_size;
	int64_t objects, bytes; /* when kernel memory was highest, less those before the
				   command started */
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

/* The machine of the run; a value that is not known is NULL or 0. */
struct report_machine {
	char *distribution; /* PRETTY_NAME of os-release */
	char *cpu;          /* model name */
	unsigned cpus;
	int64_t memory; /* MemTotal, bytes */
	int64_t page_size;
	char *host; /* its name: that of the UTS namespace, or --host */
};

struct incident;
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
	uint64_t command_ns;     /* when the command ended; 0: not known, or it has not */
	uint64_t duration_ns;    /* when the report was made: what came later is in it too */
	GPtrArray *features;     /* struct report_feature * */

	bool balanced;      /* result of report_balanced() when the books were closed */
	uint64_t off_pages; /* sum of |unattributed| over the four members and all processes */
	uint64_t mms_closed, mms_nonzero;
	bool sums_valid; /* false: the kernel's counters could not be summed: not checked */
	uint64_t lost[TARE_LOSSES];
	uint64_t malformed; /* malformed records from BPF */

	int64_t peak_rss;
	uint64_t peak_ns;
	uint64_t peak_bound; /* peak_rss is right within this many bytes */
	/* The peak of the weight: RSS, swap and kernel memory. Tasks' and processes'
	 * at_peak are of this moment. */
	int64_t peak_weight, peak_kernel;
	uint64_t peak_weight_ns, peak_weight_bound;
	/* TARE_KMEM: if the cgroup is the workload's own (kmem.whole), `initial` and `nonowner` are
	 * the cgroup's, and `unattributed` is the difference between its counter and the
	 * events; else there are only the tasks' charges and frees. */
	struct balance totals[TARE_KINDS];
	struct report_kmem kmem;
	struct report_cgroup cgroup;
	GArray *slabs;   /* struct report_slab, largest first; NULL: --slab was not given */
	char *slab_note; /* how slabs were measured, or why not */
	struct flow nonowner_cause[TARE_NONOWNERS];
	GPtrArray *processes; /* struct report_process *, by weight at the peak, then rss_peak */
	GArray *series;       /* struct report_point */
	struct report_self self;
	struct profile *profile;   /* where it grew; NULL: not sampled */
	struct incident *incident; /* why this report was made (model/incident.h); NULL */
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

/* Are this kind's updates known by task? TARE_KMEM needs the kernel's events for that. */
bool report_kind(const struct report *r, enum tare_kind kind);
/* Is it known how much of this kind the workload holds? For TARE_KMEM also by polling the
 * cgroup. */
bool report_held(const struct report *r, enum tare_kind kind);
/* Set net = initial + tasks + nonowner + unattributed. */
void balance_close(struct balance *b);
/* Did the process run before tare came? */
bool report_attached(const struct report_process *p);
/* What a process held before tare came, by kind: the initial balance of a process that ran then.
 * That of others was copied by fork. TARE_KMEM is 0: it is known for the control group only, in
 * totals. */
void report_held_before(const struct report_process *p, int64_t kind[TARE_KINDS]);
/* When the last process ended; 0: one lives, or it is not known. */
uint64_t report_last_end(const struct report *r);
/* The number of all losses. */
uint64_t report_lost_total(const struct report *r);
/* Of these, the losses that changed sums. A lost record does not: BPF kept its sums, and
 * only detail was lost. */
uint64_t report_lost_sums(const struct report *r);
/* How many processes the rows stand for, and how many tasks the rows of a process. */
uint64_t report_processes(const struct report *r);
uint64_t report_tasks(const struct report_process *p);
/* The reasons why the books do not balance, the gravest first: char *, owned by the array.
 * Empty if nothing is unattributed, no sums were lost and all address spaces closed at 0; and, if
 * each change of kernel memory has an event and only the workload is in the cgroup, kernel memory
 * is within its bound. */
GPtrArray *report_reasons(const struct report *r);
/* The books were checked (sums_valid), and there are no reasons. The only function that decides
 * whether books balance. */
bool report_balanced(const struct report *r);
/* The reasons in one text; NULL: the books balance, or were not checked. Free with g_free(). */
char *report_why_off(const struct report *r);
/* Do the events and the cgroup's own counter differ by more than their bound? */
bool report_kmem_off(const struct report *r);
/* Sums over kinds: RSS (anon, file, shmem), user (RSS and swap), kernel, and all. */
int64_t kinds_rss(const int64_t kind[TARE_KINDS]);
int64_t kinds_user(const int64_t kind[TARE_KINDS]);
int64_t kinds_kernel(const int64_t kind[TARE_KINDS]);
int64_t kinds_weight(const int64_t kind[TARE_KINDS]);
int64_t flow_net(struct flow f);

#endif
