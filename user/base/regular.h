/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Opening a file whose name others choose. It must not know what is in it.
 */
#ifndef TARE_REGULAR_H
#define TARE_REGULAR_H

#include <sys/stat.h>

/* Open for reading what `path` leads to (links are followed), if it is a regular file; *st
 * is filled. Nothing else is opened, not even to look at it: some devices act on that. A
 * descriptor, or negative errno: -EMEDIUMTYPE when it is no regular file. */
int regular_open(const char *path, struct stat *st);

/* The same of what open() with O_PATH has found, which is closed. */
int regular_open_found(int pinned, struct stat *st);

#endif
