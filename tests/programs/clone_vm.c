/* SPDX-License-Identifier: GPL-2.0-only
 *
 * clone_vm: two processes that share one memory (CLONE_VM without CLONE_THREAD) and both grow
 * it.
 */
#include "prog.h"

static struct gate ready, hold;

static int other(void *p)
{
	(void)p;
	touch(region(4 * MIB), 4 * MIB);
	gate_open(&ready);
	gate_wait(&hold);
	_exit(0);
}

int main(void)
{
	char *stack = region(ACTOR_STACK);
	pid_t pid;

	memset(stack, 0, ACTOR_STACK);
	gate_make(&ready);
	gate_make(&hold);
	touch(region(2 * MIB), 2 * MIB);
	pid = clone(other, stack + ACTOR_STACK, CLONE_VM | SIGCHLD, NULL);
	if (pid < 0)
		die("clone");
	gate_wait(&ready);
	say("one_mm pid=%d pid2=%d", getpid(), pid);
	/* The memory belongs to the first process: what the second does to it is by a
	 * non-owner. */
	say("by_others pid=%d way=in anon=%lu slack=%lu", getpid(), 4 * MIB, 4 * PAGE);
	checkpoint("both");
	gate_open(&hold);
	return reap(pid);
}
