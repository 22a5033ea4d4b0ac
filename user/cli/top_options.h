/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Options of `tare top`. They are parsed once and checked before anything starts.
 */
#ifndef TARE_TOP_OPTIONS_H
#define TARE_TOP_OPTIONS_H

#include "cli/options.h"
#include "model/live_view.h"
#include "output/top/top.h"

enum top_format { TOP_TABLE, TOP_JSONL, TOP_CSV };

struct top_options {
	/* What the session and a recording need: targets, command, period, limits. */
	struct options base;
	uint64_t delay_ns;
	const char *replay; /* a recording; NULL: measure */
	uint64_t rounds;    /* 0: until the end */
	bool batch, schema;
	enum top_format format;
	struct live_query query;
	struct top_columns columns; /* n 0: not given */
	unsigned rows;              /* most rows of a round; 0: all */
};

/* 0; 1: --help was given and the help is printed; -EINVAL: wrong usage, with a message. */
int top_options_parse(struct top_options *o, int argc, char **argv);
void top_options_free(struct top_options *o);

#endif
