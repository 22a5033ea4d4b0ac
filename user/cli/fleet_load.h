/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Sets of recordings: files and directories, read one after the other into a fleet.
 */
#ifndef TARE_FLEET_LOAD_H
#define TARE_FLEET_LOAD_H

#include "cli/folding.h"
#include "model/fleet.h"

/* Is it a directory? */
bool fleet_is_directory(const char *path);

/* Add all recordings of `path`: the file itself, or the files *.tare of a directory and of the
 * directories in it, by name. A file that cannot be read is named in a message, counted in
 * *skipped and left out. Returns 0, or negative errno, logged: the directory cannot be read, or it
 * has no such file. */
int fleet_load(struct fleet *f, const char *path, const struct folding *folding, unsigned *skipped);

#endif
