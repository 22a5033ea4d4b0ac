/* SPDX-License-Identifier: GPL-2.0-only
 *
 * What systemd-oomd (260 and later) sends before it kills a control group: io.systemd.oom.Prekill
 * by the varlink protocol (varlink.org): JSON objects, each ended by NUL. Pure: no socket.
 */
#ifndef TARE_AGENT_VARLINK_H
#define TARE_AGENT_VARLINK_H

#include <glib.h>
#include <stdbool.h>

#define VARLINK_MOST (64 << 10) /* bytes of a message */

/* Read one message, without its NUL. `reply` gets the answer with its NUL, or nothing if none is
 * wanted ("oneway"). Returns 0; *cgroup is the path that Notify() named (free with g_free()); NULL:
 * it was another call. -EBADMSG: it is no call; the connection must be closed. */
int varlink_call(const char *text, size_t len, GString *reply, char **cgroup);

#endif
