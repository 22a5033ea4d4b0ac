/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Many recordings of one service: what they have in common, and which of them is unlike the others.
 * Pure. Reports are added one after the other, and none of them is kept: a fleet holds names and
 * sums only, at most FLEET_ROWS_MOST of each sort for one recording. It must not know where reports
 * come from, nor how a fleet is shown.
 *
 * A value that a recording did not measure is not in any figure. A name that a recording measured,
 * but does not have, counts as 0.
 */
#ifndef TARE_FLEET_H
#define TARE_FLEET_H

#include "model/profile.h"

#define FLEET_NONE UINT32_MAX
/* Names of one sort that are kept of one recording. Smaller ones are one row, FLEET_SMALLER. */
#define FLEET_ROWS_MOST 2000
#define FLEET_SMALLER "[smaller]"

/* User memory (RSS and swap), kernel memory (page tables, kernel stacks, other), and their sum, the
 * weight. The first two are stored. */
enum fleet_part { FLEET_USER, FLEET_KERNEL, FLEET_PARTS, FLEET_WEIGHT = FLEET_PARTS };

/* Sorts of rows: the whole workload (one row), process names, functions. */
enum fleet_sort { FLEET_TOTAL, FLEET_PROCESSES, FLEET_FUNCTIONS, FLEET_SORTS };

/* A recording. */
struct fleet_source {
	char *path;
	char *host;    /* NULL: the recording does not have it */
	char *label;   /* the host; if others have the same or it has none, with the file's name */
	char *service; /* name of the program, or what tare was attached to */
	char *kernel, *tare_version;
	int64_t started_ns; /* since 1970; 0: not known */
	uint64_t duration_ns;
	bool known[FLEET_SORTS][FLEET_PARTS]; /* what it measured */
	char *why_no_kernel;                  /* the reason that it has for that; may be NULL */
	uint64_t period;                      /* mean bytes per sample; 0: no samples */
	bool sums_valid, balanced;            /* the books: checked, and they balance */
	uint64_t lost;
	unsigned smaller[FLEET_SORTS]; /* names that are in FLEET_SMALLER */
};

/* What one recording holds of one row. Bytes, for each sample type: grown, held at the peak, held
 * at the end. */
struct fleet_cell {
	uint32_t source;
	uint64_t count; /* processes, or samples */
	int64_t bytes[SAMPLE_TYPES][FLEET_PARTS];
};

struct fleet_row {
	char *key;  /* what rows of several recordings have in common: a pattern of names */
	char *name; /* the name, where all have the same; else the pattern */
	enum fleet_sort sort;
	GArray *cells; /* struct fleet_cell, by source; no cell: 0 */
};

struct fleet {
	GPtrArray *sources;           /* struct fleet_source * */
	GPtrArray *rows[FLEET_SORTS]; /* struct fleet_row * */
	GHashTable *known[FLEET_SORTS];
};

/* One figure over the recordings that measured it. Medians and quartiles of an even number of
 * values lie between two of them (linear interpolation). */
struct fleet_figure {
	unsigned measured; /* recordings; 0: all else is 0 */
	unsigned in;       /* of these, those that have the row */
	int64_t sum, min, q1, median, q3, max;
	/* The median absolute deviation: a half of the values are within median ± mad. One
	 * recording in the fleet that is unlike the others does not change it. */
	int64_t mad;
	double error;      /* standard error of the median by sampling; 0: exact */
	uint32_t largest;  /* source with `max`; FLEET_NONE: none */
	uint32_t outlier;  /* the outlier that is farthest from the median; FLEET_NONE: none */
	int64_t outlying;  /* its value less the median */
	unsigned outliers; /* how many there are */
};

/* A sum that stays at the limits of its type: recordings may be forged, and each is bounded only by
 * itself. */
static inline int64_t fleet_sum(int64_t a, int64_t b)
{
	int64_t sum;

	return __builtin_add_overflow(a, b, &sum) ? (a < 0 ? INT64_MIN : INT64_MAX) : sum;
}

struct fleet *fleet_new(void);
void fleet_free(struct fleet *f); /* takes NULL */
/* Frames must be folded before (model/frame_rules.h). The report is not needed afterwards. */
void fleet_add(struct fleet *f, const char *path, const struct report *r);
/* Name the sources, and sort the rows: largest sum of `sample_type` first. Call it after the last
 * report was added. */
void fleet_close(struct fleet *f, enum sample_type sample_type);

/* The part of a row that all its figures are of: the weight, if each recording measured kernel
 * memory; else user memory, unless the row has none. */
enum fleet_part fleet_part_of(const struct fleet *f, const struct fleet_row *row);
/* Did each recording that measured user memory measure kernel memory too? */
bool fleet_whole(const struct fleet *f, enum fleet_sort sort);
/* How many recordings measured this. */
unsigned fleet_measured(const struct fleet *f, enum fleet_sort sort, enum fleet_part part);

/* An outlier is farther from the median than 3 standard deviations (as if mad were of a normal
 * distribution: 1.4826 x mad), than 3 standard errors of its samples, than a tenth of the median,
 * and than 256 KiB. There is none among fewer than 3 recordings. */
struct fleet_figure fleet_figure(const struct fleet *f, const struct fleet_row *row,
				 enum sample_type sample_type, enum fleet_part part);

enum fleet_side { FLEET_BEFORE, FLEET_AFTER, FLEET_SIDES };

/* A row of two fleets. */
struct fleet_change {
	const char *name;
	enum fleet_part part;
	struct fleet_figure side[FLEET_SIDES];
	int64_t change; /* of the medians */
	/* What the change is compared with: the root of the sum of the squares of both sides'
	 * 1.4826 x mad and standard errors. A side with one recording has no deviation: the other
	 * side's is taken. Negative: not known, as both have only one. */
	double spread;
	bool beyond; /* the change is more than 2 x spread, and more than 64 KiB */
};

/* All rows of one sort that both fleets measured: an array of struct fleet_change, first those
 * beyond their spread, then by |change|. Both fleets are closed, and outlive it. The caller frees
 * it. */
GArray *fleet_changes(const struct fleet *before, const struct fleet *after, enum fleet_sort sort,
		      enum sample_type sample_type);

#endif
