/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Sums over a report that several output formats and `tare bench` need. Pure.
 */
#ifndef TARE_VIEW_H
#define TARE_VIEW_H

#include "model/report.h"

/* Are all three kinds of kernel memory known by task? */
bool view_kernel(const struct report *r);

/* RSS: anon + file + shmem. */
struct flow view_rss(const struct flow flow[TARE_KINDS]);
struct balance view_rss_balance(const struct balance balance[TARE_KINDS]);

/* The net of each kind, from flows or from balances; 0 for kinds that are not known. */
void view_flow_net(const struct report *r, const struct flow flow[TARE_KINDS],
		   int64_t net[TARE_KINDS]);
void view_balance_net(const struct report *r, const struct balance balance[TARE_KINDS],
		      int64_t net[TARE_KINDS]);

/* What the whole workload holds, by kind: now, and at the peak of its weight. If the control group
 * is the workload's own (kmem.whole), TARE_KMEM includes memory that no task was charged for;
 * without events it is the cgroup's total less page tables and stacks. A kind that is not
 * measured has `known` false and is 0. */
struct view_held {
	int64_t kind[TARE_KINDS];
	bool known[TARE_KINDS];
	int64_t sock; /* socket buffers that are not in TARE_KMEM: cgroup version 1 counts them
			 separately, without events */
};
struct view_held view_now(const struct report *r);
struct view_held view_at_peak(const struct report *r);
/* Kernel memory (TARE_KMEM and sockets) that no process can be charged for. `before`: held before
 * tare came. `left`: the rest, which ended tasks left or which non-owners were charged for. */
struct view_rest {
	int64_t before, left;
};
struct view_rest view_rest_now(const struct report *r);
struct view_rest view_rest_at_peak(const struct report *r);

/* Memory that an attached workload held before tare came; 0 for a command that tare started. */
int64_t view_held_before(const struct report *r);

/* The difference between the control group's counter of kernel memory and the events. False: one
 * of them is not known. */
bool view_kmem_difference(const struct report *r, int64_t *difference);

/* Was `unattributed` of this kind checked, for the whole workload or for each process? Kernel
 * memory is compared with the control group's counter, so only for the workload; the other
 * kinds are compared with the counters of each process. */
bool view_checked(const struct report *r, enum tare_kind kind, bool workload);

/* How many processes of a row ended by a signal or with an exit status other than 0. */
uint64_t view_failed(const struct report_process *p);

void view_add(struct flow *sum, struct flow f);

#endif
