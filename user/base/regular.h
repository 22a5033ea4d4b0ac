/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Opening a file whose name another user chose. It must not know what is in the file.
 */
#ifndef TARE_REGULAR_H
#define TARE_REGULAR_H

#include <sys/stat.h>

/* Open `path` for reading if it is a regular file; links are followed; *st is filled. A device is
 * not opened, not even briefly: some devices act on open(). Returns a descriptor, or negative
 * errno: -EMEDIUMTYPE if it is not a regular file. */
int regular_open(const char *path, struct stat *st);

/* The same for a file that was opened with O_PATH; `pinned` is closed. */
int regular_open_found(int pinned, struct stat *st);

#endif
