/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Decides when a session's checkpoints are made.
 */
#include <sys/resource.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "capture/session_state.h"

#define CHECKPOINT_SLACK 5 /* reserve for late timers and CPUs: 1/5 of checkpoint_ns */
#define CHECKPOINT_NICE (-10)
#define HURRY_TASKS 1000 /* with more tasks the first checkpoint may take long: normal priority */

/* Set the begin of the next checkpoint. When the next one is written, this one must not be older
 * than checkpoint_ns; a checkpoint takes about as long as the last ones. If it takes all of that
 * time, the next one begins at once. */
static void set_next_checkpoint(struct session *s, uint64_t begin, uint64_t end, uint64_t cpu)
{
	uint64_t most = s->config.checkpoint_ns - s->config.checkpoint_ns / CHECKPOINT_SLACK, at;
	struct itimerspec next = { 0 };

	s->checkpoint_takes = MAX(end - begin, s->checkpoint_takes / 8 * 7);
	s->checkpoint_cpu = MAX(cpu, s->checkpoint_cpu / 8 * 7);
	at = MAX(begin + most - MIN(most, s->checkpoint_takes), end + 1);
	next.it_value = (struct timespec){ at / SESSION_NS, at % SESSION_NS };
	timerfd_settime(s->timers[SOURCE_CHECKPOINT], TFD_TIMER_ABSTIME, &next, NULL);
	if (s->hurry)
		drain_alarm(s->drain, at);
}

void session_checkpoint(struct session *s)
{
	uint64_t begin = clock_ns(CLOCK_MONOTONIC), cpu = clock_ns(CLOCK_THREAD_CPUTIME_ID);
	struct report *r = session_glance(s);

	s->config.on_checkpoint(s->config.ctx, r);
	report_free(r);
	set_next_checkpoint(s, begin, clock_ns(CLOCK_MONOTONIC),
			    clock_ns(CLOCK_THREAD_CPUTIME_ID) - cpu);
	/* The alarm was set for the next checkpoint; the one of this checkpoint can't come any
	 * more. */
	if (s->hurry)
		session_hurry_end(s);
}

/* Raise this thread's priority, so that checkpoints are in time on a busy machine. Threads that
 * were started before keep theirs. Without the privilege nothing changes. */
static void raise_priority(const struct session *s)
{
	if (!s->config.no_priority && getpriority(PRIO_PROCESS, 0) > CHECKPOINT_NICE)
		setpriority(PRIO_PROCESS, 0, CHECKPOINT_NICE);
}

void session_checkpoints_begin(struct session *s)
{
	if (!s->config.on_checkpoint)
		return;
	raise_priority(s);
	if (s->hurry && loader_tasks(s->loader) < HURRY_TASKS)
		session_hurry(s);
	session_checkpoint(s);
}

/* A last checkpoint before the last report, which then waits for late records and nothing else. */
void session_checkpoints_end(struct session *s)
{
	struct itimerspec never = { 0 };

	if (!s->config.on_checkpoint)
		return;
	session_checkpoint(s);
	timerfd_settime(s->timers[SOURCE_CHECKPOINT], 0, &never, NULL);
	drain_alarm(s->drain, 0);
	if (s->hurry)
		session_hurry_end(s);
}

int session_checkpoints(struct session *s, void (*fn)(void *ctx, struct report *r), uint64_t ns)
{
	int err = 0;

	if (!fn) {
		session_checkpoints_end(s);
		s->config.on_checkpoint = NULL;
		return 0;
	}
	if (s->timers[SOURCE_CHECKPOINT] < 0)
		err = session_clock(s, SOURCE_CHECKPOINT, ns, true);
	if (err)
		return err;
	s->config.on_checkpoint = fn;
	s->config.checkpoint_ns = ns;
	session_checkpoints_begin(s);
	return 0;
}
