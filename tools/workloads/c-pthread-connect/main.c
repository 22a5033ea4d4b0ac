// SPDX-License-Identifier: GPL-2.0-only
/*
 * One task: a POSIX thread (default attributes) with a TCP connection of its own, in read.
 * Idiomatic: one blocking thread per connection, with a small buffer on its stack.
 */
#include "../c-pthread/args.h"

#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <sys/socket.h>

static struct args args;
static atomic_long parked, ended;
static sem_t all_parked, all_ended;

static void *task(void *number)
{
	struct sockaddr_in to = args_peer(&args, (long)(intptr_t)number);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	char buffer[512];

	if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof(to)))
		args_stopped(&args, atomic_load(&parked), strerror(errno));
	if (atomic_fetch_add(&parked, 1) + 1 == args.tasks)
		sem_post(&all_parked);
	while (read(fd, buffer, sizeof(buffer)) > 0)
		;
	close(fd);
	if (atomic_fetch_add(&ended, 1) + 1 == args.tasks)
		sem_post(&all_ended);
	return NULL;
}

int main(int argc, char **argv)
{
	struct timespec until;
	pthread_t thread;
	int error;

	args = args_parse(argc, argv, ARGS_CONNECT, 0);
	args_raise_files();
	sem_init(&all_parked, 0, 0);
	sem_init(&all_ended, 0, 0);
	for (long i = 0; i < args.tasks; i++) {
		error = pthread_create(&thread, NULL, task, (void *)(intptr_t)i);
		if (error)
			args_stopped(&args, i, strerror(error));
		pthread_detach(thread);
	}
	if (args.tasks)
		sem_wait(&all_parked);
	args_ready(&args);
	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += args.sleep.tv_sec + (until.tv_nsec + args.sleep.tv_nsec) / 1000000000;
	until.tv_nsec = (until.tv_nsec + args.sleep.tv_nsec) % 1000000000;
	sem_clockwait(&all_ended, CLOCK_MONOTONIC, &until);
	return 0;
}
