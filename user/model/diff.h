/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Two reports, before and after: who grew more, and where. Pure: all that it needs is
 * given. Processes are matched by name (comm), threads by theirs within one, stacks by
 * the names of their functions; numbers, addresses and lines change from run to run.
 */
#ifndef TARE_DIFF_H
#define TARE_DIFF_H

#include "model/profile.h"

enum diff_time { DIFF_BEFORE, DIFF_AFTER, DIFF_TIMES };

/* Bytes, as sampled and scaled to the ledger. */
struct diff_figure {
	int64_t bytes[DIFF_TIMES];
	double error; /* standard error of the change: both samples' errors, as the root of the
			 sum of squares; 0: exact, by the ledger */
};

int64_t diff_change(const struct diff_figure *f);
/* The change is more than two standard errors: not by chance, in 19 of 20 cases. */
bool diff_beyond(const struct diff_figure *f);

/* All processes or threads of one name; of a pattern of names, where one of the reports has
 * these as one. By the ledger, so exact; kinds that are not
 * known of both reports are 0. */
struct diff_who {
	char *process;
	char *thread; /* NULL: the whole process, with what it had before */
	struct diff_side {
		uint64_t count;
		int64_t at_peak[TARE_KINDS], net[TARE_KINDS];
		int64_t grown[TARE_KINDS]; /* what its tasks took in */
	} side[DIFF_TIMES];
};

struct diff_function {
	char *name;
	struct diff_figure self[SAMPLE_TYPES];  /* it was the innermost */
	struct diff_figure total[SAMPLE_TYPES]; /* it was on the stack, however often */
};

struct diff_stack {
	uint32_t path; /* for diff_path() */
	struct diff_figure held[SAMPLE_TYPES];
};

struct diff {
	unsigned kinds;                 /* bits, 1 << TARE_ANON … */
	bool sampled[DIFF_TIMES];       /* without either there are no functions and stacks */
	GPtrArray *processes, *threads; /* struct diff_who *, by |change of weight at peak| */
	GPtrArray *functions;           /* struct diff_function *, by |change of total|, self */
	GArray *stacks;                 /* struct diff_stack, by |change| */
	struct diff_figure held[SAMPLE_TYPES]; /* totals; exact */
	GPtrArray *names;                      /* char *, of functions, by number */
	GArray *paths;                         /* struct stack_node: parent's path and name */
};

/* `kinds`: of which the ledger knows in both reports whose they are. Functions and stacks
 * are sorted by `sample_type`. */
struct diff *diff_new(const struct report *before, const struct report *after, unsigned kinds,
		      enum sample_type sample_type);
void diff_free(struct diff *d); /* takes NULL */

/* Names of a stack's functions, the innermost first, in place of what `names` held; the
 * diff owns them. */
void diff_path(const struct diff *d, uint32_t path, GPtrArray *names);

/* By how much it weighed more at the peak. */
int64_t diff_who_change(const struct diff_who *w);

#endif
