/* SPDX-License-Identifier: GPL-2.0-only
 *
 * One run of one command with N tasks, weighed: a `tare run` inside, in a control
 * group of its own. It must not know the catalogue, nor where results go.
 */
#ifndef TARE_TRIAL_H
#define TARE_TRIAL_H

#include <signal.h>

#include "capture/features.h"
#include "capture/launch.h"
#include "model/bench.h"

struct trial_config {
	struct features *features;
	enum counter_backend backend;
	const struct launch_user *user; /* whom it runs as */
	char *const *argv;
	uint64_t tasks;
	unsigned repeat;
	bool must_say;       /* it is known to print `ready N`: that it does not is a failure */
	bool after;          /* it was told to end its tasks, say `after N`, and stay */
	uint64_t limit_ns;   /* until ready, and again until after */
	uint64_t memory_max; /* 0: none */
	/* Set by a handler of SIGINT and the like: the run is given up. */
	volatile sig_atomic_t *interrupted;
};

/* NULL: given up, or it could not be measured, said. A command that fails, lies or
 * hangs is a result: `outcome`, `stopped_by`. Nothing of it is left running. */
struct bench_run *trial_run(const struct trial_config *config);

/* For tests. What a line says: `WORD K`. False, or K. */
bool trial_line(const char *line, const char *word, uint64_t *k);
/* "stopped at K of N: REASON": REASON inside `line`, else NULL. */
const char *trial_stopped(const char *line, uint64_t *k);

#endif
