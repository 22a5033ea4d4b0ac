/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The groups of the agent's answers, and /metrics.
 */
#ifndef TARE_AGENT_METRICS_H
#define TARE_AGENT_METRICS_H

#include "agent/agent.h"

int groups_begin(struct agent *a); /* the session exists. 0, or negative errno, logged */
void groups_tick(struct agent *a); /* after live_tick() */
/* Free what can be had again: tare's memory comes near its limit. */
void groups_shrink(struct agent *a);
void groups_end(struct agent *a);
void metrics_answer(struct agent *a, struct http_request *q);

#endif
