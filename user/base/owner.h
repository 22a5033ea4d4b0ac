/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The user who called tare, and the users whose files tare trusts: both are decided only here.
 * tare is often root for another user (sudo): the files that it makes belong to that user, and
 * the command runs as that user.
 */
#ifndef TARE_OWNER_H
#define TARE_OWNER_H

#include <stdbool.h>
#include <sys/types.h>

/* `set` false: the caller is tare's own user. */
struct owner {
	bool set;
	uid_t uid;
	gid_t gid;
};

/* The user who called sudo. Not set if tare is not root or was not started with sudo. Returns 0, or
 * -EINVAL, without a message: then *wrong is sudo's variable that is missing or not a number. */
int owner_by_sudo(struct owner *caller, const char **wrong);

/* Is it root, tare's own user, or the caller (may be NULL)? Nobody else can have made a file that
 * one of these owns. */
bool owner_trusts(const struct owner *caller, uid_t uid);

#endif
