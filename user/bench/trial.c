/* SPDX-License-Identifier: GPL-2.0-only */
#include "bench/trial.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "base/text.h"
#include "bench/lines.h"
#include "bench/settle.h"
#include "bench/limits.h"
#include "capture/cgroup.h"
#include "capture/session.h"
#include "model/view.h"

#define NS 1e9
#define LOOK_NS (50 * 1000 * 1000)
#define GRACE_NS (5 * 1000 * 1000 * 1000LL) /* from SIGTERM to SIGKILL */
#define SETTLE_NS (20 * 1000 * 1000 * 1000LL)
#define MMS_MIN 8192
#define MMS_MAX 131072
#define RING (32 << 20) /* thousands of threads may end in one instant */

enum stage { STARTING, SETTLING, ENDING_TASKS, SETTLING_AFTER, LEAVING };

struct trial {
	const struct trial_config *config;
	struct session *session;
	struct cgroup *cgroup;
	struct launch launch;
	struct lines out, err;
	enum stage stage;
	uint64_t now_ns, since_ns; /* after the start; of the stage */
	struct settle settle;
	struct bench_run *run;
	double origin_s; /* CLOCK_MONOTONIC */
	bool ready, killed;
	char *why;        /* the runtime's own reason to stop */
	char *last_error; /* last line on its stderr that is not empty */
};

bool trial_line(const char *line, const char *word, uint64_t *k)
{
	size_t len = strlen(word);
	guint64 value;

	if (strncmp(line, word, len) || line[len] != ' ' ||
	    !g_ascii_string_to_unsigned(line + len + 1, 10, 0, G_MAXUINT64, &value, NULL))
		return false;
	*k = value;
	return true;
}

const char *trial_stopped(const char *line, uint64_t *k)
{
	static const char start[] = "stopped at ";
	char *end;

	if (strncmp(line, start, strlen(start)) || !g_ascii_isdigit(line[strlen(start)]))
		return NULL;
	errno = 0;
	*k = g_ascii_strtoull(line + strlen(start), &end, 10);
	if (errno || strncmp(end, " of ", 4))
		return NULL;
	end = strstr(end, ": ");
	return end ? end + 2 : NULL;
}

static void go_to(struct trial *t, enum stage stage)
{
	t->stage = stage;
	t->since_ns = t->now_ns;
	settle_begin(&t->settle);
}

/* The first reason is the one that counts. */
static void __attribute__((format(printf, 3, 4)))
run_stopped(struct trial *t, enum bench_outcome outcome, const char *fmt, ...)
{
	va_list args;

	if (t->run->outcome != BENCH_OK)
		return;
	t->run->outcome = outcome;
	va_start(args, fmt);
	t->run->stopped_by = g_strdup_vprintf(fmt, args);
	va_end(args);
}

/* Everything that the command started, if its cgroup tells who that is. */
static void kill_all(struct trial *t)
{
	GArray *pids = t->cgroup ? cgroup_pids(t->cgroup) : NULL;

	t->killed = true;
	session_kill(t->session, SIGKILL);
	for (unsigned i = 0; pids && i < pids->len; i++)
		kill(g_array_index(pids, pid_t, i), SIGKILL);
	if (pids)
		g_array_unref(pids);
}

static void end_command(struct trial *t)
{
	go_to(t, LEAVING);
	session_kill(t->session, SIGTERM);
}

static double process_cpu_s(pid_t pid)
{
	struct timespec t;
	clockid_t clock;

	if (clock_getcpuclockid(pid, &clock) || clock_gettime(clock, &t))
		return 0;
	return t.tv_sec + t.tv_nsec / NS;
}

/* CPU time of all that run now; processes that ended before are not in it. NAN: without
 * a control group nobody knows who they are. */
static double cpu_s(const struct trial *t)
{
	GArray *pids = t->cgroup ? cgroup_pids(t->cgroup) : NULL;
	double sum = 0;

	if (!pids)
		return NAN;
	for (unsigned i = 0; i < pids->len; i++)
		sum += process_cpu_s(g_array_index(pids, pid_t, i));
	g_array_unref(pids);
	return sum;
}

static double elapsed_s(const struct trial *t)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec + now.tv_nsec / NS - t->origin_s;
}

/* It says `WORD K`, and K is what it was asked for; else the run has failed. */
static bool says_count(struct trial *t, const char *line, const char *word)
{
	uint64_t k;

	if (!trial_line(line, word, &k))
		return false;
	if (k == t->config->tasks)
		return true;
	run_stopped(t, BENCH_FAILED, "it said %s %" G_GUINT64_FORMAT, word, k);
	kill_all(t);
	return false;
}

static void on_out(void *ctx, const char *line)
{
	struct trial *t = ctx;

	if (t->stage == STARTING && says_count(t, line, "ready")) {
		t->ready = true;
		t->run->ready_s = elapsed_s(t);
		t->run->cpu_s = cpu_s(t);
		go_to(t, SETTLING);
	} else if (t->stage == ENDING_TASKS && says_count(t, line, "after")) {
		go_to(t, SETTLING_AFTER);
	} else if (t->stage == SETTLING && t->config->after && says_count(t, line, "after")) {
		run_stopped(t, BENCH_FAILED, "its tasks ended before they were weighed");
		kill_all(t);
	}
}

static void on_err(void *ctx, const char *line)
{
	struct trial *t = ctx;
	const char *why;
	uint64_t k;

	why = trial_stopped(line, &k);
	/* More than it was to start: not to be believed. */
	if (why && !t->why && k <= t->config->tasks) {
		t->why = g_strdup(why);
		t->run->stopped_at = k;
	}
	if (!*line)
		return;
	g_free(t->last_error);
	t->last_error = g_strdup(line);
}

static void read_output(struct trial *t, struct lines *l)
{
	lines_read(l);
	if (l->ended && t->session)
		session_unwatch(t->session, l->fd);
}

static void out_ready(void *ctx)
{
	read_output(ctx, &((struct trial *)ctx)->out);
}

static void err_ready(void *ctx)
{
	read_output(ctx, &((struct trial *)ctx)->err);
}

static int64_t size_if_known(bool is, int64_t value)
{
	return is ? value : BENCH_UNKNOWN;
}

static void fill_weighing(struct bench_weighing *w, const struct view_held *held, double time_s)
{
	w->taken = true;
	w->time_s = time_s;
	for (int k = 0; k < TARE_KINDS; k++)
		w->part[k] = size_if_known(held->known[k], held->kind[k]);
	/* v1 counts socket buffers apart; here they are kernel memory like the rest. */
	if (held->known[TARE_KMEM])
		w->part[TARE_KMEM] += held->sock;
	bench_sum(w);
}

static void weigh_now(struct trial *t, enum bench_state state)
{
	struct bench_weighing *w = &t->run->at[state];
	struct report *r = session_report(t->session, REPORT_SNAPSHOT);
	struct view_held held = view_now(r);

	fill_weighing(w, &held, r->duration_ns / NS);
	w->settled = t->settle.settled;
	if (r->cgroup.own && r->cgroup.now.current != CGROUP_UNKNOWN)
		w->part[BENCH_CHARGED] = r->cgroup.now.current;
	report_free(r);
}

static void look_at_time(struct trial *t)
{
	uint64_t in_stage = t->now_ns - t->since_ns;

	if (t->stage == LEAVING) {
		if (in_stage > GRACE_NS)
			kill_all(t);
		return;
	}
	/* Settling has an end of its own. */
	if (t->stage == SETTLING || t->stage == SETTLING_AFTER || in_stage <= t->config->limit_ns)
		return;
	g_autofree char *limit = text_duration(t->config->limit_ns);

	run_stopped(t, BENCH_STOPPED, "time limit of %s%s", limit,
		    t->stage == ENDING_TASKS ? ", its tasks did not end" : "");
	kill_all(t);
}

static void on_look(void *ctx, uint64_t time_ns, int64_t weight)
{
	struct trial *t = ctx;

	t->now_ns = time_ns;
	if (*t->config->interrupted)
		kill_all(t);
	if (t->killed)
		return;
	if ((t->stage == SETTLING || t->stage == SETTLING_AFTER) &&
	    (settle_look(&t->settle, time_ns, weight) || time_ns - t->since_ns > SETTLE_NS)) {
		weigh_now(t, t->stage == SETTLING ? BENCH_STEADY : BENCH_AFTER);
		if (t->stage == SETTLING && t->config->after)
			go_to(t, ENDING_TASKS);
		else
			end_command(t);
		return;
	}
	look_at_time(t);
}

static void on_signal(void *ctx, int signal)
{
	struct trial *t = ctx;

	(void)signal;
	*t->config->interrupted = 1;
	kill_all(t);
}

/* SIGUSR1 asks `tare run` for a report; a bench has none half way. */
static void on_snapshot(void *ctx, struct report *r)
{
	(void)ctx;
	(void)r;
}

static int64_t threads_of(const struct report *r)
{
	int64_t sum = 0;

	for (unsigned i = 0; i < r->processes->len; i++)
		sum += report_tasks(r->processes->pdata[i]);
	return sum;
}

/* The command ended by itself. */
static void judge_end(struct trial *t, const struct report *r)
{
	const char *said = t->last_error ? t->last_error : "";
	const char *colon = *said ? ": " : "";
	uint64_t lost = report_lost_sums(r);
	g_autofree char *signal = NULL;

	if (r->cgroup.own && r->cgroup.oom_kills > 0) {
		g_autofree char *limit = r->cgroup.limit == CGROUP_UNKNOWN ?
						 g_strdup("the machine's") :
						 text_size(r->cgroup.limit);

		run_stopped(t, BENCH_STOPPED, "out of memory: %s", limit);
	} else if (t->why) {
		g_autofree char *limit = limits_diagnose(t->why, t->run->stopped_at, threads_of(r));

		run_stopped(t, BENCH_STOPPED, "%s", limit);
	} else if (t->stage != LEAVING && r->exit.signal) {
		signal = text_signal(r->exit.signal);
		run_stopped(t, BENCH_FAILED, "killed by %s%s%s", signal, colon, said);
	} else if (t->stage != LEAVING && r->exit.code) {
		run_stopped(t, BENCH_FAILED, "exit status %d%s%s", r->exit.code, colon, said);
	} else if (t->stage == SETTLING || t->stage == SETTLING_AFTER ||
		   (t->stage == ENDING_TASKS)) {
		run_stopped(t, BENCH_FAILED, "it ended before it was weighed");
	} else if (!t->ready && t->config->must_say) {
		run_stopped(t, BENCH_FAILED, "it ended without saying ready");
	}
	/* Kernel memory is weighed by the control group's own counter where events differ from
	 * it. */
	if (lost || r->off_pages || r->mms_nonzero || !r->sums_valid)
		run_stopped(t, BENCH_FAILED,
			    "the books do not balance: off by %" G_GUINT64_FORMAT
			    " pages, %" G_GUINT64_FORMAT " events lost",
			    r->off_pages, lost);
}

/* With the last process gone. */
static void take_peak(struct trial *t)
{
	struct report *r = session_report(t->session, REPORT_END);
	struct bench_weighing *w = &t->run->at[BENCH_PEAK];
	struct view_held held = view_at_peak(r);

	lines_read(&t->out);
	lines_read(&t->err);
	fill_weighing(w, &held, r->peak_weight_ns / NS);
	judge_end(t, r);
	report_free(r);
}

static int run_session(struct trial *t, const struct session_config *sc)
{
	int status, err;

	err = session_open(&t->session, sc);
	if (err) {
		launch_abandon(&t->launch);
		return err;
	}
	t->origin_s = elapsed_s(t);
	err = session_launch(t->session, &t->launch, t->config->argv[0]);
	/* The session has taken what t->launch holds, but its pid. */
	if (err) {
		run_stopped(t, BENCH_FAILED, "it could not be executed");
		return 0;
	}
	err = session_watch(t->session, t->out.fd, out_ready, t)         ?:
		      session_watch(t->session, t->err.fd, err_ready, t) ?:
		      session_loop(t->session, &status);
	/* What outlives the command is not asked for any more. */
	kill_all(t);
	if (!err && !*t->config->interrupted)
		take_peak(t);
	return err;
}

static void leave_cgroup(struct trial *t)
{
	GArray *pids;
	struct timespec pause = { 0, 2 * 1000 * 1000 };

	for (int i = 0; t->cgroup && i < 500; i++) {
		pids = cgroup_pids(t->cgroup);
		for (unsigned k = 0; k < pids->len; k++)
			kill(g_array_index(pids, pid_t, k), SIGKILL);
		if (!pids->len) {
			g_array_unref(pids);
			break;
		}
		g_array_unref(pids);
		nanosleep(&pause, NULL);
	}
	cgroup_close(t->cgroup);
}

static int open_pipes(struct trial *t, int child[3])
{
	int out[2] = { -1, -1 }, err[2] = { -1, -1 };
	bool made;

	child[0] = open("/dev/null", O_RDONLY | O_CLOEXEC);
	made = child[0] >= 0 && !pipe2(out, O_CLOEXEC) && !pipe2(err, O_CLOEXEC);
	child[1] = out[1];
	child[2] = err[1];
	t->out = (struct lines){ .fd = out[0], .fn = on_out, .ctx = t };
	t->err = (struct lines){ .fd = err[0], .fn = on_err, .ctx = t };
	if (!made) {
		int failed = -errno;

		log_error("cannot make pipes: %s", g_strerror(-failed));
		return failed;
	}
	fcntl(out[0], F_SETFL, O_NONBLOCK);
	fcntl(err[0], F_SETFL, O_NONBLOCK);
	return 0;
}

static void close_all(const int *fds, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		if (fds[i] >= 0)
			close(fds[i]);
}

static void fill_session(struct trial *t, struct session_config *sc, const char *why)
{
	uint64_t tasks = t->config->tasks;

	*sc = (struct session_config){
		.load = {
			.features = t->config->features,
			.backend = t->config->backend,
			/* Each task may be a process. More of those no machine has by default. */
			.max_mms = tasks < MMS_MAX ? MAX(tasks + 1024, MMS_MIN) : MMS_MIN,
			.ring_bytes = RING,
		},
		.interval_ns = LOOK_NS,
		.keep_tasks = PROCTABLE_KEEP,
		.cgroup = t->cgroup,
		.cgroup_why = why,
		.on_snapshot = on_snapshot,
		.on_look = on_look,
		.on_signal = on_signal,
		.ctx = t,
	};
}

static int launch_and_follow(struct trial *t)
{
	struct cgroup_config cc = {
		.features = t->config->features,
		.memory_max = t->config->memory_max,
	};
	struct launch_config lc = { .argv = t->config->argv,
				    .kill_on_exit = true,
				    .redirect = true };
	struct session_config sc;
	g_autofree char *why = NULL;
	int err;

	err = cgroup_create(&t->cgroup, &cc, &why);
	if (err && t->config->memory_max)
		return err;
	err = open_pipes(t, lc.stdio);
	if (err) {
		close_all(lc.stdio, G_N_ELEMENTS(lc.stdio));
		return err;
	}
	lc.cgroup = t->cgroup;
	err = launch_start(&lc, t->config->user, &t->launch);
	close_all(lc.stdio, G_N_ELEMENTS(lc.stdio));
	if (err) { /* said; perhaps no more than another program's tasks in the way */
		run_stopped(t, BENCH_FAILED, "%s could not be started: %s", t->config->argv[0],
			    g_strerror(-err));
		return 0;
	}
	fill_session(t, &sc, why);
	return run_session(t, &sc);
}

struct bench_run *trial_run(const struct trial_config *config)
{
	struct trial t = { .config = config, .run = bench_run_new() };
	int err;

	t.out.fd = t.err.fd = -1;
	t.run->tasks = config->tasks;
	t.run->repeat = config->repeat;
	t.run->after = config->after;
	err = launch_and_follow(&t);
	session_close(t.session);
	leave_cgroup(&t);
	close_all((const int[]){ t.out.fd, t.err.fd }, 2);
	g_free(t.why);
	g_free(t.last_error);
	if (!err && !*config->interrupted)
		return t.run;
	bench_run_free(t.run);
	return NULL;
}
