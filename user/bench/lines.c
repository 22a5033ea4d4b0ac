/* SPDX-License-Identifier: GPL-2.0-only */
#include "bench/lines.h"

#include <errno.h>
#include <unistd.h>

static void report_line(struct lines *l)
{
	l->text[l->len] = '\0';
	if (!l->skipping)
		l->fn(l->ctx, l->text);
	l->len = 0;
}

static void add_char(struct lines *l, char c)
{
	if (c == '\n') {
		report_line(l);
		l->skipping = false;
		return;
	}
	if (l->len == LINES_MAX - 1) {
		report_line(l);
		l->skipping = true;
	}
	l->text[l->len++] = c ? c : '?';
}

void lines_read(struct lines *l)
{
	char piece[4096];
	ssize_t n = 1;

	/* Bounded: a program that writes without end must not keep tare from checking the time
	 * limit. */
	for (size_t all = 0; !l->ended && n > 0 && all < LINES_AT_ONCE; all += sizeof(piece)) {
		n = read(l->fd, piece, sizeof(piece));
		for (ssize_t i = 0; i < n; i++)
			add_char(l, piece[i]);
		if (n < 0 && errno == EINTR)
			n = 1;
		else if (n == 0 || (n < 0 && errno != EAGAIN))
			l->ended = true;
	}
	if (l->ended && l->len)
		report_line(l);
}
