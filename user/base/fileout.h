/* SPDX-License-Identifier: GPL-2.0-only
 *
 * All files that tare makes. An output is opened before anything is started, and what is
 * written to it later goes through what was opened then: its directory, by descriptor, or
 * the pipe or device itself. It must not know what is written.
 *
 * tare is often root, in a directory where others write, while their program runs:
 *   A file is made beside its place under a name of its own (O_EXCL, O_NOFOLLOW), gets its
 *     owner and mode by its descriptor, and is renamed into place. It appears whole or not
 *     at all, and whatever has the name by then is replaced: no link of that name is
 *     followed after the start. place.h says which are before it.
 *   It is the caller's (owner.h), of mode 0600 & ~umask, for it holds arguments and
 *     paths. Nothing but what was made here changes its owner.
 *   A file that it replaces hands on its mode and owner, but only in a directory where
 *     nobody but root and the caller can write: elsewhere anybody may have put it there.
 *   A pipe or device that is there at the start is opened then and written into. In a
 *     directory where others write it has to be root's or the caller's.
 *   What a killed tare left in the directory is removed (leftover.h).
 */
#ifndef TARE_FILEOUT_H
#define TARE_FILEOUT_H

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/owner.h"

struct fileout;

/* Open an output: it makes no file. `caller` may be NULL. 0, or negative errno with the
 * reason said by log_error(): its directory is missing or not writable, it is a directory, a
 * link that is not followed … */
int fileout_open(struct fileout **out, const char *path, const struct owner *caller);
void fileout_close(struct fileout *out); /* takes NULL */

/* Make the file, whole. `number` 0: the file itself, else one beside it, as
 * fileout_numbered() names it. A pipe or device gets all of them, one after another.
 * 0, or negative errno, said by log_error(), and no trace left. */
int fileout_write(const struct fileout *out, unsigned number, const void *data, size_t len);

/* The same, but only if nothing has the name: else -EEXIST, not said. */
int fileout_create(const struct fileout *out, const void *data, size_t len);

/* As the user named it, for messages. */
const char *fileout_path(const struct fileout *out);
bool fileout_is_file(const struct fileout *out);
/* Two outputs that would be one file. */
bool fileout_same(const struct fileout *a, const struct fileout *b);

/* For who opens a file that is there: the directory (O_PATH), the name in it. Of a pipe or
 * device -1 and NULL. */
int fileout_dir(const struct fileout *out);
const char *fileout_name(const struct fileout *out);
/* Is a file that has this owner one of root's, of the caller's, or in a directory where
 * only they write? */
bool fileout_trusts(const struct fileout *out, uid_t uid);

/* Write all to a descriptor, one that does not block too. Whatever the other end does,
 * SIGTERM and the like end it, also while they are blocked. 0, or negative errno (-EPIPE
 * without a SIGPIPE, -ENOSPC, -EINTR: told to end …), not said: the caller knows the name. */
int fileout_stream(int fd, const void *data, size_t len);
/* The same; -ETIMEDOUT when nobody has read for so long. */
int fileout_stream_within(int fd, const void *data, size_t len, int stalls_ms);

/* "x.json", 2 -> "x.2.json"; "x", 2 -> "x.2"; a dot at the front of a file's
 * name or in a folder's does not count. Free with g_free(). */
char *fileout_numbered(const char *path, unsigned number);

#endif
