/* SPDX-License-Identifier: GPL-2.0-only
 *
 * When aggregates grew and shrank, in bounded memory: time goes in slots of equal
 * length, and when there are too many ticks the slots become twice as long. Pure.
 */
#ifndef TARE_TIMELINE_H
#define TARE_TIMELINE_H

#include <glib.h>
#include <stdint.h>

#define TIMELINE_SLOTS 512       /* at most */
#define TIMELINE_TICKS (1 << 17) /* at most */

/* What one aggregate did within one slot. Bytes, as sampled. */
struct tick {
	uint32_t slot, aggregate;
	uint64_t in, out;
};

struct timeline {
	uint64_t start_ns, slot_ns; /* slot i begins at start_ns + i x slot_ns */
	uint64_t last;              /* ns after the start, of all so far */
	GArray *ticks;              /* struct tick, in no order */
	uint32_t *found;            /* by slot and aggregate: indices in ticks, or NO_TICK */
	uint32_t mask;
	/* More aggregates than ticks: what came of others, and is in no slot. */
	uint64_t left_out;
};

struct timeline *timeline_new(void);
void timeline_free(struct timeline *t); /* takes NULL */

/* What is from before the first of all counts as of its time. */
void timeline_add(struct timeline *t, uint64_t time_ns, uint32_t aggregate, uint64_t in,
		  uint64_t out);

/* Aggregates have other numbers, and some have become one. */
typedef uint32_t (*timeline_now_fn)(const void *ctx, uint32_t aggregate);
void timeline_renumber(struct timeline *t, timeline_now_fn now, const void *ctx);

/* A copy of the ticks, by slot, then aggregate. */
GArray *timeline_ticks(const struct timeline *t);

#endif
