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
#include "capture/targets.h"

#define ATTACH_ROUNDS 10 /* attach: until a round finds nobody new */

static void on_python(void *ctx, uint64_t mm, const struct tare_python *python)
{
	int err = loader_python(((struct session *)ctx)->loader, mm, python);

	if (err && python)
		log_verbose(1, "no Python functions of one address space: %s", g_strerror(-err));
}

static void on_python_file(void *ctx, uint64_t inode, uint32_t dev,
			   const struct tare_python_file *file)
{
	int err = loader_python_file(((struct session *)ctx)->loader, inode, dev, file);

	if (err)
		log_verbose(1, "Python's first functions are not read: %s", g_strerror(-err));
}

struct watched {
	session_ready_fn fn;
	void *ctx;
};

static int watch_fd(struct session *s, int fd, unsigned source)
{
	struct epoll_event event = { .events = EPOLLIN, .data.u32 = source };

	return epoll_ctl(s->epoll, EPOLL_CTL_ADD, fd, &event) ? -errno : 0;
}

/* A timer that fires every `ns`, or once after them; none for 0. */
static int watch_clock(struct session *s, enum source source, uint64_t ns, bool repeat)
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
	return watch_fd(s, fd, source);
}

static int watch_signals(struct session *s)
{
	static const int handled[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGUSR1 };
	sigset_t mask;

	sigemptyset(&mask);
	for (unsigned i = 0; i < G_N_ELEMENTS(handled); i++)
		sigaddset(&mask, handled[i]);
	sigprocmask(SIG_BLOCK, &mask, &s->old_mask);
	s->signals = signalfd(-1, &mask, SFD_CLOEXEC | SFD_NONBLOCK);
	return s->signals < 0 ? -errno : watch_fd(s, s->signals, SOURCE_SIGNAL);
}

/* Called before another thread is made: that blocks all signals for a moment, which in /proc
 * looks as if tare handled them already. */
static int open_signals(struct session *s)
{
	int err;

	s->epoll = epoll_create1(EPOLL_CLOEXEC);
	err = s->epoll < 0 ? -errno : watch_signals(s);
	if (err)
		log_error("cannot hear signals: %s", g_strerror(-err));
	return err;
}

static int open_sources(struct session *s)
{
	const struct session_config *c = &s->config;
	int err = watch_fd(s, drain_fd(s->drain), SOURCE_RINGS);

	if (!err)
		err = watch_clock(s, SOURCE_SERIES, c->interval_ns, true);
	if (!err)
		err = watch_clock(s, SOURCE_SNAPSHOT, c->snapshot_every_ns, true);
	if (!err && c->on_checkpoint)
		err = watch_clock(s, SOURCE_CHECKPOINT, c->checkpoint_ns, true);
	if (!err)
		err = watch_clock(s, SOURCE_END, c->duration_ns, false);
	if (err)
		log_error("cannot wait for events: %s", g_strerror(-err));
	return err;
}

int session_open(struct session **out, const struct session_config *config)
{
	struct session *s = g_new0(struct session, 1);
	int err;

	s->config = *config;
	s->config.load.stats = config->self;
	s->self = getpid();
	s->watched = g_array_new(FALSE, FALSE, sizeof(struct watched));
	s->epoll = s->signals = -1;
	for (unsigned i = 0; i < G_N_ELEMENTS(s->timers); i++)
		s->timers[i] = -1;
	s->launch = (struct launch){ .pidfd = -1, .go_fd = -1, .err_fd = -1 };
	sigprocmask(SIG_BLOCK, NULL, &s->old_mask);
	err = loader_open(&s->loader, &s->config.load);
	if (!err && loader_samples(s->loader))
		s->sampler = sampler_new(config->load.period, config->lines, config->log,
					 &(struct python_watch){ on_python, on_python_file, s });
	if (!err)
		err = open_signals(s);
	if (!err)
		err = session_rings_open(s);
	if (!err)
		err = open_sources(s);
	if (err) {
		session_close(s);
		return err;
	}
	s->series = series_new(config->interval_ns);
	s->kmem = kmem_new(s->loader, config->load.features, config->slab);
	*out = s;
	return 0;
}

/* What came after the last report has its answer there. A signal that were left
 * pending would end tare as soon as it is unblocked; the caller's own are the caller's. */
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
	drain_close(s->drain); /* before its rings go */
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
	g_free(s);
}

enum counter_backend session_backend(const struct session *s)
{
	return loader_backend(s->loader);
}

int session_watch(struct session *s, int fd, session_ready_fn fn, void *ctx)
{
	struct watched w = { fn, ctx };

	g_array_append_val(s->watched, w);
	return watch_fd(s, fd, SOURCE_WATCHED + s->watched->len - 1);
}

void session_unwatch(struct session *s, int fd)
{
	epoll_ctl(s->epoll, EPOLL_CTL_DEL, fd, NULL);
}

void session_kill(const struct session *s, int signal)
{
	if (s->launched && !s->command_ended)
		kill(s->launch.pid, signal);
}

static void on_folded(void *ctx, uint64_t task, uint64_t into_task, uint64_t into_proc)
{
	struct session *s = ctx;

	if (s->sampler)
		sampler_fold(s->sampler, task, into_task, into_proc);
}

static void begin_world(struct session *s, bool launched)
{
	s->launched = launched;
	s->proctable = proctable_new(launched);
	proctable_keep(s->proctable, s->config.keep_tasks, on_folded, s);
	s->origin_ns = clock_ns(CLOCK_BOOTTIME);
}

int session_launch(struct session *s, struct launch *l, const char *name)
{
	struct attach_request held = { .held = true };
	g_autofree char *path = NULL;
	int n, err;

	begin_world(s, true);
	s->launch = *l;
	kmem_watch(s->kmem, s->config.cgroup, s->config.cgroup_why);
	loader_target(s->loader, l->pid);
	n = loader_attach_tasks(s->loader, &held);
	if (n != 1) {
		log_error("cannot follow the command: %s",
			  n < 0 ? g_strerror(-n) : "it is not there");
		launch_abandon(&s->launch);
		return n < 0 ? n : -ESRCH;
	}
	err = watch_fd(s, l->pidfd, SOURCE_CHILD);
	if (err) {
		launch_abandon(&s->launch);
		return err;
	}
	kmem_begin(s->kmem);
	path = s->sampler ? g_find_program_in_path(name) : NULL;
	if (path)
		sampler_expect(s->sampler, path);
	s->origin_ns = clock_ns(CLOCK_BOOTTIME);
	return launch_go(&s->launch, name);
}

static int add_targets(struct session *s, GArray *pids)
{
	for (unsigned i = 0; i < pids->len; i++) {
		int err = loader_target(s->loader, g_array_index(pids, pid_t, i));

		if (err) {
			log_error("too many processes to follow: %s", g_strerror(-err));
			return err;
		}
	}
	return 0;
}

/* `named` gets all of them. */
static int name_targets(struct session *s, const struct session_targets *t, GArray *named)
{
	GArray *found = NULL;
	int err = 0;

	for (unsigned i = 0; t->pids && i < t->pids->len && !err; i++)
		err = target_check(g_array_index(t->pids, pid_t, i));
	if (!err && t->pids) {
		err = add_targets(s, t->pids);
		g_array_append_vals(named, t->pids->data, t->pids->len);
	}
	if (t->all)
		targets_all(named);
	if (err || (!t->comm && !t->cgroup))
		return err;
	found = t->comm ? targets_by_comm(t->comm) : targets_by_cgroup(t->cgroup);
	if (!found)
		return -ENOENT;
	err = add_targets(s, found);
	if (!err && !found->len) {
		if (t->comm)
			log_error("--comm %s: no process has that name", t->comm);
		else
			log_error("--cgroup %s: no process is in it", t->cgroup);
		targets_hint();
		err = -ENOENT;
	}
	g_array_append_vals(named, found->data, found->len);
	g_array_unref(found);
	return err;
}

static int on_found(void *ctx, const void *data, size_t size)
{
	struct session *s = ctx;

	sampler_found(s->sampler, s->proctable, data, size);
	return 0;
}

static int attach_running(struct session *s, bool all)
{
	struct attach_request what = { .all = all, .except = s->self, .since_ns = s->origin_ns };
	int n = 1, total = 0;

	loader_attaching(s->loader, true);
	/* A task that was not attached to yet may have made another meanwhile. */
	for (int i = 0; i < ATTACH_ROUNDS && n > 0; i++) {
		n = loader_attach_tasks(s->loader, &what);
		total += n;
	}
	loader_attaching(s->loader, false);
	session_drain_events(s);
	describe_found(s->proctable);
	if (s->sampler && total > 0)
		loader_sweep(s->loader, on_found, s);
	return n < 0 ? n : total;
}

int session_attach(struct session *s, const struct session_targets *targets)
{
	g_autoptr(GArray) named = g_array_new(FALSE, FALSE, sizeof(pid_t));
	int err, n;

	begin_world(s, false);
	err = name_targets(s, targets, named);
	if (err)
		return err;
	kmem_watch_targets(s->kmem, named);
	n = attach_running(s, targets->all);
	if (n < 0) {
		log_error("cannot take the initial balances: %s", g_strerror(-n));
		return n;
	}
	if (!n) {
		log_error("the process to follow has ended");
		return -ESRCH;
	}
	kmem_begin(s->kmem);
	s->cgroup = targets->cgroup;
	return 0;
}

/* Processes that joined the control group since. */
static void look_for_newcomers(struct session *s)
{
	GArray *found = s->cgroup ? targets_by_cgroup(s->cgroup) : NULL;

	if (!found)
		return;
	add_targets(s, found);
	g_array_unref(found);
	attach_running(s, false);
}

/* The parts of the weight, and so its sum: what is no address space's nor a stack is
 * other kernel memory, where that is known; as in the books less than 0 where page tables
 * and stacks are charged to another cgroup, which the tasks lived in before. */
static void add_kinds(const struct session *s, const struct tare_workload *w,
		      struct report_point *p)
{
	int64_t page = sysconf(_SC_PAGESIZE), others;
	struct tare_held held;

	if (loader_held(s->loader, &held))
		return;
	p->kinds = true;
	for (int k = 0; k < TARE_MEMBERS; k++)
		p->kind[k] = held.kind[k] * page;
	p->kind[TARE_PAGETABLE] = held.kind[TARE_PAGETABLE];
	p->kind[TARE_KSTACK] = held.stacks * (int64_t)w->stack_bytes;
	others = p->kind[TARE_SWAP] + p->kind[TARE_PAGETABLE] + p->kind[TARE_KSTACK];
	if (w->cgroup.id)
		p->kind[TARE_KMEM] = held.nonrss * page - others;
	p->rss = kinds_rss(p->kind);
	p->nonrss = others + p->kind[TARE_KMEM];
}

static void sample_series(struct session *s)
{
	uint64_t now = clock_ns(CLOCK_BOOTTIME) - s->origin_ns;
	int64_t page = sysconf(_SC_PAGESIZE);
	struct report_point point;
	struct tare_workload w;

	kmem_look(s->kmem, now);
	loader_workload(s->loader, &w);
	point = (struct report_point){ .time_ns = now,
				       .rss = w.rss * page,
				       .nonrss = w.nonrss * page };
	add_kinds(s, &w, &point);
	series_add(s->series, &point);
	if (s->config.on_look)
		s->config.on_look(s->config.ctx, now, point.rss + point.nonrss);
}

static void command_signal(struct session *s, const struct signalfd_siginfo *info)
{
	if (s->config.on_signal) {
		s->config.on_signal(s->config.ctx, info->ssi_signo);
		return;
	}
	/* The terminal has sent it to the command too; another process has not. */
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
		if (info.ssi_signo == SIGUSR1) {
			struct report *r = session_report(s, REPORT_SNAPSHOT);

			s->config.on_snapshot(s->config.ctx, r);
			report_free(r);
			continue;
		}
		command_signal(s, &info);
		/* Waiting for descendants, or attached: there is nobody to wait for. */
		if (!s->launched || s->command_ended)
			s->over = true;
	}
}

static void on_clock(struct session *s, enum source source)
{
	uint64_t ticks;
	struct report *r;

	if (read(s->timers[source], &ticks, sizeof(ticks)) != sizeof(ticks))
		return;
	switch (source) {
	case SOURCE_SERIES:
		sample_series(s);
		session_drain(s);
		look_for_newcomers(s);
		describe_titles(s->proctable, clock_ns(CLOCK_BOOTTIME), false);
		if (s->sampler)
			sampler_name_threads(s->sampler, s->proctable, false);
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
	epoll_ctl(s->epoll, EPOLL_CTL_DEL, s->launch.pidfd, NULL);
	s->command_ended = true;
}

void session_dispatch(struct session *s, unsigned source)
{
	const struct watched *w;

	if (source >= SOURCE_WATCHED) {
		w = &g_array_index(s->watched, struct watched, source - SOURCE_WATCHED);
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
	describe_titles(s->proctable, clock_ns(CLOCK_BOOTTIME), true);
	if (s->sampler)
		sampler_name_threads(s->sampler, s->proctable, true);
	r = session_books(s, reason);
	/* The loop is over: nobody hears later what came meanwhile. */
	if (reason != REPORT_SNAPSHOT)
		on_signals(s);
	return r;
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
	if (s->over)
		return true;
	if (s->launched && !s->command_ended)
		return false;
	return (s->launched && !s->config.wait_all) || all_ended(s);
}

int session_loop(struct session *s, int *status)
{
	struct epoll_event events[8];

	sample_series(s);
	session_checkpoints_begin(s);
	while (!is_finished(s)) {
		int n = epoll_wait(s->epoll, events, G_N_ELEMENTS(events), -1);

		if (n < 0 && errno != EINTR) {
			log_error("cannot wait for events: %s", g_strerror(errno));
			return -errno;
		}
		for (int i = 0; i < n; i++)
			session_dispatch(s, events[i].data.u32);
		session_read_lost(s);
		session_forget_lost(s);
		proctable_fold(s->proctable, s->sampler && sampler_full(s->sampler));
	}
	sample_series(s);
	/* The last report waits for what comes late. */
	session_checkpoints_end(s);
	*status = s->status;
	return 0;
}
