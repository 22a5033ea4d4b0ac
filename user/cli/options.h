/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Options of `tare run` and `tare attach`. They are parsed once and checked before the
 * command starts; afterwards they are const. One table has names, arguments and help.
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
	char **command;      /* points into argv */
	/* attach */
	GArray *pids; /* pid_t; NULL: none */
	const char *comm;
	bool all;
	uint64_t duration_ns;
	/* both */
	const char *cgroup; /* run: parent of the command's cgroup; attach: cgroup to follow */
	const char *output;
	const struct format *format;
	const char *record;                              /* NULL: no recording */
	uint64_t max_size;                               /* of the recording, bytes */
	const char *html;                                /* NULL: no HTML page */
	const char *host;                                /* NULL: the machine's name */
	struct fileout *to_output, *to_html, *to_record; /* opened; NULL: not given */
	struct fileout *to_fd;                           /* of --fd-report; NULL: not given */
	const struct format *fd_format;
	uint64_t interval_ns, snapshot_every_ns;
	const char *force_backend;
	const char *btf; /* kernel BTF file; NULL: /sys/kernel/btf/vmlinux */
	bool all_threads, self, slab;
	unsigned show;                /* sections of the table, as in struct table_style */
	uint32_t max_mms, keep_tasks; /* PROCTABLE_KEEP_ALL: a row per ended task */
	uint64_t ring_bytes;
	bool no_priority;
	uint64_t period; /* bytes of growth per sample; 0: no samples */
	enum sample_type sample_type;
	bool lines;
	struct folding folding;
};

/* 0; 1: --help was given and the help is printed; -EINVAL: wrong usage, with a message. */
int options_parse(struct options *o, enum option_for who, int argc, char **argv);
void options_free(struct options *o);

#endif
