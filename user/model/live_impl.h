/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Shared by live.c (ticks), live_entity.c (rows), live_read.c (from the process table),
 * live_replay.c (from a recording) and live_rates.c (windows).
 *
 * A window keeps its last LIVE_SLOTS ticks, or every n-th so that they span it. The times of slots
 * are the same for all entities, so they are kept once. An entity that did not exist at the time of
 * a slot had `base` then: nothing, unless it ran before tare came.
 */
#ifndef TARE_LIVE_IMPL_H
#define TARE_LIVE_IMPL_H

#include "model/live.h"

#define LIVE_SLOTS 11 /* of each window: its span in tenths */

/* What came in by one cause; `slot` as in struct entity. */
struct cause {
	struct live_cause c;
	uint64_t last, changed;
	uint64_t (*slot)[LIVE_SLOTS];
};

/* A process, a thread, or all. Most are idle, so `slot` is NULL as long as all slots would hold
 * what it has now, and then its rates are 0. */
struct entity {
	struct live_row row;
	struct live_counts base, last; /* `last`: at the last tick */
	struct live_counts (*slot)[LIVE_SLOTS];
	uint64_t since;   /* time of the tick that met it first */
	uint64_t changed; /* time of the last tick at which its counts had changed */
	bool before;      /* it ran before tare came: what it had at that tick is no growth */
	uint64_t seen;    /* the number of the last tick that met it */
	uint64_t about_ns;
	/* Of a process: tells the state of the process table that it was read from; and the number
	 * of the last tick that found the same, so that neither it nor its threads were read. */
	uint64_t signature, unchanged;
	const struct entity *process; /* of a thread */
	int64_t claim;                /* of a thread: kernel memory by its own events */
	char *name, *cgroup;
	GArray *causes; /* struct cause, of a process; NULL: a thread */
	char comm[TARE_COMM_LEN + 1];
};

struct window {
	uint64_t time[LIVE_SLOTS];
	unsigned next, n;
	int from; /* the slot that rates of this tick are counted from; -1: none */
};

struct live {
	GHashTable *procs, *tasks; /* id -> struct entity */
	struct window window[LIVE_WINDOWS];
	uint64_t oldest; /* time of the oldest slot of all windows */
	struct entity all;
	struct live_total total;
	uint64_t processes, ended; /* all that there have been so far */
	GArray *claims;            /* int64_t: scratch of a tick */
	GPtrArray *claimants;      /* struct entity: the thread of each claim */
};

/* Is it a thread whose process was not read by this tick, for nothing had changed? */
static inline bool live_unchanged(const struct live *l, const struct entity *e)
{
	return e->process && e->process->unchanged == l->total.ticks;
}

/* Take the sums of all processes and threads (now and kind[] of each row). */
void live_read(struct live *l, const struct books_input *in);
/* The same of a recording's rows. */
void live_read_rows(struct live *l, const struct live_round *round);

GArray *live_causes_new(void);
void live_entity_free(gpointer entity);
/* Find the entity, or add it; this tick has met it. */
struct entity *live_meet(struct live *l, GHashTable *in, uint64_t id);

/* Choose the slots that this tick's rates are counted from; call it before live_rates(). */
void live_windows_begin(struct live *l, uint64_t now_ns);
/* Fill the rates of an entity, and keep its counts where a window keeps this tick. */
void live_rates(const struct live *l, struct entity *e, uint64_t now_ns);
/* The same for the causes of a process. */
void live_cause_rates(const struct live *l, const struct entity *e, uint64_t now_ns);
void live_windows_end(struct live *l, uint64_t now_ns);

#endif
