/* SPDX-License-Identifier: GPL-2.0-only
 *
 * When a session's checkpoints are made.
 */
#include <sys/resource.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "capture/session_state.h"

#define CHECKPOINT_SLACK 5 /* one in so many of checkpoint_ns, for clocks and CPUs that are late */
#define CHECKPOINT_NICE (-10)
#define HURRY_TASKS 1000 /* with more tasks the first checkpoint may take long: no hurry */

/* When the next checkpoint shall begin, so that this one is not older than checkpoint_ns
 * when the next is written: each takes about as long as the last ones. One that takes all
 * of that time is followed at once. */
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
	/* The alarm is set for the next by now: that of this one cannot ring any more. */
	if (s->hurry)
		session_hurry_end(s);
}

/* Raise this thread's priority, else on a busy machine what is recorded would be old. Not that
 * of threads started before. Without the right to raise it, it stays as it is. */
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
	s->hurry = s->config.no_priority ? 0 : gettid();
	if (s->hurry && loader_tasks(s->loader) < HURRY_TASKS)
		session_hurry(s);
	session_checkpoint(s);
}

/* The last report waits for what comes late, and for nothing else. */
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
