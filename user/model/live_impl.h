/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Shared by live.c (ticks), live_read.c (sums of the process table) and live_rates.c (windows).
 *
 * A window keeps its last LIVE_SLOTS ticks, or every n-th so that they span it. The times of slots
 * are the same for all entities, so they are kept once. An entity that did not exist at the time of
 * a slot had `base` then: nothing, unless it ran before tare came.
 */
#ifndef TARE_LIVE_IMPL_H
#define TARE_LIVE_IMPL_H

#include "model/live.h"

#define LIVE_SLOTS 11 /* of each window: its span in tenths */

/* A process, a thread, or all. */
struct entity {
	struct live_row row;
	struct live_counts base, slot[LIVE_WINDOWS][LIVE_SLOTS];
	uint64_t since; /* time of the tick that met it first */
	bool before;    /* it ran before tare came: what it had at that tick is no growth */
	uint64_t seen;  /* the number of the last tick that met it */
	uint64_t about_ns;
	char *name, *cgroup;
	GArray *causes; /* struct live_cause, of a process; NULL: a thread */
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
	struct entity all;
	struct live_total total;
	uint64_t processes, ended; /* all that there have been so far */
	GArray *claims;            /* int64_t: scratch of a tick */
	GPtrArray *claimants;      /* struct entity: the thread of each claim */
};

/* Take the sums of all processes and threads (now and kind[] of each row). */
void live_read(struct live *l, const struct books_input *in);

/* Choose the slots that this tick's rates are counted from; call it before live_rates(). */
void live_windows_begin(struct live *l, uint64_t now_ns);
/* Fill the rates of an entity, and keep its counts where a window keeps this tick. */
void live_rates(const struct live *l, struct entity *e, uint64_t now_ns);
void live_windows_end(struct live *l, uint64_t now_ns);

#endif
