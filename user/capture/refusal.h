/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Which program or map the kernel refused, and why: as libbpf tells it, which loads all of an
 * object or nothing. It must not know what they are for.
 */
#ifndef TARE_REFUSAL_H
#define TARE_REFUSAL_H

#include <glib.h>

struct refusal {
	char *name;   /* of the program or map; NULL: none was named */
	char *reason; /* one line, or NULL */
	GString *log; /* what the verifier said */
};

/* From here on all that libbpf says is listened to, and shown if the user wants to see it. */
void refusal_listen(struct refusal *r);
/* No more. */
void refusal_deaf(void);
void refusal_clear(struct refusal *r);

/* A line that libbpf says; for refusal_listen(), and apart for tests. */
void refusal_hear(struct refusal *r, const char *text);

/* The verifier's last lines, `n` at most; "" when it said nothing. Free with g_free(). */
char *refusal_last(const struct refusal *r, unsigned n);

#endif
