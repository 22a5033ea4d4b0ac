/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Events of control groups: how often they reached memory.high and memory.max, and how many
 * processes the OOM killer took. Read each second from memory.events (v2), or memory.failcnt and
 * memory.oom_control (v1); at most GROUP_EVENTS_MOST groups. It must not know what follows.
 */
#ifndef TARE_GROUP_EVENTS_H
#define TARE_GROUP_EVENTS_H

#include "capture/cgroup_path.h"

#define GROUP_EVENTS_MOST 256

enum group_event_what { GROUP_EVENT_HIGH, GROUP_EVENT_MAX, GROUP_EVENT_OOM_KILL, GROUP_EVENTS };
extern const char *const group_event_name[GROUP_EVENTS]; /* "high", "max", "oom-kill" */

struct group_event {
	const char *cgroup; /* its path; valid until the next call */
	enum group_event_what what;
	uint64_t times;       /* since the last round */
	int64_t usage, limit; /* memory.current, and memory.high or memory.max; 0: not known */
};

struct group_events;

/* The mount is copied. */
struct group_events *group_events_new(const struct cgroup_mount *mount);
void group_events_free(struct group_events *e); /* takes NULL */

/* A round: name all groups that are to be watched, then take the events. A group that is not named
 * is forgotten. What happened before a group was first named is no event. */
void group_events_watch(struct group_events *e, const char *cgroup);
/* False: no more events in this round, and the next one begins. */
bool group_events_next(struct group_events *e, struct group_event *event);
/* Groups of the last round that found no room. */
unsigned group_events_left_out(const struct group_events *e);

#endif
