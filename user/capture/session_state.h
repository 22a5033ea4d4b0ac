/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The state of a session, for session.c (the loop), session_sources.c (what it waits for),
 * session_targets.c (whom it follows), session_rings.c (what the kernel sends),
 * session_series.c (the curve), session_books.c (reports), session_checkpoint.c and
 * session_hurry.c (recordings).
 */
#ifndef TARE_SESSION_STATE_H
#define TARE_SESSION_STATE_H

#include <signal.h>
#include <stdatomic.h>
#include <time.h>

#include "capture/drain.h"
#include "capture/kmem.h"
#include "capture/session.h"
#include "model/series.h"
#include "model/proctable.h"

#define SESSION_NS 1000000000ULL

enum source {
	SOURCE_RINGS,
	SOURCE_SIGNAL,
	SOURCE_SERIES,
	SOURCE_SNAPSHOT,
	SOURCE_CHECKPOINT,
	SOURCE_END,
	SOURCE_CHILD,
	SOURCE_WATCHED, /* the first of session_watch() */
};

/* Somebody's descriptor. */
struct watched {
	session_ready_fn fn;
	void *ctx;
};

struct session {
	struct session_config config;
	struct loader *loader;
	struct drain *drain;
	atomic_uint_least64_t most_tasks; /* alive at once, so far */
	uint64_t dropped;                 /* records, for want of memory */
	struct proctable *proctable;
	struct series *series;
	struct launch launch;
	bool launched, command_ended, over;
	int status; /* wait status of the command */
	unsigned interrupts;
	int epoll, signals, timers[SOURCE_END + 1];
	GArray *watched;    /* struct watched */
	uint64_t origin_ns; /* CLOCK_BOOTTIME */
	pid_t self;
	const char *cgroup; /* attached by control group: newcomers are looked for */
	struct kmem *kmem;
	struct tare_workload last;        /* of the last report */
	uint64_t lost_records, lost_read; /* when the last sweep began, and their sums were read */
	bool looked_twice;                /* by the last sweep */
	uint64_t lost_dropped;            /* lost_records when their tasks last left the table */
	uint64_t checkpoint_takes;        /* ns: about the longest of late */
	uint64_t checkpoint_cpu;          /* the same of this thread's CPU time */
	pid_t hurry;                      /* this thread, where it may hurry; else 0 */
	struct sampler *sampler;          /* NULL: no samples */
	sigset_t old_mask;
};

static inline uint64_t clock_ns(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return t.tv_sec * SESSION_NS + t.tv_nsec;
}

/* Open the rings, and begin to empty them. 0, or negative errno, said. */
int session_rings_open(struct session *s);

/* Take in what the kernel has sent. */
void session_drain(struct session *s);
/* The same of tasks and address spaces only: before the caller, who gets the samples, is
 * ready for them. */
void session_drain_events(struct session *s);

/* Tell the process table whose final records were lost since: before it folds what ended. */
void session_read_lost(struct session *s);

/* If very many were lost: take the tasks that they are of out of the process table. */
void session_forget_lost(struct session *s);

/* Hear signals, which are blocked from then on. Called before another thread is made: that
 * blocks all signals for a moment, which in /proc looks as if tare handled them already.
 * 0, or negative errno, said. */
int session_signals_open(struct session *s);
/* The same of rings and clocks. */
int session_sources_open(struct session *s);
/* Wait for this descriptor too, as `source`. 0 or negative errno, not said. */
int session_hear(struct session *s, int fd, unsigned source);

/* Follow processes that joined the control group since. */
void session_newcomers(struct session *s);

/* The next point of the series. */
void session_point(struct session *s);

/* Hear one source that is ready. */
void session_dispatch(struct session *s, unsigned source);

/* A report as of now, with the books checked. Never NULL. */
struct report *session_books(struct session *s, enum report_reason reason);

/* A report as of now for a checkpoint: nothing is waited for, and the books are not
 * checked. Never NULL. */
struct report *session_glance(struct session *s);

/* Called by the drain's thread: a checkpoint is due. */
void session_hurry(struct session *s);
void session_hurry_end(const struct session *s); /* it is written */

/* While the loop runs: each checkpoint so soon that what is on disk is not older than
 * config.checkpoint_ns. */
void session_checkpoints_begin(struct session *s);
void session_checkpoint(struct session *s);
void session_checkpoints_end(struct session *s);

#endif
