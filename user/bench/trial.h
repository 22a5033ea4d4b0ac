/* SPDX-License-Identifier: GPL-2.0-only
 *
 * One trial: one command with N tasks is run in a control group of its own and weighed, as
 * `tare run` does it. It must not know the catalogue, nor where results are stored.
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
	const struct launch_user *user; /* the command runs as this user */
	char *const *argv;
	uint64_t tasks;
	unsigned repeat;
	bool must_say;       /* the command must print `ready N`; otherwise the run has failed */
	bool after;          /* the command ends its tasks, prints `after N` and keeps running */
	uint64_t limit_ns;   /* time limit until `ready`, and again until `after` */
	uint64_t memory_max; /* bytes; 0: no limit */
	/* Set by a signal handler (SIGINT, SIGTERM …): the run is given up. */
	volatile sig_atomic_t *interrupted;
};

/* Returns NULL if the run was given up, or could not be measured (logged). A command that fails,
 * hangs or prints a wrong N gives a result (`outcome`, `stopped_by`). No process of it is left. */
struct bench_run *trial_run(const struct trial_config *config);

/* For tests. Is the line `WORD K`? Then *k is K. */
bool trial_line(const char *line, const char *word, uint64_t *k);
/* If the line is "stopped at K of N: REASON": REASON, within `line`, and *k is K. Else NULL. */
const char *trial_stopped(const char *line, uint64_t *k);

#endif
