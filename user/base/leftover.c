/* SPDX-License-Identifier: GPL-2.0-only */
#include "base/leftover.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/place.h"
#include "base/process.h"

#define TRIES 100

static char *name_of(pid_t pid, uint64_t start, uint32_t random)
{
	return g_strdup_printf(".tare-%d-%" PRIu64 "-%08" PRIx32 ".tmp", pid, start, random);
}

bool leftover_name_parse(const char *name, pid_t *pid, uint64_t *start)
{
	g_autofree char *again = NULL;
	uint32_t random;

	if (sscanf(name, ".tare-%d-%" SCNu64 "-%8" SCNx32 ".tmp", pid, start, &random) != 3 ||
	    *pid <= 0)
		return false;
	again = name_of(*pid, *start, random);
	return !strcmp(again, name);
}

int leftover_create(int dir, char **name)
{
	uint64_t start = process_own_start();

	for (int i = 0; i < TRIES; i++) {
		g_autofree char *try = name_of(getpid(), start, g_random_int());
		int fd = openat(dir, try, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
				0600);

		if (fd >= 0) {
			/* Besides the pid check: the maker may be in another pid namespace. */
			flock(fd, LOCK_EX | LOCK_NB);
			*name = g_steal_pointer(&try);
			return fd;
		}
		if (errno != EEXIST)
			return -errno;
	}
	return -EEXIST;
}

static bool is_abandoned(int dir, const char *name, const struct owner *caller)
{
	int fd = openat(dir, name,
			O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_NOATIME | O_CLOEXEC);
	struct stat st;
	bool gone;

	if (fd < 0)
		return false;
	gone = !fstat(fd, &st) && S_ISREG(st.st_mode) && owner_trusts(caller, st.st_uid) &&
	       !flock(fd, LOCK_EX | LOCK_NB);
	close(fd);
	return gone;
}

unsigned leftover_sweep(int dir, const struct owner *caller)
{
	int fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *list = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;
	unsigned swept = 0;

	if (!list && fd >= 0)
		close(fd);
	while (list && (entry = readdir(list))) {
		uint64_t start;
		pid_t pid;

		if (leftover_name_parse(entry->d_name, &pid, &start) &&
		    !process_running(pid, start) && is_abandoned(dir, entry->d_name, caller) &&
		    !unlinkat(dir, entry->d_name, 0))
			swept++;
	}
	if (list)
		closedir(list);
	return swept;
}
