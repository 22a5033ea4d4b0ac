/* SPDX-License-Identifier: GPL-2.0-only
 *
 * A report made to fit into a recording: within the limits, and within --max-size. Only
 * for user/store.
 */
#ifndef TARE_RECORDING_ROOM_H
#define TARE_RECORDING_ROOM_H

#include "model/report.h"
#include "store/recording_limits.h"

/* What there is room for, less each time that a report did not fit. Rows, and bytes of
 * texts that a report can do without. */
struct room {
	unsigned processes, tasks, stacks, ticks, points;
	uint64_t extra;
};

/* What was made less of one report. */
struct thinned {
	uint64_t rows; /* of processes and threads: that many fewer */
	bool stacks;
	uint64_t slot_ns; /* of time: longer than they were; 0: as they were */
	uint64_t points;  /* of the series: that many fewer */
};

void room_init(struct room *room);
/* Make the report fit. */
void room_apply(const struct room *room, const struct recording_limits *limits, struct report *r,
		struct thinned *thinned);
/* Less room for what of this report takes most of the file. False: there is nothing left
 * that could be less. */
bool room_less(struct room *room, const struct report *r);

#endif
