/* SPDX-License-Identifier: GPL-2.0-only
 *
 * A trial as trial.c starts it and trial_course.c takes it from stage to stage. Only for
 * these two.
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
	uint64_t now_ns, since_ns; /* after the start; of the stage */
	struct settle settle;
	struct bench_run *run;
	double origin_s; /* CLOCK_MONOTONIC */
	bool ready, killed;
	char *why;        /* the runtime's own reason to stop */
	char *last_error; /* last line on its stderr that is not empty */
};

/* These pipes' other ends are the program's. */
void trial_listen(struct trial *t, int out, int err);
/* What the session tells goes to the trial. */
void trial_hear(struct trial *t, struct session_config *sc);
/* What the program says, too, once the session is open. 0 or negative errno. */
int trial_begin(struct trial *t);
/* Seconds since origin_s. */
double trial_elapsed_s(const struct trial *t);
/* It ended otherwise than it should: the first reason stands. */
void trial_end_by(struct trial *t, enum bench_outcome outcome, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
void trial_kill(struct trial *t); /* with all that it has started */
/* How it ended, and what it weighed at the peak, with its last process gone. */
void trial_weigh_peak(struct trial *t);

#endif
