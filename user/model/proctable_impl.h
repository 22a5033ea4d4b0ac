/* SPDX-License-Identifier: GPL-2.0-only
 *
 * What proctable_rows.c (rows), proctable.c (records) and proctable_fold.c (what ended) have in
 * common.
 */
#ifndef TARE_PROCTABLE_IMPL_H
#define TARE_PROCTABLE_IMPL_H

#include "model/proctable.h"

/* A task of this process, in all tables. Takes `state`. */
struct proctable_task *proctable_task_add(struct proctable *pt, struct proctable_proc *p,
					  uint64_t id, struct tare_task *state);
/* An address space of this process. */
struct proctable_mm *proctable_mm_add(struct proctable *pt, struct proctable_proc *p, uint64_t id);
/* A process of which nothing is known. */
struct proctable_proc *proctable_proc_add(struct proctable *pt, uint64_t id);

/* What a process is called, unless that is known. */
void proctable_introduce(struct proctable_proc *p, const struct tare_task *first);
/* Out of all tables. */
void proctable_task_remove(struct proctable *pt, struct proctable_proc *p,
			   struct proctable_task *t);

/* The number of tasks that have not ended and of which it is true. */
typedef bool (*proctable_task_fn)(const struct proctable *pt, const struct proctable_task *t);
unsigned proctable_count_live(const struct proctable *pt, proctable_task_fn is);

/* A task's final record was taken. */
void proctable_task_ended(struct proctable *pt, struct proctable_task *t);
/* The same of an address space, which may not be there any more then. */
void proctable_mm_closed(struct proctable *pt, const struct proctable_mm *m);
/* Tasks or address spaces of it were dropped: it may have ended. */
void proctable_proc_dropped(struct proctable *pt, struct proctable_proc *p);

#endif
