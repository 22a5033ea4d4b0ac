/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Values of two reports that both printers of `tare diff` need. Inside output/ only.
 */
#ifndef TARE_DIFF_VIEW_H
#define TARE_DIFF_VIEW_H

#include "model/diff.h"
#include "model/view.h"
#include "output/diff/diff.h"

/* One kind of memory of the whole workload in one report. Exact, bytes. */
struct diff_total {
	bool held_known, grown_known;
	int64_t at_peak, net, grown;
};

/* Totals by kind. TARE_KMEM includes the socket buffers that fire no event. */
void diff_totals(const struct report *r, struct diff_total total[TARE_KINDS]);
/* Bit set of the kinds that both reports know by task. */
unsigned diff_kinds(const struct report *a, const struct report *b);

/* The sums of the kinds from kind_order[first] on that both reports know; `more`: other kinds are
 * left out. */
struct diff_sum {
	int64_t at_peak[DIFF_TIMES], net[DIFF_TIMES], grown[DIFF_TIMES];
	bool more;
};
struct diff_sum diff_sum(const struct diff_total a[TARE_KINDS],
			 const struct diff_total b[TARE_KINDS], int first, int n);

/* As diff_json_render(), with no more rows than `limits` allow (NULL: all rows). */
char *diff_json_within(const struct report *a, const struct report *b,
		       const struct diff_style *style, const struct diff_limits *limits);

/* Why stacks are not compared; NULL: they are compared. */
const char *diff_unsampled(const struct diff *d);

#endif
