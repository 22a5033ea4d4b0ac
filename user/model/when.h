/* SPDX-License-Identifier: GPL-2.0-only
 *
 * When the workload grew: from the curve of its weight and the times of its samples. Pure.
 */
#ifndef TARE_WHEN_H
#define TARE_WHEN_H

#include "model/report.h"

#define WHEN_NEAR 95 /* percent of the peak */

/* What the growth of the steepest stretch is attributed to. The best that is known: the function
 * with most of it if there are samples of that time; else the only process, or the kind of memory
 * with most of it. */
enum when_what { WHEN_UNKNOWN, WHEN_FUNCTION, WHEN_PROCESS, WHEN_KIND };

struct when {
	/* When the weight first reached WHEN_NEAR percent of its peak; false: no peak. */
	bool known;
	uint64_t near_ns;
	/* The stretch of span_ns in which the weight grew most. 0: none, the run was too short or
	 * the curve has too few points. */
	uint64_t steep_ns, span_ns;
	int64_t grown;
	enum when_what what;
	char *name;    /* of the function, process or kind; owned */
	char *thread;  /* WHEN_FUNCTION: the name of the thread with most of it; NULL; owned */
	int64_t bytes; /* of the function, as sampled; of the kind; of a process: `grown` */
};

struct when *when_new(const struct report *r);
void when_free(struct when *w); /* takes NULL */

#endif
