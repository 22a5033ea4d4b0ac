/* SPDX-License-Identifier: GPL-2.0-only
 *
 * idle_threads [N]: N waiting threads with the smallest stacks, all in one mapping, so that
 * neither vm.max_map_count nor the size of the stacks limits them.
 */
#include "prog.h"

#include <limits.h>
#include <sys/prctl.h>

static sem_t here;

static void *wait_on(void *p)
{
	prctl(PR_SET_NAME, "idle");
	sem_post(&here);
	for (;;)
		pause();
	return p;
}

int main(int argc, char **argv)
{
	size_t n = number(argc, argv, 1, 10000), stack = (size_t)PTHREAD_STACK_MIN, made;
	char *stacks = region(n * stack);
	pthread_attr_t attr;
	pthread_t thread;

	sem_init(&here, 0, 0);
	pthread_attr_init(&attr);
	checkpoint("before");
	for (made = 0; made < n; made++) {
		pthread_attr_setstack(&attr, stacks + made * stack, stack);
		errno = pthread_create(&thread, &attr, wait_on, NULL);
		if (errno) {
			say("clamped %zu threads: %s", made, strerror(errno));
			break;
		}
	}
	for (size_t i = 0; i < made; i++)
		while (sem_wait(&here))
			;
	say("made tid=%d n=%zu", getpid(), made);
	say("count threads=%zu", made + 1);
	checkpoint("made");
	return 0;
}
