/* SPDX-License-Identifier: GPL-2.0-only
 *
 * daemonize: forks twice into a session of its own, as daemons do; the daemon touches 8 MiB.
 * The first process waits for that, then ends. The daemon stays until stdin has a line or ends.
 */
#include "prog.h"

static struct gate ready, gone;

static void grandchild(void)
{
	char c;

	touch(region(8 * MIB), 8 * MIB);
	say("daemon pid=%d", getpid());
	say("touched tid=%d anon=%lu slack=%lu", getpid(), 8 * MIB, 64 * PAGE);
	gate_open(&ready);
	close(gone.fd[1]);
	while (read(gone.fd[0], &c, 1) < 0 && errno == EINTR)
		; /* end of the pipe: the first process has ended */
	checkpoint("daemon");
	_exit(5);
}

int main(void)
{
	pid_t pid;

	gate_make(&ready);
	gate_make(&gone);
	pid = fork();
	if (pid < 0)
		die("fork");
	if (!pid) {
		setsid();
		pid = fork();
		if (!pid)
			grandchild();
		_exit(pid < 0);
	}
	if (reap(pid))
		return 1;
	gate_wait(&ready);
	checkpoint("parent");
	return 3;
}
