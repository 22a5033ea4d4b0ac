/* SPDX-License-Identifier: GPL-2.0-only */
#include "base/fileout.h"

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/err.h"

#define TEMPORARY_TRIES 100

static int cannot_write(const char *path, int err)
{
	error("cannot write %s: %s", path, strerror(-err));
	return err;
}

/* The descriptor that /dev/stdout, /dev/stderr or /dev/fd/N names, else -1.
 * Opening such a name would start a redirected file at its beginning again,
 * and fails for sockets. */
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

static int folder_check(const char *path)
{
	g_autofree char *folder = g_path_get_dirname(path);
	struct stat st;

	if (stat(folder, &st))
		return -errno;
	if (!S_ISDIR(st.st_mode))
		return -ENOTDIR;
	return faccessat(AT_FDCWD, folder, W_OK | X_OK, AT_EACCESS) ? -errno : 0;
}

static int check(const char *path)
{
	size_t len = strlen(path);
	int fd = named_descriptor(path), flags;
	struct stat st;

	if (fd >= 0) {
		flags = fcntl(fd, F_GETFL);
		if (flags < 0)
			return -errno;
		return (flags & O_ACCMODE) == O_RDONLY ? -EBADF : 0;
	}
	if (!len)
		return -ENOENT;
	if (stat(path, &st)) {
		if (errno != ENOENT)
			return -errno;
		return path[len - 1] == '/' ? -EISDIR : folder_check(path);
	}
	if (S_ISDIR(st.st_mode))
		return -EISDIR;
	if (faccessat(AT_FDCWD, path, W_OK, AT_EACCESS))
		return -errno;
	return S_ISREG(st.st_mode) ? folder_check(path) : 0;
}

int fileout_check(const char *path)
{
	int err = check(path);

	return err ? cannot_write(path, err) : 0;
}

static int write_all(int fd, const char *data, size_t len)
{
	while (len) {
		ssize_t n = write(fd, data, len);

		if (n < 0 && errno == EAGAIN) {
			struct pollfd pfd = { .fd = fd, .events = POLLOUT };

			if (poll(&pfd, 1, -1) < 0 && errno != EINTR)
				return -errno;
		} else if (n < 0 && errno != EINTR) {
			return -errno;
		} else if (n > 0) {
			data += n;
			len -= (size_t)n;
		}
	}
	return 0;
}

int fileout_stream(int fd, const void *data, size_t len)
{
	const struct timespec now = { 0 };
	sigset_t pipe_only, before, pending;
	bool was_pending;
	int err;

	sigemptyset(&pipe_only);
	sigaddset(&pipe_only, SIGPIPE);
	sigpending(&pending);
	was_pending = sigismember(&pending, SIGPIPE);
	pthread_sigmask(SIG_BLOCK, &pipe_only, &before);
	err = write_all(fd, data, len);
	/* Take our own SIGPIPE away before it can be delivered. */
	if (err == -EPIPE && !was_pending)
		while (sigtimedwait(&pipe_only, NULL, &now) < 0 && errno == EINTR)
			;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return err;
}

static int write_straight(const char *path, const void *data, size_t len)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY), err;

	if (fd < 0)
		return -errno;
	err = fileout_stream(fd, data, len);
	if (close(fd) && !err)
		err = -errno;
	return err;
}

/* A new file in the folder of `path`; its name to *name. Negative errno. */
static int open_temporary(const char *path, char **name)
{
	g_autofree char *folder = g_path_get_dirname(path);

	for (int i = 0; i < TEMPORARY_TRIES; i++) {
		g_autofree char *try = g_strdup_printf("%s/.tare-%08x.tmp", folder, g_random_int());
		int fd = open(try, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);

		if (fd >= 0) {
			*name = g_steal_pointer(&try);
			return fd;
		}
		if (errno != EEXIST)
			return -errno;
	}
	return -EEXIST;
}

/* As the file was before (`old`), or the owner's who has asked for it. Only
 * root can and must: for anybody else the file is already theirs. Root without
 * CAP_CHOWN (a container) leaves it as it is: better a report than none. */
static int set_owner(int fd, const struct stat *old, const struct fileout_owner *owner)
{
	uid_t uid = old ? old->st_uid : owner->uid;
	gid_t gid = old ? old->st_gid : owner->gid;

	if (!geteuid() && (old || owner->set) && fchown(fd, uid, gid) && errno != EPERM)
		return -errno;
	return old && fchmod(fd, old->st_mode & 0777) && errno != EPERM ? -errno : 0;
}

static int write_renamed(const char *path, const void *data, size_t len, const struct stat *old,
			 const struct fileout_owner *owner)
{
	g_autofree char *temporary = NULL;
	static const struct fileout_owner nobody;
	int fd = open_temporary(path, &temporary), err;

	if (fd < 0)
		return fd;
	err = set_owner(fd, old, owner ? owner : &nobody);
	if (!err)
		err = fileout_stream(fd, data, len);
	if (close(fd) && !err)
		err = -errno;
	if (!err && rename(temporary, path))
		err = -errno;
	if (err)
		unlink(temporary);
	return err;
}

int fileout_write(const char *path, const void *data, size_t len, const struct fileout_owner *owner)
{
	/* A rename would put the file in a symbolic link's place. */
	g_autofree char *real = NULL;
	char *resolved;
	struct stat st;
	bool exists;
	int fd = named_descriptor(path), err;

	exists = !stat(path, &st);
	if (fd >= 0) {
		err = fileout_stream(fd, data, len);
	} else if (exists && S_ISDIR(st.st_mode)) {
		err = -EISDIR;
	} else if (exists && !S_ISREG(st.st_mode)) {
		err = write_straight(path, data, len);
	} else {
		resolved = realpath(path, NULL);
		real = g_strdup(resolved ? resolved : path);
		free(resolved);
		err = write_renamed(real, data, len, exists ? &st : NULL, owner);
	}
	return err ? cannot_write(path, err) : 0;
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
