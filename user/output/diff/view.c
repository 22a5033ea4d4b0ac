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

struct diff_sum diff_sum(const struct diff_total a[TARE_KINDS],
			 const struct diff_total b[TARE_KINDS], int first, int n)
{
	struct diff_sum sum = { .more = false };

	for (int i = first; i < first + n; i++) {
		const struct diff_total *of[DIFF_TIMES] = { &a[kind_order[i]], &b[kind_order[i]] };
		bool held = of[DIFF_BEFORE]->held_known && of[DIFF_AFTER]->held_known;
		bool grown = of[DIFF_BEFORE]->grown_known && of[DIFF_AFTER]->grown_known;

		for (int time = 0; time < DIFF_TIMES; time++) {
			sum.at_peak[time] += held ? of[time]->at_peak : 0;
			sum.net[time] += held ? of[time]->net : 0;
			sum.grown[time] += grown ? of[time]->grown : 0;
		}
		sum.more |= !held || !grown;
	}
	return sum;
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
