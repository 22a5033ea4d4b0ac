/* SPDX-License-Identifier: GPL-2.0-only
 *
 * /debug/pprof/allocs, heap and kernel: profiles of what runs, for programs that read them again
 * and again. What they have is in model/stack_sums.h, their form in output/stacks/pprof_sums.h.
 */
#ifndef TARE_AGENT_PPROF_H
#define TARE_AGENT_PPROF_H

#include "agent/agent.h"

int pprof_begin(struct agent *a); /* the session exists. 0, or negative errno, logged */
/* Tare's memory comes near its limit: give up stacks that matter least. */
void pprof_shrink(struct agent *a);
void pprof_end(struct agent *a);

/* User memory: both are the same, as Go has both. */
void pprof_allocs(struct agent *a, struct http_request *q);
void pprof_heap(struct agent *a, struct http_request *q);
void pprof_kernel(struct agent *a, struct http_request *q);

#endif
