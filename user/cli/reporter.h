/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Writes reports: renders them in the chosen format to stderr or files, numbers snapshots,
 * and updates the recording. Also holds the code that run and attach share.
 */
#ifndef TARE_REPORTER_H
#define TARE_REPORTER_H

#include "capture/features.h"
#include "capture/launch.h"
#include "capture/session.h"
#include "capture/story.h"
#include "cli/options.h"
#include "model/live.h"
#include "model/report.h"
#include "store/recording.h"

struct reporter {
	const struct options *options;
	struct features *features;
	enum counter_backend backend;
	const char *target;          /* attach; NULL: run */
	struct cgroup *cgroup;       /* run: the command's cgroup; NULL: none */
	char *cgroup_why;            /* why `cgroup` is NULL */
	unsigned snapshots;          /* written so far */
	struct recording *recording; /* open after reporter_begin(); NULL: no -r */
	const struct session *session;
	/* Processes over time, for a recording and for `story`. The owner sets `live` and ticks it;
	 * else the reporter makes and ticks `own_live`. */
	struct live *live, *own_live;
	struct sample_log log;
	/* Of run with a memory limit: the last minute, for the story of an OOM kill, and the
	 * incident of the first one. NULL: none. */
	struct story *story;
	struct incident *incident;
	bool disk_full;       /* the recording has stopped */
	uint64_t recorded_ns; /* time of the last recorded state, since the start */
	int err;              /* first error in writing a report */
};

/* Open the recording when the session has begun. An error is printed and kept in
 * reporter->err. */
void reporter_begin(struct reporter *r, const struct session *s);
/* Close the recording. */
void reporter_end(struct reporter *r);

/* Add what the session does not know (command, kernel, features), render and write the
 * report, and complete the recording. 0, or negative errno with a message. */
int reporter_write(struct reporter *r, struct report *report);

/* Begin a recording while the session runs: options->record and to_record are set since
 * reporter_begin(). Returns 0 or negative errno, logged. */
int reporter_record_begin(struct reporter *r, struct session *s);
/* The same as reporter_write(), but only complete the recording. */
int reporter_record(struct reporter *r, struct report *report);

/* The same, but only to a new file, whose format its suffix tells. 0, or negative errno with a
 * message. */
int reporter_save(const struct reporter *r, struct report *report, const char *path);

/* Keep the last minutes, so that reports tell the story of an OOM kill; before reporter_config().
 * reporter_forget() frees what this and the kills have made. */
void reporter_watch_ooms(struct reporter *r);
void reporter_forget(struct reporter *r);

/* Fill the session's configuration from the options. */
void reporter_config(struct reporter *r, struct session_config *config);

/* Choose a counter backend. 0, or negative errno with a message: tare cannot work here. */
int reporter_backend(const struct features *f, const struct options *o,
		     enum counter_backend *backend);

#endif
