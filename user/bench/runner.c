/* SPDX-License-Identifier: GPL-2.0-only */
#include "bench/runner.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#include "base/log.h"
#include "base/text.h"
#include "bench/busy.h"
#include "bench/progress.h"
#include "bench/trial.h"

#define FOREVER "1000000" /* seconds; tare ends the program by a signal */
#define AFTER_SPARE_S 3

struct runner {
	const struct runner_config *config;
	struct bench *bench;
	struct progress progress;
};

/* One workload, or the user's command. */
struct subject {
	const struct workload *w; /* NULL: the command */
	struct bench_row *row;
	GArray *tasks; /* uint64_t, ascending: the values of N */
};

uint64_t runner_most(uint64_t at, uint64_t done)
{
	uint64_t most = at - at / 32, step = 1;

	while (most / step >= 100)
		step *= 10;
	most -= most % step;
	return most > done ? most : 0;
}

static struct bench_run *find_run(const struct bench_row *row, uint64_t tasks, unsigned repeat,
				  bool after)
{
	for (unsigned i = 0; i < row->runs->len; i++) {
		struct bench_run *run = row->runs->pdata[i];

		if (run->tasks == tasks && run->repeat == repeat && run->after == after)
			return run;
	}
	return NULL;
}

/* The values of N that the user gave, each at most the workload's maximum. */
static GArray *tasks_of(const struct runner_config *c, const struct workload *w)
{
	GArray *tasks = g_array_new(FALSE, FALSE, sizeof(uint64_t));
	uint64_t max = w ? w->max : G_MAXUINT64;

	for (unsigned i = 0; i < c->tasks->len; i++) {
		uint64_t n = MIN(g_array_index(c->tasks, uint64_t, i), max);

		if (!tasks->len || n > g_array_index(tasks, uint64_t, tasks->len - 1))
			g_array_append_val(tasks, n);
	}
	return tasks;
}

static char *seconds_for(const struct bench_row *row, uint64_t tasks, bool after)
{
	const struct bench_run *run = after ? find_run(row, tasks, 1, false) : NULL;

	if (!after)
		return g_strdup(FOREVER);
	/* A task sleeps from its start on: the first must not wake up before all are ready. */
	return g_strdup_printf("%.0f", ceil(run && isfinite(run->ready_s) ? 2 * run->ready_s : 0) +
					       AFTER_SPARE_S);
}

static char **own_command(const struct runner_config *c, const char *n)
{
	const char *values[] = { "n", n, NULL };
	GPtrArray *argv = g_ptr_array_new();

	for (char *const *arg = c->command; *arg; arg++)
		g_ptr_array_add(argv, catalogue_fill(*arg, values));
	g_ptr_array_add(argv, NULL);
	return (char **)g_ptr_array_free(argv, FALSE);
}

static char **expand_command(const struct runner_config *c, const struct subject *s, uint64_t tasks,
			     bool after, const char *peer)
{
	g_autofree char *n = g_strdup_printf("%" G_GUINT64_FORMAT, tasks);
	g_autofree char *seconds = seconds_for(s->row, tasks, after);
	g_autofree char *touch = g_strdup_printf("%" G_GUINT64_FORMAT, c->touch);
	const char *values[] = { "n", n, "seconds", seconds, "peer", peer, NULL };
	const char *more[4] = { NULL };
	unsigned i = 0;

	if (!s->w)
		return own_command(c, n);
	if (after)
		more[i++] = "--after";
	if (c->touch && s->w->stackful) {
		more[i++] = "--touch";
		more[i] = touch;
	}
	return builder_command(c->builder, s->w, values, more);
}

/* The result of a run whose command could not be started. */
static struct bench_run *not_started(uint64_t tasks, unsigned repeat, bool after, const char *why)
{
	struct bench_run *run = bench_run_new();

	run->tasks = tasks;
	run->repeat = repeat;
	run->after = after;
	run->outcome = BENCH_FAILED;
	run->stopped_by = g_strdup(why);
	return run;
}

static struct bench_run *run_trial(struct runner *r, const struct subject *s, uint64_t tasks,
				   unsigned repeat, bool after)
{
	const struct runner_config *c = r->config;
	bool connects = s->w && !strcmp(s->w->family, "connect");
	g_autofree char *peer = NULL;
	g_auto(GStrv) argv = NULL;
	struct bench_run *run;
	struct busy start;
	pid_t pid = 0;

	busy_read(&start);
	if (connects && builder_peer_start(c->builder, &pid, &peer))
		return *c->interrupted ? NULL :
					 not_started(tasks, repeat, after,
						     "the peer to connect to could not be started");
	argv = expand_command(c, s, tasks, after, peer ? peer : "");
	struct trial_config trial = {
		.features = c->features,
		.backend = c->backend,
		.user = s->w ? builder_runs_as(c->builder, s->w) : c->user,
		.argv = argv,
		.tasks = tasks,
		.repeat = repeat,
		.must_say = s->w && !s->w->silent,
		.after = after,
		.limit_ns = c->limit_ns,
		.memory_max = c->memory_max,
		.interrupted = c->interrupted,
	};
	run = trial_run(&trial);
	if (pid)
		builder_peer_end(pid);
	if (run)
		run->others = busy_others(&start);
	/* Known limits of the workload explain more than a signal. */
	if (run && run->outcome == BENCH_FAILED && s->w && s->w->limits) {
		g_autofree char *why = run->stopped_by;

		run->stopped_by = g_strdup_printf("%s (known limits: %s)", why, s->w->limits);
	}
	return run;
}

static void say_run(struct runner *r, const struct subject *s, uint64_t tasks, unsigned repeat,
		    bool after)
{
	g_autofree char *n = text_count(tasks), *what = NULL;

	if (after)
		what = g_strdup_printf("%s: %s tasks, what is left after", s->row->id, n);
	else
		what = g_strdup_printf("%s: %s tasks, run %u of %u", s->row->id, n, repeat,
				       r->config->runs);
	progress_say(&r->progress, what);
}

static void say_end(struct runner *r, const struct subject *s, const struct bench_run *run)
{
	g_autofree char *n = text_count(run->tasks), *what = NULL;

	if (run->outcome == BENCH_OK)
		return;
	if (run->stopped_at != BENCH_UNKNOWN) {
		g_autofree char *at = text_count(run->stopped_at);

		what = g_strdup_printf("%s: stopped at %s of %s: %s", s->row->id, at, n,
				       run->stopped_by);
	} else {
		what = g_strdup_printf("%s: %s tasks: %s", s->row->id, n, run->stopped_by);
	}
	progress_note(&r->progress, what);
}

/* Make a run, unless the results have it already. Returns 0 with `run` set, or negative errno. */
static int run_once(struct runner *r, const struct subject *s, uint64_t tasks, unsigned repeat,
		    bool after, struct bench_run **run)
{
	double start = progress_now();
	int err;

	*run = find_run(s->row, tasks, repeat, after);
	if (*run) {
		progress_done(&r->progress, tasks, -1);
		return 0;
	}
	say_run(r, s, tasks, repeat, after);
	*run = run_trial(r, s, tasks, repeat, after);
	if (!*run)
		return *r->config->interrupted ? -EINTR : -EIO;
	bench_check_peak(s->row, *run);
	g_ptr_array_add(s->row->runs, *run);
	progress_done(&r->progress, tasks, progress_now() - start);
	say_end(r, s, *run);
	err = r->config->on_run(r->config->ctx, s->row, *run);
	return err;
}

/* All repeats with one N. After a run that was stopped or failed (`stopped`), the others are
 * skipped. */
static int run_tasks(struct runner *r, const struct subject *s, uint64_t tasks,
		     const struct bench_run **stopped)
{
	struct bench_run *run;
	int err = 0;

	for (unsigned repeat = 1; !err && repeat <= r->config->runs; repeat++) {
		if (*stopped) {
			progress_done(&r->progress, tasks, -1);
			continue;
		}
		err = run_once(r, s, tasks, repeat, false, &run);
		if (!err && run->outcome != BENCH_OK)
			*stopped = run;
	}
	return err;
}

static bool runs_after(const struct runner_config *c, const struct workload *w)
{
	return c->after && w && w->after;
}

/* --after: one more run with the most tasks that succeeded. Fewer tell nothing else. */
static int run_after(struct runner *r, const struct subject *s, uint64_t most)
{
	struct bench_run *run;

	if (!runs_after(r->config, s->w))
		return 0;
	if (most)
		return run_once(r, s, most, 1, true, &run);
	progress_done(&r->progress, g_array_index(s->tasks, uint64_t, s->tasks->len - 1), -1);
	return 0;
}

static int run_subject(struct runner *r, const struct subject *s)
{
	const struct bench_run *stopped = NULL;
	uint64_t done = 0, most;
	int err = 0;

	for (unsigned i = 0; !err && i < s->tasks->len; i++) {
		uint64_t n = g_array_index(s->tasks, uint64_t, i);

		err = run_tasks(r, s, n, &stopped);
		if (!stopped)
			done = n;
	}
	if (!err && stopped && stopped->stopped_at != BENCH_UNKNOWN) {
		/* Also run the largest N that fits. */
		most = runner_most(stopped->stopped_at, done);
		stopped = NULL;
		err = most ? run_tasks(r, s, most, &stopped) : 0;
		if (most && !stopped)
			done = most;
	}
	return err ?: run_after(r, s, done);
}

/* Its row in the results. The members of an existing row are set again; its runs are kept. */
static struct bench_row *row_of(struct bench *b, const char *id)
{
	struct bench_row *row = bench_find(b, id);

	if (row)
		return row;
	row = bench_row_new();
	row->id = g_strdup(id);
	g_ptr_array_add(b->rows, row);
	return row;
}

static void set_text(char **text, const char *value)
{
	g_free(*text);
	*text = g_strdup(value);
}

static void copy_published(struct bench_row *row, const struct workload *w)
{
	g_ptr_array_set_size(row->published, 0);
	for (unsigned i = 0; i < w->published->len; i++)
		g_ptr_array_add(row->published, bench_published_copy(w->published->pdata[i]));
}

static void fill_row(const struct runner_config *c, struct bench_row *row, const struct workload *w)
{
	g_autofree char *run = g_strjoinv(" ", (char **)(w ? w->run : c->command));

	set_text(&row->title, w ? w->title : run);
	set_text(&row->language, w ? w->language : "");
	set_text(&row->family, w ? w->family : "own");
	set_text(&row->task, w ? w->task : "as the command has them");
	set_text(&row->root, w ? w->root : "");
	set_text(&row->twin, w ? w->twin : NULL);
	set_text(&row->command, run);
	if (w)
		copy_published(row, w);
}

static void make_ready(struct runner *r, struct bench_row *row, const struct workload *w)
{
	const struct builder *b = r->config->builder;
	g_autofree char *version = NULL, *why = NULL, *what = NULL;

	set_text(&row->missing, builder_missing(b, w));
	if (r->config->touch && !w->stackful)
		set_text(&row->missing, "not run: its tasks have no stack of their own (--touch)");
	if (row->missing)
		return;
	what = g_strdup_printf("%s: building", w->id);
	if (*w->build)
		progress_say(&r->progress, what);
	version = builder_version(b, w);
	set_text(&row->version, version);
	why = builder_make(b, w);
	set_text(&row->missing, why);
}

/* How many runs with the i-th of these N. */
static unsigned runs_with(const struct runner_config *c, const struct workload *w,
			  const GArray *tasks, unsigned i)
{
	return c->runs + (runs_after(c, w) && i == tasks->len - 1);
}

static int run_workload(struct runner *r, const struct workload *w, GArray *tasks)
{
	const struct runner_config *c = r->config;
	struct subject s = { .w = w, .row = row_of(r->bench, w ? w->id : OWN_ID), .tasks = tasks };
	int err;

	r->progress.row++;
	fill_row(c, s.row, w);
	if (w)
		make_ready(r, s.row, w);
	if (*c->interrupted)
		return -EINTR;
	err = c->on_row(c->ctx, s.row);
	if (err || !s.row->missing)
		return err ?: run_subject(r, &s);
	for (unsigned i = 0; i < tasks->len; i++)
		for (unsigned k = 0; k < runs_with(c, w, tasks, i); k++)
			progress_done(&r->progress, g_array_index(tasks, uint64_t, i), -1);
	g_autofree char *note = g_strdup_printf("%s: %s", s.row->id, s.row->missing);

	progress_note(&r->progress, note);
	return 0;
}

static void plan_runs(struct runner *r, const struct workload *w, const GArray *tasks)
{
	const struct runner_config *c = r->config;

	for (unsigned i = 0; i < tasks->len; i++)
		for (unsigned k = 0; k < runs_with(c, w, tasks, i); k++)
			progress_plan(&r->progress, g_array_index(tasks, uint64_t, i));
}

int runner_go(const struct runner_config *config, struct bench *b)
{
	struct runner r = { .config = config, .bench = b };
	unsigned n = config->workloads ? config->workloads->len : 1;
	g_autoptr(GPtrArray) tasks = g_ptr_array_new_with_free_func((GDestroyNotify)g_array_unref);
	int err = 0;

	progress_open(&r.progress, n);
	for (unsigned i = 0; i < n; i++) {
		const struct workload *w = config->workloads ? config->workloads->pdata[i] : NULL;

		g_ptr_array_add(tasks, tasks_of(config, w));
		plan_runs(&r, w, tasks->pdata[i]);
	}
	for (unsigned i = 0; !err && i < n; i++)
		err = run_workload(&r, config->workloads ? config->workloads->pdata[i] : NULL,
				   tasks->pdata[i]);
	progress_close(&r.progress);
	return err;
}
