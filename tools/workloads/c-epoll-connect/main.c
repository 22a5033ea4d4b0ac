// SPDX-License-Identifier: GPL-2.0-only
/*
 * One task: a non-blocking TCP connection, registered with the program's only epoll until there
 * is something to read. Idiomatic: a buffer is allocated only then, so the program keeps nothing
 * but the descriptor in the event.
 */
#include "../c-pthread/args.h"

#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/timerfd.h>

/* Concurrent connects: fewer than the peer's queues hold. */
#define AT_ONCE 1024

static struct args args;
static int epoll, timer;
static long parked, ended;

static void watch(int op, int fd, uint32_t events)
{
	struct epoll_event event = { .events = events, .data.fd = fd };

	if (epoll_ctl(epoll, op, fd, &event))
		args_stopped(&args, parked, strerror(errno));
}

static void start(long number)
{
	struct sockaddr_in to = args_peer(&args, number);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0 || (connect(fd, (struct sockaddr *)&to, sizeof(to)) && errno != EINPROGRESS))
		args_stopped(&args, number, strerror(errno));
	watch(EPOLL_CTL_ADD, fd, EPOLLOUT);
}

static void connected(int fd)
{
	int error = 0;
	socklen_t length = sizeof(error);

	getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length);
	if (error)
		args_stopped(&args, parked, strerror(error));
	watch(EPOLL_CTL_MOD, fd, EPOLLIN);
	parked++;
}

static bool closed(int fd)
{
	char buffer[512];
	ssize_t n = read(fd, buffer, sizeof(buffer));

	return n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR);
}

/* False when the time is up. */
static bool handle_some(void)
{
	struct epoll_event events[256];
	int n = epoll_wait(epoll, events, 256, -1);

	for (int i = 0; i < n; i++) {
		int fd = events[i].data.fd;

		if (fd == timer)
			return false;
		if (events[i].events & EPOLLOUT) {
			connected(fd);
		} else if (closed(fd)) {
			close(fd);
			ended++;
		}
	}
	return true;
}

int main(int argc, char **argv)
{
	struct itimerspec when = { 0 };

	args = args_parse(argc, argv, ARGS_CONNECT, 0);
	args_raise_files();
	epoll = epoll_create1(EPOLL_CLOEXEC);
	timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
	for (long started = 0; parked < args.tasks; handle_some())
		for (; started < args.tasks && started - parked < AT_ONCE; started++)
			start(started);
	args_ready(&args);

	when.it_value = args.sleep;
	if (!when.it_value.tv_sec && !when.it_value.tv_nsec)
		when.it_value.tv_nsec = 1; /* 0 would disarm it */
	timerfd_settime(timer, 0, &when, NULL);
	watch(EPOLL_CTL_ADD, timer, EPOLLIN);
	while (handle_some() && (!args.tasks || ended < args.tasks))
		;
	return 0;
}
