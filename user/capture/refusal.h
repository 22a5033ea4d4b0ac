/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Which program or map the kernel refused, and why. libbpf loads an object as a whole and returns
 * one errno, so the answer is found in libbpf's messages. It must not know what programs are for.
 */
#ifndef TARE_REFUSAL_H
#define TARE_REFUSAL_H

#include <glib.h>

struct refusal {
	char *name;   /* of the program or map; NULL: none was named */
	char *reason; /* one line, or NULL */
	GString *log; /* the verifier's messages */
};

/* From now on libbpf's messages are parsed, and shown if the user wants to see them. */
void refusal_listen(struct refusal *r);
/* End that. */
void refusal_deaf(void);
void refusal_clear(struct refusal *r);

/* Parse one message of libbpf. Called by refusal_listen() and by tests. */
void refusal_hear(struct refusal *r, const char *text);

/* The verifier's last lines, `n` at most; "" if there are none. Free with g_free(). */
char *refusal_last(const struct refusal *r, unsigned n);

#endif
