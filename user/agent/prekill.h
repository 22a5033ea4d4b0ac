/* SPDX-License-Identifier: GPL-2.0-only
 *
 * systemd-oomd's hook: a socket in /run/systemd/oomd.prekill.hook/, at which it says which control
 * group it is about to kill, and waits for the answer. Only if the configuration names the socket.
 */
#ifndef TARE_AGENT_PREKILL_H
#define TARE_AGENT_PREKILL_H

#include "agent/agent.h"

struct prekill;

/* `fn` is called before the answer is sent. Returns 0 or negative errno, logged. */
typedef void (*prekill_fn)(struct agent *a, const char *cgroup);
int prekill_open(struct prekill **p, struct agent *a, const char *path, prekill_fn fn);
void prekill_close(struct prekill *p); /* takes NULL */

#endif
