/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Kernel memory of a session: which control group is watched, and the values of its own counters,
 * polled during the run and compared with the events. It must not know tasks.
 */
#ifndef TARE_KMEM_H
#define TARE_KMEM_H

#include "capture/cgroup.h"
#include "capture/loader.h"
#include "model/books.h"
#include "model/report.h"

struct kmem;

/* Watches nothing yet. `slab`: poll slab caches too. Never NULL. */
struct kmem *kmem_new(struct loader *l, const struct features *f, bool slab);
void kmem_free(struct kmem *k); /* takes NULL */

/* Choose what to watch; call one of these before attaching to a task. The first: the command's own
 * cgroup, not owned (NULL: there is none for the reason `why`, and kernel memory is not measured).
 * The second: the cgroup that these processes live in; `machine`: also if that is the root,
 * although tasks in the root itself are charged for nothing. */
void kmem_watch(struct kmem *k, struct cgroup *own, const char *why);
void kmem_watch_targets(struct kmem *k, const GArray *pids, bool machine);

/* Read the initial balance; call it when tare has attached to all targets. */
void kmem_begin(struct kmem *k);

/* Poll the counters; called at each interval. `time_ns`: since the start. */
void kmem_look(struct kmem *k, uint64_t time_ns);

/* Kernel memory of the workload's own cgroup now, in bytes; 0 if it is not measured by events. */
int64_t kmem_held(const struct kmem *k);

/* Why other kernel memory is not known by task; NULL: it is. */
const char *kmem_why_not(const struct kmem *k);

/* Read the workload's state and the cgroup's counter at the same moment. */
void kmem_books(struct kmem *k, struct tare_workload *w, struct books_kmem *books);

/* Fill in r->cgroup and r->slabs, and add features that say how well kernel memory is known. */
void kmem_describe(struct kmem *k, struct report *r, uint64_t now_ns);

#endif
