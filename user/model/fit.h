/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The line through what a workload weighed with N tasks: its tare (N = 0) and
 * the bytes of one more task. Pure; the arithmetic is GSL's.
 *
 * Weighted least squares, each run with the weight 1 / (mean weight of the runs
 * with its N)²: measured sizes scatter in proportion to their size, and each N
 * counts alike. Where kernel memory is not known of all runs, it is user memory
 * that stands for the weight here. Every part is fitted with the same weights, so
 * that tares and slopes of the kinds add up to those of the sums. The interval is
 * Student's t with n - 2 degrees of freedom, 95 %, the covariance scaled by the
 * residuals' weighted chi² / (n - 2).
 */
#ifndef TARE_FIT_H
#define TARE_FIT_H

#include "model/bench.h"

#define FIT_OFF 0.10 /* a residual of more than this share of the weight: not linear */

struct fit {
	bool valid;    /* two N or more, known in all runs; else all is 0 */
	double tare;   /* bytes with no task */
	double slope;  /* bytes per task */
	bool interval; /* three runs or more: */
	double lo, hi; /* of the slope, 95 % */
	double tare_lo, tare_hi;
	double worst; /* the largest |mean of an N's runs - line| / mean weight of them … */
	uint64_t worst_tasks; /* … and that N */
	bool linear;          /* worst <= FIT_OFF */
};

struct row_fit {
	enum bench_state state; /* of the weights that went in */
	unsigned runs;          /* how many */
	unsigned unsettled;     /* of them, those that had not come to rest */
	uint64_t most;          /* the largest N of them; 0 with no runs */
	struct fit part[BENCH_PARTS];
	double ready_s, cpu_s; /* medians at the largest N of what is known; NAN */
};

/* Runs that went well (outcome ok, not --after ones), by bench_row_state(). */
void fit_row(const struct bench_row *row, struct row_fit *fit);

/* The line of the sum of these parts (bits, 1 << TARE_ANON …) by the same runs: a
 * weight out of what is known where not all of it is. False: not valid. */
bool fit_sum(const struct bench_row *row, unsigned parts, struct fit *fit);

/* Mean of a part (enum tare_kind, bench_part) over the runs with N tasks in that state that
 * went well (BENCH_AFTER: of the --after ones); NAN when there are none or it is unknown.
 * `n` (may be NULL) is set to how many. */
double fit_mean(const struct bench_row *row, enum bench_state state, int part, uint64_t tasks,
		unsigned *n);

#endif
