/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The difference of two reports, before and after: who grew more, and where. Pure. Processes are
 * matched by name (comm), threads by name within a process, stacks by the names of their
 * functions: pids, addresses and lines change from run to run. It must not know how a difference
 * is shown.
 */
#ifndef TARE_DIFF_H
#define TARE_DIFF_H

#include "model/profile.h"

enum diff_time { DIFF_BEFORE, DIFF_AFTER, DIFF_TIMES };

/* Bytes, as sampled and scaled to the ledger. */
struct diff_figure {
	int64_t bytes[DIFF_TIMES];
	double error; /* standard error of the change: root of the sum of the squares of both
			 errors; 0: exact, by the ledger */
};

/* After less before. */
int64_t diff_change(const struct diff_figure *f);
/* Is the change larger than two standard errors? By chance this happens in 1 of 20 cases. */
bool diff_beyond(const struct diff_figure *f);

/* All processes or threads of one name, or of one pattern of names if a report has a fold of these.
 * By the ledger, so exact. Kinds that are not known in both reports are 0. */
struct diff_who {
	char *process;
	char *thread; /* NULL: the whole process, with its initial balance */
	struct diff_side {
		uint64_t count;
		int64_t at_peak[TARE_KINDS], net[TARE_KINDS];
		int64_t grown[TARE_KINDS]; /* `in` of its tasks */
	} side[DIFF_TIMES];
};

struct diff_function {
	char *name;
	bool folded; /* an allocator, an interpreter …: each frame of this name is folded */
	struct diff_figure self[SAMPLE_TYPES];  /* samples in which it is innermost */
	struct diff_figure total[SAMPLE_TYPES]; /* samples that have it on the stack, each once */
	/* The caller that most of the change of self comes from; folded frames are no callers.
	 * Owned by the diff. NULL: none. */
	const char *caller[SAMPLE_TYPES];
};

struct diff_stack {
	uint32_t path;  /* for diff_path() */
	uint32_t owner; /* the part of the path that ends in the function it is self of */
	struct diff_figure held[SAMPLE_TYPES];
};

struct diff {
	unsigned kinds;                 /* bits, 1 << TARE_ANON … */
	bool sampled[DIFF_TIMES];       /* functions and stacks are there if both are true */
	GPtrArray *processes, *threads; /* struct diff_who *, by |change of weight at peak| */
	/* struct diff_function *: first those whose own change is beyond its error; by |change of
	 * self|, then |change of total| */
	GPtrArray *functions;
	GArray *stacks;                        /* struct diff_stack, by |change| */
	struct diff_figure held[SAMPLE_TYPES]; /* totals; exact */
	GPtrArray *names;                      /* char *, of functions, by number */
	GArray *paths;                         /* struct stack_node: parent path, and a name */
	struct diff_left {
		unsigned functions, stacks, processes, threads;
	} left; /* rows that diff_thin() left out; stacks: merged into one */
};

/* `kinds`: bits of the kinds that are known by task in both reports. Functions and stacks are
 * sorted by `sample_type`. */
struct diff *diff_new(const struct report *before, const struct report *after, unsigned kinds,
		      enum sample_type sample_type);
void diff_free(struct diff *d); /* takes NULL */

/* What a page can show: the first rows of each list, and the stacks that hold most. */
struct diff_limits {
	unsigned stacks, frames; /* stacks; frames of all stacks together */
	unsigned functions;      /* for each sample type, by change of self and of total */
	unsigned whose;          /* processes, and threads */
};

/* Keep what the limits allow. Smaller stacks become one stack, "[smaller stacks]", so sums over
 * stacks do not change. Functions are then no longer those of all stacks. `left` says how many
 * rows are gone. */
void diff_thin(struct diff *d, const struct diff_limits *limits);

/* Replace the content of `names` by the names of a stack's functions, innermost first. The diff
 * owns them. */
void diff_path(const struct diff *d, uint32_t path, GPtrArray *names);

/* Weight at the peak: after less before. */
int64_t diff_who_change(const struct diff_who *w);

#endif
