/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Folds: the sums of many ended tasks, processes or address spaces, as one. Pure arithmetic. It
 * must not know which are folded, nor into which row.
 *
 * A fold uses the same struct as a single task or address space, so a fold can be folded again.
 * All sums are exact. This includes the net at the workload's last peak, although a
 * later peak may still come: each struct has its net at the peak with number peak_seq
 * (ledger_note_peak()), and peaks are numbered upwards. When two are added, the one with the lower
 * number has not changed since the other's peak, so its net now is its net at that peak; the
 * fold notes both under the higher number.
 */
#ifndef TARE_FOLD_H
#define TARE_FOLD_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "bpf/abi.h"
#include "model/sketch.h"

#define FOLD_ID (1ULL << 63) /* set in ids of folds; BPF's ids count from 1 up */
#define FOLD_LATE 4096       /* most starts of attached tasks that a fold remembers */

/* Data of a fold of tasks that struct tare_task has no room for. In the fold's struct tare_task
 * `in` and `out` are never below 0, start_ns is the first start, end_ns the last end, cgroup is 0
 * if they were in different ones, and causes are not used. */
struct task_fold {
	uint64_t count;
	struct sketch *in;                     /* of the pages of RSS that each task took in */
	GArray *causes;                        /* struct tare_cause, by id */
	struct tare_flow cached[TARE_MEMBERS]; /* pages cached and not added to the mm */
	struct tare_flow cached_rss;           /* of these: anon + file + shmem, by task */
	uint64_t attached;                     /* tasks that ran before tare came */
	GArray *late; /* uint64_t: starts of attached tasks that may be after the last peak */
};

struct task_fold *task_fold_new(void);
void task_fold_free(struct task_fold *f); /* takes NULL */

/* Add a task; if `from_fold` is not NULL, add a fold. */
void fold_task(struct tare_task *sum, struct task_fold *f, const struct tare_task *t,
	       const struct task_fold *from_fold);

/* How many attached tasks had begun at `peak_ns`, the time of the last peak. */
uint64_t fold_attached_at(const struct task_fold *f, uint64_t peak_ns);

/* Add a closed address space. sum->peak and peak_ns are those of the address space with the
 * largest peak. */
void fold_mm(struct tare_mm *sum, const struct tare_mm *m);

/* Data of a fold of processes. */
struct proc_fold {
	uint64_t count, failed;
	bool mixed;          /* exit statuses differ */
	struct sketch *peak; /* pages of RSS, by process */
	uint64_t off;        /* pages: sum of the absolute differences of their books */
};

struct proc_fold *proc_fold_new(void);
void proc_fold_free(struct proc_fold *f); /* takes NULL */

/* The same flow with `in` and `out` not below 0, as reports need it. In BPF they can be below 0:
 * page tables and stacks are taken out of TARE_KMEM, sometimes before their charge is counted. */
struct tare_flow fold_flow(const struct tare_flow *f);

/* Pages of RSS that a task took in. */
int64_t fold_in(const struct tare_task *t);

#endif
