/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The state of a session, shared by its files:
 *   session.c             the event loop
 *   session_sources.c     signals, clocks and descriptors that the loop waits for
 *   session_targets.c     which processes are followed
 *   session_rings.c       records from the kernel side
 *   session_series.c      weight over time
 *   session_books.c       reports
 *   session_checkpoint.c, session_hurry.c   checkpoints of a recording
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

/* A descriptor of session_watch(). */
struct watched {
	int fd; /* -1: free */
	session_ready_fn fn;
	void *ctx;
};

struct session {
	struct session_config config;
	struct loader *loader;
	struct drain *drain;
	atomic_uint_least64_t most_tasks; /* most tasks that lived at the same time so far */
	uint64_t dropped;                 /* drain_dropped() when it was last looked at */
	struct proctable *proctable;
	struct series *series;
	struct launch launch;
	bool launched, command_ended, over;
	int status;                /* wait status of the command */
	uint64_t command_ended_ns; /* CLOCK_BOOTTIME when tare saw its end */
	unsigned interrupts;
	int epoll, signals, timers[SOURCE_END + 1];
	GArray *watched;    /* struct watched */
	uint64_t origin_ns; /* CLOCK_BOOTTIME */
	pid_t self;
	/* Of a daemon: lost tasks when missed ones were looked for, and when it does so again. */
	uint64_t lost_tasks, missed_ns;
	const char *cgroup; /* attached by control group: newcomers are looked for */
	struct kmem *kmem;
	struct tare_workload last; /* of the last report */
	uint64_t last_peak;        /* books_peak_seq() of the last report */
	GArray *ooms;              /* struct tare_oom: OOM kills that on_oom() was not told of */
	/* Final records lost so far: at the last sweep, when their sums were last read, and when
	 * the tasks that they belong to were last removed from the process table. */
	uint64_t lost_records, lost_read, lost_dropped;
	bool looked_twice;         /* the last sweep was followed by a second one */
	uint64_t checkpoint_takes; /* ns that a checkpoint takes: about the most of the last ones */
	uint64_t checkpoint_cpu;   /* the same, CPU time of this thread */
	pid_t hurry;               /* this thread, if it may raise its priority; else 0 */
	struct sampler *sampler;   /* NULL: no samples */
	sigset_t old_mask;
};

static inline uint64_t clock_ns(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return t.tv_sec * SESSION_NS + t.tv_nsec;
}

/* Open the rings and begin to empty them. Returns 0 or negative errno, logged. */
int session_rings_open(struct session *s);

/* Process all records that the kernel side has sent. */
void session_drain(struct session *s);
/* Process the ring of events only: the receiver of samples (config.log) is not ready yet. */
void session_drain_events(struct session *s);

/* Tell the process table of which processes final records were lost since the last call. Call it
 * before the table folds ended tasks. */
void session_read_lost(struct session *s);

/* If very many final records were lost, remove the tasks that have ended from the process table. */
void session_forget_lost(struct session *s);

/* Receive signals through a descriptor; they are blocked from now on. Call it before a thread is
 * made: making one blocks all signals for a moment, and a program that watches /proc could believe
 * that tare handles them already. Returns 0 or negative errno, logged. */
int session_signals_open(struct session *s);
/* Wait for rings and clocks too. Returns the same. */
int session_sources_open(struct session *s);
/* Set a timer: after `ns`, and if `repeat` every `ns`; `ns` 0: no timer. Returns the same. */
int session_clock(struct session *s, enum source source, uint64_t ns, bool repeat);
/* Wait for this descriptor too, as `source`. Returns 0 or negative errno, not logged. */
int session_hear(struct session *s, int fd, unsigned source);

/* Attach to processes that have joined the control group since the last call. */
void session_newcomers(struct session *s);

/* Add the next point to the series. */
void session_point(struct session *s);

/* Handle one source that is ready. */
void session_dispatch(struct session *s, unsigned source);

/* A report as of now, its books compared with the kernel's counters. Never NULL. */
struct report *session_books(struct session *s, enum report_reason reason);

/* Raise the main thread's priority: a checkpoint is due, or the report of an OOM kill. Called by
 * the drain's thread. */
void session_hurry(struct session *s);
void session_hurry_end(const struct session *s); /* it is written: lower it again */

/* Make checkpoints while the loop runs. The time between them is chosen so that the state on disk
 * is never older than config.checkpoint_ns. */
void session_checkpoints_begin(struct session *s);
void session_checkpoint(struct session *s);
void session_checkpoints_end(struct session *s);

#endif
