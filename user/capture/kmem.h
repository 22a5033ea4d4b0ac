/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Kernel memory of a session: which control group is watched, what its own
 * counters say beside the events, and the looks at it on the way. It must not
 * know tasks.
 */
#ifndef TARE_KMEM_H
#define TARE_KMEM_H

#include "capture/cgroup.h"
#include "capture/loader.h"
#include "model/books.h"
#include "model/report.h"

struct kmem;

/* Nothing is watched yet. `slab`: look at slab caches too. Never NULL. */
struct kmem *kmem_new(struct loader *l, const struct features *f, bool slab);
void kmem_free(struct kmem *k); /* takes NULL */

/* Whom to watch, before any task is attached to: the command's own cgroup, not owned
 * (NULL: none, for the reason `why`; nothing is measured), or the one that these
 * processes live in. */
void kmem_watch(struct kmem *k, struct cgroup *own, const char *why);
void kmem_watch_targets(struct kmem *k, const GArray *pids);

/* All targets are attached to: the initial balance. */
void kmem_begin(struct kmem *k);

/* At each interval, `time_ns` after the start. */
void kmem_look(struct kmem *k, uint64_t time_ns);

/* Kernel memory of the workload's own cgroup now, bytes; 0 where events do not tell it. */
int64_t kmem_held(const struct kmem *k);

/* The workload's state with the cgroup's counter at the same moment. */
void kmem_books(struct kmem *k, struct tare_workload *w, struct books_kmem *books);

/* r->cgroup and r->slabs, and, as features, how well kernel memory is known. */
void kmem_describe(struct kmem *k, struct report *r, uint64_t now_ns);

#endif
