/* SPDX-License-Identifier: GPL-2.0-only
 *
 * What a session waits for: signals, clocks, rings, and descriptors of session_watch().
 */
#include <errno.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "base/log.h"
#include "capture/session_state.h"

int session_hear(struct session *s, int fd, unsigned source)
{
	struct epoll_event event = { .events = EPOLLIN, .data.u32 = source };

	return epoll_ctl(s->epoll, EPOLL_CTL_ADD, fd, &event) ? -errno : 0;
}

int session_clock(struct session *s, enum source source, uint64_t ns, bool repeat)
{
	struct timespec t = { ns / SESSION_NS, ns % SESSION_NS };
	struct itimerspec spec = { .it_value = t };
	int fd;

	if (!ns)
		return 0;
	if (repeat)
		spec.it_interval = t;
	fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	if (fd < 0 || timerfd_settime(fd, 0, &spec, NULL))
		return -errno;
	s->timers[source] = fd;
	return session_hear(s, fd, source);
}

static int watch_signals(struct session *s)
{
	static const int handled[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGUSR1 };
	sigset_t mask;

	sigemptyset(&mask);
	if (s->config.daemon)
		sigaddset(&mask, SIGUSR2);
	for (unsigned i = 0; i < G_N_ELEMENTS(handled); i++)
		sigaddset(&mask, handled[i]);
	sigprocmask(SIG_BLOCK, &mask, &s->old_mask);
	s->signals = signalfd(-1, &mask, SFD_CLOEXEC | SFD_NONBLOCK);
	return s->signals < 0 ? -errno : session_hear(s, s->signals, SOURCE_SIGNAL);
}

int session_signals_open(struct session *s)
{
	int err;

	s->epoll = epoll_create1(EPOLL_CLOEXEC);
	err = s->epoll < 0 ? -errno : watch_signals(s);
	if (err)
		log_error("cannot receive signals: %s", g_strerror(-err));
	return err;
}

int session_sources_open(struct session *s)
{
	const struct session_config *c = &s->config;
	int err = session_hear(s, drain_fd(s->drain), SOURCE_RINGS);

	if (!err)
		err = session_clock(s, SOURCE_SERIES, c->interval_ns, true);
	if (!err)
		err = session_clock(s, SOURCE_SNAPSHOT, c->snapshot_every_ns, true);
	if (!err && c->on_checkpoint)
		err = session_clock(s, SOURCE_CHECKPOINT, c->checkpoint_ns, true);
	if (!err)
		err = session_clock(s, SOURCE_END, c->duration_ns, false);
	if (err)
		log_error("cannot wait for events: %s", g_strerror(-err));
	return err;
}

void session_pace(struct session *s, uint64_t interval_ns)
{
	struct timespec t = { (time_t)(interval_ns / SESSION_NS),
			      (long)(interval_ns % SESSION_NS) };
	struct itimerspec spec = { .it_value = t, .it_interval = t };

	timerfd_settime(s->timers[SOURCE_SERIES], 0, &spec, NULL);
}

int session_watch(struct session *s, int fd, session_ready_fn fn, void *ctx)
{
	struct watched w = { fd, fn, ctx };
	unsigned i;

	for (i = 0; i < s->watched->len; i++)
		if (g_array_index(s->watched, struct watched, i).fd < 0)
			break;
	if (i == s->watched->len)
		g_array_append_val(s->watched, w);
	else
		g_array_index(s->watched, struct watched, i) = w;
	return session_hear(s, fd, SOURCE_WATCHED + i);
}

void session_unwatch(struct session *s, int fd)
{
	epoll_ctl(s->epoll, EPOLL_CTL_DEL, fd, NULL);
	for (unsigned i = 0; i < s->watched->len; i++) {
		struct watched *w = &g_array_index(s->watched, struct watched, i);

		if (w->fd == fd)
			*w = (struct watched){ .fd = -1 };
	}
}
