/* SPDX-License-Identifier: GPL-2.0-only
 *
 * exec_thread: a thread that is not the first one calls execve while two others live. All other
 * threads end, and it continues under the first thread's id.
 */
#include "prog.h"

static void grow(void *p)
{
	(void)p;
	touch(region(2 * MIB), 2 * MIB);
}

static void replace(void *p)
{
	execl("/proc/self/exe", (char *)p, "again", NULL);
	die("exec");
}

int main(int argc, char **argv)
{
	static struct actor a, b, c;

	if (argc > 1) {
		touch(region(4 * MIB), 4 * MIB);
		checkpoint("again");
		return 0;
	}
	actor_start(&a, "other-1");
	actor_start(&b, "other-2");
	actor_start(&c, "replacer");
	actor_do(&a, grow, NULL);
	actor_do(&b, grow, NULL);
	actor_do(&c, grow, NULL);
	say("touched tid=%d anon=%lu", a.tid, 2 * MIB);
	say("touched tid=%d anon=%lu", b.tid, 2 * MIB);
	checkpoint("before");
	actor_do(&c, replace, argv[0]);
	return 1;
}
