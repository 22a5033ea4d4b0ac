/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Shared by groups.c (which groups and names there are) and groups_count.c (what each task and
 * address space did since it was counted last).
 */
#ifndef TARE_GROUPS_IMPL_H
#define TARE_GROUPS_IMPL_H

#include "model/groups.h"

/* Count something of processes named `comm` in control group `id` (0: not known). */
typedef void (*groups_count_fn)(struct groups *g, uint64_t id, const char *comm,
				const struct groups_counts *c);

struct groups {
	struct groups_limits limits;
	GHashTable *by_id;   /* uint64_t -> struct group; owns none */
	GHashTable *by_path; /* path -> struct group; owns none */
	GPtrArray *all;      /* struct group: owns them */
	struct groups_rest rest;
	bool by_rows;
	bool full; /* there was no room for a group since the last tick */
	uint64_t now_ns;
	/* What was counted so far of living tasks and address spaces. */
	GHashTable *tasks, *mms;
	struct groups_counts owed;
	uint64_t ticks;
	uint64_t page_size;
	groups_count_fn count; /* of groups.c */
};

void groups_flow_add(struct groups_counts *c, uint32_t cause, uint64_t in, uint64_t out);
void groups_counts_add(struct groups_counts *to, const struct groups_counts *c);

/* Count what lives. */
void groups_count_tick(struct groups *g, const struct books_input *in);
void groups_count_task_end(void *ctx, const struct proctable_proc *p,
			   const struct proctable_task *t);
void groups_count_mm_end(void *ctx, const struct proctable_proc *p, const struct proctable_mm *m);

#endif
