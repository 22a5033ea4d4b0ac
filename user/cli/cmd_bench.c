/* SPDX-License-Identifier: GPL-2.0-only
 *
 * tare bench: choose workloads, weigh them one after the other, save each result at
 * once, and print a table. The subcommands print saved results.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "bench/limits.h"
#include "bench/runner.h"
#include "capture/loader.h"
#include "cli/bench_options.h"
#include "cli/bench_show.h"
#include "cli/cmd.h"
#include "store/bench_store.h"

#define EXIT_INTERRUPTED 130

static volatile sig_atomic_t interrupted;

struct bench_command {
	const struct bench_options *options;
	struct features features;
	struct launch_user user;
	struct catalogue *catalogue;
	GPtrArray *chosen;
	struct builder builder;
	struct bench *bench;
	struct bench_store *store; /* NULL: results are not saved */
	bool gaps;                 /* --resume: the file is incomplete */
};

static void on_interrupt(int signal)
{
	(void)signal;
	interrupted = 1;
}

static void on_other(int signal)
{
	(void)signal;
}

static void watch_signals(void)
{
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP };
	struct sigaction action = { .sa_handler = on_interrupt };

	for (unsigned i = 0; i < G_N_ELEMENTS(signals); i++)
		sigaction(signals[i], &action, NULL);
	/* A closed stderr, or SIGUSR1 (a report in `tare run`), must not end tare: the raised
	 * limits would stay. */
	action.sa_handler = on_other;
	sigaction(SIGPIPE, &action, NULL);
	sigaction(SIGUSR1, &action, NULL);
}

static int keep_row(void *ctx, const struct bench_row *row)
{
	struct bench_command *c = ctx;

	return c->store ? bench_store_row(c->store, row) : 0;
}

static int keep_run(void *ctx, const struct bench_row *row, const struct bench_run *run)
{
	struct bench_command *c = ctx;

	return c->store ? bench_store_run(c->store, row->id, run) : 0;
}

/* Is the saved command another one? Results hold only one command of the user. */
static bool other_command(const struct bench_command *c, const struct bench *then)
{
	const struct bench_row *row = bench_find(then, OWN_ID);
	g_autofree char *now = g_strjoinv(" ", c->options->command);

	return row && c->options->own && g_strcmp0(row->command, now);
}

/* Results of other options or of another machine must not be mixed with new ones. */
static int check_same(const struct bench_command *c, const struct bench *then, const char *path)
{
	const struct bench *now = c->bench;
	const char *what = NULL;

	if (then->touch != now->touch)
		what = "another --touch";
	else if (then->memory_max != now->memory_max)
		what = "another --memory-max";
	else if (g_strcmp0(then->machine.kernel, now->machine.kernel) ||
		 g_strcmp0(then->machine.cpu, now->machine.cpu) ||
		 then->machine.memory != now->machine.memory)
		what = "another machine or kernel";
	else if (g_strcmp0(then->machine.limits, now->machine.limits))
		what = "other limits";
	else if (other_command(c, then))
		what = "another command";
	if (!what)
		return 0;
	log_error("%s was made with %s: --resume can't add to it", path, what);
	log_hint("use another file: -o FILE");
	return -EINVAL;
}

static int resume_results(struct bench_command *c)
{
	const char *path = c->options->output;
	struct bench *before = NULL;
	int err = bench_store_load(&before, path);

	err = err ?: check_same(c, before, path);
	err = err ?: bench_store_open_output(&c->store, c->options->to_output);
	if (err) {
		bench_free(before);
		return err;
	}
	if (g_strcmp0(before->machine.tare_version, c->bench->machine.tare_version))
		log_warn("%s was begun by tare %s", path, before->machine.tare_version);
	bench_free(c->bench);
	c->bench = before;
	c->gaps = !before->complete;
	return 0;
}

/* --resume: do the workloads of this run include all that the file lacks? */
static bool gaps_are_chosen(const struct bench_command *c)
{
	for (unsigned i = 0; c->gaps && i < c->bench->rows->len; i++) {
		const struct bench_row *row = c->bench->rows->pdata[i];
		bool among = !c->chosen;

		for (unsigned k = 0; c->chosen && k < c->chosen->len; k++)
			among |= !strcmp(row->id, ((struct workload *)c->chosen->pdata[k])->id);
		if (!among)
			return false;
	}
	return true;
}

static int open_store(struct bench_command *c)
{
	const char *path = c->options->output;
	int err;

	if (!path)
		return 0;
	if (c->options->resume)
		return resume_results(c);
	err = bench_store_create_output(&c->store, c->options->to_output, c->bench);
	if (err == -EEXIST) {
		log_error("%s already exists", path);
		log_hint("add --resume to continue it, or use another file: -o FILE");
	}
	return err;
}

static int run_workloads(struct bench_command *c, enum counter_backend backend)
{
	const struct bench_options *o = c->options;
	struct runner_config config = {
		.features = &c->features,
		.backend = backend,
		.user = &c->user,
		.builder = o->own ? NULL : &c->builder,
		.workloads = c->chosen,
		.command = o->command,
		.tasks = o->tasks,
		.runs = o->runs,
		.limit_ns = o->limit_ns,
		.memory_max = o->memory_max,
		.touch = o->touch,
		.after = o->after,
		.interrupted = &interrupted,
		.on_row = keep_row,
		.on_run = keep_run,
		.ctx = c,
	};
	int err;

	c->bench = bench_new();
	runner_describe(&config, c->bench);
	err = open_store(c);
	if (err)
		return err;
	err = runner_go(&config, c->bench);
	c->bench->complete = !err && gaps_are_chosen(c);
	if (c->bench->complete && c->store)
		err = bench_store_finish(c->store);
	return err;
}

static int raise_and_weigh(struct bench_command *c)
{
	enum counter_backend backend;
	int err = features_probe(&c->features, c->options->btf);

	err = err ?: features_check(&c->features);
	err = err ?: features_backend(&c->features, NULL, &backend);
	err = err ?: loader_settle(&c->features, &backend); /* the results name their backend */
	if (err)
		return err;
	limits_sweep();
	watch_signals();
	if (c->options->raise_limits)
		err = limits_raise();
	err = err ?: run_workloads(c, backend);
	limits_restore();
	return err;
}

static int list_workloads(const struct bench_command *c)
{
	for (unsigned i = 0; i < c->chosen->len; i++) {
		const struct workload *w = c->chosen->pdata[i];
		const char *missing = builder_missing(&c->builder, w);

		printf("%-26s %-9s %-8s %s\n", w->id, w->root, w->family,
		       missing ? missing : w->title);
	}
	return 0;
}

static int open_catalogue(struct bench_command *c)
{
	const struct bench_options *o = c->options;
	g_autofree char *standard = catalogue_default();
	const char *path = o->catalogue ? o->catalogue : standard;
	int err;

	if (!path) {
		log_error("no catalogue of workloads: tare is neither installed nor in its"
			  " source tree");
		log_hint("--catalogue FILE, or tare bench -- COMMAND {n}");
		return -ENOENT;
	}
	err = catalogue_load(&c->catalogue, path);
	if (err)
		return err;
	c->chosen = catalogue_select(c->catalogue, o->only);
	if (!c->chosen)
		return -EINVAL;
	return builder_open(&c->builder, c->catalogue, o->build_dir, &c->user, &interrupted);
}

/* No run of the user's command succeeded. */
static bool own_failed(const struct bench_command *c)
{
	return c->options->own && c->bench && c->bench->rows->len &&
	       strcmp(bench_row_status(c->bench->rows->pdata[0]), "ok");
}

static int measure_all(struct bench_command *c)
{
	struct launch_config launch = { .user = c->options->user, .as_root = c->options->as_root };
	int err = launch_user(&launch, &c->user);

	if (!err && !c->options->own)
		err = open_catalogue(c);
	if (err)
		return err == -EINVAL ? EXIT_USAGE : EXIT_FAILED;
	if (c->options->list)
		return list_workloads(c);
	err = raise_and_weigh(c);
	if (c->bench && c->bench->rows->len) {
		g_autofree char *table = bench_show_table(c->bench);

		fputs(table, stdout);
	}
	if (err == -EINTR && c->store) {
		log_warn("interrupted; finished runs are saved");
		log_hint("tare bench … -o %s --resume", c->options->output);
	}
	if (err == -EINTR)
		return EXIT_INTERRUPTED;
	return err || own_failed(c) ? EXIT_FAILED : 0;
}

static int run_bench(int argc, char **argv)
{
	struct bench_options o;
	struct bench_command c = { .options = &o };
	int status = bench_options_parse(&o, BENCH_VERB_RUN, argc, argv);

	if (!status) {
		status = measure_all(&c);
		bench_store_close(c.store);
		bench_free(c.bench);
		if (c.builder.catalogue)
			builder_close(&c.builder);
		if (c.chosen)
			g_ptr_array_unref(c.chosen);
		catalogue_free(c.catalogue);
		features_free(&c.features);
	} else {
		status = status < 0 ? EXIT_USAGE : 0;
	}
	bench_options_free(&o);
	return status;
}

int cmd_bench(int argc, char **argv)
{
	if (argc > 1 && !strcmp(argv[1], "report"))
		return bench_show_report(argc - 1, argv + 1);
	if (argc > 1 && !strcmp(argv[1], "compare"))
		return bench_show_compare(argc - 1, argv + 1);
	return run_bench(argc, argv);
}
