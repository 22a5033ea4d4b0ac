/* SPDX-License-Identifier: GPL-2.0-only
 *
 * tare run: start the command, hold it before execve until tare measures, wait for its
 * end, and report.
 */
#include <errno.h>
#include <signal.h>
#include <sys/wait.h>

#include "cli/cmd.h"
#include "cli/options.h"
#include "cli/reporter.h"

static int exit_status(int status)
{
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

static int exit_of_launch(int err)
{
	return err == -ENOENT ? EXIT_NOT_FOUND : err == -EACCES ? EXIT_NOT_EXECUTABLE : EXIT_TARE;
}

/* The child `l` is forked already and prepares itself while the session opens. This
 * function either lets it execute the command or ends it. */
static int run_session(struct reporter *reporter, const struct launch_config *launch,
		       struct launch *l)
{
	struct session_config config;
	struct session *s = NULL;
	struct report *report;
	int status = 0, err, failed;

	reporter_config(reporter, &config);
	failed = session_open(&s, &config);
	err = launch_ready(launch, l);
	if (!err && failed)
		launch_abandon(l);
	if (err || failed) {
		session_close(s);
		return err ? exit_of_launch(err) : EXIT_TARE;
	}
	err = session_launch(s, l, reporter->options->command[0]);
	if (err) {
		session_close(s);
		return exit_of_launch(err);
	}
	reporter_begin(reporter, s);
	err = session_loop(s, &status);
	report = session_report(s, REPORT_END);
	reporter_write(reporter, report);
	report_free(report);
	reporter_end(reporter);
	/* The status is the command's, also if Ctrl-C comes once more while tare cleans up. */
	signal(SIGINT, SIG_IGN);
	session_close(s);
	return err || reporter->err ? EXIT_TARE : exit_status(status);
}

static int launch_and_measure(struct reporter *reporter, const struct launch_config *launch,
			      const struct launch_user *user)
{
	struct launch l;
	int err = launch_fork(launch, user, &l);

	if (err)
		return exit_of_launch(err);
	/* If the command can't be started, that message is printed even if tare can't work. */
	if (reporter_backend(reporter->features, reporter->options, &reporter->backend)) {
		err = launch_ready(launch, &l);
		if (!err)
			launch_abandon(&l);
		return err ? exit_of_launch(err) : EXIT_TARE;
	}
	return run_session(reporter, launch, &l);
}

/* Create the command's control group. Failure is an error only with --cgroup or
 * --memory-max; otherwise the report says why kernel memory is not measured. */
static int make_cgroup(struct reporter *reporter)
{
	const struct options *o = reporter->options;
	struct cgroup_config config = {
		.features = reporter->features,
		.path = o->cgroup,
		.memory_max = o->memory_max,
	};
	int err;

	if (o->no_cgroup) {
		reporter->cgroup_why = g_strdup("--no-cgroup was given");
		return 0;
	}
	err = cgroup_create(&reporter->cgroup, &config, &reporter->cgroup_why);
	return o->cgroup || o->memory_max ? err : 0;
}

static int probe_and_run(const struct options *o, struct launch_config *launch,
			 const struct launch_user *user)
{
	struct features features = { 0 };
	struct reporter reporter = {
		.options = o,
		.features = &features,
	};
	int status = EXIT_TARE;

	if (!features_probe(&features, o->btf) && !make_cgroup(&reporter)) {
		launch->cgroup = reporter.cgroup;
		if (o->memory_max)
			reporter_watch_ooms(&reporter);
		status = launch_and_measure(&reporter, launch, user);
	}
	cgroup_close(reporter.cgroup);
	g_free(reporter.cgroup_why);
	reporter_forget(&reporter);
	features_free(&features);
	return status;
}

int cmd_run(int argc, char **argv)
{
	struct options o;
	struct launch_user user;
	struct launch_config launch;
	int status;

	switch (options_parse(&o, FOR_RUN, argc, argv)) {
	case 0:
		break;
	case 1:
		return 0;
	default:
		options_free(&o);
		return EXIT_TARE;
	}
	launch = (struct launch_config){
		.argv = o.command,
		.user = o.user,
		.as_root = o.as_root,
		.kill_on_exit = o.kill_on_exit,
	};
	if (launch_user(&launch, &user))
		status = EXIT_TARE;
	else
		status = probe_and_run(&o, &launch, &user);
	options_free(&o);
	return status;
}
