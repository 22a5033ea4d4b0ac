/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Addresses that the agent listens at: parsed, opened, checked. It must not know HTTP.
 */
#ifndef TARE_AGENT_LISTEN_H
#define TARE_AGENT_LISTEN_H

#include <stdbool.h>
#include <sys/socket.h>
#include <sys/un.h>

struct listen_address {
	union {
		struct sockaddr any;
		struct sockaddr_storage storage;
		struct sockaddr_un un;
	};
	socklen_t len;
	bool local;    /* a unix socket */
	bool loopback; /* only this machine can reach it */
};

/* "127.0.0.1:9464", "[::1]:9464", "unix:/run/tare.sock". Returns 0, or -EINVAL, not logged. */
int listen_parse(struct listen_address *a, const char *text);
/* A listening socket. A unix socket that nobody listens at is replaced, if root or tare's own
 * user made it. Returns a descriptor, or negative errno, logged. */
int listen_open(const struct listen_address *a, const char *text);
/* Remove the file of a unix socket that listen_open() opened. */
void listen_remove(const struct listen_address *a);

#endif
