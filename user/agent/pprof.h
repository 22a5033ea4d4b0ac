/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Profiles, below /debug/pprof/.
 */
#ifndef TARE_AGENT_PPROF_H
#define TARE_AGENT_PPROF_H

#include "agent/agent.h"

int pprof_begin(struct agent *a); /* the session exists. 0, or negative errno, logged */
void pprof_tick(struct agent *a); /* after live_tick() */
/* Free what can be had again: tare's memory comes near its limit. */
void pprof_shrink(struct agent *a);
void pprof_end(struct agent *a);

void pprof_allocs(struct agent *a, struct http_request *q);
void pprof_heap(struct agent *a, struct http_request *q);
void pprof_kernel(struct agent *a, struct http_request *q);

#endif
