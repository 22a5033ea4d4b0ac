/* SPDX-License-Identifier: GPL-2.0-only
 *
 * /debug/pprof/allocs, heap and kernel: profiles of what runs, for programs that read them again and
 * again. What they have is in model/stack_sums.h, their form in output/stacks/pprof_sums.h.
 */
#ifndef TARE_AGENT_PPROF_H
#define TARE_AGENT_PPROF_H

#include "agent/http.h"

/* When the session exists. Returns 0, or negative errno, logged. */
int pprof_begin(struct agent *a);
void pprof_end(struct agent *a);

/* User memory: allocs and heap are the same, as Go has both. */
void pprof_answer_user(struct agent *a, struct http_request *q);
void pprof_answer_kernel(struct agent *a, struct http_request *q);

#endif
