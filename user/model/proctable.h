/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The process table: every process, task and address space that BPF has reported, with the
 * sums of its latest record. Plain data and no I/O: the same records give the same
 * table. It must not know where records come from, nor how a report looks.
 */
#ifndef TARE_PROCTABLE_H
#define TARE_PROCTABLE_H

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bpf/abi.h"
#include "model/fold.h"

#define PROCTABLE_NAMES 64 /* most names of a task, or programs of a process, that are kept */
#define PROCTABLE_KEEP_ALL UINT32_MAX
#define PROCTABLE_KEEP 256 /* by default */

struct proctable_task {
	uint64_t id, proc;
	struct tare_task *state; /* holds causes[n_causes], not all of them */
	GPtrArray *names;        /* char *: earlier names; NULL: none */
	char *title;             /* what its program calls it, which the kernel is not told; NULL */
	unsigned titles;         /* number of attempts to read the title */
	struct task_fold *fold;  /* NULL: one task; else many that ended: `state` has their sums */
	unsigned place;          /* index in its process's tasks */
	uint64_t stamp;          /* another one after each change of its state or title */
	unsigned candidate;      /* index + 1 in ended_tasks; 0: not there */
	bool ended;
	uint64_t time_ns; /* of its last record */
	unsigned sweep;   /* number of the last sweep that had a record of it */
	unsigned still;   /* … of the last sweep whose two looks had the same sums of it */
	unsigned looked;  /* … of the last sweep whose second look had a record of it */
	/* Not 0: the row of so many ended tasks whose final records were lost. */
	uint64_t lost, lost_attached;
};

struct proctable_mm {
	struct tare_mm state;
	uint64_t proc; /* id of the process that has it in `mms`: its first owner */
	bool closed;
	bool quiet;     /* the two looks of its last sweep had the same sums */
	uint64_t stamp; /* another one after each change of its state */
	unsigned sweep;
	uint64_t lost; /* not 0: stands for so many closed ones, as in proctable_task */
};

struct proctable_proc {
	uint64_t id;
	uint32_t pid, ppid;
	char *comm;      /* of its first task, or since execve */
	char *parent;    /* GRefString: name of its parent when it began; NULL: not known */
	char *exe;       /* NULL: unknown */
	GPtrArray *argv; /* char * */
	bool argv_truncated;
	GPtrArray *images;         /* char *: earlier values of exe */
	uint64_t start_ns, end_ns; /* end_ns of its last task */
	uint64_t freed_ns;         /* when a non-owner freed an address space of it; 0: none did */
	bool attached;
	int status;             /* wait status, of its last ended task */
	unsigned living;        /* tasks not ended */
	GPtrArray *tasks;       /* struct proctable_task * */
	GPtrArray *mms;         /* struct proctable_mm * */
	struct proc_fold *fold; /* NULL: one process; else many that ended */
	GHashTable *folds; /* pattern of names -> struct proctable_task with a fold; NULL: none */
	bool lost;         /* final records of its tasks or address spaces were lost */
	bool guests;       /* an ended task of it, or of another, was a guest: it is not folded */
	bool candidate;    /* in ended_procs */
	bool final;        /* the record of the task that was its last was taken */
	bool end_lost;     /* no record tells how it ended */
	unsigned titles;   /* the last round of looking for titles that met it */
	unsigned stamp;    /* another one after each change of its names and arguments */
};

/* Task `task` was folded into the row `into_task` of process `into_proc`: data by its id belong to
 * that row from now on. The row may be folded later itself. */
typedef void (*proctable_folded_fn)(void *ctx, uint64_t task, uint64_t into_task,
				    uint64_t into_proc);

struct proctable {
	GHashTable *tasks;  /* id -> struct proctable_task */
	GHashTable *mms;    /* id -> struct proctable_mm */
	GHashTable *procs;  /* id -> struct proctable_proc */
	bool launched;      /* the first execve is tare's own launch: no earlier name or image */
	unsigned sweep;     /* number of the current sweep */
	uint64_t stamp;     /* the last one of a task or address space */
	uint64_t malformed; /* malformed records; not 0 if the ABI is broken */

	/* Ended tasks (of processes that are alive or kept) and ended processes, which can be
	 * folded. */
	uint32_t keep; /* how many of each are kept */
	GPtrArray *ended_tasks, *ended_procs;
	unsigned waiting;       /* of ended_procs: kept besides, because more records may come */
	GHashTable *proc_folds; /* parent and pattern of names -> struct proctable_proc, a fold */
	unsigned task_folds;    /* number of tasks with a fold */
	uint64_t next_fold;
	uint64_t peak_seq; /* the latest peak that a record knew */
	/* Rounds of looking for titles: their number, and when one looked last. */
	unsigned titles;
	uint64_t titles_ns;
	proctable_folded_fn folded;
	void *folded_ctx;
};

struct proctable *proctable_new(bool launched);
void proctable_free(struct proctable *pt); /* takes NULL */

/* Take one record (abi.h). 0, or -EINVAL for a malformed record, which is counted and otherwise
 * ignored. */
int proctable_record(struct proctable *pt, const void *data, size_t size);

/* Take a buffer of records from a sweep. A sweep may have two looks (runs of the
 * iterator). The second look (`second`) only finds which tasks and address spaces were quiet:
 * had the same sums in both. 0 or -EINVAL. */
int proctable_sweep(struct proctable *pt, const void *data, size_t size, bool second);
void proctable_sweep_begin(struct proctable *pt);

/* The number of exiting tasks: not ended, and not in the current sweep. */
unsigned proctable_exiting(const struct proctable *pt);
/* The number of tasks that have not ended, are not known to be exiting, and whose sums are older
 * than those of their address spaces: a non-owner freed one of their process after their last
 * record. Whoever drops the last reference frees an address space: a reader of /proc/PID/cmdline,
 * for example. The next sweep has their sums, unless it misses them. */
unsigned proctable_outdated(const struct proctable *pt);
/* The same, and those that are not in the current sweep. */
unsigned proctable_stale(const struct proctable *pt);
/* The number of processes with a task that has not ended. */
unsigned proctable_living(const struct proctable *pt);

/* Take the account that BPF keeps of tasks and address spaces of this process (0: of several
 * processes) whose final records were lost. It replaces the earlier account of the process. The
 * process gets one task and one address space for it, whose ids have bit 62 set; it is not
 * folded. The account of several processes gets a process of its own, with bit 62 set in its id. */
#define PROCTABLE_REST (1ULL << 62)
void proctable_lost(struct proctable *pt, uint64_t proc, const struct tare_ended *e);
/* Call it after proctable_lost() and a sweep with both looks. In processes of which records were
 * lost, it removes each task that has not ended and was not in the sweep: it has ended, and its
 * sums are in the account. */
void proctable_drop_lost(struct proctable *pt);
/* The row for the account that includes this task's lost final record. NULL: the task is in the
 * table, or was folded, or there is no such row. */
const struct proctable_task *proctable_lost_row(const struct proctable *pt, uint64_t task,
						uint64_t proc);
/* The number of tasks that have not ended and were in both looks of the current sweep. */
unsigned proctable_met(const struct proctable *pt);

/* Set how many ended processes, and how many ended threads, keep a row of their own
 * (PROCTABLE_KEEP_ALL: all). `folded` (or NULL) is called for each task that is folded. */
void proctable_keep(struct proctable *pt, uint32_t keep, proctable_folded_fn folded, void *ctx);

/* Fold ended processes and threads beyond the number that is kept. Kept are the heaviest at the
 * peak, those that failed, the longest-lived and the oldest. `tight`: fold down to that number;
 * else up to twice as many stay, so that frequent calls cost little. The sums over
 * all rows do not change: see model/fold.h. Do not call it within a sweep. */
void proctable_fold(struct proctable *pt, bool tight);

/* NULL: no such process. */
struct proctable_proc *proctable_find_proc(struct proctable *pt, uint64_t id);
/* Set what was read in /proc of a process: path of the program, and /proc/PID/cmdline of `len`
 * bytes. NULL leaves a value as it is. Copies. */
void proctable_describe(struct proctable_proc *p, const char *exe, const char *cmdline, size_t len);
/* What its program calls a thread. */
void proctable_title(struct proctable_task *t, const char *title);

#endif
