/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Grows by 32 MiB in a known chain of calls: call_tree WAY [DEPTH | COMMAND…]
 *   calls    main, outer, middle, inner
 *   thread   the same below a thread's start
 *   signal   the same in a signal's handler, called from raise()
 *   deep     inner below DEPTH calls of itself
 *   wait     the same as calls when its input has ended
 *   exec     the same as calls, then executes COMMAND
 */
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define BYTES (32UL << 20)

static volatile int after; /* code after a call keeps the compiler from making it a jump */

__attribute__((noipa)) static void inner(void)
{
	char *mem = mmap(NULL, BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (mem == MAP_FAILED)
		exit(1);
	madvise(mem, BYTES, MADV_NOHUGEPAGE);
	for (size_t at = 0; at < BYTES; at += 4096) /* the smallest page size */
		mem[at] = 1;
	after++;
}

__attribute__((noipa)) static void middle(void)
{
	inner();
	after++;
}

__attribute__((noipa)) static void outer(void)
{
	middle();
	after++;
}

__attribute__((noipa)) static void deep(int n)
{
	if (n)
		deep(n - 1);
	else
		inner();
	after++;
}

static void *in_thread(void *arg)
{
	outer();
	after++;
	return arg;
}

static void on_signal(int number)
{
	(void)number;
	outer();
	after++;
}

int main(int argc, char **argv)
{
	const char *way = argc > 1 ? argv[1] : "calls";
	pthread_t thread;
	char c;

	if (!strcmp(way, "thread")) {
		if (pthread_create(&thread, NULL, in_thread, NULL))
			return 1;
		pthread_join(thread, NULL);
	} else if (!strcmp(way, "signal")) {
		signal(SIGUSR2, on_signal);
		raise(SIGUSR2);
	} else if (!strcmp(way, "deep")) {
		deep(argc > 2 ? atoi(argv[2]) : 5000);
	} else {
		while (!strcmp(way, "wait") && read(0, &c, 1) > 0)
			;
		outer();
		if (!strcmp(way, "exec"))
			execv(argv[2], argv + 2);
	}
	return 0;
}
