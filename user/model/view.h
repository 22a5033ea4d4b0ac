/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Sums over a report that more than one printer wants, and tare bench. Pure.
 */
#ifndef TARE_VIEW_H
#define TARE_VIEW_H

#include "model/report.h"

/* All three kernel kinds are known, by task. */
bool view_kernel(const struct report *r);

/* RSS: anon + file + shmem. */
struct flow view_rss(const struct flow flow[TARE_KINDS]);
struct balance view_rss_balance(const struct balance balance[TARE_KINDS]);

/* Net of each kind, out of flows or balances; 0 for kinds that are not known. */
void view_flow_net(const struct report *r, const struct flow flow[TARE_KINDS],
		   int64_t net[TARE_KINDS]);
void view_balance_net(const struct report *r, const struct balance balance[TARE_KINDS],
		      int64_t net[TARE_KINDS]);

/* What the whole workload holds now, and held at the peak of its weight, by
 * kind. Of TARE_KMEM what no task was charged for is in where the control group is
 * the workload's alone (kmem.whole); without events, it is then what is left of the
 * cgroup's total. `known` is false for what is not measured, which is 0. */
struct view_held {
	int64_t kind[TARE_KINDS];
	bool known[TARE_KINDS];
	int64_t sock; /* socket buffers that are not in TARE_KMEM: version 1 counts them
			 apart, and no event tells of them */
};
struct view_held view_now(const struct report *r);
struct view_held view_at_peak(const struct report *r);
/* What of TARE_KMEM and sockets no process has: what was there before tare came, and the rest,
 * which tasks left that ended, or others were charged for. */
struct view_rest {
	int64_t before, left;
};
struct view_rest view_rest_now(const struct report *r);
struct view_rest view_rest_at_peak(const struct report *r);

/* By how much the control group's kernel memory differs from the events, where
 * both are known. */
bool view_kmem_difference(const struct report *r, int64_t *difference);

/* Whether what no update explains of this kind was looked for: of the whole workload, or of
 * each process. Kernel memory is checked against the control group's counter, so for the
 * workload only; the others against the counters of each process. */
bool view_checked(const struct report *r, enum tare_kind kind, bool workload);

/* How many of a row's processes ended by a signal or with a status other than 0. */
uint64_t view_failed(const struct report_process *p);

void view_add(struct flow *sum, struct flow f);

#endif
