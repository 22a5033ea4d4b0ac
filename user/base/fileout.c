/* SPDX-License-Identifier: GPL-2.0-only */
#include "base/fileout.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "base/leftover.h"
#include "base/place.h"

#define SNAPSHOT_STALLS_MS 5000 /* the command runs on meanwhile, and tare does not watch it */

struct fileout {
	char *path;
	struct owner caller;
	struct place place; /* of a file */
	int stream;         /* a descriptor to write into; -1: a file */
	int pipe;           /* O_PATH of a pipe that nobody read at the start; -1: none */
};

static int cannot_write(const char *path, int err)
{
	switch (-err) {
	case ELOOP:
		log_error("cannot write %s: it leads through a symbolic link, or to a pipe or "
			  "device, that others may have put there",
			  path);
		log_hint("name the target itself, or a directory where only you can write");
		break;
	case EINTR:
		log_error("cannot write %s: nobody reads it, and tare got a signal to end", path);
		break;
	case ENXIO:
	case ETIMEDOUT:
		log_error("cannot write %s: nobody reads it", path);
		break;
	case EMEDIUMTYPE:
		log_error("cannot write %s: it is neither a file, a pipe nor a character device",
			  path);
		break;
	default:
		log_error("cannot write %s: %s", path, strerror(-err));
	}
	return err;
}

/* The descriptor that /dev/stdout, /dev/stderr or /dev/fd/N names, else -1. Opening such a name
 * would write at the beginning of a redirected file, and fails for sockets. */
static int named_descriptor(const char *path)
{
	const char *number = NULL;
	char *end;
	long fd;

	if (!strcmp(path, "/dev/stdout"))
		return STDOUT_FILENO;
	if (!strcmp(path, "/dev/stderr"))
		return STDERR_FILENO;
	if (g_str_has_prefix(path, "/dev/fd/"))
		number = path + strlen("/dev/fd/");
	else if (g_str_has_prefix(path, "/proc/self/fd/"))
		number = path + strlen("/proc/self/fd/");
	if (!number || !g_ascii_isdigit(*number))
		return -1;
	fd = strtol(number, &end, 10);
	return *end || fd > G_MAXINT ? -1 : (int)fd;
}

static int take_descriptor(struct fileout *out, int fd)
{
	int flags = fcntl(fd, F_GETFL);

	if (flags < 0)
		return -errno;
	if ((flags & O_ACCMODE) == O_RDONLY)
		return -EBADF;
	out->stream = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	return out->stream < 0 ? -errno : 0;
}

/* Open the file of an O_PATH descriptor: unlike the name, the descriptor can't be redirected after
 * the checks. */
static int open_pinned(int pinned)
{
	g_autofree char *name = g_strdup_printf("/proc/self/fd/%d", pinned);
	int fd = open(name, O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

/* The output is a pipe or a device. A pipe may get its reader later. */
static int take_special(struct fileout *out)
{
	int pinned = openat(out->place.dir, out->place.name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	struct stat st;
	int err = 0;

	if (pinned < 0)
		return -errno;
	if (fstat(pinned, &st))
		err = -errno;
	else if (!S_ISFIFO(st.st_mode) && !S_ISCHR(st.st_mode))
		err = -EMEDIUMTYPE;
	else if (!fileout_trusts(out, st.st_uid))
		err = -ELOOP;
	if (!err)
		out->stream = open_pinned(pinned);
	if (!err && out->stream < 0)
		err = out->stream;
	if (err == -ENXIO && S_ISFIFO(st.st_mode)) {
		out->pipe = pinned;
		return 0;
	}
	close(pinned);
	return err;
}

static int check_file(const struct fileout *out, bool exists)
{
	const struct place *p = &out->place;

	if (exists && faccessat(p->dir, p->name, W_OK, AT_EACCESS | AT_SYMLINK_NOFOLLOW))
		return -errno;
	return faccessat(p->dir, ".", W_OK | X_OK, AT_EACCESS) ? -errno : 0;
}

static int take_place(struct fileout *out)
{
	int err = place_find(&out->place, out->path, &out->caller);
	struct stat st;

	if (err)
		return err;
	if (fstatat(out->place.dir, out->place.name, &st, AT_SYMLINK_NOFOLLOW))
		return errno == ENOENT ? check_file(out, false) : -errno;
	if (S_ISDIR(st.st_mode))
		return -EISDIR;
	if (S_ISREG(st.st_mode))
		return check_file(out, true);
	err = take_special(out);
	place_clear(&out->place);
	return err;
}

int fileout_open(struct fileout **result, const char *path, const struct owner *caller)
{
	struct fileout *out = g_new0(struct fileout, 1);
	int fd = named_descriptor(path), err;

	out->path = g_strdup(path);
	out->place.dir = out->stream = out->pipe = -1;
	if (caller)
		out->caller = *caller;
	err = fd >= 0 ? take_descriptor(out, fd) : take_place(out);
	if (err) {
		fileout_close(out);
		return cannot_write(path, err);
	}
	if (fileout_is_file(out))
		leftover_sweep(out->place.dir, &out->caller);
	*result = out;
	return 0;
}

void fileout_close(struct fileout *out)
{
	if (!out)
		return;
	place_clear(&out->place);
	if (out->stream >= 0)
		close(out->stream);
	if (out->pipe >= 0)
		close(out->pipe);
	g_free(out->path);
	g_free(out);
}

const char *fileout_path(const struct fileout *out)
{
	return out->path;
}

bool fileout_is_file(const struct fileout *out)
{
	return out->place.name;
}

int fileout_dir(const struct fileout *out)
{
	return out->place.dir;
}

const char *fileout_name(const struct fileout *out)
{
	return out->place.name;
}

bool fileout_trusts(const struct fileout *out, uid_t uid)
{
	return owner_trusts(&out->caller, uid) || !place_shared(out->place.dir, &out->caller);
}

bool fileout_same(const struct fileout *a, const struct fileout *b)
{
	struct stat x, y;

	return fileout_is_file(a) && fileout_is_file(b) && !strcmp(a->place.name, b->place.name) &&
	       !fstat(a->place.dir, &x) && !fstat(b->place.dir, &y) && x.st_dev == y.st_dev &&
	       x.st_ino == y.st_ino;
}

/* Set the owner: that of the replaced file (`old`), or the caller. Only root can and must do so:
 * other users own the file already. Root without CAP_CHOWN (in a container) keeps the
 * file, so that there is a report at all. */
static int set_owner(int fd, const struct stat *old, const struct owner *caller)
{
	uid_t uid = old ? old->st_uid : caller->uid;
	gid_t gid = old ? old->st_gid : caller->gid;

	if (!geteuid() && (old || caller->set) && fchown(fd, uid, gid) && errno != EPERM)
		return -errno;
	return old && fchmod(fd, old->st_mode & 0777) && errno != EPERM ? -errno : 0;
}

/* Is there a file with this name whose mode and owner are to be kept? Fills *st. */
static bool look_at_old(const struct fileout *out, const char *name, struct stat *st)
{
	return !place_shared(out->place.dir, &out->caller) &&
	       !fstatat(out->place.dir, name, st, AT_SYMLINK_NOFOLLOW) && S_ISREG(st->st_mode);
}

/* Rename if the new name is free. Not every file system has both ways to do so. */
static int rename_new(int dir, const char *from, const char *to)
{
	int err;

	if (!renameat2(dir, from, dir, to, RENAME_NOREPLACE))
		return 0;
	err = -errno;
	if (err == -EINVAL && !linkat(dir, from, dir, to, 0)) {
		unlinkat(dir, from, 0);
		return 0;
	}
	return err == -EINVAL ? -errno : err;
}

/* Get errors that a file system otherwise reports only at close() (NFS: a full disk). */
static int flush_fd(int fd)
{
	int again = fcntl(fd, F_DUPFD_CLOEXEC, 0);

	return again < 0 || close(again) ? -errno : 0;
}

static int make_file(const struct fileout *out, const char *name, bool replace, const void *data,
		     size_t len)
{
	g_autofree char *temporary = NULL;
	int dir = out->place.dir, fd, err;
	struct stat old;
	bool keep = replace && look_at_old(out, name, &old);

	fd = leftover_create(dir, &temporary);
	if (fd < 0)
		return fd;
	err = set_owner(fd, keep ? &old : NULL, &out->caller);
	if (!err)
		err = fileout_stream(fd, data, len) ?: flush_fd(fd);
	if (!err && !replace)
		err = rename_new(dir, temporary, name);
	else if (!err && renameat(dir, temporary, dir, name))
		err = -errno;
	close(fd); /* last: its lock marks the temporary file as in use */
	if (err)
		unlinkat(dir, temporary, 0);
	return err;
}

static int write_into(const struct fileout *out, bool snapshot, const void *data, size_t len)
{
	int fd = out->stream >= 0 ? out->stream : open_pinned(out->pipe), err;

	if (fd < 0)
		return fd;
	err = fileout_stream_within(fd, data, len, snapshot ? SNAPSHOT_STALLS_MS : -1);
	if (fd != out->stream && close(fd) && !err)
		err = -errno;
	return err;
}

int fileout_write(const struct fileout *out, unsigned number, const void *data, size_t len)
{
	g_autofree char *path = number && fileout_is_file(out) ?
					fileout_numbered(out->path, number) :
					g_strdup(out->path);
	g_autofree char *name = NULL;
	int err;

	if (!fileout_is_file(out)) {
		err = write_into(out, number, data, len);
	} else {
		name = number ? fileout_numbered(out->place.name, number) :
				g_strdup(out->place.name);
		err = make_file(out, name, true, data, len);
	}
	return err ? cannot_write(path, err) : 0;
}

int fileout_create(const struct fileout *out, const void *data, size_t len)
{
	int err = make_file(out, out->place.name, false, data, len);

	return err && err != -EEXIST ? cannot_write(out->path, err) : err;
}

char *fileout_numbered(const char *path, unsigned number)
{
	const char *slash = strrchr(path, '/');
	const char *file = slash ? slash + 1 : path;
	const char *dot = strrchr(file, '.');

	if (!dot || dot == file)
		return g_strdup_printf("%s.%u", path, number);
	return g_strdup_printf("%.*s.%u%s", (int)(dot - path), path, number, dot);
}
