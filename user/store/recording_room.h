/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Makes a report small enough for a recording: within the limits and --max-size. Only for
 * user/store.
 */
#ifndef TARE_RECORDING_ROOM_H
#define TARE_RECORDING_ROOM_H

#include "model/report.h"
#include "store/recording_limits.h"

/* How many rows, and bytes of optional texts, fit into the file. It is reduced each time that a
 * report does not fit. */
struct room {
	unsigned processes, tasks, stacks, ticks, points;
	uint64_t extra;
};

/* By how much one report was made smaller. */
struct thinned {
	uint64_t rows; /* rows of processes and threads that were removed */
	bool stacks;
	uint64_t slot_ns; /* new length of slots of time; 0: not changed */
	uint64_t points;  /* points of the series that were removed */
};

void room_init(struct room *room);
/* Make the report fit into `room`. */
void room_apply(const struct room *room, const struct recording_limits *limits, struct report *r,
		struct thinned *thinned);
/* Reduce `room` for the part of this report that takes most of the file. False: nothing can be
 * reduced any more. */
bool room_less(struct room *room, const struct report *r);

#endif
