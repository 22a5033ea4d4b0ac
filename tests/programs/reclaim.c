/* SPDX-License-Identifier: GPL-2.0-only
 *
 * reclaim [MIB]: reads a mapped file twice. In a control group with a lower limit the kernel
 * reclaims its pages meanwhile.
 */
#include "prog.h"

static size_t bytes;
static char *mem;

static void read_all(void *p)
{
	volatile char *r = mem;

	(void)p;
	for (size_t i = 0; i < bytes; i += PAGE)
		(void)r[i];
}

int main(int argc, char **argv)
{
	static struct actor a;
	int fd;

	bytes = number(argc, argv, 1, 64) * MIB;
	fd = scratch_file(bytes);
	fsync(fd);
	mem = mmap(NULL, bytes, PROT_READ, MAP_PRIVATE, fd, 0);
	if (mem == MAP_FAILED)
		die("mmap");
	actor_start(&a, "reader");
	actor_do(&a, read_all, NULL);
	checkpoint("once");
	actor_do(&a, read_all, NULL);
	say("read tid=%d bytes=%zu", a.tid, bytes);
	checkpoint("twice");
	actor_end(&a);
	return 0;
}
