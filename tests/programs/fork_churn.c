/* SPDX-License-Identifier: GPL-2.0-only
 *
 * fork_churn [N [P]]: N processes forked and ended, P at a time; each touches
 * 64 KiB of its own.
 */
#include "prog.h"

int main(int argc, char **argv)
{
	size_t n = number(argc, argv, 1, 100), at_once = number(argc, argv, 2, 1), live = 0;

	for (size_t i = 0; i < n; i++) {
		pid_t pid = fork();

		if (pid < 0)
			die("fork");
		if (!pid) {
			touch(region(64 * KIB), 64 * KIB);
			_exit((int)(i & 63));
		}
		if (++live == at_once) {
			wait(NULL);
			live--;
		}
	}
	while (live--)
		wait(NULL);
	say("count processes=%zu", n + 1);
	checkpoint("churned");
	return 0;
}
