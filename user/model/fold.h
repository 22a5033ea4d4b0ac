/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Accounts of what ended, added up: many tasks, processes or address spaces as one. Pure
 * arithmetic. It must not know which are folded, nor into what.
 *
 * A sum is kept in the same struct as one's account, so it can be added on in turn. All
 * sums are those of the single ones, exactly. That goes for what was held at the workload's
 * last peak too, which is not known yet: an account notes its net under the number of the
 * last peak before it changed (ledger_note_peak()), and peaks are numbered upwards. Of two
 * accounts the one with the lower number can't have noted the last peak, so its present net
 * is what it held then, and the sum notes that under the higher number.
 */
#ifndef TARE_FOLD_H
#define TARE_FOLD_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "bpf/abi.h"
#include "model/sketch.h"

#define FOLD_ID (1ULL << 63) /* set in ids of folds; the kernel side counts from 1 up */
#define FOLD_LATE 4096       /* starts that are remembered of a fold's attached tasks */

/* What many tasks have beside their sums in a struct tare_task. There `flow` has no part below 0,
 * start_ns is the first start, end_ns the last end, and causes are not used. */
struct task_fold {
	uint64_t count;
	struct sketch *in;                     /* pages of RSS that came in, by task */
	GArray *causes;                        /* struct tare_cause, by id */
	struct tare_flow cached[TARE_MEMBERS]; /* pages not yet reported to their mm */
	struct tare_flow cached_rss;
	uint64_t attached; /* ran before tare came */
	GArray *late;      /* uint64_t: starts of those that the last peak noted may be before */
};

struct task_fold *task_fold_new(void);
void task_fold_free(struct task_fold *f); /* takes NULL */

/* Add one task, or where `from_fold` is not NULL many. */
void fold_task(struct tare_task *sum, struct task_fold *f, const struct tare_task *t,
	       const struct task_fold *from_fold);

/* How many of the attached ones had begun at `peak_ns`, the time of the last peak. */
uint64_t fold_attached_at(const struct task_fold *f, uint64_t peak_ns);

/* Add a closed address space. `peak` is that of the one with the highest, which had it at
 * peak_ns. */
void fold_mm(struct tare_mm *sum, const struct tare_mm *m);

/* Of many processes. */
struct proc_fold {
	uint64_t count, failed;
	bool mixed;          /* exit statuses differ */
	struct sketch *peak; /* pages of RSS, by process */
	uint64_t off;        /* pages that no update explains: sums of amounts, either sign */
};

struct proc_fold *proc_fold_new(void);
void proc_fold_free(struct proc_fold *f); /* takes NULL */

/* What came and went with neither below 0, as in reports: kernel memory is taken out of
 * TARE_KMEM when it is counted under its own kind, which can be before its event. */
struct tare_flow fold_flow(const struct tare_flow *f);

/* RSS that came in: pages. */
int64_t fold_in(const struct tare_task *t);

#endif
