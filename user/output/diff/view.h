/* SPDX-License-Identifier: GPL-2.0-only
 *
 * What both printers of a difference want of two reports. Inside output/ only.
 */
#ifndef TARE_DIFF_VIEW_H
#define TARE_DIFF_VIEW_H

#include "model/diff.h"
#include "model/view.h"

/* A kind of the whole workload in one report; exact. */
struct diff_total {
	bool held_known, grown_known;
	int64_t at_peak, net, grown;
};

/* By kind; socket buffers that no event tells of are in TARE_KMEM. */
void diff_totals(const struct report *r, struct diff_total total[TARE_KINDS]);
/* Bits of the kinds that are known by task of both. */
unsigned diff_kinds(const struct report *a, const struct report *b);

/* Why stacks are not compared; NULL: they are. */
const char *diff_unsampled(const struct diff *d);

#endif
