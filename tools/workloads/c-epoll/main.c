// SPDX-License-Identifier: GPL-2.0-only
/*
 * One task: a timerfd of its own, registered with the program's only epoll. The task ends when
 * the timerfd is read and closed. Idiomatic: the program keeps nothing but the descriptor in the
 * event.
 */
#include "../c-pthread/args.h"

#include <sys/epoll.h>
#include <sys/timerfd.h>

static struct args args;

static bool start(int epoll)
{
	struct itimerspec when = { .it_value = args.sleep };
	struct epoll_event event = { .events = EPOLLIN };

	if (!when.it_value.tv_sec && !when.it_value.tv_nsec)
		when.it_value.tv_nsec = 1; /* 0 would disarm it */
	event.data.fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
	return event.data.fd >= 0 && timerfd_settime(event.data.fd, 0, &when, NULL) == 0 &&
	       epoll_ctl(epoll, EPOLL_CTL_ADD, event.data.fd, &event) == 0;
}

static long end_some(int epoll)
{
	struct epoll_event events[256];
	long ended = 0;
	uint64_t times;
	int n = epoll_wait(epoll, events, 256, -1);

	for (int i = 0; i < n; i++) {
		if (read(events[i].data.fd, &times, sizeof(times)) != sizeof(times))
			continue;
		close(events[i].data.fd);
		ended++;
	}
	return ended;
}

int main(int argc, char **argv)
{
	int epoll;

	args = args_parse(argc, argv, ARGS_SLEEP, 0);
	args_raise_files();
	epoll = epoll_create1(EPOLL_CLOEXEC);
	for (long i = 0; i < args.tasks; i++)
		if (!start(epoll))
			args_stopped(&args, i, strerror(errno));
	args_ready(&args);
	if (!args.tasks)
		args_rest(&args);
	for (long ended = 0; ended < args.tasks;)
		ended += end_some(epoll);
	close(epoll);
	return args_end(&args);
}
