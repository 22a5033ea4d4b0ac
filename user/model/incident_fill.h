/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Makes an incident's story: who grew in the last 1, 10 and 60 s, from a report whose peak is the
 * moment of the incident, and from the history before it. Pure.
 */
#ifndef TARE_INCIDENT_FILL_H
#define TARE_INCIDENT_FILL_H

#include "model/history.h"
#include "model/incident.h"
#include "model/report.h"

struct incident_source {
	const struct history *history;
	uint64_t at_ns, origin_ns; /* CLOCK_BOOTTIME of the report's peak; of its time 0 */
	/* The control group of a process, by its id; NULL: not known. */
	const char *(*cgroup)(void *ctx, uint64_t proc);
	void *ctx;
	const char *within; /* only processes in this control group and below; NULL: all */
};

/* Fill in held_ns, span, rows, and what the victim held. The profile's frames get their folds. */
void incident_fill(struct incident *i, const struct report *r, const struct incident_source *from);

#endif
