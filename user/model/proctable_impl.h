/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Shared by proctable.c (records), proctable_rows.c (rows), proctable_fold.c (folds) and
 * proctable_lost.c (accounts of lost records).
 */
#ifndef TARE_PROCTABLE_IMPL_H
#define TARE_PROCTABLE_IMPL_H

#include "model/proctable.h"

/* Add a task of this process to all tables. Takes ownership of `state`. */
struct proctable_task *proctable_task_add(struct proctable *pt, struct proctable_proc *p,
					  uint64_t id, struct tare_task *state);
/* Add an address space of this process. */
struct proctable_mm *proctable_mm_add(struct proctable *pt, struct proctable_proc *p, uint64_t id);
/* Add a process, of which only the id is known. */
struct proctable_proc *proctable_proc_add(struct proctable *pt, uint64_t id);

/* Set the name, pids and start of a process from one of its tasks, unless its name is known. */
void proctable_introduce(struct proctable_proc *p, const struct tare_task *first);
/* Remove a task from all tables, and free it. */
void proctable_task_remove(struct proctable *pt, struct proctable_proc *p,
			   struct proctable_task *t);

/* The number of tasks that have not ended and for which `is` returns true. */
typedef bool (*proctable_task_fn)(const struct proctable *pt, const struct proctable_task *t);
unsigned proctable_count_live(const struct proctable *pt, proctable_task_fn is);

/* A task's final record was taken: it may be folded. */
void proctable_task_ended(struct proctable *pt, struct proctable_task *t);
/* The same for an address space; `m` may be merged and freed by this call. */
void proctable_mm_closed(struct proctable *pt, const struct proctable_mm *m);
/* Tasks or address spaces of a process were removed: it may have ended. */
void proctable_proc_dropped(struct proctable *pt, struct proctable_proc *p);

#endif
