/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Where reports go: rendered as asked, to stderr or to the file, snapshots
 * numbered. Also what run and attach do alike.
 */
#ifndef TARE_REPORTER_H
#define TARE_REPORTER_H

#include "capture/features.h"
#include "capture/launch.h"
#include "capture/session.h"
#include "cli/options.h"
#include "model/report.h"

struct reporter {
	const struct options *options;
	const struct features *features;
	enum ledger_arm arm;
	const char *target;    /* attach; NULL: run */
	struct cgroup *cgroup; /* run: the command's own; NULL: none */
	char *cgroup_why;      /* the reason when there is none */
	uid_t uid;             /* whose the file shall be, when `owned` */
	gid_t gid;
	bool owned;
	unsigned snapshots; /* written so far */
	int err;            /* of the first report that could not be written */
};

/* Add what the session does not know, render, write. 0, or negative errno, said. */
int reporter_write(struct reporter *r, struct report *report);

/* session_config.on_snapshot, with the reporter as ctx. */
void reporter_snapshot(void *reporter, struct report *report);

void reporter_config(struct reporter *r, struct session_config *config);

/* An arm chosen, or the reason why tare can't work said. 0, or negative errno. */
int reporter_arm(const struct features *f, const struct options *o, enum ledger_arm *arm);

#endif
