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

/* `groups`: names are apart by control group, as live_know() told. */
struct story *story_new(bool groups);
void story_free(struct story *s); /* takes NULL */

/* Each second, after live_tick(). */
void story_tick(struct story *s, const struct live *live);
/* Did the last tick come less than a second ago? */
bool story_is_fresh(const struct story *s, uint64_t now_ns);
/* For each sample, as in struct sample_log. */
void story_sample(struct story *s, const struct tare_sample *sample, uint32_t aggregate);
void story_folded(struct story *s, uint32_t aggregate, uint32_t into);

/* Is what was held at this kill still known? Not so if the kernel kills several in a row, or if
 * tare comes to it after seconds. For a session with load.freeze. */
bool story_is_frozen(const struct session *session, const struct tare_oom *oom);

/* An OOM kill, from on_oom(): the report at the kill, with its incident; NULL: it does not concern
 * the workload. `frozen`: the session has load.freeze. */
struct report *story_oom(struct story *s, struct session *session, const struct tare_oom *oom,
			 bool frozen);
/* Another incident: the report as of now. `cgroup`: what it is about, may be NULL. */
struct report *story_now(struct story *s, struct session *session, enum incident_what what,
			 const char *detail, const char *cgroup);

/* The history itself, for rules. */
struct history *story_history(const struct story *s);

#endif
