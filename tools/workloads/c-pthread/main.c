// SPDX-License-Identifier: GPL-2.0-only
/*
 * One task: a POSIX thread in clock_nanosleep, joined by main. Idiomatic: default
 * attributes, so 8 MiB of address space for its stack (ulimit -s) and a guard page.
 * A program that needs many threads would use `--stack 65536`.
 */
#include "args.h"

#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>

static struct args args;
static atomic_long parked;
static sem_t all_parked;

static void *task(void *unused)
{
	args_touch(&args);
	if (atomic_fetch_add(&parked, 1) + 1 == args.tasks)
		sem_post(&all_parked);
	clock_nanosleep(CLOCK_MONOTONIC, 0, &args.sleep, NULL);
	return unused;
}

int main(int argc, char **argv)
{
	pthread_attr_t attr;
	pthread_t *threads;
	size_t stack;
	int error;

	pthread_attr_init(&attr);
	pthread_attr_getstacksize(&attr, &stack);
	args = args_parse(argc, argv, ARGS_SLEEP | ARGS_STACK_OPTION, stack);
	if (args.stack != stack && pthread_attr_setstacksize(&attr, args.stack))
		args_bad("bad --stack", "less than PTHREAD_STACK_MIN");
	sem_init(&all_parked, 0, 0);
	threads = calloc((size_t)args.tasks, sizeof(*threads));
	if (args.tasks && !threads)
		args_stopped(&args, 0, strerror(errno));

	for (long i = 0; i < args.tasks; i++) {
		error = pthread_create(&threads[i], &attr, task, NULL);
		if (error)
			args_stopped(&args, i, strerror(error));
	}
	if (args.tasks)
		sem_wait(&all_parked);
	args_ready(&args);
	if (!args.tasks)
		args_rest(&args);
	for (long i = 0; i < args.tasks; i++)
		pthread_join(threads[i], NULL);
	free(threads);
	return args_end(&args);
}
