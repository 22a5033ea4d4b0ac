/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The stages of a trial: reads the program's output, waits until its weight has settled, weighs
 * it, and decides how it ended.
 */
#include <errno.h>
#include <math.h>
#include <signal.h>
#include <stdarg.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>

#include "base/text.h"
#include "bench/limits.h"
#include "bench/trial_impl.h"
#include "capture/cgroup.h"
#include "model/view.h"

#define NS 1e9
#define LOOK_NS (50 * 1000 * 1000)
#define GRACE_NS (5 * 1000 * 1000 * 1000LL) /* from SIGTERM to SIGKILL */
#define SETTLE_NS (20 * 1000 * 1000 * 1000LL)

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

/* Only the first reason counts. */
void trial_end_by(struct trial *t, enum bench_outcome outcome, const char *fmt, ...)
{
	va_list args;

	if (t->run->outcome != BENCH_OK)
		return;
	t->run->outcome = outcome;
	va_start(args, fmt);
	t->run->stopped_by = g_strdup_vprintf(fmt, args);
	va_end(args);
}

/* Without a control group only the command itself can be killed. */
void trial_kill(struct trial *t)
{
	GArray *pids = t->cgroup ? cgroup_pids(t->cgroup) : NULL;

	t->killed = true;
	session_kill(t->session, SIGKILL);
	for (unsigned i = 0; pids && i < pids->len; i++)
		kill(g_array_index(pids, pid_t, i), SIGKILL);
	if (pids)
		g_array_unref(pids);
}

static void leave(struct trial *t)
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

/* CPU time of the processes that live now; ended ones are not in it. NAN without a control group:
 * then the processes are not known. */
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

double trial_elapsed_s(const struct trial *t)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec + now.tv_nsec / NS - t->origin_s;
}

/* Is the line `WORD K`, with K the number of tasks? Another K is a failure of the run. */
static bool says(struct trial *t, const char *line, const char *word)
{
	uint64_t k;

	if (!trial_line(line, word, &k))
		return false;
	if (k == t->config->tasks)
		return true;
	trial_end_by(t, BENCH_FAILED, "it said %s %" G_GUINT64_FORMAT, word, k);
	trial_kill(t);
	return false;
}

static void on_out(void *ctx, const char *line)
{
	struct trial *t = ctx;

	if (t->stage == STARTING && says(t, line, "ready")) {
		t->ready = true;
		t->run->ready_s = trial_elapsed_s(t);
		t->run->cpu_s = cpu_s(t);
		go_to(t, SETTLING);
	} else if (t->stage == ENDING_TASKS && says(t, line, "after")) {
		go_to(t, SETTLING_AFTER);
	} else if (t->stage == SETTLING && t->config->after && says(t, line, "after")) {
		trial_end_by(t, BENCH_FAILED, "its tasks ended before they were weighed");
		trial_kill(t);
	}
}

static void on_err(void *ctx, const char *line)
{
	struct trial *t = ctx;
	const char *why;
	uint64_t k;

	why = trial_stopped(line, &k);
	/* A number above N is not believed. */
	if (why && !t->why && k <= t->config->tasks) {
		t->why = g_strdup(why);
		t->run->stopped_at = k;
	}
	if (!*line)
		return;
	g_free(t->last_error);
	t->last_error = g_strdup(line);
}

static void hear(struct trial *t, struct lines *l)
{
	lines_read(l);
	if (l->ended && t->session)
		session_unwatch(t->session, l->fd);
}

static void out_ready(void *ctx)
{
	hear(ctx, &((struct trial *)ctx)->out);
}

static void err_ready(void *ctx)
{
	hear(ctx, &((struct trial *)ctx)->err);
}

static int64_t known(bool is, int64_t value)
{
	return is ? value : BENCH_UNKNOWN;
}

static void weigh(struct bench_weighing *w, const struct view_held *held, double time_s)
{
	w->taken = true;
	w->time_s = time_s;
	for (int k = 0; k < TARE_KINDS; k++)
		w->part[k] = known(held->known[k], held->kind[k]);
	/* cgroup v1 counts socket buffers separately; here they are part of kernel memory. */
	if (held->known[TARE_KMEM])
		w->part[TARE_KMEM] += held->sock;
	bench_sum(w);
}

static void weigh_now(struct trial *t, enum bench_state state)
{
	struct bench_weighing *w = &t->run->at[state];
	struct report *r = session_report(t->session, REPORT_SNAPSHOT);
	struct view_held held = view_now(r);

	weigh(w, &held, r->duration_ns / NS);
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
			trial_kill(t);
		return;
	}
	/* Settling has its own time limit, SETTLE_NS. */
	if (t->stage == SETTLING || t->stage == SETTLING_AFTER || in_stage <= t->config->limit_ns)
		return;
	g_autofree char *limit = text_duration(t->config->limit_ns);

	trial_end_by(t, BENCH_STOPPED, "time limit of %s%s", limit,
		     t->stage == ENDING_TASKS ? ", its tasks did not end" : "");
	trial_kill(t);
}

static void on_look(void *ctx, uint64_t time_ns, int64_t weight)
{
	struct trial *t = ctx;

	t->now_ns = time_ns;
	if (*t->config->interrupted)
		trial_kill(t);
	if (t->killed)
		return;
	if ((t->stage == SETTLING || t->stage == SETTLING_AFTER) &&
	    (settle_look(&t->settle, time_ns, weight) || time_ns - t->since_ns > SETTLE_NS)) {
		weigh_now(t, t->stage == SETTLING ? BENCH_STEADY : BENCH_AFTER);
		if (t->stage == SETTLING && t->config->after)
			go_to(t, ENDING_TASKS);
		else
			leave(t);
		return;
	}
	look_at_time(t);
}

static void on_signal(void *ctx, int signal)
{
	struct trial *t = ctx;

	(void)signal;
	*t->config->interrupted = 1;
	trial_kill(t);
}

/* SIGUSR1 asks for a snapshot; a bench prints none. */
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

		trial_end_by(t, BENCH_STOPPED, "out of memory: %s", limit);
	} else if (t->why) {
		g_autofree char *limit = limits_diagnose(t->why, t->run->stopped_at, threads_of(r));

		trial_end_by(t, BENCH_STOPPED, "%s", limit);
	} else if (t->stage != LEAVING && r->exit.signal) {
		signal = text_signal(r->exit.signal);
		trial_end_by(t, BENCH_FAILED, "killed by %s%s%s", signal, colon, said);
	} else if (t->stage != LEAVING && r->exit.code) {
		trial_end_by(t, BENCH_FAILED, "exit status %d%s%s", r->exit.code, colon, said);
	} else if (t->stage == SETTLING || t->stage == SETTLING_AFTER ||
		   (t->stage == ENDING_TASKS)) {
		trial_end_by(t, BENCH_FAILED, "it ended before it was weighed");
	} else if (!t->ready && t->config->must_say) {
		trial_end_by(t, BENCH_FAILED, "it ended without saying ready");
	}
	/* Kernel memory is not compared: if events differ from the control group's counter, the
	 * counter is used. */
	if (lost || r->off_pages || r->mms_nonzero || !r->sums_valid)
		trial_end_by(t, BENCH_FAILED,
			     "the books do not balance: off by %" G_GUINT64_FORMAT
			     " pages, %" G_GUINT64_FORMAT " events lost",
			     r->off_pages, lost);
}

void trial_weigh_peak(struct trial *t)
{
	struct report *r = session_report(t->session, REPORT_END);
	struct bench_weighing *w = &t->run->at[BENCH_PEAK];
	struct view_held held = view_at_peak(r);

	lines_read(&t->out);
	lines_read(&t->err);
	weigh(w, &held, r->peak_weight_ns / NS);
	judge_end(t, r);
	report_free(r);
}

void trial_listen(struct trial *t, int out, int err)
{
	t->out = (struct lines){ .fd = out, .fn = on_out, .ctx = t };
	t->err = (struct lines){ .fd = err, .fn = on_err, .ctx = t };
}

void trial_hear(struct trial *t, struct session_config *sc)
{
	sc->interval_ns = LOOK_NS;
	sc->on_snapshot = on_snapshot;
	sc->on_look = on_look;
	sc->on_signal = on_signal;
	sc->ctx = t;
}

int trial_begin(struct trial *t)
{
	return session_watch(t->session, t->out.fd, out_ready, t) ?:
		       session_watch(t->session, t->err.fd, err_ready, t);
}
