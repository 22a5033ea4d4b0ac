/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The black box of the agent: a dump when the kernel kills for memory, when a rule of the
 * configuration says so, at SIGUSR2 or POST /dump.
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

#endif
