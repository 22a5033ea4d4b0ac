/* SPDX-License-Identifier: GPL-2.0-only
 *
 * When tallies grew and shrank, in bounded memory: time goes in slots of equal
 * length, and when there are too many the slots become twice as long. Pure.
 */
#ifndef TARE_TIMELINE_H
#define TARE_TIMELINE_H

#include <glib.h>
#include <stdint.h>

#define TIMELINE_SLOTS 512     /* at most */
#define TIMELINE_TICKS 1000000 /* at most, unless all are in one slot */

/* What one tally did within one slot. Bytes, as sampled. */
struct tick {
	uint32_t slot, tally;
	uint64_t in, out;
};

struct timeline {
	uint64_t start_ns, slot_ns; /* slot i begins at start_ns + i x slot_ns */
	GArray *ticks;              /* struct tick, in no order */
	GHashTable *found;          /* slot and tally -> index in ticks */
};

struct timeline *timeline_new(void);
void timeline_free(struct timeline *t); /* takes NULL */

/* What is from before the first of all counts as of its time. */
void timeline_add(struct timeline *t, uint64_t time_ns, uint32_t tally, uint64_t in, uint64_t out);

/* A copy of the ticks, by slot, then tally. */
GArray *timeline_ticks(const struct timeline *t);

#endif
