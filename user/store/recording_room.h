/* SPDX-License-Identifier: GPL-2.0-only
 *
 * A report made to fit into a recording: within the limits, and within --max-size. Only
 * for user/store.
 */
#ifndef TARE_RECORDING_ROOM_H
#define TARE_RECORDING_ROOM_H

#include "model/report.h"
#include "store/recording_limits.h"

/* What there is room for: rows, and bytes of texts that a report can do without. It becomes
 * less each time that a report does not fit. */
struct room {
	unsigned processes, tasks, stacks, ticks, points;
	uint64_t extra;
};

/* By how much one report was made smaller. */
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
/* Make room smaller for the part of this report that takes most of the file. False: nothing is
 * left that could be smaller. */
bool room_less(struct room *room, const struct report *r);

#endif
