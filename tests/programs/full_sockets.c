/* SPDX-License-Identifier: GPL-2.0-only
 *
 * full_sockets [N [MIB]]: N TCP connections over loopback to its own child, which reads
 * nothing. Each is written to until it takes no more. MIB bounds the sum of all buffers.
 */
#include "prog.h"

#include <arpa/inet.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>

static size_t n, made, accepted;
static int buffer, listener, *fds;
static struct gate hold;

/* Accepted sockets inherit this. */
static int new_socket(void)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &buffer, sizeof(buffer));
	setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &buffer, sizeof(buffer));
	return fd;
}

static void child(void)
{
	prctl(PR_SET_NAME, "reader");
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	close(hold.fd[1]);
	for (size_t i = 0; i < n; i++)
		if (accept(listener, NULL, NULL) < 0)
			break;
	gate_wait(&hold);
	_exit(0);
}

static void connect_all(void *p)
{
	for (made = 0; made < n; made++) {
		int fd = new_socket();

		if (fd < 0 || connect(fd, p, sizeof(struct sockaddr_in)))
			break;
		fds[made] = fd;
	}
}

static void fill(void *p)
{
	static char data[64 * KIB];
	ssize_t took;

	for (size_t i = 0; i < made; i++)
		while ((took = send(fds[i], data, sizeof(data), MSG_DONTWAIT)) > 0)
			accepted += (size_t)took;
	(void)p;
}

int main(int argc, char **argv)
{
	struct sockaddr_in at = { .sin_family = AF_INET,
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(at);
	static struct actor a;
	struct rlimit files;
	pid_t pid;

	n = number(argc, argv, 1, 10000);
	/* The kernel doubles the size, for its own overhead, and both ends have a buffer. */
	buffer = (int)(number(argc, argv, 2, 256) * MIB / n / 4);
	fds = calloc(n, sizeof(*fds));
	getrlimit(RLIMIT_NOFILE, &files);
	files.rlim_cur = files.rlim_max;
	setrlimit(RLIMIT_NOFILE, &files);
	listener = new_socket();
	if (bind(listener, (void *)&at, sizeof(at)) || listen(listener, 1024) ||
	    getsockname(listener, (void *)&at, &len))
		die("listen");
	gate_make(&hold);
	pid = fork();
	if (!pid)
		child();
	actor_start(&a, "writer");
	checkpoint("before");
	actor_do(&a, connect_all, &at);
	if (made < n)
		say("clamped %zu connections of %zu: %s", made, n, strerror(errno));
	checkpoint("connected");
	actor_do(&a, fill, NULL);
	say("made tid=%d n=%zu bytes=%zu", a.tid, made, accepted);
	checkpoint("made");
	actor_end(&a);
	gate_open(&hold);
	return reap(pid);
}
