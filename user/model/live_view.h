/* SPDX-License-Identifier: GPL-2.0-only
 *
 * A view of the live model: which rows, in which order. All faces of `tare top` show its rows.
 * Pure.
 */
#ifndef TARE_LIVE_VIEW_H
#define TARE_LIVE_VIEW_H

#include "model/live.h"

enum live_sort {
	LIVE_BY_GROWTH,
	LIVE_BY_WEIGHT,
	LIVE_BY_USER,
	LIVE_BY_KERNEL,
	LIVE_BY_IN,
	LIVE_BY_OUT,
	LIVE_BY_FAULTS,
	LIVE_BY_THREADS,
	LIVE_BY_PID,
	LIVE_BY_NAME,
	LIVE_SORTS,
};
extern const char *const live_sort_name[LIVE_SORTS]; /* "growth", "weight" … */

enum live_group { LIVE_UNGROUPED, LIVE_PER_CGROUP, LIVE_PER_NAME, LIVE_GROUPS };

struct live_query {
	enum live_window window; /* of the rates that rows are sorted by */
	enum live_sort sort;
	bool inverted; /* smallest first; by pid and by name: largest first */
	bool threads;  /* below each process that has several, its threads */
	bool tree;     /* below each process its children */
	enum live_group group;
	/* Ids of the groups whose members are below them, as pointers to uint64_t; NULL: none. */
	GHashTable *expanded;
	/* Only rows with this text in name, control group or PID, and threads of such processes;
	 * NULL: all. */
	const char *filter;
	uint64_t proc; /* only this process; 0: all */
	/* A row moves only when its figure has changed by a twentieth and a little: what a person
	 * looks at stays where it is. Without it the order is exact. */
	bool steady;
};

struct live_view;

struct live_view *live_view_new(void);
void live_view_free(struct live_view *v); /* takes NULL */

/* The rows (struct live_row), valid until the next call or tick. */
const GArray *live_view_rows(struct live_view *v, const struct live *l, const struct live_query *q);

/* Does a row have this text in its name, control group or PID? Upper and lower case are one. */
bool live_row_matches(const struct live_row *r, const char *text);

/* What a row is sorted by; of LIVE_BY_NAME always 0. */
double live_row_value(const struct live_row *r, enum live_sort sort, enum live_window window);

/* Tells a row from all others, also of later ticks. */
uint64_t live_row_key(const struct live_row *r);

#endif
