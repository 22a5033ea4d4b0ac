/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The black box of the agent: a dump when the kernel kills for memory, when a rule or an event of
 * the configuration says so, at SIGUSR2 or POST /dump.
 */
#ifndef TARE_AGENT_BLACKBOX_H
#define TARE_AGENT_BLACKBOX_H

#include "agent/agent.h"

extern const struct config_key blackbox_keys[];
void blackbox_config_free(struct blackbox_config *c); /* takes NULL */

int blackbox_begin(struct agent *a);   /* the session exists. 0, or negative errno, logged */
void blackbox_tick(struct agent *a);   /* after live_tick() */
void blackbox_reload(struct agent *a); /* a->config is another one */
void blackbox_end(struct agent *a);
void blackbox_dump(struct agent *a, const char *why); /* SIGUSR2 */
void blackbox_post(struct agent *a, struct http_request *q);

/* From the session: OOM kills, samples, folds of aggregates. */
void blackbox_oom(struct agent *a, const struct tare_oom *oom);
void blackbox_sample(struct agent *a, const struct tare_sample *sample, uint32_t aggregate);
void blackbox_folded(struct agent *a, uint32_t aggregate, uint32_t into);

#endif
