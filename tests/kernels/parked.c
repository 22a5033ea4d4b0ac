/* SPDX-License-Identifier: GPL-2.0-only
 *
 * parked: threads that take or give back a few pages and then stand still. Kernels up to 6.1
 * keep up to 64 pages of such changes in the task, without an event; the report must include
 * them.
 */
#include "../programs/prog.h"

static char *mem;

static void take_ten(void *p)
{
	(void)p;
	touch(mem, 10 * PAGE);
}

static void take_one(void *p)
{
	(void)p;
	touch(mem + 10 * PAGE, PAGE);
}

static void give_three(void *p)
{
	(void)p;
	munmap(mem, 3 * PAGE);
}

int main(void)
{
	static struct actor taker, giver;

	mem = region(16 * PAGE);
	actor_start(&taker, "taker");
	actor_start(&giver, "giver");
	actor_do(&taker, take_ten, NULL);
	say("touched tid=%d anon=%lu", taker.tid, 10 * PAGE);
	checkpoint("ten");
	actor_do(&taker, take_one, NULL);
	say("touched tid=%d anon=%lu", taker.tid, 11 * PAGE);
	checkpoint("eleven");
	actor_do(&giver, give_three, NULL);
	say("freed tid=%d anon=%lu", giver.tid, 3 * PAGE);
	say("freed tid=%d anon=0", taker.tid);
	say("touched tid=%d anon=0", giver.tid);
	checkpoint("given");
	actor_end(&taker);
	actor_end(&giver);
	return 0;
}
