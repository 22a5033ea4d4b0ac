/* SPDX-License-Identifier: GPL-2.0-only
 *
 * spawn_many [N [P]]: N processes by vfork and exec, P at a time, each running this program
 * again; every tenth exits with status 3.
 */
#include "prog.h"

#include <spawn.h>

extern char **environ;
static char self[4096];

static void spawn(size_t i)
{
	char status[8], *argv[] = { "spawn_many", "end", status, NULL };
	pid_t pid;

	snprintf(status, sizeof(status), "%d", i % 10 ? 0 : 3);
	errno = posix_spawn(&pid, self, NULL, NULL, argv, environ);
	if (errno)
		die("posix_spawn");
}

int main(int argc, char **argv)
{
	size_t n = number(argc, argv, 1, 100), at_once = number(argc, argv, 2, 1), live = 0;

	if (argc == 3 && !strcmp(argv[1], "end"))
		return atoi(argv[2]);
	if (readlink("/proc/self/exe", self, sizeof(self) - 1) < 0)
		die("readlink");
	for (size_t i = 0; i < n; i++) {
		spawn(i);
		if (++live == at_once) {
			wait(NULL);
			live--;
		}
	}
	while (live--)
		wait(NULL);
	say("count processes=%zu", n + 1);
	checkpoint("spawned");
	return 0;
}
