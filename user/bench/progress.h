/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Shows progress on stderr: on a terminal one line that is overwritten, otherwise a line for each
 * step.
 */
#ifndef TARE_PROGRESS_H
#define TARE_PROGRESS_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

struct progress {
	bool terminal;
	bool shown; /* a line is shown that must be overwritten */
	unsigned width;
	unsigned rows, row;  /* workloads: how many, and the current one's number */
	double start_s;      /* CLOCK_MONOTONIC */
	GArray *took;        /* struct progress_took: time that runs with N tasks took */
	GHashTable *planned; /* N → how many runs are still to come */
};

void progress_open(struct progress *p, unsigned rows);
void progress_close(struct progress *p);

/* progress_plan(): one more run with N tasks is planned. progress_done(): one of them took
 * `seconds`, or is not needed (`seconds` negative). */
void progress_plan(struct progress *p, uint64_t tasks);
void progress_done(struct progress *p, uint64_t tasks, double seconds);
/* Estimate, in seconds, of the time that is left; negative: not known. */
double progress_left(const struct progress *p);

/* Show "[12/91] go: 1,000,000 tasks, run 2 of 3", with the time passed and the time left. */
void progress_say(struct progress *p, const char *what);
/* Print a line that is not overwritten. */
void progress_note(struct progress *p, const char *what);
double progress_now(void);

#endif
