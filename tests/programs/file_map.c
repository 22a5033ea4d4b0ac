/* SPDX-License-Identifier: GPL-2.0-only
 *
 * file_map [MIB]: a file mapped shared and private: read, written, copied on write, given back,
 * and truncated while it is mapped.
 */
#include "prog.h"

static size_t bytes;
static char *shared, *copy;
static int fd;

static void write_shared(void *p)
{
	(void)p;
	touch(shared, bytes);
}

static void write_private(void *p)
{
	(void)p;
	touch(copy, bytes);
}

/* Fault-around maps more pages than were accessed: in the end all. */
static void read_all(void *p)
{
	volatile char *r = p;

	for (size_t i = 0; i < bytes; i += PAGE)
		(void)r[i];
}

static void cut(void *p)
{
	(void)p;
	if (ftruncate(fd, (off_t)bytes / 2)) /* frees file pages and their copies */
		_exit(96);
}

static char *map(int flags)
{
	char *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, flags, fd, 0);

	if (p == MAP_FAILED)
		die("mmap");
	return p;
}

int main(int argc, char **argv)
{
	static struct actor a, b;

	bytes = number(argc, argv, 1, 8) * MIB;
	fd = scratch_file(bytes);
	shared = map(MAP_SHARED);
	copy = map(MAP_PRIVATE);
	actor_start(&a, "sharer");
	actor_start(&b, "copier");
	actor_do(&b, read_all, copy);
	say("touched tid=%d file=%zu slack=%lu", b.tid, bytes, 64 * PAGE);
	checkpoint("read");
	actor_do(&a, write_shared, NULL);
	say("touched tid=%d file=%zu slack=%lu", a.tid, bytes, 64 * PAGE);
	actor_do(&b, write_private, NULL);
	say("touched tid=%d anon=%zu", b.tid, bytes);
	say("freed tid=%d file=%zu", b.tid, bytes);
	checkpoint("written");
	actor_do(&a, cut, NULL);
	say("freed tid=%d file=%zu anon=%zu", a.tid, bytes / 2, bytes / 2);
	say("caused tid=%d by=ftruncate in=0 out=%zu", a.tid, bytes);
	checkpoint("cut");
	actor_end(&a);
	actor_end(&b);
	return 0;
}
