/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Who called tare, and whose files it believes: the only place that decides either.
 * tare is often root for somebody (sudo): what it makes is theirs, and what it runs runs
 * as them.
 */
#ifndef TARE_OWNER_H
#define TARE_OWNER_H

#include <stdbool.h>
#include <sys/types.h>

/* `set` false: nobody but tare's own user. */
struct owner {
	bool set;
	uid_t uid;
	gid_t gid;
};

/* The user who called sudo. Not set where tare is not root, or nobody did. 0, or -EINVAL
 * with the variable of sudo's that is missing or no number to *wrong; not said. */
int owner_by_sudo(struct owner *caller, const char **wrong);

/* Root, tare's own user, or the caller (may be NULL): a file of theirs was put where it is
 * by nobody else. */
bool owner_trusts(const struct owner *caller, uid_t uid);

#endif
