/* SPDX-License-Identifier: GPL-2.0-only */
#include "base/process.h"

#include <errno.h>
#include <glib.h>
#include <signal.h>
#include <unistd.h>

#include "base/proc.h"

/* The start time; 0: the process has ended (a zombie), or the text has another form. */
static uint64_t start_of(const char *text)
{
	struct proc_stat stat;

	if (!proc_stat_parse(text, &stat) || stat.state == 'Z' || stat.state == 'X')
		return 0;
	return stat.start;
}

uint64_t process_own_start(void)
{
	g_autofree char *stat = NULL;

	if (!g_file_get_contents("/proc/self/stat", &stat, NULL, NULL))
		return 0;
	return start_of(stat);
}

bool process_started_by(pid_t pid, uint64_t boottime_ns)
{
	g_autofree char *file = g_strdup_printf("/proc/%d/stat", pid), *stat = NULL;
	uint64_t start = g_file_get_contents(file, &stat, NULL, NULL) ? start_of(stat) : 0;

	/* The kernel rounds down to clock ticks. */
	return start && start <= boottime_ns / (1000000000 / (uint64_t)sysconf(_SC_CLK_TCK));
}

bool process_running(pid_t pid, uint64_t start)
{
	g_autofree char *file = g_strdup_printf("/proc/%d/stat", pid), *stat = NULL;

	if (!g_file_get_contents(file, &stat, NULL, NULL))
		return !kill(pid, 0) || errno != ESRCH;
	return start_of(stat) == start;
}
