// SPDX-License-Identifier: GPL-2.0-only
/*
 * One task: a process, forked by main, in clock_nanosleep, reaped by main. Idiomatic: plain
 * fork, no exec; pages that it does not write to are shared with main. If main ends first, the
 * kernel kills the process (PR_SET_PDEATHSIG).
 */
#include "../c-pthread/args.h"

#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>

static struct args args;

struct shared {
	atomic_long parked;
	sem_t all_parked;
};

static void task(struct shared *shared, pid_t parent)
{
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (getppid() != parent)
		_exit(1);
	args_touch(&args);
	if (atomic_fetch_add(&shared->parked, 1) + 1 == args.tasks)
		sem_post(&shared->all_parked);
	clock_nanosleep(CLOCK_MONOTONIC, 0, &args.sleep, NULL);
	_exit(0);
}

int main(int argc, char **argv)
{
	struct rlimit stack = { 0 };
	struct shared *shared;
	pid_t self = getpid(), pid;

	getrlimit(RLIMIT_STACK, &stack);
	args = args_parse(argc, argv, ARGS_SLEEP, stack.rlim_cur);
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
		      0);
	if (shared == MAP_FAILED)
		args_stopped(&args, 0, strerror(errno));
	sem_init(&shared->all_parked, 1, 0);
	for (long i = 0; i < args.tasks; i++) {
		pid = fork();
		if (pid < 0)
			args_stopped(&args, i, strerror(errno));
		if (!pid)
			task(shared, self);
	}
	if (args.tasks)
		sem_wait(&shared->all_parked);
	args_ready(&args);
	if (!args.tasks)
		args_rest(&args);
	while (wait(NULL) > 0)
		;
	return args_end(&args);
}
