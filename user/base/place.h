/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The place of a file: its directory, opened, and its name there. From then on, nobody can
 * redirect it by renaming directories. Only for base/fileout, symbol/debugfile and their tests.
 *
 * tare is often root, and writes where other users may write too. With a symbolic link on the
 * path, such a user could make root write to a file of their choice. So:
 *   A link to the file itself is followed only if nobody but root and the caller can write in
 *     its directory and in its target's directory.
 *   A link to a directory, in a directory where others can write, is followed only if nobody
 *     else can have made it: that directory is sticky and belongs to root or the caller, and
 *     the link belongs to one of these and has no second name (hard link).
 * Nothing depends on fs.protected_symlinks.
 */
#ifndef TARE_PLACE_H
#define TARE_PLACE_H

#include <stdbool.h>

#include "base/owner.h"

struct place {
	int dir;    /* O_PATH */
	char *name; /* of one component, neither "." nor ".." */
};

/* Returns 0; -EISDIR: the path names a directory; -ELOOP: it has a link that is not followed; or
 * another negative errno. Without a message. */
int place_find(struct place *p, const char *path, const struct owner *caller);
void place_clear(struct place *p);

/* Can other users write in the directory? A group with write permission counts as other users,
 * unless it is root's group. */
bool place_shared(int dir, const struct owner *caller);

#endif
