/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Control groups, and the names of processes within each: what they hold, and counters of what came
 * in and went out that never fall. Fed by the process table: at each tick with what lives, and at
 * the end of each task and address space, so that processes which were born and ended between two
 * ticks count too. Pure: no I/O, no clock. It must not know how metrics are printed.
 *
 * A bounded number of groups, and of names in each, has figures of its own: is `shown`. The others
 * are one: `other`. Rules, so that no counter ever falls and each byte is counted in one place:
 *   - What happens while a group is not shown counts in `other`; its own counters stand still.
 *   - A group that is shown again goes on from where its counters stood.
 *   - A group is shown as soon as there is room. When there is none, it takes the place of the
 *     lightest one if it is heavier by a quarter and 1 MiB and that one had its place for a minute.
 *   - A group that is shown stays so for a minute after its last process: whoever reads once a
 *     minute has seen its last figures. Then its counters are dropped, if the control group is
 *     gone: added to another counter, they would look as if they had just happened. One that is
 *     made with the same path before that (a service that is restarted) goes on with them.
 *   - Of a process whose control group is not known: `unknown`.
 * For the names of a group the same holds.
 *
 * Sizes are in bytes, times in nanoseconds of CLOCK_BOOTTIME.
 */
#ifndef TARE_GROUPS_H
#define TARE_GROUPS_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "model/books.h"
#include "model/container.h"
#include "model/live.h"

/* Causes that tare_task's do not have: what non-owners did (+ enum tare_nonowner), and pages that a
 * fork copied. */
#define GROUPS_NONOWNER 0x20000u
#define GROUPS_FORK 0x20010u

#define GROUPS_CAUSES 32  /* of a group; what has no room is TARE_CAUSE_OTHER */
#define GROUPS_MOST 16384 /* control groups that are told apart; others are only in `other` */

struct groups_flow {
	uint32_t cause;
	uint64_t in, out; /* resident memory */
};

/* Counters: since tare came. */
struct groups_counts {
	struct groups_flow flow[GROUPS_CAUSES];
	unsigned flows;
	uint64_t faults, faults_major;
	uint64_t started, oom_kills; /* processes */
};

/* What lives now. */
struct groups_now {
	int64_t kind[TARE_KINDS]; /* TARE_KMEM: see live_total.kmem */
	uint64_t processes, threads;
};

struct groups_entry {
	struct groups_counts counts;
	struct groups_now now;
	bool shown;
	uint64_t since_ns; /* it is shown, or not */
};

/* A name of processes: a pattern (rollup_pattern()), for people (text_printable()). */
struct groups_name {
	struct groups_entry e; /* first */
	char *name;
};

/* Kernel memory as the control group's own files have it, with that of groups below it.
 * CGROUP_UNKNOWN (-1): not known. */
struct groups_kernel {
	int64_t slab_reclaimable, slab_unreclaimable, percpu, sockets;
	int64_t other; /* all but these, page tables and stacks */
};

struct group {
	struct groups_entry e; /* first */
	uint64_t id;           /* see tare_task.cgroup */
	char *path;            /* for people; NULL: not known yet */
	struct container what;
	/* Names that files have; NULL: not known. */
	char *container, *pod, *namespace;
	GHashTable *names;         /* name -> struct groups_name */
	struct groups_entry other; /* of its names */
	struct groups_kernel kernel;
	uint64_t alive_ns, asked_ns; /* a process of it lived; groups_idle() gave it out */
	unsigned shown_names;
};

#define GROUPS_OTHER "(other)" /* name of what is not a name */

struct groups_limits {
	unsigned groups, names; /* that are shown */
};

struct groups;

struct groups *groups_new(const struct groups_limits *limits, uint64_t page_size);
void groups_free(struct groups *g); /* takes NULL */
void groups_set_limits(struct groups *g, const struct groups_limits *limits);

/* The ends of tasks and address spaces: give it to the process table. */
struct proctable_ends groups_ends(struct groups *g);

/* After live_tick(), with the same input. */
void groups_take(struct groups *g, const struct live *l, const struct books_input *in);

/* The id of the control group of a process: that of its first task. 0: not known. */
uint64_t groups_of_process(const struct proctable *pt, const struct proctable_proc *p);

/* A control group whose path is not known. Then call groups_know() or groups_gone(). False: there
 * is none. */
bool groups_unnamed(const struct groups *g, uint64_t *id);
/* A named one without processes for long (a minute if it is shown, else 10 s), each 10 s. Call
 * groups_gone() if it does not exist. */
bool groups_idle(struct groups *g, uint64_t now_ns, uint64_t *id);
void groups_know(struct groups *g, uint64_t id, const char *path);
void groups_gone(struct groups *g, uint64_t id);
/* Paths cannot be had by ids: take them from the rows of the live model. */
void groups_by_rows(struct groups *g);

/* All that are shown (struct group *), heaviest first; free with g_ptr_array_unref(). The same of
 * the names of a group (struct groups_name *). */
GPtrArray *groups_shown(const struct groups *g);
GPtrArray *groups_shown_names(const struct group *of);
/* For groups_kernel and the names that files have. NULL: there is none. */
struct group *groups_find(struct groups *g, uint64_t id);

/* Sums of what is not shown, of what is in no known group, and of all. */
struct groups_rest {
	struct groups_entry other, unknown, all;
	unsigned shown, hidden; /* groups */
	uint64_t gone;          /* control groups that were dropped */
	uint64_t nameless;      /* of these, those whose path was never known */
	uint64_t swaps;         /* groups that lost their place to a heavier one */
};
const struct groups_rest *groups_rest(const struct groups *g);

/* The control group of a process: that of its first task. 0: not known. */
uint64_t groups_of_process(const struct proctable *pt, const struct proctable_proc *p);

/* Give back memory: what is not shown and has no processes. */
void groups_trim(struct groups *g);

uint64_t groups_in(const struct groups_counts *c);
uint64_t groups_out(const struct groups_counts *c);

#endif
