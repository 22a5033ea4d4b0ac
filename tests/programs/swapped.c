/* SPDX-License-Identifier: GPL-2.0-only
 *
 * swapped [MIB]: memory that is swapped out (MADV_PAGEOUT), forked while it is out, swapped in,
 * and freed while half of it is out. Says `skip` without swap.
 */
#include "prog.h"

#ifndef MADV_PAGEOUT
#define MADV_PAGEOUT 21
#endif

static size_t bytes;
static char *mem;
static struct gate ready, hold;

static void fill(void *p)
{
	(void)p;
	mem = region(bytes);
	for (size_t i = 0; i < bytes; i += sizeof(long))
		*(long *)(mem + i) = (long)i; /* contents that differ: no zero pages */
}

static void out(void *p)
{
	(void)p;
	madvise(mem, bytes, MADV_PAGEOUT);
}

static void back(void *p)
{
	(void)p;
	touch(mem, bytes / 2);
}

static void drop(void *p)
{
	(void)p;
	munmap(mem, bytes);
}

static size_t swapped(void)
{
	FILE *f = fopen("/proc/self/status", "re");
	size_t kib = 0;
	char line[256];

	while (f && fgets(line, sizeof(line), f))
		if (!strncmp(line, "VmSwap:", 7))
			kib = strtoul(line + 7, NULL, 10);
	if (f)
		fclose(f);
	return kib * KIB;
}

static void child(void)
{
	touch(mem, bytes / 4); /* read from swap: copies of its own */
	gate_open(&ready);
	gate_wait(&hold);
	_exit(0);
}

int main(int argc, char **argv)
{
	static struct actor a;
	pid_t pid;

	bytes = number(argc, argv, 1, 8) * MIB;
	actor_start(&a, "swapper");
	actor_do(&a, fill, NULL);
	actor_do(&a, out, NULL);
	if (swapped() < bytes / 2) {
		say("skip no swap");
		return 77;
	}
	/* Reclaim may leave a page. The pages it takes are charged to the task itself. */
	say("touched tid=%d swap=%zu slack=%zu", a.tid, bytes / 2, bytes / 2);
	checkpoint("out");
	gate_make(&ready);
	gate_make(&hold);
	pid = fork();
	if (!pid)
		child();
	gate_wait(&ready);
	say("inherited pid=%d swap=%zu slack=%zu", pid, bytes / 2, bytes / 2);
	checkpoint("forked");
	gate_open(&hold);
	reap(pid);
	actor_do(&a, back, NULL);
	say("freed tid=%d swap=%zu slack=%zu", a.tid, bytes / 4, bytes);
	checkpoint("back");
	actor_do(&a, drop, NULL);
	checkpoint("dropped");
	actor_end(&a);
	return 0;
}
