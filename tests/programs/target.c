/* SPDX-License-Identifier: GPL-2.0-only
 *
 * target [MIB]: holds anonymous memory, a shared file mapping and shared memory, prints their
 * addresses, and waits for other processes to change them (see outside.c).
 */
#include "prog.h"

static char *map(int fd, size_t bytes)
{
	char *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
		       MAP_SHARED | (fd < 0 ? MAP_ANONYMOUS : 0), fd, 0);

	if (p == MAP_FAILED)
		die("mmap");
	return p;
}

int main(int argc, char **argv)
{
	size_t bytes = number(argc, argv, 1, 4) * MIB;
	int fd = scratch_file(bytes);
	char *anon = region(bytes), *file, *shm = map(-1, bytes), *empty = region(bytes);
	volatile char *r;

	fsync(fd);
	file = map(fd, bytes);
	touch(anon, bytes);
	touch(shm, bytes);
	r = file;
	for (size_t i = 0; i < bytes; i += PAGE)
		(void)r[i];
	say("target pid=%d bytes=%zu anon=%p file=%p shmem=%p empty=%p", getpid(), bytes,
	    (void *)anon, (void *)file, (void *)shm, (void *)empty);
	checkpoint("held");
	checkpoint("done");
	return 0;
}
