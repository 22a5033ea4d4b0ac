/* SPDX-License-Identifier: GPL-2.0-only */
#include "agent/logfile.h"

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <stdbool.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "base/place.h"

#define FILE_MODE 0600

/* Only a regular file of root or tare's own user, with one name: nobody can make root append to
 * another file. */
static bool is_ours(int fd)
{
	struct stat st;

	return !fstat(fd, &st) && S_ISREG(st.st_mode) && st.st_nlink == 1 &&
	       owner_trusts(NULL, st.st_uid);
}

static int open_at(const struct place *p)
{
	int fd = openat(p->dir, p->name,
			O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY |
				O_CLOEXEC,
			FILE_MODE);

	if (fd < 0)
		return -errno;
	if (is_ours(fd))
		return fd;
	close(fd);
	return -EPERM;
}

int logfile_open(const char *path)
{
	struct place place;
	int fd = place_find(&place, path, NULL);

	if (!fd) {
		fd = open_at(&place);
		place_clear(&place);
	}
	if (fd < 0) {
		log_error("log file %s: %s", path,
			  fd == -EPERM ? "not a regular file of tare's user" : g_strerror(-fd));
		return fd;
	}
	dup2(fd, STDERR_FILENO);
	close(fd);
	return 0;
}
