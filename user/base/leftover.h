/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Temporary files, in the directory of the file that they become. Their name has the pid and start
 * of the tare that makes them, which also holds a lock on them. So the next tare can remove what
 * a killed one left. Only for base/fileout and its tests.
 */
#ifndef TARE_LEFTOVER_H
#define TARE_LEFTOVER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/owner.h"

/* Make a file of mode 0600 & ~umask in this directory, and lock it. *name: its name, free with
 * g_free(). Returns a descriptor, or negative errno. */
int leftover_create(int dir, char **name);

/* Remove temporary files in this directory whose maker has ended: regular files that belong to
 * root, tare's own user or the caller. No link is followed. Returns how many. */
unsigned leftover_sweep(int dir, const struct owner *caller);

/* Is this the name of such a file? Fills the maker's pid and start. */
bool leftover_name_parse(const char *name, pid_t *pid, uint64_t *start);

#endif
