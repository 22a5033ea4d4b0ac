/* SPDX-License-Identifier: GPL-2.0-only
 *
 * populate [MIB]: memory filled by the call that maps it: anonymous, file and shared memory by
 * MAP_POPULATE; more by MADV_POPULATE_WRITE and by mlock.
 */
#include "prog.h"

#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23
#endif

static size_t bytes;
static int fd;

static void *map(int flags, int file)
{
	int prot = file < 0 ? PROT_READ | PROT_WRITE : PROT_READ;
	void *p = mmap(NULL, bytes, prot, flags, file, 0);

	if (p == MAP_FAILED)
		die("mmap");
	return p;
}

/* Mapped unpopulated first, where huge pages could come. */
static void by_madvise(void *p)
{
	char *mem = region(bytes);

	(void)p;
	if (madvise(mem, bytes, MADV_POPULATE_WRITE))
		touch(mem, bytes); /* before 5.14 */
}

static void by_mmap(void *p)
{
	(void)p;
	map(MAP_PRIVATE | MAP_POPULATE, fd);
	map(MAP_SHARED | MAP_ANONYMOUS | MAP_POPULATE, -1);
	map(MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1);
}

static void by_mlock(void *p)
{
	char *mem = region(4 * PAGE);

	(void)p;
	if (mlock(mem, 4 * PAGE))
		die("mlock");
}

int main(int argc, char **argv)
{
	static struct actor mapper, adviser, locker;

	no_huge_pages();
	bytes = number(argc, argv, 1, 8) * MIB;
	fd = scratch_file(bytes);
	actor_start(&mapper, "mapper");
	actor_start(&adviser, "adviser");
	actor_start(&locker, "locker");
	actor_do(&mapper, by_mmap, NULL);
	actor_do(&adviser, by_madvise, NULL);
	actor_do(&locker, by_mlock, NULL);
	say("touched tid=%d anon=%zu shmem=%zu", mapper.tid, bytes, bytes);
	say("touched tid=%d file=%zu slack=%lu", mapper.tid, bytes, CODE);
	say("caused tid=%d by=mmap in=%zu out=0", mapper.tid, 3 * bytes);
	say("virtual tid=%d mapped=%zu", mapper.tid, 3 * bytes);
	say("touched tid=%d anon=%zu", adviser.tid, bytes);
	say("caused tid=%d by=madvise in=%zu out=0", adviser.tid, bytes);
	say("touched tid=%d anon=%lu", locker.tid, 4 * PAGE);
	say("caused tid=%d by=mlock in=%lu out=0", locker.tid, 4 * PAGE);
	checkpoint("populated");
	actor_end(&mapper);
	actor_end(&adviser);
	actor_end(&locker);
	return 0;
}
