/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The black box of a session: it keeps the last minutes (model/history.h), and makes the report of
 * an incident. Its memory is taken at the start. It must not know where the report goes.
 */
#ifndef TARE_STORY_H
#define TARE_STORY_H

#include "capture/session.h"
#include "model/incident.h"
#include "model/live.h"

struct story;

/* `groups`: names are apart by control group, as live_know() told or, of a process that is younger
 * than the last tick, as the kernel tells; NULL: the session has one control group. */
struct story *story_new(const struct features *groups);
void story_free(struct story *s); /* takes NULL */

/* Each second, after live_tick(). */
void story_tick(struct story *s, const struct live *live);
/* Did the last tick come less than a second ago? */
bool story_is_fresh(const struct story *s, uint64_t now_ns);
/* For each sample, as in struct sample_log. */
void story_sample(struct story *s, const struct tare_sample *sample, uint32_t aggregate);
void story_folded(struct story *s, uint32_t aggregate, uint32_t into);

/* An OOM kill, from on_oom(): the report at the kill, with its incident; NULL: the victim is not
 * followed, and the session is of one control group. `frozen`: the session has load.freeze. If
 * several kills follow each other, what was held may be known of the first or the last alone. */
struct report *story_oom(struct story *s, struct session *session, const struct tare_oom *oom,
			 bool frozen);
/* Another incident: the report as of now. `cgroup`: what it is about, may be NULL. */
struct report *story_now(struct story *s, struct session *session, enum incident_what what,
			 const char *detail, const char *cgroup);

/* The history itself, for rules. */
struct history *story_history(const struct story *s);

#endif
