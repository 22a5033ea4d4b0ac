/* SPDX-License-Identifier: GPL-2.0-only
 *
 * What only /proc and the file system know of live rows: the owner, the control group and its
 * limit.
 */
#ifndef TARE_ABOUT_H
#define TARE_ABOUT_H

#include "capture/features.h"
#include "model/live.h"

/* Read owner and control group of the living processes that the model does not know yet, and again
 * of those that were read long ago; of so many at most that it takes few milliseconds. */
void about_processes(struct live *l);
/* The same without owners, whose file is the more expensive one. */
void about_groups(struct live *l);

/* The nearest limit (memory.max) of a control group or one above it, and what that group is charged
 * for now, in bytes. `group`: its path; free with g_free(). False: there is no limit, or it can't
 * be read. */
struct about_limit {
	int64_t limit, used;
	char *group;
};
bool about_limit(const struct features *f, pid_t pid, struct about_limit *limit);

#endif
