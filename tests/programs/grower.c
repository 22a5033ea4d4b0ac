/* SPDX-License-Identifier: GPL-2.0-only
 *
 * grower MIB [MS]: one of five threads, called "grows", touches MIB more: after each line of input,
 * or every MS milliseconds. A step that is late is made up for.
 */
#include <time.h>

#include "prog.h"

static size_t step;
static long every_ms;

__attribute__((noinline)) static void grow_here(char *p)
{
	for (size_t i = 0; i < step; i += PAGE)
		((volatile char *)p)[i] = 1;
}

static void *grow(void *arg)
{
	struct timespec next;

	(void)arg;
	prctl(PR_SET_NAME, "grows");
	clock_gettime(CLOCK_MONOTONIC, &next);
	for (;;) {
		grow_here(region(step));
		if (!every_ms) {
			checkpoint("grown");
			continue;
		}
		next.tv_nsec += every_ms * 1000000;
		next.tv_sec += next.tv_nsec / 1000000000;
		next.tv_nsec %= 1000000000;
		clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &next, NULL);
	}
	return NULL;
}

static void *idle(void *arg)
{
	(void)arg;
	pause();
	return NULL;
}

int main(int argc, char **argv)
{
	pthread_t thread;

	step = number(argc, argv, 1, 1) * MIB;
	every_ms = (long)number(argc, argv, 2, 0);
	for (unsigned i = 0; i < 4; i++)
		if (pthread_create(&thread, NULL, i == 2 ? grow : idle, NULL))
			die("pthread_create");
	pause();
}
