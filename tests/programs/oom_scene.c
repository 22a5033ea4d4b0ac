/* SPDX-License-Identifier: GPL-2.0-only
 *
 * oom_scene MIB [MS]: three processes. "fills" takes MIB, a twentieth every MS milliseconds, in a
 * thread "filler"; "bystander" takes 4 MiB and waits. Then "asks" takes memory until there is
 * none left: the kernel kills the largest, which is not the one that asked. If that takes long to
 * end, the kernel may kill "asks" too. The first process waits for both, and takes nothing.
 */
#include <sys/wait.h>
#include <time.h>

#include "prog.h"

#define STEPS 20

static size_t mib;
static long ms;
static int ready[2];

__attribute__((noinline)) static void fill_cache(size_t bytes)
{
	char *p = region(bytes);

	for (size_t i = 0; i < bytes; i += PAGE)
		((volatile char *)p)[i] = 1;
}

static void *filler(void *arg)
{
	struct timespec pause_for = { ms / 1000, ms % 1000 * 1000000 };

	(void)arg;
	prctl(PR_SET_NAME, "filler");
	for (unsigned i = 0; i < STEPS; i++) {
		fill_cache(mib * MIB / STEPS);
		nanosleep(&pause_for, NULL);
	}
	if (write(ready[1], "x", 1) != 1)
		die("write");
	pause();
	return NULL;
}

static void fills(void)
{
	pthread_t thread;

	prctl(PR_SET_NAME, "fills");
	if (pthread_create(&thread, NULL, filler, NULL))
		die("pthread_create");
	pause();
}

static void bystander(void)
{
	prctl(PR_SET_NAME, "bystander");
	touch(region(4 * MIB), 4 * MIB);
	pause();
}

__attribute__((noinline)) static void ask_for_more(void)
{
	for (size_t i = 0; i < mib / 2 && i < 256; i++)
		touch(region(MIB), MIB);
}

static void asks(void)
{
	char c;

	prctl(PR_SET_NAME, "asks");
	if (read(ready[0], &c, 1) != 1)
		die("read");
	ask_for_more();
}

static pid_t start(void (*run)(void))
{
	pid_t pid = fork();

	if (pid < 0)
		die("fork");
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		run();
		_exit(0);
	}
	return pid;
}

int main(int argc, char **argv)
{
	pid_t first, second, third;
	int status;

	mib = number(argc, argv, 1, 40);
	ms = (long)number(argc, argv, 2, 100);
	if (pipe(ready))
		die("pipe");
	first = start(fills);
	second = start(bystander);
	third = start(asks);
	say("fills %d bystander %d asks %d", first, second, third);
	waitpid(third, &status, 0);
	kill(first, SIGTERM); /* if there was memory enough */
	waitpid(first, &status, 0);
	say("fills ended by %d", WIFSIGNALED(status) ? WTERMSIG(status) : 0);
	kill(second, SIGKILL);
	waitpid(second, &status, 0);
	return 0;
}
