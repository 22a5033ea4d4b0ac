/* SPDX-License-Identifier: GPL-2.0-only
 *
 * All runs of `tare bench`: which runs are made, in which order, and which are skipped after one
 * was stopped. It must not know how a run is weighed, nor where results are stored.
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
	char *const *command;          /* the user's own command, with {n} */
	const GArray *tasks;           /* uint64_t, ascending */
	unsigned runs;
	uint64_t limit_ns, memory_max, touch;
	bool after;
	volatile sig_atomic_t *interrupted;
	/* Store a row, or a run. Return 0 or negative errno, logged. */
	int (*on_row)(void *ctx, const struct bench_row *row);
	int (*on_run)(void *ctx, const struct bench_row *row, const struct bench_run *run);
	void *ctx;
};

/* Id of the row of the user's own command. */
#define OWN_ID "own"

/* Make all runs that `b` does not have yet, and add them to `b`. Returns 0, -EINTR if
 * interrupted, or another negative errno, logged. */
int runner_go(const struct runner_config *config, struct bench *b);

/* Fill in b->machine and the method. */
void runner_describe(const struct runner_config *config, struct bench *b);

/* For tests. A workload was stopped at `at` tasks: the largest round number (two digits) that is
 * safely below `at`; 0: it is not above `done`, the largest N that succeeded. */
uint64_t runner_most(uint64_t at, uint64_t done);

#endif
