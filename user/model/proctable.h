/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The process table: every process, task and address space that the kernel side has
 * reported, as its records said last. Plain data and no I/O: the same records
 * give the same table. It must not know where records come from, nor how a
 * report looks.
 */
#ifndef TARE_PROCTABLE_H
#define TARE_PROCTABLE_H

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bpf/abi.h"
#include "model/fold.h"

#define PROCTABLE_NAMES 64 /* of a task or programs of a process: first and last ones */
#define PROCTABLE_KEEP_ALL UINT32_MAX
#define PROCTABLE_KEEP 256 /* by default */

struct proctable_task {
	uint64_t id, proc;
	struct tare_task *state; /* holds causes[n_causes], not all of them */
	GPtrArray *names;        /* char *: earlier names; NULL: none */
	char *title;             /* what its program calls it, which the kernel is not told; NULL */
	unsigned titles;         /* so often that was looked for */
	struct task_fold *fold;  /* NULL: one task; else many that ended: `state` has their sums */
	unsigned place;          /* in its process's tasks */
	unsigned candidate;      /* its place + 1 in ended_tasks; 0: not there */
	bool ended;
	unsigned sweep;  /* the last sweep that met it */
	unsigned still;  /* the last whose second look found it as the first had */
	unsigned looked; /* the last whose second look met it */
	/* Not 0: it stands for so many that ended and whose final records were lost. */
	uint64_t lost, lost_attached;
};

struct proctable_mm {
	struct tare_mm state;
	uint64_t proc; /* the process that has it in its mms: whose it was first */
	bool closed;
	bool quiet; /* the sweep's two looks found the same sums */
	unsigned sweep;
	uint64_t lost; /* not 0: it stands for so many that closed, as in proctable_task */
};

struct proctable_proc {
	uint64_t id;
	uint32_t pid, ppid;
	char *comm;      /* of its first task, or since execve */
	char *parent;    /* GRefString: what its maker was called then; NULL: not known */
	char *exe;       /* NULL: unknown */
	GPtrArray *argv; /* char * */
	bool argv_truncated;
	GPtrArray *images;         /* char *: earlier exe's */
	uint64_t start_ns, end_ns; /* end_ns of its last task */
	bool attached;
	int status;             /* wait status, of its last ended task */
	unsigned living;        /* tasks not ended */
	GPtrArray *tasks;       /* struct proctable_task * */
	GPtrArray *mms;         /* struct proctable_mm * */
	struct proc_fold *fold; /* NULL: one process; else many that ended */
	GHashTable *folds; /* pattern of names -> struct proctable_task with a fold; NULL: none */
	bool lost;         /* final records of it were */
	bool guests;       /* a task that ended reported pages in another's address space */
	bool candidate;    /* in ended_procs */
	bool final;        /* the record of the task that was its last was taken */
	bool end_lost;     /* no record tells how it ended */
	unsigned titles;   /* the last round of looking for titles that met it */
};

/* A task was folded: what is known by its id is `into_task`'s, of process `into_proc`, from
 * now on; which may be folded in turn. */
typedef void (*proctable_folded_fn)(void *ctx, uint64_t task, uint64_t into_task,
				    uint64_t into_proc);

struct proctable {
	GHashTable *tasks;  /* id -> struct proctable_task */
	GHashTable *mms;    /* id -> struct proctable_mm */
	GHashTable *procs;  /* id -> struct proctable_proc */
	bool launched;      /* the first execve is tare's own launch: no earlier name or image */
	unsigned sweep;     /* number of the present one */
	uint64_t malformed; /* records that made no sense: 0, or the ABI is broken */

	/* What ended and can be folded: threads of processes that live or are kept, and
	 * processes. */
	uint32_t keep; /* of each */
	GPtrArray *ended_tasks, *ended_procs;
	unsigned waiting;       /* of ended_procs, beyond those that are kept: more may come */
	GHashTable *proc_folds; /* parent and pattern of names -> struct proctable_proc, a fold */
	unsigned task_folds;    /* struct proctable_task's with a fold */
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

/* Take one record (abi.h). 0, or -EINVAL for one that makes no sense, which is
 * counted and otherwise ignored. */
int proctable_record(struct proctable *pt, const void *data, size_t size);

/* A buffer of records from a sweep, one behind the other; `second` marks the
 * sweep's second look, which only finds out who was quiet in between. */
int proctable_sweep(struct proctable *pt, const void *data, size_t size, bool second);
void proctable_sweep_begin(struct proctable *pt);

/* Tasks that are neither ended nor met by the present sweep: on their way out. */
unsigned proctable_exiting(const struct proctable *pt);
/* Processes with a task that has not ended. */
unsigned proctable_living(const struct proctable *pt);

/* Take the sums that the kernel side kept of tasks and address spaces of this process (0: of
 * several) whose final records found no room; they replace the sums it gave before. Such a
 * process is not folded. It has one task and one address space for them, whose ids have bit 62
 * set, as has the process that stands for more than one. */
#define PROCTABLE_REST (1ULL << 62)
void proctable_lost(struct proctable *pt, uint64_t proc, const struct tare_ended *e);
/* After that and a sweep with both looks: a task that has not ended, was not met by the sweep,
 * and is of a process of which records were lost, has ended: it is in those sums. */
void proctable_drop_lost(struct proctable *pt);
/* The task that stands for this one's lost final record, perhaps with others'; NULL: that is
 * in the table, or was folded, or nothing stands for it. */
const struct proctable_task *proctable_lost_row(const struct proctable *pt, uint64_t task,
						uint64_t proc);
/* Tasks that have not ended and were met by both looks of the present sweep. */
unsigned proctable_met(const struct proctable *pt);

/* Keep `keep` processes and as many threads that ended by themselves (PROCTABLE_KEEP_ALL: all),
 * and tell `folded` (or NULL) of each other that is folded. */
void proctable_keep(struct proctable *pt, uint32_t keep, proctable_folded_fn folded, void *ctx);

/* Fold what ended, beyond what is kept: the heaviest at the peak, those that failed, the
 * longest-lived and the oldest stay. Not within a sweep. `tight`: down to that number; else
 * twice as many may stay, so that to call this often costs little. Sums over all rows stay
 * what they are, to the page: see model/fold.h. */
void proctable_fold(struct proctable *pt, bool tight);

/* What was read of a process in /proc; NULL leaves as it is. Copies. */
struct proctable_proc *proctable_find_proc(struct proctable *pt, uint64_t id);
void proctable_describe(struct proctable_proc *p, const char *exe, const char *cmdline, size_t len);
/* What its program calls a thread. */
void world_title(struct proctable_task *t, const char *title);

#endif
