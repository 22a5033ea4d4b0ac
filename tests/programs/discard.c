/* SPDX-License-Identifier: GPL-2.0-only
 *
 * discard [MIB]: gives half of its touched memory back by MADV_DONTNEED and touches it again;
 * also pages that are first read (the zero page counts nothing), then written.
 */
#include "prog.h"

static size_t bytes;
static char *mem;

static void fill(void *p)
{
	(void)p;
	mem = region(bytes);
	touch(mem, bytes);
}

static void discard(void *p)
{
	(void)p;
	if (madvise(mem, bytes / 2, MADV_DONTNEED))
		die("madvise");
}

static void refill(void *p)
{
	(void)p;
	touch(mem, bytes / 2);
}

static void read_only(void *p)
{
	volatile char *r = mem = region(bytes);

	(void)p;
	for (size_t i = 0; i < bytes; i += PAGE)
		(void)r[i];
}

int main(int argc, char **argv)
{
	static struct actor a, reader;

	bytes = number(argc, argv, 1, 16) * MIB;
	actor_start(&a, "discarder");
	actor_start(&reader, "reader");
	actor_do(&a, fill, NULL);
	actor_do(&a, discard, NULL);
	say("touched tid=%d anon=%zu", a.tid, bytes);
	say("freed tid=%d anon=%zu", a.tid, bytes / 2);
	say("caused tid=%d by=madvise in=0 out=%zu", a.tid, bytes / 2);
	checkpoint("discarded");
	actor_do(&a, refill, NULL);
	say("touched tid=%d anon=%zu", a.tid, bytes + bytes / 2);
	checkpoint("refilled");
	actor_do(&reader, read_only, NULL);
	say("touched tid=%d anon=0", reader.tid);
	/* The zero page makes no update, but its page tables do: at most three levels above the
	 * lowest. */
	say("unseen pagetable=%zu", bytes / PAGE * 8 + 4 * PAGE);
	checkpoint("read");
	actor_do(&reader, refill, NULL);
	say("touched tid=%d anon=%zu", reader.tid, bytes / 2);
	checkpoint("written");
	actor_end(&a);
	actor_end(&reader);
	return 0;
}
