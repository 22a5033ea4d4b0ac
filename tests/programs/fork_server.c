/* SPDX-License-Identifier: GPL-2.0-only
 *
 * fork_server [N]: as a database's main process: accepts N connections of a client, one after
 * the other, and forks a child for each, which answers and ends.
 */
#include "prog.h"

#include <stddef.h>
#include <sys/socket.h>
#include <sys/un.h>

static socklen_t name(struct sockaddr_un *at, pid_t server)
{
	*at = (struct sockaddr_un){ .sun_family = AF_UNIX };
	return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 +
			   (size_t)snprintf(at->sun_path + 1, sizeof(at->sun_path) - 1,
					    "fork_server-%d", server));
}

static void client(size_t n, pid_t server)
{
	struct sockaddr_un at;
	socklen_t len = name(&at, server);

	prctl(PR_SET_NAME, "client");
	for (size_t i = 0; i < n; i++) {
		int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
		char c;

		if (fd < 0 || connect(fd, (struct sockaddr *)&at, len) || write(fd, "q", 1) != 1 ||
		    read(fd, &c, 1) != 1)
			die("client");
		close(fd);
	}
	_exit(0);
}

static void answer(int fd)
{
	char c;

	prctl(PR_SET_NAME, "backend");
	touch(region(64 * KIB), 64 * KIB);
	if (read(fd, &c, 1) != 1 || write(fd, &c, 1) != 1)
		die("backend");
	_exit(0);
}

int main(int argc, char **argv)
{
	size_t n = number(argc, argv, 1, 500);
	int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct sockaddr_un at;
	socklen_t len = name(&at, getpid());
	pid_t server = getpid();

	if (listener < 0 || bind(listener, (struct sockaddr *)&at, len) || listen(listener, 16))
		die("listen");
	if (!fork())
		client(n, server);
	for (size_t i = 0; i < n; i++) {
		int fd = accept(listener, NULL, NULL);
		pid_t pid = fd < 0 ? -1 : fork();

		if (pid < 0)
			die("accept, fork");
		if (!pid)
			answer(fd);
		close(fd);
		while (waitpid(-1, NULL, WNOHANG) > 0)
			;
	}
	while (wait(NULL) > 0)
		;
	say("count processes=%zu", n + 2);
	checkpoint("served");
	return 0;
}
