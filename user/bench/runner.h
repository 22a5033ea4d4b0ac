/* SPDX-License-Identifier: GPL-2.0-only
 *
 * All runs of `tare bench`: which are to be made, in which order, what one that
 * stopped means for those after it. It must not know how a run is weighed, nor
 * where results go.
 */
#ifndef TARE_RUNNER_H
#define TARE_RUNNER_H

#include <signal.h>

#include "bench/build.h"
#include "bench/catalogue.h"
#include "capture/features.h"
#include "model/bench.h"

struct runner_config {
	struct features *features;
	enum counter_backend backend;
	const struct launch_user *user;
	const struct builder *builder; /* NULL for the user's own command */
	GPtrArray *workloads;          /* struct workload *; NULL: `command` */
	char *const *command;          /* with {n} in it */
	const GArray *tasks;           /* uint64_t, ascending */
	unsigned runs;
	uint64_t limit_ns, memory_max, touch;
	bool after;
	volatile sig_atomic_t *interrupted;
	/* Keep it: 0 or negative errno, said. */
	int (*on_row)(void *ctx, const struct bench_row *row);
	int (*on_run)(void *ctx, const struct bench_row *row, const struct bench_run *run);
	void *ctx;
};

/* The row of the user's own command. */
#define OWN_ID "own"

/* Make all runs that are not in `b` yet; they are added to it. 0; -EINTR when
 * interrupted; or negative errno, said. */
int runner_go(const struct runner_config *config, struct bench *b);

/* The machine's part of the results. */
void runner_describe(const struct runner_config *config, struct bench *b);

/* For tests. The largest round number of tasks (two digits) that is safely below
 * the `at` where a workload was stopped; 0: none worth a run above `done`. */
uint64_t runner_most(uint64_t at, uint64_t done);

#endif
