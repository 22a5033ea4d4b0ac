/* SPDX-License-Identifier: GPL-2.0-only
 *
 * leader_gone: the first thread ends by pthread_exit; the others continue to grow.
 */
#include "prog.h"

static struct actor other;
static pthread_t leader;

static void go_on(void *p)
{
	(void)p;
	pthread_join(leader, NULL);
	touch(region(8 * MIB), 8 * MIB);
	say("touched tid=%d anon=%lu slack=%lu", other.tid, 8 * MIB, 4 * PAGE);
	checkpoint("alone");
	_exit(0);
}

int main(void)
{
	leader = pthread_self();
	touch(region(4 * MIB), 4 * MIB);
	say("leader warmed");
	actor_start(&other, "other");
	checkpoint("together");
	actor_begin(&other, go_on, NULL);
	pthread_exit(NULL);
}
