/* SPDX-License-Identifier: GPL-2.0-only
 *
 * deep_stack [MIB]: the stacks of the first thread and of another grow by
 * recursion.
 */
#include "prog.h"

#define FRAME 4096

static size_t bytes;

__attribute__((noinline)) static size_t down(size_t left)
{
	volatile char frame[FRAME];

	frame[0] = (char)left;
	if (left <= FRAME)
		return (size_t)frame[0];
	return down(left - FRAME) + (size_t)frame[0];
}

static void *deep(void *p)
{
	pthread_setname_np(pthread_self(), "deep");
	*(pid_t *)p = gettid();
	down(bytes);
	checkpoint("deep");
	return NULL;
}

int main(int argc, char **argv)
{
	static pid_t tid;
	pthread_attr_t attr;
	pthread_t t;

	no_huge_pages();
	bytes = number(argc, argv, 1, 4) * MIB;
	down(bytes);
	/* A frame is larger than its array, here by up to a 32nd. */
	say("touched tid=%d anon=%zu slack=%zu", getpid(), bytes, bytes / 32 + MIB);
	checkpoint("main");
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, bytes + bytes / 16 + 256 * KIB);
	errno = pthread_create(&t, &attr, deep, &tid);
	if (errno)
		die("pthread_create");
	pthread_join(t, NULL);
	say("touched tid=%d anon=%zu slack=%zu", tid, bytes, bytes / 32 + 64 * PAGE);
	checkpoint("after");
	return 0;
}
