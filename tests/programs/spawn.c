/* SPDX-License-Identifier: GPL-2.0-only
 *
 * spawn: children by vfork, by posix_spawn and by clone(CLONE_VM). Each executes this program
 * again and grows by 4, 8 or 12 MiB. Before its exec the vfork child touches 1 MiB of the
 * parent's memory.
 */
#include "prog.h"

#include <spawn.h>

extern char **environ;

/* A child: grows, reports by fd 3, and holds until fd 4 has input. */
static int grow(size_t bytes)
{
	char c;

	touch(region(bytes), bytes);
	if (write(3, "", 1) != 1)
		return 98;
	return read(4, &c, 1) < 0;
}

static char *child_argv[] = { "spawn", "grow", NULL, NULL };
static struct gate ready, hold;
static char *shared;

static void child_fds(void)
{
	dup2(ready.fd[1], 3);
	dup2(hold.fd[0], 4);
}

static pid_t by_vfork(void)
{
	pid_t pid;

	child_argv[2] = "4194304";
	pid = vfork();
	if (pid)
		return pid;
	touch(shared, MIB);
	child_fds();
	execv("/proc/self/exe", child_argv);
	_exit(97);
}

static pid_t by_spawn(void)
{
	posix_spawn_file_actions_t fa;
	pid_t pid;

	child_argv[2] = "8388608";
	posix_spawn_file_actions_init(&fa);
	posix_spawn_file_actions_adddup2(&fa, ready.fd[1], 3);
	posix_spawn_file_actions_adddup2(&fa, hold.fd[0], 4);
	errno = posix_spawn(&pid, "/proc/self/exe", &fa, NULL, child_argv, environ);
	if (errno)
		die("posix_spawn");
	posix_spawn_file_actions_destroy(&fa);
	return pid;
}

static int cloned(void *p)
{
	(void)p;
	child_fds();
	execv("/proc/self/exe", child_argv);
	_exit(97);
}

static pid_t by_clone(void)
{
	char *stack = region(ACTOR_STACK);

	child_argv[2] = "12582912";
	return clone(cloned, stack + ACTOR_STACK, CLONE_VM | SIGCHLD, NULL);
}

int main(int argc, char **argv)
{
	pid_t (*const ways[])(void) = { by_vfork, by_spawn, by_clone };
	pid_t pid[3];
	int bad = 0;

	if (argc > 2)
		return grow(strtoul(argv[2], NULL, 0));
	/* Not 3 and 4, which the children use. */
	for (int i = 0; i < 8; i++)
		fcntl(1, F_DUPFD_CLOEXEC, 3);
	gate_make(&ready);
	gate_make(&hold);
	shared = region(MIB);
	for (int i = 0; i < 3; i++) {
		pid[i] = ways[i]();
		if (pid[i] < 0)
			die("spawn");
		gate_wait(&ready);
		/* Besides its growth: the data and stack of the new program and libc. */
		say("touched tid=%d anon=%lu slack=%lu", pid[i], (i + 1) * 4 * MIB, MIB);
	}
	/* Before their exec the children used the parent's memory, which is not charged to
	 * them. */
	say("by_others pid=%d way=in anon=%lu slack=%lu", getpid(), MIB, 64 * PAGE);
	checkpoint("spawned");
	for (int i = 0; i < 3; i++)
		gate_open(&hold);
	for (int i = 0; i < 3; i++)
		bad |= reap(pid[i]);
	return bad;
}
