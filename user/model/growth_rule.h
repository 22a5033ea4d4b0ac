/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Growth rules of the black box, as text and against the history. Pure.
 *
 *     WHAT [NAME] grows > SIZE in TIME
 *
 * WHAT: machine (all processes), pod, group (a control group), or process (all processes of a name
 * in a group). NAME: a pattern with * and ?, of a process its name, else a part of the group's
 * path ("web*"). SIZE as 500MiB; TIME from 1s to 120s.
 */
#ifndef TARE_GROWTH_RULE_H
#define TARE_GROWTH_RULE_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "model/history.h"
#include "model/live.h"

enum growth_what { GROWTH_MACHINE, GROWTH_POD, GROWTH_GROUP, GROWTH_PROCESS };

struct growth_rule {
	enum growth_what what;
	char *name; /* NULL: any */
	int64_t bytes;
	uint64_t ns;
	char *text; /* as given */
};

/* NULL, or what is wrong: "SIZE, as 500MiB, instead of 'x'". Free with g_free(). */
char *growth_rule_parse(struct growth_rule *r, const char *text);
void growth_rule_clear(struct growth_rule *r);

/* The control group of the pod that a path is in: up to "pod<uid>"; NULL: none. Free with
 * g_free(). */
char *growth_pod(const char *cgroup);

/* The names under which the history keeps sums. */
#define GROWTH_ALL "" /* as process: all processes of a group; as group: of the machine */

/* Add the sums that rules need to the tick that is being added: after history_begin(). */
void growth_add(struct history *h, const GArray *processes);

/* The first name for which a rule holds now; `processes`: struct live_row. *cgroup and *name are
 * the processes' own. False: it holds for none. */
struct growth_found {
	char *cgroup, *name; /* owned; NULL: none */
	int64_t grown;
};
bool growth_rule_holds(const struct growth_rule *r, const struct history *h,
		       const GArray *processes, uint64_t now_ns, struct growth_found *found);

#endif
