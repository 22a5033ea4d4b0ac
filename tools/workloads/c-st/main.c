// SPDX-License-Identifier: GPL-2.0-only
/*
 * One task: a thread of the State Threads library (all in one kernel thread) in
 * st_usleep, joined by main. Idiomatic: the default stack (64 KiB, by mmap, with an unused
 * page at both ends) and epoll.
 */
#include "../c-pthread/args.h"

#include <st.h>

#define STACK (64 * 1024) /* ST_DEFAULT_STACK_SIZE, which st.h does not export */

static struct args args;
static long parked;
static st_cond_t all_parked;

static void *task(void *unused)
{
	args_touch(&args);
	if (++parked == args.tasks)
		st_cond_signal(all_parked);
	st_usleep((st_utime_t)(args.seconds * 1e6));
	return unused;
}

int main(int argc, char **argv)
{
	st_thread_t *threads;

	args = args_parse(argc, argv, ARGS_SLEEP, STACK);
	st_set_eventsys(ST_EVENTSYS_ALT);
	if (st_init())
		args_stopped(&args, 0, strerror(errno));
	all_parked = st_cond_new();
	threads = calloc((size_t)args.tasks, sizeof(*threads));
	for (long i = 0; i < args.tasks; i++) {
		if (threads)
			threads[i] = st_thread_create(task, NULL, 1, 0);
		if (!threads || !threads[i])
			args_stopped(&args, i, strerror(errno));
	}
	if (args.tasks)
		st_cond_wait(all_parked);
	args_ready(&args);
	if (!args.tasks)
		args_rest(&args);
	for (long i = 0; i < args.tasks; i++)
		st_thread_join(threads[i], NULL);
	free(threads);
	return args_end(&args);
}
