/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The priority of a session's main thread while a checkpoint or the report of an OOM kill is due.
 */
#include <sched.h>

#include "capture/session_state.h"

/* While something is due, the main thread has a real-time priority, below that of the drain's
 * thread. Niceness is not enough on a busy machine: the kernel first divides CPUs between
 * sessions and control groups, and tare might get a tenth of a CPU. Not for a checkpoint that
 * takes much CPU time: it would delay other threads. */
void session_hurry(struct session *s)
{
	struct sched_param lowest = { .sched_priority = sched_get_priority_min(SCHED_FIFO) };

	if (s->checkpoint_cpu <= s->config.checkpoint_ns / 4)
		sched_setscheduler(s->hurry, SCHED_FIFO | SCHED_RESET_ON_FORK, &lowest);
}

void session_hurry_end(const struct session *s)
{
	struct sched_param none = { 0 };

	if (sched_getscheduler(s->hurry) == (SCHED_FIFO | SCHED_RESET_ON_FORK))
		sched_setscheduler(s->hurry, SCHED_OTHER | SCHED_RESET_ON_FORK, &none);
}
