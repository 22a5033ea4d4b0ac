/* SPDX-License-Identifier: GPL-2.0-only
 *
 * What world_table.c (rows), world.c (records) and world_fold.c (what ended) have in
 * common.
 */
#ifndef TARE_WORLD_IMPL_H
#define TARE_WORLD_IMPL_H

#include "model/world.h"

/* A task of this process, in all tables. Takes `state`. */
struct world_task *world_task_add(struct world *w, struct world_proc *p, uint64_t id,
				  struct tare_task *state);
/* An address space of this process. */
struct world_mm *world_mm_add(struct world *w, struct world_proc *p, uint64_t id);
/* A process of which nothing is known. */
struct world_proc *world_proc_add(struct world *w, uint64_t id);

/* What a process is called, unless that is known. */
void world_introduce(struct world_proc *p, const struct tare_task *first);
/* Out of all tables. */
void world_task_remove(struct world *w, struct world_proc *p, struct world_task *t);

/* The number of tasks that have not ended and of which it is true. */
typedef bool (*world_task_fn)(const struct world *w, const struct world_task *t);
unsigned world_count_live(const struct world *w, world_task_fn is);

/* A task's final record was taken. */
void world_task_ended(struct world *w, struct world_task *t);
/* The same of an address space, which may not be there any more then. */
void world_mm_closed(struct world *w, const struct world_mm *m);
/* Tasks or address spaces of it were dropped: it may have ended. */
void world_proc_dropped(struct world *w, struct world_proc *p);

#endif
