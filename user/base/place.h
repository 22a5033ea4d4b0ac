/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Where a file is to be: its directory, opened, and its name there. From then on nobody can
 * lead it elsewhere by renaming directories. Only for base/fileout, symbol/debugfile and what
 * tests them.
 *
 * tare is often root, and writes where others may write too. A symbolic link that they put
 * in the way would have root write to a place of their choice, so
 *   a link to the file itself is followed only where neither its directory nor its
 *     target's can be written by others than root and the caller;
 *   a link to a directory on the way, too, where others can write: only if the directory
 *     is sticky, root's or the caller's, and the link too, without a second name (nobody
 *     else can have put it there).
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

/* 0; -EISDIR: the path names a directory; -ELOOP: it leads through a link that is not
 * followed; or another negative errno. Not said. */
int place_find(struct place *p, const char *path, const struct owner *caller);
void place_clear(struct place *p);

/* Can others write in the directory? A group that may write counts as others, unless it is
 * root's. */
bool place_shared(int dir, const struct owner *caller);

#endif
