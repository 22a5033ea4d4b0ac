/* SPDX-License-Identifier: GPL-2.0-only
 *
 * State that trial.c (start and end) and trial_course.c (stages) share. Nobody else includes it.
 */
#ifndef TARE_TRIAL_IMPL_H
#define TARE_TRIAL_IMPL_H

#include "bench/lines.h"
#include "bench/settle.h"
#include "bench/trial.h"
#include "capture/cgroup.h"
#include "capture/session.h"

enum stage { STARTING, SETTLING, ENDING_TASKS, SETTLING_AFTER, LEAVING };

struct trial {
	const struct trial_config *config;
	struct session *session;
	struct cgroup *cgroup;
	struct launch launch;
	struct lines out, err;
	enum stage stage;
	uint64_t now_ns, since_ns; /* since the start: now, and the begin of the stage */
	struct settle settle;
	struct bench_run *run;
	double origin_s; /* CLOCK_MONOTONIC */
	bool ready, killed;
	char *why;        /* the REASON of its line "stopped at K of N: REASON" */
	char *last_error; /* the last line on its stderr that is not empty */
};

/* Read the program's output from these pipes. */
void trial_listen(struct trial *t, int out, int err);
/* Set the callbacks of the session. */
void trial_hear(struct trial *t, struct session_config *sc);
/* Have the open session watch the pipes. Returns 0 or negative errno. */
int trial_begin(struct trial *t);
/* Seconds since origin_s. */
double trial_elapsed_s(const struct trial *t);
/* Set `outcome` and `stopped_by`, unless they are set already: the first reason counts. */
void trial_end_by(struct trial *t, enum bench_outcome outcome, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
void trial_kill(struct trial *t); /* the command and all processes that it has started */
/* When the last process has ended: set how the run ended, and its weight at the peak. */
void trial_weigh_peak(struct trial *t);

#endif
