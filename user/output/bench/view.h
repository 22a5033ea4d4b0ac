/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Values and texts that several printers of `tare bench` use. Inside output/ only.
 */
#ifndef TARE_BENCH_VIEW_H
#define TARE_BENCH_VIEW_H

#include "model/fit.h"

/* A workload and the lines fitted through its runs. */
struct bench_line {
	const struct bench_row *row;
	struct row_fit fit;
	/* Bytes per task are those at this N, with the weight at the fewest tasks as tare; 0: those
	 * of the line. Set if the row is bent: to its largest N. */
	uint64_t at;
};

/* Names of the families, each once, in the catalogue's order; "": no family. */
GPtrArray *bench_families(const struct bench *b);
/* Workloads with at least one successful run: struct bench_line *. For a family: lightest
 * task first, those without a line last. For NULL: all, in the catalogue's order. */
GPtrArray *bench_lines(const struct bench *b, const char *family);

/* Tare and slope (bytes) of one part, ready to show. */
struct bench_figure {
	bool known;
	bool least;         /* some kinds are not known: the values are minimums */
	double tare, slope; /* of the line, or bytes per task at one N (bench_line.at) */
	bool interval;
	double half, tare_half; /* half widths of the 95 % intervals: slope ± half */
};
struct bench_figure bench_figure(const struct bench_line *line, enum bench_part part);
/* The same for user, kernel or weight, summed only over `kinds` (bit set). */
struct bench_figure bench_figure_of(const struct bench_line *line, enum bench_part part,
				    unsigned kinds);
/* Bit set of the kinds with a fitted line. */
unsigned bench_known_kinds(const struct row_fit *fit);

/* "2,669", "24", "4.9", "0"; from 10^9 on "1.23 GiB". */
char *bench_bytes(double v);
/* text_size() of a double. */
char *bench_size(double v);

/* Published RSS per task: the slope between the smallest and the largest N of one source. False: it
 * has not two N. */
bool bench_source_slope(const struct bench_row *row, const char *source, double *slope);
/* Of the last source that has both. Returns its name; NULL: none. */
const char *bench_published_slope(const struct bench_row *row, double *slope);

/* Runs with this outcome: struct bench_run *. For each N and reason only the run that got
 * furthest. */
GPtrArray *bench_ended(const struct bench_row *row, enum bench_outcome outcome);
/* "at 32,752 of 100,000: vm.max_map_count = 65530", not escaped. */
char *bench_ended_text(const struct bench_run *run);
/* "10,000 is the largest N that succeeded", "no run succeeded". */
char *bench_most_text(const struct row_fit *fit);
/* Why a workload was not run, not escaped. */
const char *bench_missing_text(const struct bench *b, const struct bench_row *row);
/* "3.23 GiB with 1,000,000 tasks, 1.49 GiB after them": means of the runs with --after and
 * the largest N; NULL: no such run. */
char *bench_after_text(const struct bench_row *row);
/* "16 % off a line at 1,000,000 tasks"; NULL: linear, or no line. */
char *bench_bend_text(const struct row_fit *fit);
/* "1,128 bytes per task at 10,000 tasks, 1,231 at 100,000; 33 % off a line at 100,000 tasks";
 * NULL: the row is not bent. */
char *bench_steps_text(const struct bench_line *line);

/* "in 5 of 12 runs, up to 47 %": runs beside which other programs used much of the CPUs;
 * NULL: none. */
char *bench_busy_text(const struct bench_row *row);

/* "the control group was charged 107,758 bytes per task", if that is much less than the
 * weight, because the control group counts shared pages once; else NULL. */
char *bench_shared_text(const struct row_fit *fit);

/* "Debian GNU/Linux 12 (bookworm), Linux 6.18.0 x86_64, 8 × AMD EPYC 7B13,
 * 32.0 GiB", not escaped. "": nothing is known. */
char *bench_machine_text(const struct bench_machine *m);
/* "--touch 16.0 KiB, --memory-max 4.00 GiB"; "": neither was given. */
char *bench_options_text(const struct bench *b);

#endif
