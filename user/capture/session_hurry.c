/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The priority of a session's main thread while a checkpoint is due.
 */
#include <sched.h>

#include "capture/session_state.h"

/* While a checkpoint is due the main thread runs before all that have no fixed priority, as the
 * drain's does, which is above it: on a busy machine it might get a tenth of a CPU, whatever
 * its niceness, since the kernel shares CPUs between sessions and control groups first. Not
 * one that takes much time: it would hold up others. */
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
