/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Values of two reports that both printers of `tare diff` need. Inside output/ only.
 */
#ifndef TARE_DIFF_VIEW_H
#define TARE_DIFF_VIEW_H

#include "model/diff.h"
#include "model/view.h"

/* One kind of memory of the whole workload in one report. Exact, bytes. */
struct diff_total {
	bool held_known, grown_known;
	int64_t at_peak, net, grown;
};

/* Totals by kind. TARE_KMEM includes the socket buffers that fire no event. */
void diff_totals(const struct report *r, struct diff_total total[TARE_KINDS]);
/* Bit set of the kinds that both reports know by task. */
unsigned diff_kinds(const struct report *a, const struct report *b);

/* Why stacks are not compared; NULL: they are compared. */
const char *diff_unsampled(const struct diff *d);

#endif
