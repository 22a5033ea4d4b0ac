// SPDX-License-Identifier: GPL-2.0-only
/*
 * One task: a thread of GNU Pth (all in one kernel thread) in pth_nap, joined by
 * main. Idiomatic: default attributes, so a stack of 64 KiB by malloc. Its scheduler
 * scans every waiting thread on each switch, so some 10,000 threads are the useful limit.
 */
#include "../c-pthread/args.h"

#include <pth.h>

#define STACK (64 * 1024) /* the default of PTH_ATTR_STACK_SIZE */

static struct args args;
static long parked;
static pth_mutex_t mutex = PTH_MUTEX_INIT;
static pth_cond_t all_parked = PTH_COND_INIT;

static void *task(void *unused)
{
	long us = (long)(args.seconds * 1e6);

	args_touch(&args);
	pth_mutex_acquire(&mutex, FALSE, NULL);
	if (++parked == args.tasks)
		pth_cond_notify(&all_parked, FALSE);
	pth_mutex_release(&mutex);
	pth_nap(pth_time(us / 1000000, us % 1000000));
	return unused;
}

int main(int argc, char **argv)
{
	pth_t *threads;

	args = args_parse(argc, argv, ARGS_SLEEP, STACK);
	pth_init();
	threads = calloc((size_t)args.tasks, sizeof(*threads));
	for (long i = 0; i < args.tasks; i++) {
		if (threads)
			threads[i] = pth_spawn(PTH_ATTR_DEFAULT, task, NULL);
		if (!threads || !threads[i])
			args_stopped(&args, i, strerror(errno));
	}
	pth_mutex_acquire(&mutex, FALSE, NULL);
	while (parked < args.tasks)
		pth_cond_await(&all_parked, &mutex, NULL);
	pth_mutex_release(&mutex);
	args_ready(&args);
	if (!args.tasks)
		args_rest(&args);
	for (long i = 0; i < args.tasks; i++)
		pth_join(threads[i], NULL);
	free(threads);
	return args_end(&args);
}
