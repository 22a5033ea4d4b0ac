/* SPDX-License-Identifier: GPL-2.0-only */
#include "base/regular.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

int regular_open_found(int pinned, struct stat *st)
{
	char name[32];
	int fd;

	if (fstat(pinned, st)) {
		fd = -errno;
	} else if (!S_ISREG(st->st_mode)) {
		fd = -EMEDIUMTYPE;
	} else {
		snprintf(name, sizeof(name), "/proc/self/fd/%d", pinned);
		fd = open(name, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
		fd = fd < 0 ? -errno : fd;
	}
	close(pinned);
	return fd;
}

int regular_open(const char *path, struct stat *st)
{
	int pinned = open(path, O_PATH | O_CLOEXEC);

	return pinned < 0 ? -errno : regular_open_found(pinned, st);
}
