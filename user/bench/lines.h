/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Lines out of a pipe whose writer is not trusted: megabytes without a newline
 * take a buffer of LINES_MAX, no more. It must not know what they say.
 */
#ifndef TARE_LINES_H
#define TARE_LINES_H

#include <stdbool.h>
#include <stddef.h>

#define LINES_MAX 512
#define LINES_AT_ONCE (1 << 20) /* as much as a pipe holds at most */

typedef void (*lines_fn)(void *ctx, const char *line);

struct lines {
	int fd; /* does not block */
	lines_fn fn;
	void *ctx;
	bool ended;    /* no more will come */
	bool skipping; /* the rest of a line that was too long; its start was reported */
	size_t len;
	char text[LINES_MAX];
};

/* Read what is there, no more than LINES_AT_ONCE, and tell each line without its newline, a
 * long one cut, a NUL as '?'; at the end also one that has no newline. */
void lines_read(struct lines *l);

#endif
