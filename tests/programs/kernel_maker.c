/* SPDX-License-Identifier: GPL-2.0-only
 *
 * kernel_maker [N]: the first process waits. In its child the thread `maker` makes N pipes and
 * fills them, and `closer` closes half of them.
 */
#include "prog.h"

#include <sys/resource.h>

#define FULL (64 * KIB) /* capacity of a pipe */

static size_t n;
static int (*fds)[2];

static void make(void *p)
{
	static char data[FULL];

	for (size_t i = 0; i < n; i++) {
		if (pipe2(fds[i], O_NONBLOCK))
			die("pipe2");
		if (write(fds[i][1], data, FULL) != (ssize_t)FULL)
			die("write to a pipe");
	}
	(void)p;
}

static void close_half(void *p)
{
	for (size_t i = 0; i < n / 2; i++) {
		close(fds[i][0]);
		close(fds[i][1]);
	}
	(void)p;
}

static void child(void)
{
	static struct actor maker, closer;
	struct rlimit files;

	getrlimit(RLIMIT_NOFILE, &files);
	files.rlim_cur = files.rlim_max;
	setrlimit(RLIMIT_NOFILE, &files);
	fds = calloc(n, sizeof(*fds));
	actor_start(&maker, "maker");
	actor_start(&closer, "closer");
	checkpoint("before");
	actor_do(&maker, make, NULL);
	say("made tid=%d n=%zu bytes=%zu", maker.tid, n, n * FULL);
	checkpoint("made");
	actor_do(&closer, close_half, NULL);
	say("closed tid=%d n=%zu bytes=%zu", closer.tid, n / 2, n / 2 * FULL);
	checkpoint("closed");
	actor_end(&maker);
	actor_end(&closer);
	_exit(0);
}

int main(int argc, char **argv)
{
	pid_t pid;

	n = number(argc, argv, 1, 500);
	pid = fork();
	if (pid < 0)
		die("fork");
	if (!pid)
		child();
	return reap(pid);
}
