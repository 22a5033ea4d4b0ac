/* SPDX-License-Identifier: GPL-2.0-only
 *
 * What a process of a report belongs to: the control group that its first task is in, or was in at
 * its end. Of a row of many ended processes that is known if all were in the same one. What is not
 * known is taken from the nearest ancestor that is.
 */
#ifndef TARE_PPROF_GROUPS_H
#define TARE_PPROF_GROUPS_H

#include "agent/agent.h"
#include "model/stack_sums.h"

struct pprof_groups;

struct pprof_groups *pprof_groups_new(void);
void pprof_groups_free(struct pprof_groups *g); /* takes NULL */

/* For this report; it is used until the next call. */
void pprof_groups_begin(struct pprof_groups *g, const struct report *r, const struct agent *a);
/* A sums_group_fn; `ctx` is a struct pprof_groups. */
void pprof_group(void *ctx, const struct report_process *p, struct sums_group *out);

#endif
