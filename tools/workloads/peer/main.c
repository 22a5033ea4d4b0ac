// SPDX-License-Identifier: GPL-2.0-only
/*
 * The other end of the connections of the family connect, in a process of its own. It listens on
 * 127.0.0.1 to 127.0.0.8, on one port that the kernel chooses, and prints `listening PORT`. It
 * accepts and holds connections, never writes, and ends with SIGTERM. At the limit of open files
 * it leaves further connections in the kernel's queue, where they are connected too, until
 * others close.
 *
 *	gcc -O2 -o peer main.c
 */
#include "../c-pthread/args.h"

#include <sys/epoll.h>
#include <sys/socket.h>

#define LISTENERS 8
#define TRIES 16

static int listeners[LISTENERS];
static int epoll;

static void give_up(const char *what)
{
	perror(what);
	exit(1);
}

/* False if the port is in use on that address. */
static bool listen_on(int i, struct sockaddr_in *address)
{
	socklen_t length = sizeof(*address);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	listeners[i] = fd;
	if (fd < 0)
		give_up("socket");
	address->sin_addr.s_addr = htonl(INADDR_LOOPBACK + (uint32_t)i);
	if (bind(fd, (struct sockaddr *)address, sizeof(*address))) {
		if (errno != EADDRINUSE)
			give_up("bind");
		return false;
	}
	if (listen(fd, SOMAXCONN) || getsockname(fd, (struct sockaddr *)address, &length))
		give_up("listen");
	return true;
}

static int listen_on_all(void)
{
	for (int try = 0; try < TRIES; try++) {
		struct sockaddr_in address = { .sin_family = AF_INET };
		int n = 0;

		while (n < LISTENERS && listen_on(n, &address))
			n++;
		if (n == LISTENERS)
			return ntohs(address.sin_port);
		for (; n >= 0; n--)
			close(listeners[n]);
	}
	errno = EADDRINUSE;
	give_up("bind");
	return 0;
}

static void watch(int op, int fd, uint32_t events)
{
	struct epoll_event event = { .events = events, .data.fd = fd };

	if (epoll_ctl(epoll, op, fd, &event))
		give_up("epoll_ctl");
}

static void listen_to_new(bool yes)
{
	for (int i = 0; i < LISTENERS; i++)
		watch(EPOLL_CTL_MOD, listeners[i], yes ? EPOLLIN : 0);
}

/* False if it can hold no more connections. */
static bool accept_all(int listener)
{
	int fd;

	while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0)
		watch(EPOLL_CTL_ADD, fd, EPOLLIN);
	return errno == EAGAIN || errno == EINTR || errno == ECONNABORTED;
}

static bool closed(int fd)
{
	char buffer[256];
	ssize_t n = read(fd, buffer, sizeof(buffer));

	return n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR);
}

static bool is_listener(int fd)
{
	return fd >= listeners[0] && fd <= listeners[LISTENERS - 1];
}

int main(void)
{
	struct epoll_event events[256];
	bool full = false;
	int n, port;

	args_raise_files();
	epoll = epoll_create1(EPOLL_CLOEXEC);
	port = listen_on_all();
	for (int i = 0; i < LISTENERS; i++)
		watch(EPOLL_CTL_ADD, listeners[i], EPOLLIN);
	printf("listening %d\n", port);
	fflush(stdout);

	for (;;) {
		n = epoll_wait(epoll, events, 256, -1);
		for (int i = 0; i < n; i++) {
			int fd = events[i].data.fd;

			if (is_listener(fd)) {
				if (!full && !accept_all(fd)) {
					full = true;
					listen_to_new(false);
				}
			} else if (closed(fd)) {
				close(fd);
				if (full)
					listen_to_new(true);
				full = false;
			}
		}
	}
}
