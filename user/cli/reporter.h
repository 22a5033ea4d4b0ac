/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Where reports go: rendered as asked, to stderr or to files, snapshots numbered, and
 * to the recording. Also what run and attach do alike.
 */
#ifndef TARE_REPORTER_H
#define TARE_REPORTER_H

#include "capture/features.h"
#include "capture/launch.h"
#include "capture/session.h"
#include "cli/options.h"
#include "model/report.h"
#include "store/recording.h"

struct reporter {
	const struct options *options;
	struct features *features;
	enum counter_backend backend;
	const char *target;          /* attach; NULL: run */
	struct cgroup *cgroup;       /* run: the command's own; NULL: none */
	char *cgroup_why;            /* the reason when there is none */
	unsigned snapshots;          /* written so far */
	struct recording *recording; /* from reporter_begin() on; NULL: none */
	const struct session *session;
	struct sample_log log;
	bool disk_full;       /* the recording ends */
	uint64_t recorded_ns; /* after the start: the last state that was recorded */
	int err;              /* of the first report that could not be written */
};

/* The session has begun: from here on it is recorded. What goes wrong with that is said,
 * and is reporter->err. */
void reporter_begin(struct reporter *r, const struct session *s);
/* Close the recording. */
void reporter_end(struct reporter *r);

/* Add what the session does not know, render, write, complete the recording. 0, or
 * negative errno, said. */
int reporter_write(struct reporter *r, struct report *report);

void reporter_config(struct reporter *r, struct session_config *config);

/* A backend chosen, or the reason why tare can't work said. 0, or negative errno. */
int reporter_backend(const struct features *f, const struct options *o,
		     enum counter_backend *backend);

#endif
