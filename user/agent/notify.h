/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Messages to the service manager (sd_notify(3)), without a library. They do nothing if
 * $NOTIFY_SOCKET is not set.
 */
#ifndef TARE_AGENT_NOTIFY_H
#define TARE_AGENT_NOTIFY_H

/* Lines as in sd_notify(3): "READY=1\nSTATUS=…". */
void notify_manager(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#endif
