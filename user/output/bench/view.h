/* SPDX-License-Identifier: GPL-2.0-only
 *
 * What more than one printer of `tare bench` says, and how. Inside output/ only.
 */
#ifndef TARE_BENCH_VIEW_H
#define TARE_BENCH_VIEW_H

#include "model/fit.h"

/* A workload with the lines through its runs. */
struct bench_line {
	const struct bench_row *row;
	struct row_fit fit;
};

/* The families' names, each once, as the catalogue has them first; "" for none. */
GPtrArray *bench_families(const struct bench *b);
/* Those of which some run went well: struct bench_line *. Of a family the lightest
 * task first, those without a line last; of all (NULL) in the catalogue's order. */
GPtrArray *bench_lines(const struct bench *b, const char *family);

/* A part as it can be shown. */
struct bench_figure {
	bool known;
	bool least; /* without the kinds that are not known: it is this much or more */
	double tare, slope;
	bool interval;
	double half, tare_half; /* of the intervals, 95 %: slope ± half */
};
struct bench_figure bench_figure(const struct bench_line *line, enum bench_part part);
/* The same of user, kernel and weight over these kinds alone (bits). */
struct bench_figure bench_figure_of(const struct bench_line *line, enum bench_part part,
				    unsigned kinds);
/* The kinds whose lines are known, as bits. */
unsigned bench_known_kinds(const struct row_fit *fit);

/* "2,669", "24", "4.9", "0"; "1.23 GiB" from a thousand million on. */
char *bench_bytes(double v);
/* text_size() of a fraction. */
char *bench_size(double v);

/* RSS per task by the figures of one source, as the fits have it: the difference of
 * the largest and the smallest N. The last source that tells; NULL: none does. */
const char *bench_published_slope(const struct bench_row *row, double *slope);

/* The runs that ended so, one for each N and reason, the one that got furthest:
 * struct bench_run *. */
GPtrArray *bench_ended(const struct bench_row *row, enum bench_outcome outcome);
/* "at 32,752 of 100,000: vm.max_map_count = 65530", not escaped. */
char *bench_ended_text(const struct bench_run *run);
/* "10,000 is the most that went well", "no run went well". */
char *bench_most_text(const struct row_fit *fit);
/* Why a workload was not run, not escaped. */
const char *bench_missing_text(const struct bench *b, const struct bench_row *row);
/* "3.23 GiB with 1,000,000 tasks, 1.49 GiB after them": the means of the runs with
 * --after and the largest N; NULL: none. */
char *bench_after_text(const struct bench_row *row);
/* "16 % at 1,000,000 tasks"; NULL: linear, or no line. */
char *bench_bend_text(const struct row_fit *fit);

/* Where the control group, which counts a page that processes share once, was charged
 * much less than the weight: "the control group was charged 107,758 bytes a task". */
char *bench_shared_text(const struct row_fit *fit);

/* "Debian GNU/Linux 12 (bookworm), Linux 6.18.0 x86_64, 8 × AMD EPYC 7B13,
 * 32.0 GiB", not escaped. "" where nothing is known. */
char *bench_machine_text(const struct bench_machine *m);
/* "--touch 16.0 KiB, --memory-max 4.00 GiB"; "" for neither. */
char *bench_options_text(const struct bench *b);

#endif
