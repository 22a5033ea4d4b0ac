/* SPDX-License-Identifier: GPL-2.0-only
 *
 * What long work says on the way: one line that is written over on a terminal,
 * a line for each step elsewhere. To stderr.
 */
#ifndef TARE_PROGRESS_H
#define TARE_PROGRESS_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

struct progress {
	bool terminal;
	bool shown; /* there is a line to be written over */
	unsigned width;
	unsigned rows, row;  /* workloads: all, the present one */
	double start_s;      /* CLOCK_MONOTONIC */
	GArray *took;        /* struct progress_took: what runs with N tasks took so far */
	GHashTable *planned; /* N → how many are still to come */
};

void progress_open(struct progress *p, unsigned rows);
void progress_close(struct progress *p);

/* Another run with N tasks is planned; one was done in `seconds`, or is not needed
 * (negative). */
void progress_plan(struct progress *p, uint64_t tasks);
void progress_done(struct progress *p, uint64_t tasks, double seconds);
/* Seconds that the rest will take, by what runs took so far; negative: no idea. */
double progress_left(const struct progress *p);

/* "[12/91] go: 1,000,000 tasks, run 2 of 3" with the time gone and left. */
void progress_say(struct progress *p, const char *what);
/* A line that stays. */
void progress_note(struct progress *p, const char *what);
double progress_now(void);

#endif
