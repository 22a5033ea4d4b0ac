/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Reads lines from a pipe whose writer is not trusted: a line of any length needs a buffer of
 * LINES_MAX bytes only. It must not know what the lines mean.
 */
#ifndef TARE_LINES_H
#define TARE_LINES_H

#include <stdbool.h>
#include <stddef.h>

#define LINES_MAX 512
#define LINES_AT_ONCE (1 << 20) /* as much as a pipe holds at most */

typedef void (*lines_fn)(void *ctx, const char *line);

struct lines {
	int fd; /* O_NONBLOCK */
	lines_fn fn;
	void *ctx;
	bool ended;    /* end of file, or an error */
	bool skipping; /* within a line that was too long; its start was passed to `fn` */
	size_t len;
	char text[LINES_MAX];
};

/* Read the available bytes, at most LINES_AT_ONCE, and call `fn` for each line. It gets the line
 * without newline, cut to LINES_MAX, each NUL replaced by '?'. At the end of file a last line
 * without newline counts too. */
void lines_read(struct lines *l);

#endif
