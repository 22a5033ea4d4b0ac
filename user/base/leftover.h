/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Temporary files beside the one that they become. Their name says who makes them, and
 * their maker holds a lock on them, so that the next tare takes away what a killed one
 * left. Only for base/fileout and what tests it.
 */
#ifndef TARE_LEFTOVER_H
#define TARE_LEFTOVER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/owner.h"

/* A new file of mode 0600 & ~umask in this directory, locked; its name to *name (free
 * with g_free()). A descriptor, or negative errno. */
int leftover_create(int dir, char **name);

/* Remove those in this directory whose maker is gone: regular files of root's, of tare's
 * own user's or the caller's. No link is followed. Returns how many. */
unsigned leftover_sweep(int dir, const struct owner *caller);

/* Is this name one of theirs, and of whom? */
bool leftover_name_parse(const char *name, pid_t *pid, uint64_t *start);

#endif
