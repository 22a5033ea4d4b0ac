/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The rows of WHO on the default screen. Below a process are its threads; below several processes
 * or threads of one name are the largest of them, if they differ. Rows are chosen by weight.
 */
#ifndef TARE_TABLE_WHO_ROWS_H
#define TARE_TABLE_WHO_ROWS_H

#include "model/report.h"
#include "output/table/who_figures.h"

#define NO_PARENT G_MAXUINT
#define WHO_SHARE_LEAST 100 /* 1/100 of the peak: smaller rows are left out */

struct who_row {
	unsigned parent, depth; /* parent: index in who_rows, or NO_PARENT */
	int64_t weight;         /* at the peak */
	bool chosen, main;      /* main: the thread that has the name of its process */
	char *name;
	pid_t pid; /* or tid; 0: of several */
	struct figures figures;
	GPtrArray *processes, *tasks; /* whose memory it is; both NULL: of no process */
};

struct who_rows {
	const struct report *r;
	GArray *all; /* struct who_row, in the order of the screen */
};

struct who_rows *who_rows_new(const struct report *r);
void who_rows_free(struct who_rows *t);

/* Choose at most `n` rows, the heaviest first; a row is chosen after its parent. Leaves room for
 * a line about what is left out, unless that is small. */
void who_rows_choose(struct who_rows *t, unsigned n);

struct who_left {
	uint64_t processes;
	int64_t weight;
};
/* What the chosen rows leave out. */
struct who_left who_rows_left(const struct who_rows *t);

#endif
