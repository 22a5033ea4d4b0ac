/* SPDX-License-Identifier: GPL-2.0-only */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"
#include "capture/describe.h"
#include "capture/drain.h"
#include "capture/sampler.h"
#include "capture/session_state.h"

#define OOMS_USUAL 64 /* kills at once; of more, memory is taken when they come */

static void on_python(void *ctx, uint64_t mm, const struct tare_python *python)
{
	int err = loader_python(((struct session *)ctx)->loader, mm, python);

	if (err && python)
		log_verbose(1, "no Python functions in stacks of one address space: %s",
			    g_strerror(-err));
}

static void on_python_file(void *ctx, uint64_t inode, uint32_t dev,
			   const struct tare_python_file *file)
{
	int err = loader_python_file(((struct session *)ctx)->loader, inode, dev, file);

	if (err)
		log_verbose(1,
			    "the first functions of a Python program will be missing in stacks: %s",
			    g_strerror(-err));
}

int session_open(struct session **out, const struct session_config *config)
{
	struct session *s = g_new0(struct session, 1);
	int err;

	s->config = *config;
	s->config.load.stats = config->self;
	s->self = getpid();
	s->ooms = g_array_sized_new(FALSE, FALSE, sizeof(struct tare_oom), OOMS_USUAL);
	s->hurry = config->no_priority ? 0 : gettid();
	s->watched = g_array_new(FALSE, FALSE, sizeof(struct watched));
	s->epoll = s->signals = -1;
	for (unsigned i = 0; i < G_N_ELEMENTS(s->timers); i++)
		s->timers[i] = -1;
	s->launch = (struct launch){ .pidfd = -1, .go_fd = -1, .err_fd = -1 };
	sigprocmask(SIG_BLOCK, NULL, &s->old_mask);
	err = loader_open(&s->loader, &s->config.load);
	if (!err && loader_samples(s->loader))
		s->sampler = sampler_new(config->load.period, config->detail, config->log,
					 &(struct python_watch){ on_python, on_python_file, s });
	if (s->sampler && config->daemon)
		sampler_thrifty(s->sampler);
	if (!err)
		err = session_signals_open(s);
	if (!err)
		err = session_rings_open(s);
	if (!err)
		err = session_sources_open(s);
	if (err) {
		session_close(s);
		return err;
	}
	s->series = series_new(config->interval_ns);
	s->kmem = kmem_new(s->loader, config->load.features, config->slab);
	*out = s;
	return 0;
}

/* Discard signals that came after the last report: a pending one would end tare as soon as it is
 * unblocked. Signals that the caller had blocked before are left pending. */
static void forget_signals(struct session *s)
{
	struct signalfd_siginfo info;

	while (!s->config.on_signal && read(s->signals, &info, sizeof(info)) == sizeof(info))
		;
	close(s->signals);
}

void session_close(struct session *s)
{
	if (!s)
		return;
	launch_close(&s->launch);
	kmem_free(s->kmem);
	sampler_free(s->sampler);
	drain_close(s->drain); /* before the rings are closed */
	loader_close(s->loader);
	for (unsigned i = 0; i < G_N_ELEMENTS(s->timers); i++)
		if (s->timers[i] >= 0)
			close(s->timers[i]);
	if (s->signals >= 0)
		forget_signals(s);
	if (s->epoll >= 0)
		close(s->epoll);
	sigprocmask(SIG_SETMASK, &s->old_mask, NULL);
	series_free(s->series);
	proctable_free(s->proctable);
	g_array_unref(s->watched);
	g_array_unref(s->ooms);
	g_free(s);
}

enum counter_backend session_backend(const struct session *s)
{
	return loader_backend(s->loader);
}

void session_kill(const struct session *s, int signal)
{
	if (s->launched && !s->command_ended)
		kill(s->launch.pid, signal);
}

static void command_signal(struct session *s, const struct signalfd_siginfo *info)
{
	if (s->config.on_signal) {
		s->config.on_signal(s->config.ctx, info->ssi_signo);
		return;
	}
	/* A signal from the terminal reached the command too; one from a process did not. */
	if (info->ssi_code != SI_KERNEL)
		session_kill(s, info->ssi_signo);
	if ((info->ssi_signo != SIGINT && info->ssi_signo != SIGTERM) || !s->launched)
		return;
	if (++s->interrupts > 1)
		session_kill(s, SIGKILL);
}

static void on_signals(struct session *s)
{
	struct signalfd_siginfo info;

	while (read(s->signals, &info, sizeof(info)) == sizeof(info)) {
		if (info.ssi_signo == SIGUSR1 && !s->config.daemon) {
			struct report *r = session_report(s, REPORT_SNAPSHOT);

			s->config.on_snapshot(s->config.ctx, r);
			report_free(r);
			continue;
		}
		command_signal(s, &info);
		if (s->config.daemon)
			continue;
		/* The command has ended, or tare attached: end the session. */
		if (!s->launched || s->command_ended)
			s->over = true;
	}
}

/* Titles of processes and names of Python's threads, which change while they run. `last`:
 * for a report; else not more often than their readers find useful. */
static void name_all(struct session *s, bool last)
{
	if (last || !s->config.daemon) /* a daemon shows names, and each tick must be cheap */
		describe_titles(s->proctable, clock_ns(CLOCK_BOOTTIME), last);
	if (s->sampler)
		sampler_name_threads(s->sampler, s->proctable, last);
	if (s->sampler && s->config.daemon)
		sampler_name_ahead(s->sampler);
}

static void on_clock(struct session *s, enum source source)
{
	uint64_t ticks;
	struct report *r;

	if (read(s->timers[source], &ticks, sizeof(ticks)) != sizeof(ticks))
		return;
	switch (source) {
	case SOURCE_SERIES:
		session_point(s);
		session_drain(s);
		session_newcomers(s);
		name_all(s, false);
		break;
	case SOURCE_CHECKPOINT:
		session_checkpoint(s);
		break;
	case SOURCE_SNAPSHOT:
		r = session_report(s, REPORT_SNAPSHOT);
		s->config.on_snapshot(s->config.ctx, r);
		report_free(r);
		break;
	default:
		s->over = true;
	}
}

static void on_child(struct session *s)
{
	while (waitpid(s->launch.pid, &s->status, 0) < 0 && errno == EINTR)
		;
	s->command_ended_ns = clock_ns(CLOCK_BOOTTIME);
	epoll_ctl(s->epoll, EPOLL_CTL_DEL, s->launch.pidfd, NULL);
	s->command_ended = true;
}

void session_dispatch(struct session *s, unsigned source)
{
	const struct watched *w;

	if (source >= SOURCE_WATCHED) {
		w = &g_array_index(s->watched, struct watched, source - SOURCE_WATCHED);
		if (w->fn) /* else it was unwatched meanwhile */
			w->fn(w->ctx);
		return;
	}
	switch (source) {
	case SOURCE_RINGS:
		session_drain(s);
		break;
	case SOURCE_SIGNAL:
		on_signals(s);
		break;
	case SOURCE_CHILD:
		on_child(s);
		break;
	default:
		on_clock(s, source);
	}
}

struct report *session_report(struct session *s, enum report_reason reason)
{
	struct report *r;

	session_drain(s);
	name_all(s, true);
	r = session_books(s, reason);
	/* The loop is over: handle the signals that came while the report was made. */
	if (reason != REPORT_SNAPSHOT)
		on_signals(s);
	return r;
}

const char *session_kmem_why(const struct session *s)
{
	return kmem_why_not(s->kmem);
}

void session_shrink(struct session *s)
{
	proctable_fold(s->proctable, true);
	if (s->sampler)
		sampler_shrink(s->sampler);
}

uint64_t session_map_bytes(struct session *s)
{
	struct loader_cost cost;

	return loader_cost(s->loader, &cost) ? 0 : cost.map_bytes;
}

void session_stop(struct session *s)
{
	s->over = true;
}

static bool all_ended(const struct session *s)
{
	struct tare_workload w;

	loader_workload(s->loader, &w);
	return w.live_procs <= 0;
}

uint64_t session_origin(const struct session *s)
{
	return s->origin_ns;
}

bool session_targets_ended(const struct session *s)
{
	return !s->launched && all_ended(s);
}

static bool is_finished(struct session *s)
{
	if (s->over || s->config.daemon)
		return s->over;
	if (s->launched && !s->command_ended)
		return false;
	return (s->launched && !s->config.wait_all) || all_ended(s);
}

/* While on_oom() makes a report, more kills may come. */
static void tell_ooms(struct session *s)
{
	if (!s->ooms->len)
		return;
	for (unsigned i = 0; i < s->ooms->len; i++) {
		struct tare_oom oom = g_array_index(s->ooms, struct tare_oom, i);

		if (s->config.on_oom)
			s->config.on_oom(s->config.ctx, &oom);
	}
	g_array_set_size(s->ooms, 0);
	if (s->hurry)
		session_hurry_end(s);
}

int session_loop(struct session *s, int *status)
{
	struct epoll_event events[8];

	session_point(s);
	session_checkpoints_begin(s);
	while (!is_finished(s)) {
		int n = epoll_wait(s->epoll, events, G_N_ELEMENTS(events), -1);

		if (n < 0 && errno != EINTR) {
			log_error("cannot wait for events: %s", g_strerror(errno));
			return -errno;
		}
		for (int i = 0; i < n; i++)
			session_dispatch(s, events[i].data.u32);
		tell_ooms(s); /* before their victims are folded */
		session_read_lost(s);
		session_forget_lost(s);
		proctable_fold(s->proctable, s->sampler && sampler_full(s->sampler));
	}
	session_point(s);
	/* No checkpoint from here on: the last report waits for late records. */
	session_checkpoints_end(s);
	*status = s->status;
	return 0;
}
