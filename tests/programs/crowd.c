/* SPDX-License-Identifier: GPL-2.0-only
 *
 * crowd PROCESSES THREADS: so many processes with so many threads each, all idle. Says "checkpoint
 * ready" when all are there; a line of input, or its end, ends them.
 */
#include "prog.h"

#define STACK (64 * KIB)

static void *idle(void *arg)
{
	(void)arg;
	pause();
	return NULL;
}

static void be_one(size_t threads, int ready)
{
	pthread_attr_t attr;
	pthread_t thread;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, STACK);
	for (size_t i = 1; i < threads; i++)
		if (pthread_create(&thread, &attr, idle, NULL))
			die("pthread_create");
	if (write(ready, "", 1) != 1)
		die("write");
	pause();
	_exit(0);
}

int main(int argc, char **argv)
{
	size_t processes = number(argc, argv, 1, 10), threads = number(argc, argv, 2, 1);
	int ready[2];
	char c;

	if (pipe(ready))
		die("pipe");
	signal(SIGCHLD, SIG_IGN);
	for (size_t i = 0; i < processes; i++) {
		pid_t pid = fork();

		if (pid < 0)
			die("fork");
		if (!pid)
			be_one(threads, ready[1]);
	}
	for (size_t i = 0; i < processes; i++)
		if (read(ready[0], &c, 1) != 1)
			die("read");
	checkpoint("ready");
	return 0; /* its children die with it */
}
