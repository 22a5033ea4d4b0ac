/* SPDX-License-Identifier: GPL-2.0-only
 *
 * give_take [MIB]: the thread `maker` fills memory, and the thread `taker` frees it: the
 * maker's net is positive, the taker's negative.
 */
#include "prog.h"

static size_t bytes;
static char *mem;

static void make(void *p)
{
	(void)p;
	mem = region(bytes);
	touch(mem, bytes);
}

static void take_half(void *p)
{
	(void)p;
	munmap(mem + bytes / 2, bytes / 2);
}

int main(int argc, char **argv)
{
	static struct actor maker, taker;

	bytes = number(argc, argv, 1, 16) * MIB;
	actor_start(&maker, "maker");
	actor_start(&taker, "taker");
	actor_do(&maker, make, NULL);
	say("touched tid=%d anon=%zu", maker.tid, bytes);
	say("touched tid=%d anon=0", taker.tid);
	checkpoint("made");
	actor_do(&taker, take_half, NULL);
	say("freed tid=%d anon=0", maker.tid);
	say("freed tid=%d anon=%zu", taker.tid, bytes / 2);
	say("virtual tid=%d mapped=0 unmapped=%zu", taker.tid, bytes / 2);
	checkpoint("taken");
	actor_end(&maker);
	actor_end(&taker);
	return 0;
}
