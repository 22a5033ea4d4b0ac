/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Rounds of a recording (recording.sql), given to a live model one after the other, as if it were
 * then. The file is hostile input and may still be written.
 *
 * Each function that returns int: 0, or negative errno, logged with the file's name.
 */
#ifndef TARE_REPLAY_H
#define TARE_REPLAY_H

#include "model/live.h"

struct replay;

/* -ENODATA: it has no rounds; the message names the way out. */
int replay_open(struct replay **r, const char *path);
void replay_close(struct replay *r); /* takes NULL */

/* When each round was, since the start, and the weight then. */
struct replay_point {
	int64_t number; /* in the file */
	uint64_t time_ns;
	int64_t weight;
	bool full;
};
const GArray *replay_points(const struct replay *r); /* at least one */

/* Let the model be as of this round, with the rates of all windows. The next round costs little. */
int replay_seek(struct replay *r, unsigned index, struct live *l);

/* The name of a cause in the model's rows, as live_row.cause. Free with g_free(). */
char *replay_cause(const struct replay *r, uint32_t id);

#endif
