/* SPDX-License-Identifier: GPL-2.0-only
 *
 * When aggregates grew and shrank, in bounded memory. Time is divided into slots of equal
 * length; when there are too many ticks, the slots become twice as long. Pure.
 */
#ifndef TARE_TIMELINE_H
#define TARE_TIMELINE_H

#include <glib.h>
#include <stdint.h>

#define TIMELINE_SLOTS 512       /* at most */
#define TIMELINE_TICKS (1 << 17) /* at most */

/* Growth and frees of one aggregate within one slot. Bytes, as sampled. */
struct tick {
	uint32_t slot, aggregate;
	uint64_t in, out;
};

struct timeline {
	uint64_t start_ns, slot_ns; /* slot i begins at start_ns + i x slot_ns */
	uint64_t last;              /* latest time so far, ns after start_ns */
	GArray *ticks;              /* struct tick, in no order */
	uint32_t *found;            /* hash table by slot and aggregate: index in ticks, NO_TICK */
	uint32_t mask;
	uint64_t left_out; /* bytes in no slot: there were more aggregates than ticks */
};

struct timeline *timeline_new(void);
void timeline_free(struct timeline *t); /* takes NULL */

/* Add bytes of an aggregate. A time before that of the first call counts as the first. */
void timeline_add(struct timeline *t, uint64_t time_ns, uint32_t aggregate, uint64_t in,
		  uint64_t out);

/* Aggregates were renumbered, and some were merged: `now` gives the new number of one. */
typedef uint32_t (*timeline_now_fn)(const void *ctx, uint32_t aggregate);
void timeline_renumber(struct timeline *t, timeline_now_fn now, const void *ctx);

/* A copy of the ticks, by slot, then aggregate. */
GArray *timeline_ticks(const struct timeline *t);

#endif
