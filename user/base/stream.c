/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Writing to descriptors whose reader may stop reading: pipes, terminals, sockets. tare
 * blocks its signals while it measures, so a signal would not interrupt a write() that blocks.
 * Therefore write() never blocks; only poll() waits, and a signalfd ends that.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/fileout.h"

#define GRACE_MS 1000 /* how long a reader may stop after tare got a signal to end */

struct sink {
	int fd;
	bool own;      /* fd is ours to close */
	bool socket;   /* send() does not block */
	bool pieces;   /* it may block: write only as much as has room, after poll() */
	int end_fd;    /* signalfd of the signals that end tare; -1: they are not blocked */
	int stalls_ms; /* fail after so long without a reader; -1: never */
};

/* Open a file description of our own with O_NONBLOCK: processes that share the old one are not
 * affected. */
static void sink_of(struct sink *s, int fd)
{
	g_autofree char *name = NULL;
	struct stat st;
	int own;

	if (fstat(fd, &st))
		return;
	s->socket = S_ISSOCK(st.st_mode);
	if ((!S_ISFIFO(st.st_mode) && !isatty(fd)) || fcntl(fd, F_GETFL) & O_NONBLOCK)
		return;
	name = g_strdup_printf("/proc/self/fd/%d", fd);
	own = open(name, O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	s->pieces = own < 0;
	s->own = own >= 0;
	s->fd = own < 0 ? fd : own;
}

/* A signalfd of the signals that end tare and are blocked. The others interrupt poll() anyway. */
static int end_signals(void)
{
	static const int ends[] = { SIGTERM, SIGINT, SIGHUP, SIGQUIT };
	sigset_t blocked, mask;
	int n = 0;

	pthread_sigmask(SIG_BLOCK, NULL, &blocked);
	sigemptyset(&mask);
	for (unsigned i = 0; i < G_N_ELEMENTS(ends); i++)
		if (sigismember(&blocked, ends[i])) {
			sigaddset(&mask, ends[i]);
			n++;
		}
	return n ? signalfd(-1, &mask, SFD_CLOEXEC | SFD_NONBLOCK) : -1;
}

/* The signal stays pending, so that the session gets it next. */
static int wait_for_reader(struct sink *s)
{
	struct pollfd p[] = { { .fd = s->fd, .events = POLLOUT },
			      { .fd = s->end_fd, .events = POLLIN } };
	int n = poll(p, 2, s->stalls_ms);

	if (n > 0 && !p[0].revents) {
		n = poll(p, 1, GRACE_MS);
		if (!n)
			return -EINTR;
	}
	if (n < 0)
		return errno == EINTR ? 0 : -errno;
	return n ? 0 : -ETIMEDOUT;
}

static ssize_t write_some(const struct sink *s, const char *data, size_t len)
{
	if (s->socket)
		return send(s->fd, data, len, MSG_DONTWAIT | MSG_NOSIGNAL);
	return write(s->fd, data, s->pieces ? MIN(len, PIPE_BUF) : len);
}

static int write_all(struct sink *s, const char *data, size_t len)
{
	while (len) {
		int err = s->pieces ? wait_for_reader(s) : 0;
		ssize_t n = err ? 0 : write_some(s, data, len);

		if (n < 0 && errno == EAGAIN)
			err = wait_for_reader(s);
		else if (n < 0 && errno != EINTR)
			err = -errno;
		if (err)
			return err;
		if (n > 0) {
			data += n;
			len -= (size_t)n;
		}
	}
	return 0;
}

int fileout_stream_within(int fd, const void *data, size_t len, int stalls_ms)
{
	const struct timespec now = { 0 };
	struct sink sink = { .fd = fd, .end_fd = end_signals(), .stalls_ms = stalls_ms };
	sigset_t pipe_only, before, pending;
	bool was_pending;
	int err;

	sigemptyset(&pipe_only);
	sigaddset(&pipe_only, SIGPIPE);
	sigpending(&pending);
	was_pending = sigismember(&pending, SIGPIPE);
	pthread_sigmask(SIG_BLOCK, &pipe_only, &before);
	sink_of(&sink, fd);
	err = write_all(&sink, data, len);
	/* Remove the SIGPIPE that our write caused, before it can be delivered. */
	if (err == -EPIPE && !was_pending)
		while (sigtimedwait(&pipe_only, NULL, &now) < 0 && errno == EINTR)
			;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (sink.own)
		close(sink.fd);
	if (sink.end_fd >= 0)
		close(sink.end_fd);
	return err;
}

int fileout_stream(int fd, const void *data, size_t len)
{
	return fileout_stream_within(fd, data, len, -1);
}
