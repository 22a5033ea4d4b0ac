/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Options of run and attach: parsed once, checked before anything is started,
 * then const. One table tells their names, arguments and help.
 */
#ifndef TARE_OPTIONS_H
#define TARE_OPTIONS_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/fileout.h"
#include "cli/folding.h"
#include "model/profile.h"
#include "output/formats.h"

enum option_for { FOR_RUN = 1, FOR_ATTACH = 2, FOR_BOTH = 3 };

struct options {
	/* run */
	bool no_children, wait_all, as_root, kill_on_exit;
	const char *user;
	bool no_cgroup;
	uint64_t memory_max; /* 0: no limit */
	char **command;      /* into argv */
	/* attach */
	GArray *pids; /* pid_t; NULL: none */
	const char *comm;
	bool all;
	uint64_t duration_ns;
	/* both */
	const char *cgroup; /* run: the command's is made below it; attach: whom to follow */
	const char *output;
	const struct format *format;
	const char *record;                              /* NULL: no recording */
	uint64_t max_size;                               /* of it */
	const char *html;                                /* NULL: no page beside the report */
	struct fileout *to_output, *to_html, *to_record; /* the same, opened; NULL: none */
	uint64_t interval_ns, snapshot_every_ns;
	const char *force_backend;
	const char *btf; /* the kernel's types; NULL: as the kernel shows them */
	bool all_threads, self, slab;
	uint32_t max_mms, keep_tasks; /* PROCTABLE_KEEP_ALL: each that ended has a row */
	uint64_t ring_bytes;
	bool no_priority;
	uint64_t period; /* bytes of growth a sample; 0: none */
	enum sample_type sample_type;
	bool lines;
	struct folding folding;
};

/* 0; 1: help was asked for and printed; -EINVAL, said with the way out. */
int options_parse(struct options *o, enum option_for who, int argc, char **argv);
void options_free(struct options *o);

#endif
