/* SPDX-License-Identifier: GPL-2.0-only */
#include "base/process.h"

#include <errno.h>
#include <glib.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

/* The name (field 2) may hold anything, so what counts comes after its last ')'. */
uint64_t process_stat_start(const char *stat)
{
	const char *after = strrchr(stat, ')');
	uint64_t start;
	char state;

	if (!after || sscanf(after + 1,
			     " %c %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s"
			     " %*s %*s %" SCNu64,
			     &state, &start) != 2)
		return 0;
	return state == 'Z' || state == 'X' ? 0 : start;
}

uint64_t process_own_start(void)
{
	g_autofree char *stat = NULL;

	if (!g_file_get_contents("/proc/self/stat", &stat, NULL, NULL))
		return 0;
	return process_stat_start(stat);
}

bool process_running(pid_t pid, uint64_t start)
{
	g_autofree char *file = g_strdup_printf("/proc/%d/stat", pid), *stat = NULL;

	if (!g_file_get_contents(file, &stat, NULL, NULL))
		return !kill(pid, 0) || errno != ESRCH;
	return process_stat_start(stat) == start;
}
