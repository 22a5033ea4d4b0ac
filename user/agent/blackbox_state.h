/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Shared by the files of the black box:
 *   blackbox.c          triggers, each second and when the kernel kills
 *   blackbox_dump.c     a report becomes a dump and a line in the journal
 *   blackbox_config.c   its keys in the configuration
 */
#ifndef TARE_AGENT_BLACKBOX_STATE_H
#define TARE_AGENT_BLACKBOX_STATE_H

#include "agent/blackbox.h"
#include "agent/prekill.h"
#include "capture/group_events.h"
#include "capture/story.h"
#include "model/growth_rule.h"
#include "store/dumps.h"

#define RULES_MOST 32

struct blackbox_config {
	char *dir;  /* NULL: no black box */
	char *hook; /* path of a socket for systemd-oomd; NULL: none */
	unsigned keep;
	uint64_t size, total; /* bytes */
	uint64_t pause_ns;    /* least time between two dumps of the same trigger */
	bool on[GROUP_EVENTS];
	GArray *rules; /* struct growth_rule */
};

#define TRIGGERS (INCIDENT_WHATS + RULES_MOST)
#define OOM_GROUPS 32

/* The last dump of an OOM kill in a control group. */
struct oom_dump {
	uint64_t cgroup, time_ns; /* id, see struct tare_oom; time_ns 0: none */
};

struct blackbox {
	struct story *story;
	struct prekill *prekill;     /* NULL: no hook */
	struct group_events *events; /* NULL: no memory control groups */
	uint64_t last_ns[TRIGGERS];  /* when each trigger last made a dump; 0: never */
	struct oom_dump ooms[OOM_GROUPS];
	uint64_t group_ns; /* the last OOM kill in a control group */
	unsigned no_dumps; /* OOM kills since the last tick of which there is no dump */
	uint64_t kills;    /* OOM kills since tare came */
	bool rehearsed;
};

/* Is a dump of this trigger due? */
bool blackbox_due(struct agent *a, unsigned trigger, uint64_t pause_ns);
/* Write the report, which has an incident, and say so, and how long after `since_ns` (of the kill
 * or of the request, CLOCK_BOOTTIME). Takes the report. *path: the file (free with g_free());
 * NULL: it could not be written. */
int blackbox_write(struct agent *a, struct report *r, uint64_t since_ns, char **path);
/* Write it to a file, which is removed. A failure is logged. */
void blackbox_try(struct agent *a, struct report *r);

#endif
