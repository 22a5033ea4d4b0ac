/* SPDX-License-Identifier: GPL-2.0-only
 *
 * How the agent itself fares: its CPU, memory, losses and books, and its memory limit.
 */
#ifndef TARE_AGENT_SELF_H
#define TARE_AGENT_SELF_H

#include "agent/agent.h"

void self_begin(struct agent *a);
/* At the end of a tick. `began`: CPU time of this thread when it began. */
void self_tick(struct agent *a, const struct books_input *in, uint64_t began);
void self_end(struct agent *a);

/* Why the agent is not well; NULL: it is. Free with g_free(). */
char *self_why_ill(const struct agent *a);

#endif
