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
 * anon, file, shmem, swap, pagetable. */
extern const char *const kind_name[TARE_KINDS];
extern const enum tare_kind kind_order[TARE_KINDS];
/* lost_name[TARE_LOST_MM] = "mm_state" …, and what each means, for people. */
extern const char *const lost_name[TARE_LOSSES];
extern const char *const lost_meaning[TARE_LOSSES];
/* foreign_name[]: "reclaim" "khugepaged" "kernel" "process" "late" */
extern const char *const foreign_name[TARE_FOREIGNERS];

struct flow {
	uint64_t in;
	uint64_t out;
};

/* net = opening + in - out + unattributed, always. `in` and `out` are the
 * tasks' own; foreign is apart. */
struct balance {
	int64_t opening;
	struct flow tasks;
	struct flow foreign;
	int64_t unattributed;
	int64_t net;
};

struct report_cause {
	char *name; /* "page fault", "brk", "read", "exit" … */
	struct flow flow;
};

struct report_task {
	uint64_t id;
	pid_t tid;
	char *comm;       /* the last name */
	GPtrArray *names; /* char *: earlier names, oldest first; may be empty */
	bool alive;
	bool attached;             /* ran before tare came: faults and flows are since then */
	uint64_t start_ns, end_ns; /* end_ns 0 while alive */
	struct flow flow[TARE_KINDS];
	int64_t at_peak; /* net RSS at the workload's peak */
	uint64_t faults_user, faults_kernel, faults_major;
	GArray *causes; /* struct report_cause, largest in + out first */
	uint64_t mapped, unmapped, brk_up, brk_down;
};

struct report_exit {
	bool known;
	int code;   /* exit status, valid when signal is 0 */
	int signal; /* 0: ended by exit() */
};

struct report_process {
	pid_t pid, ppid;
	char *comm;
	char *exe;       /* path of the program; NULL unknown */
	GPtrArray *argv; /* char * */
	bool argv_truncated;
	GPtrArray *images; /* char *: programs it ran before exe, oldest first */
	bool alive;
	uint64_t start_ns, end_ns;
	struct report_exit exit;
	int64_t rss_peak; /* exact */
	uint64_t rss_peak_ns;
	int64_t at_peak; /* its RSS at the workload's peak */
	struct balance balance[TARE_KINDS];
	struct flow foreign_cause[TARE_FOREIGNERS]; /* anon + file + shmem */
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
};

enum report_reason { REPORT_END, REPORT_SNAPSHOT, REPORT_DETACH };

/* What tare itself cost (--self). */
struct report_self {
	bool valid;
	uint64_t rss;        /* user space, peak (VmHWM) */
	uint64_t map_bytes;  /* BPF maps, from their fdinfo memlock */
	uint64_t entries;    /* ledger entries: runs of the rss_stat program */
	double ns_per_entry; /* from kernel.bpf_stats; negative: not measured */
	uint64_t cpu_ns;     /* user + system of the tare process */
};

struct report {
	char *tare_version;
	char *kernel;       /* release and machine */
	GPtrArray *command; /* char *; empty for attach */
	char *target;       /* attach: "pid 4121", "cgroup /x" …; NULL for run */
	enum report_reason reason;
	struct report_exit exit; /* of the command */
	uint64_t duration_ns;
	GPtrArray *features; /* struct report_feature * */

	bool balanced;      /* nothing unattributed, nothing lost, no bad closing */
	uint64_t off_pages; /* sum of |unattributed| over the four members and all processes */
	uint64_t mms_closed, mms_nonzero;
	bool sums_valid; /* false: kernel's counters could not be summed: not checked */
	uint64_t lost[TARE_LOSSES];

	int64_t peak_rss;
	uint64_t peak_ns;
	uint64_t peak_bound; /* peak_rss is right within this many bytes */
	struct balance totals[TARE_KINDS];
	struct flow foreign_cause[TARE_FOREIGNERS];
	GPtrArray *processes; /* struct report_process *, by at_peak, then rss_peak */
	GArray *series;       /* struct report_point */
	struct report_self self;
};

struct report *report_new(void);
void report_free(struct report *r); /* takes NULL */
struct report_process *report_process_new(void);
struct report_task *report_task_new(void);
/* Append to `features`; strings are copied, `why` may be NULL. */
void report_add_feature(struct report *r, const char *name, const char *state, const char *why);
/* net = opening + tasks + foreign + unattributed. */
void balance_close(struct balance *b);
uint64_t report_lost_total(const struct report *r);
int64_t flow_net(struct flow f);

#endif
