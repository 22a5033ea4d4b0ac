/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Options of `tare bench`, `bench report` and `bench compare`. They are parsed and checked
 * before a workload starts; afterwards they are const.
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
	const char *output;        /* bench: results file; report, compare: text file */
	struct fileout *to_output; /* `output`, opened; NULL: no -o */
	GArray *tasks;             /* uint64_t, ascending, no duplicates */
	unsigned runs;
	uint64_t limit_ns, memory_max, touch;
	bool resume, raise_limits, after, list, as_root, schema;
	enum bench_format format;
	/* Points into argv. bench: the user's command after --; report, compare: files. */
	char **command;
	bool own; /* bench: the user gave a command */
};

enum bench_verb { BENCH_VERB_RUN = 1, BENCH_VERB_REPORT = 2, BENCH_VERB_COMPARE = 4 };

/* 0; 1: --help was given and the help is printed; -EINVAL: wrong usage, with a message. */
int bench_options_parse(struct bench_options *o, enum bench_verb verb, int argc, char **argv);
void bench_options_free(struct bench_options *o);

/* Parse a number of tasks: "1", "10k" (10,000), "1M" (1,000,000). 0, or -EINVAL. */
int bench_parse_tasks(const char *word, uint64_t *tasks);

#endif
