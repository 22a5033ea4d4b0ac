/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Whole texts to files and descriptors. A regular file appears complete or not
 * at all. It must not know what it writes.
 */
#ifndef TARE_FILEOUT_H
#define TARE_FILEOUT_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* Whose a new file shall be when tare runs as root for somebody (sudo). */
struct fileout_owner {
	bool set;
	uid_t uid;
	gid_t gid;
};

/* Can `path` be written? Creates and opens nothing. 0, or negative errno with
 * the reason said by error(): its folder is missing or not writable, it is a
 * directory … */
int fileout_check(const char *path);

/* Write `len` bytes to `path` through a temporary file in its folder, renamed
 * at the end; mode 0666 & ~umask, `owner` (may be NULL) when tare is root. A
 * file that exists keeps its mode and owner. What is not a regular file (a
 * device, a fifo, /dev/stdout, /dev/fd/N) is written straight into.
 * 0, or negative errno, said by error(), and no trace left in the folder. */
int fileout_write(const char *path, const void *data, size_t len,
		  const struct fileout_owner *owner);

/* Write all to a descriptor, one that does not block too. 0, or negative errno
 * (-EPIPE without a SIGPIPE, -ENOSPC …), not said: the caller knows the name. */
int fileout_stream(int fd, const void *data, size_t len);

/* "x.json", 2 -> "x.2.json"; "x", 2 -> "x.2"; a dot at the front of a file's
 * name or in a folder's does not count. Free with g_free(). */
char *fileout_numbered(const char *path, unsigned number);

#endif
