/* SPDX-License-Identifier: GPL-2.0-only
 *
 * heap [MIB]: raises the end of the heap, touches the memory, and lowers the end again.
 */
#include "prog.h"

static size_t bytes;

static void up(void *p)
{
	char *mem = sbrk((long)bytes);

	(void)p;
	if (mem == (void *)-1)
		die("sbrk");
	plain_pages((void *)(((unsigned long)mem + PAGE - 1) & ~(PAGE - 1)), bytes - PAGE);
	touch(mem, bytes);
}

static void down(void *p)
{
	(void)p;
	sbrk(-(long)bytes / 2);
}

int main(int argc, char **argv)
{
	static struct actor a;

	bytes = number(argc, argv, 1, 8) * MIB;
	actor_start(&a, "heap");
	/* To the start of a page, so that the figures are whole pages. */
	sbrk((long)(-(unsigned long)sbrk(0) & (PAGE - 1)));
	actor_do(&a, up, NULL);
	say("touched tid=%d anon=%zu", a.tid, bytes);
	say("caused tid=%d by=fault in=%zu out=0 slack=%lu", a.tid, bytes, CODE);
	say("virtual tid=%d brk_up=%zu brk_down=0", a.tid, bytes);
	checkpoint("up");
	actor_do(&a, down, NULL);
	say("freed tid=%d anon=%zu", a.tid, bytes / 2);
	say("caused tid=%d by=brk in=0 out=%zu", a.tid, bytes / 2);
	say("virtual tid=%d brk_up=%zu brk_down=%zu", a.tid, bytes, bytes / 2);
	checkpoint("down");
	actor_end(&a);
	return 0;
}
