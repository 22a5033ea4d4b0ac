/* SPDX-License-Identifier: GPL-2.0-only
 *
 * show: prints what a command inherits: ids, groups, capabilities, descriptors, signals,
 * environment, working directory, terminal.
 */
#include "prog.h"

#include <dirent.h>
#include <sys/resource.h>

extern char **environ;

static void show_status(void)
{
	FILE *f = fopen("/proc/self/status", "re");
	char line[1024];

	while (f && fgets(line, sizeof(line), f))
		if (!strncmp(line, "Cap", 3) || !strncmp(line, "Sig", 3) ||
		    !strncmp(line, "Groups", 6) || !strncmp(line, "NoNewPrivs", 10) ||
		    !strncmp(line, "Uid", 3) || !strncmp(line, "Gid", 3) ||
		    !strncmp(line, "TracerPid", 9))
			put(line, strlen(line));
	if (f)
		fclose(f);
}

static void show_fds(void)
{
	DIR *d = opendir("/proc/self/fd");
	struct dirent *e;

	while (d && (e = readdir(d)))
		if (e->d_name[0] != '.' && atoi(e->d_name) != dirfd(d))
			say("fd %s", e->d_name);
	if (d)
		closedir(d);
}

int main(int argc, char **argv)
{
	char cwd[4096];

	show_fds(); /* first, before other code opens a descriptor */
	show_status();
	say("cwd %s", getcwd(cwd, sizeof(cwd)) ?: "?");
	say("ids pid=%d pgrp=%d sid=%d nice=%d", getpid(), getpgrp(), getsid(0),
	    getpriority(PRIO_PROCESS, 0));
	for (int i = 0; i < 3; i++)
		say("tty %d %s", i, isatty(i) ? "yes" : "no");
	for (int i = 0; i < argc; i++)
		say("arg %s", argv[i]);
	for (char **e = environ; *e; e++)
		say("env %s", *e);
	return 0;
}
