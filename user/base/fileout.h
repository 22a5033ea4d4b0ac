/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Outputs: all files that tare makes. An output is opened before the command starts. Later writes
 * use what was opened then: the descriptor of its directory, or of the pipe or device
 * itself. It must not know what is written.
 *
 * tare is often root, in a directory where other users write, while their program runs:
 *   A file is made under a temporary name in its directory (O_EXCL, O_NOFOLLOW), gets its
 *     owner and mode by its descriptor, and is renamed to its name. It appears whole or not
 *     at all. A file or link that has the name by then is replaced: no link of that name is
 *     followed after the start. place.h says which links are followed before.
 *   The file belongs to the caller (owner.h) and has mode 0600 & ~umask, because it holds
 *     arguments and paths. tare changes the owner only of files that it made itself.
 *   The mode and owner of a replaced file are kept, but only in a directory where nobody
 *     but root and the caller can write: elsewhere anybody may have made that file.
 *   A pipe or device that exists at the start is opened then and written to. In a directory
 *     where others write it must belong to root or the caller.
 *   Temporary files that a killed tare left in the directory are removed (leftover.h).
 */
#ifndef TARE_FILEOUT_H
#define TARE_FILEOUT_H

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/owner.h"

struct fileout;

/* Open an output; this makes no file. `caller` may be NULL. Returns 0, or negative errno after a
 * log_error() with the reason: its directory is missing or not writable, it is a directory, it is
 * a link that is not followed … */
int fileout_open(struct fileout **out, const char *path, const struct owner *caller);
void fileout_close(struct fileout *out); /* takes NULL */

/* Write the whole file. `number` 0: the file itself; else another file in the same directory, named
 * by fileout_numbered(). A pipe or device gets all of them, one after another. Returns 0, or
 * negative errno after a log_error(); then no file is left behind. */
int fileout_write(const struct fileout *out, unsigned number, const void *data, size_t len);

/* The same, but only if no file has the name: else -EEXIST, without a message. */
int fileout_create(const struct fileout *out, const void *data, size_t len);

/* The path as the user gave it, for messages. */
const char *fileout_path(const struct fileout *out);
bool fileout_is_file(const struct fileout *out);
/* Are both outputs the same file? */
bool fileout_same(const struct fileout *a, const struct fileout *b);

/* For callers that open the existing file themselves: its directory (O_PATH) and its name there.
 * For a pipe or device -1 and NULL. */
int fileout_dir(const struct fileout *out);
const char *fileout_name(const struct fileout *out);
/* May a file with this owner be trusted: it belongs to root or the caller, or is in a directory
 * where only these can write? */
bool fileout_trusts(const struct fileout *out, uid_t uid);

/* Write all data to a descriptor, blocking or not. SIGTERM, SIGINT, SIGHUP and SIGQUIT end the wait
 * for a reader, even if tare has blocked them. Returns 0, or negative errno (-EPIPE without a
 * SIGPIPE, -ENOSPC, -EINTR: a signal …), without a message: the caller knows the name. */
int fileout_stream(int fd, const void *data, size_t len);
/* The same; -ETIMEDOUT when nobody has read for `stalls_ms`. */
int fileout_stream_within(int fd, const void *data, size_t len, int stalls_ms);

/* "x.json", 2 -> "x.2.json"; "x", 2 -> "x.2". A dot at the start of the file's name, or in the name
 * of a directory, does not count. Free with g_free(). */
char *fileout_numbered(const char *path, unsigned number);

#endif
