/* SPDX-License-Identifier: GPL-2.0-only */
#include "output/diff/view.h"

void diff_totals(const struct report *r, struct diff_total total[TARE_KINDS])
{
	struct view_held now = view_now(r), peak = view_at_peak(r);

	now.kind[TARE_KMEM] += now.sock;
	peak.kind[TARE_KMEM] += peak.sock;
	for (int k = 0; k < TARE_KINDS; k++)
		total[k] = (struct diff_total){
			.held_known = now.known[k] && peak.known[k],
			.grown_known = report_kind(r, k),
			.at_peak = peak.kind[k],
			.net = now.kind[k],
			.grown = (int64_t)r->totals[k].tasks.in,
		};
}

unsigned diff_kinds(const struct report *a, const struct report *b)
{
	unsigned kinds = 0;

	for (int k = 0; k < TARE_KINDS; k++)
		if (report_kind(a, k) && report_kind(b, k))
			kinds |= 1u << k;
	return kinds;
}

const char *diff_unsampled(const struct diff *d)
{
	if (d->sampled[DIFF_BEFORE] && d->sampled[DIFF_AFTER])
		return NULL;
	return d->sampled[DIFF_BEFORE] ? "AFTER has no samples" :
	       d->sampled[DIFF_AFTER]  ? "BEFORE has no samples" :
					 "neither recording has samples";
}
