/* SPDX-License-Identifier: GPL-2.0-only
 *
 * A line fitted to what a workload weighed with N tasks: its value at N = 0 is the tare, its slope
 * the bytes of one more task. Pure.
 *
 * The fit is weighted least squares. The statistical weight of a run is
 * 1 / (mean weight in bytes of the runs with its N)², since measured sizes scatter in proportion
 * to their size; so each N counts equally. If the weight is not known in all runs, the mean of
 * user memory (or else of RSS, or of the charge) is used. Every part is fitted with the same
 * statistical weights, so the tares and slopes of the kinds add up to those of the sums.
 *
 * The 95 % interval is the larger one of two, both by Student's t:
 *   repeats: runs with one N differ, each N by as much as it does (degrees of freedom by Welch and
 *            Satterthwaite; an N with one run gets the pooled relative variance)
 *   the line: the means are off it, of which repeats tell nothing (k - 2 degrees of freedom)
 *
 * Not every program grows along a line: arrays double, collectors keep garbage. If the mean weight
 * at some N is more than FIT_OFF off the line, the row is bent: then no slope describes it, and
 * fit_at() tells the bytes per task at each N, with the weight at the fewest tasks subtracted.
 */
#ifndef TARE_FIT_H
#define TARE_FIT_H

#include "model/bench.h"

#define FIT_OFF 0.05 /* bent if the mean at one N is off the line by more of its weight */

struct fit {
	bool valid;    /* two N or more, known in all runs; else all is 0 */
	double tare;   /* bytes with no task */
	double slope;  /* bytes per task */
	bool interval; /* three runs or more: */
	double lo, hi; /* of the slope, 95 % */
	double tare_lo, tare_hi;
	double worst; /* largest |mean of the runs with one N - line| / their mean weight … */
	uint64_t worst_tasks; /* … and its N */
	bool linear;          /* worst <= FIT_OFF */
};

/* Bytes per task at one N: (mean with N tasks - mean with the fewest) / (N - the fewest). */
struct fit_at {
	bool known;  /* in all runs with N and with the fewest tasks, N being more; else all is 0 */
	double tare; /* mean with the fewest tasks */
	double bytes;  /* per task */
	bool interval; /* two runs or more with N and with the fewest: */
	double half;   /* bytes ± half, 95 % */
	double tare_half;
};

struct row_fit {
	enum bench_state state; /* the state in which the runs were weighed */
	unsigned runs;          /* number of runs in the fit */
	unsigned unsettled;     /* of these, runs whose weight had not settled */
	uint64_t most;          /* largest N of these; 0: no runs */
	bool bent;              /* the line of the weight (else of user memory) is not linear */
	struct fit part[BENCH_PARTS];
	double ready_s, cpu_s; /* medians at the largest N, of known values; NAN: none */
};

/* Fit the runs with outcome ok (without --after), weighed in the state bench_row_state(). */
void fit_row(const struct bench_row *row, struct row_fit *fit);

/* Fit the sum of these parts (bits, 1 << TARE_ANON …) over the same runs: for a weight of the
 * known kinds where not all are known. False: not valid. */
bool fit_sum(const struct bench_row *row, unsigned parts, struct fit *fit);

/* For the sum of these parts (bits), in the state bench_row_state(). */
struct fit_at fit_at(const struct bench_row *row, unsigned parts, uint64_t tasks);
/* The N of the successful runs in that state, ascending: uint64_t. */
GArray *fit_tasks(const struct bench_row *row);

/* The mean of a part (enum tare_kind or bench_part) in this state, over the runs with `tasks` tasks
 * and outcome ok (BENCH_AFTER: the runs with --after). NAN: there are none, or it is unknown.
 * *n (may be NULL) is the number of these runs. */
double fit_mean(const struct bench_row *row, enum bench_state state, int part, uint64_t tasks,
		unsigned *n);

#endif
