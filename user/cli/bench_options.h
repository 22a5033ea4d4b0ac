/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Options of bench and its subcommands: parsed and checked before anything is
 * started, then const.
 */
#ifndef TARE_BENCH_OPTIONS_H
#define TARE_BENCH_OPTIONS_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/fileout.h"

enum bench_format { BENCH_TABLE, BENCH_CSV, BENCH_JSON, BENCH_MARKDOWN, BENCH_HTML, BENCH_FORMATS };

struct bench_options {
	const char *only, *catalogue, *build_dir, *user, *btf;
	const char *output;        /* bench: the results; report: the text */
	struct fileout *to_output; /* the same, opened; NULL: none */
	GArray *tasks;             /* uint64_t, ascending, each once */
	unsigned runs;
	uint64_t limit_ns, memory_max, touch;
	bool resume, raise_limits, after, list, as_root, schema;
	enum bench_format format;
	char **command; /* bench: the user's own, after --; report, compare: files. Into argv */
	bool own;       /* there is a command */
};

enum bench_verb { BENCH_VERB_RUN = 1, BENCH_VERB_REPORT = 2, BENCH_VERB_COMPARE = 4 };

/* 0; 1: help was asked for and printed; -EINVAL, said with the way out. */
int bench_options_parse(struct bench_options *o, enum bench_verb verb, int argc, char **argv);
void bench_options_free(struct bench_options *o);

/* "1", "10k", "1M": decimal, as people count tasks. 0, or -EINVAL. */
int bench_parse_tasks(const char *word, uint64_t *tasks);

#endif
