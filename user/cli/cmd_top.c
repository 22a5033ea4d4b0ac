/* SPDX-License-Identifier: GPL-2.0-only
 *
 * tare top: memory growth as it happens, on a screen or as text, round after round.
 */
#include <errno.h>
#include <fcntl.h>
#include <langinfo.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"
#include "base/text.h"
#include "capture/about.h"
#include "capture/cause.h"
#include "capture/machine.h"
#include "cli/cmd.h"
#include "cli/terminal.h"
#include "cli/top.h"

#define NS 1000000000ULL
#define SHARE 10        /* a round may take a tenth of its interval */
#define PLAIN_WIDTH 140 /* of plain text that goes to no terminal */

/* Names of users, read once each: passwd may be on a network. */
static const char *owner_name(uint32_t uid)
{
	static GHashTable *names;
	const struct passwd *pw;
	gpointer name;

	if (!names)
		names = g_hash_table_new(NULL, NULL);
	if (!g_hash_table_lookup_extended(names, GUINT_TO_POINTER(uid), NULL, &name)) {
		pw = getpwuid(uid);
		name = pw ? g_strdup(pw->pw_name) : NULL;
		g_hash_table_insert(names, GUINT_TO_POINTER(uid), name);
	}
	return name;
}

static uint64_t clock_now(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (uint64_t)t.tv_sec * NS + (uint64_t)t.tv_nsec;
}

/* What tare itself takes, in user space. */
static void look_at_self(struct top *t)
{
	uint64_t cpu = clock_now(CLOCK_PROCESS_CPUTIME_ID), now = clock_now(CLOCK_MONOTONIC);
	g_autofree char *statm = NULL;
	const char *rss;

	if (t->cpu_at_ns && now > t->cpu_at_ns)
		t->look.self_cpu = (double)(cpu - t->cpu_ns) * 100 / (double)(now - t->cpu_at_ns);
	t->cpu_ns = cpu;
	t->cpu_at_ns = now;
	if (!g_file_get_contents("/proc/self/statm", &statm, NULL, NULL))
		return;
	rss = strchr(statm, ' ');
	if (rss)
		t->look.self_rss = g_ascii_strtoll(rss, NULL, 10) * sysconf(_SC_PAGESIZE);
}

static int64_t meminfo(const char *text, const char *name)
{
	const char *at = strstr(text, name);

	return at ? g_ascii_strtoll(at + strlen(name), NULL, 10) * 1024 : 0;
}

static void look_at_machine(struct top *t)
{
	g_autofree char *text = NULL;

	if (!g_file_get_contents("/proc/meminfo", &text, NULL, NULL))
		return;
	t->look.memory = meminfo(text, "MemTotal:");
	t->look.available = meminfo(text, "MemAvailable:");
}

/* A round may take a tenth of its interval, of tare's CPU time; else rounds become rarer. */
static void keep_pace(struct top *t, uint64_t took)
{
	uint64_t least = took * SHARE, wanted = t->options->delay_ns;
	bool slow = least > wanted;

	if (slow) /* to the next tenth of a second, and not back and forth */
		wanted = MAX((least / (NS / 10) + 1) * (NS / 10), t->look.interval_ns);
	else if (t->look.slow && least > wanted / 2)
		return;
	if (wanted != t->look.interval_ns)
		session_pace(t->session, wanted);
	t->look.slow = slow;
	t->look.interval_ns = wanted;
}

static void on_look(void *ctx, uint64_t time_ns, int64_t weight)
{
	struct top *t = ctx; /* its reporter is its first member */
	uint64_t began = clock_now(CLOCK_THREAD_CPUTIME_ID);
	struct books_input in;

	(void)time_ns;
	(void)weight;
	if (t->over)
		return;
	session_live(t->session, &in);
	live_tick(t->live, &in);
	t->look.first = live_total(t->live)->ticks == 1;
	about_processes(t->live);
	look_at_self(t);
	look_at_machine(t);
	t->look.kmem_why = session_kmem_why(t->session);
	if (t->screen)
		top_screen_tick(t->screen);
	else
		top_print(t);
	t->begun = true;
	if (!t->over && live_total(t->live)->ticks == t->options->rounds)
		top_quit(t);
	keep_pace(t, clock_now(CLOCK_THREAD_CPUTIME_ID) - began);
}

static void configure(struct top *t, struct session_config *config)
{
	reporter_config(&t->reporter, config);
	config->on_look = on_look;
}

/* The last report completes the recording. */
static void end_record(struct top *t)
{
	struct report *r;

	if (!t->session_options.record)
		return;
	r = session_report(t->session,
			   session_targets_ended(t->session) ? REPORT_END : REPORT_DETACH);
	reporter_record(&t->reporter, r);
	report_free(r);
	reporter_end(&t->reporter);
}

static int run_loop(struct top *t)
{
	int status = 0, err = 0;

	if (t->screen)
		err = top_screen_begin(t->screen);
	reporter_begin(&t->reporter, t->session);
	if (!err)
		err = session_loop(t->session, &status);
	t->over = true;
	g_clear_pointer(&t->screen, top_screen_close);
	end_record(t);
	return err || t->err || t->reporter.err ? EXIT_FAILED : 0;
}

static int follow(struct top *t)
{
	const struct options *o = &t->options->base;
	struct session_targets targets = {
		.pids = o->pids,
		.comm = o->comm,
		.cgroup = o->cgroup,
		.all = o->all,
	};
	struct session_config config;
	int err;

	configure(t, &config);
	err = session_open(&t->session, &config);
	if (!err)
		err = session_attach(t->session, &targets);
	return err ? EXIT_FAILED : run_loop(t);
}

/* The command must not write into the screen, nor between the rows: its output goes nowhere, or to
 * stderr. */
static int open_stdio(struct top *t, struct launch_config *launch)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (null < 0) {
		log_error("/dev/null: %s", g_strerror(errno));
		return -errno;
	}
	launch->redirect = true;
	launch->stdio[0] = t->screen ? null : STDIN_FILENO;
	launch->stdio[1] = launch->stdio[2] = t->screen ? null : STDERR_FILENO;
	return null;
}

static int launch_and_follow(struct top *t, struct launch_config *launch,
			     const struct launch_user *user)
{
	struct session_config config;
	struct launch l;
	int failed, err = launch_fork(launch, user, &l);

	if (err)
		return EXIT_FAILED;
	configure(t, &config);
	failed = session_open(&t->session, &config);
	err = launch_ready(launch, &l);
	if (!err && failed)
		launch_abandon(&l);
	if (err || failed)
		return EXIT_FAILED;
	return session_launch(t->session, &l, launch->argv[0]) ? EXIT_FAILED : run_loop(t);
}

static int start(struct top *t)
{
	const struct options *o = &t->options->base;
	struct cgroup_config group = { .features = t->features };
	struct launch_config launch = { .argv = o->command,
					.user = o->user,
					.as_root = o->as_root };
	struct launch_user user;
	int null, status;

	if (launch_user(&launch, &user))
		return EXIT_FAILED;
	null = open_stdio(t, &launch);
	if (null < 0)
		return EXIT_FAILED;
	cgroup_create(&t->reporter.cgroup, &group, &t->reporter.cgroup_why);
	launch.cgroup = t->reporter.cgroup;
	status = launch_and_follow(t, &launch, &user);
	close(null);
	return status;
}

static char *target_text(const struct options *o)
{
	GString *text = g_string_new(NULL);

	if (o->comm)
		g_string_printf(text, "processes named %s", o->comm);
	else if (o->cgroup)
		g_string_printf(text, "cgroup %s", o->cgroup);
	else if (o->all)
		g_string_assign(text, "all processes");
	for (unsigned i = 0; o->pids && i < o->pids->len; i++)
		g_string_append_printf(text, "%s%d", i ? "," : "pid ",
				       g_array_index(o->pids, pid_t, i));
	for (char **arg = o->command; *arg; arg++)
		g_string_append_printf(text, "%s%s", text->len ? " " : "", *arg);
	return g_string_free(text, FALSE);
}

static void set_look(struct top *t, const char *target)
{
	const char *columns = getenv("COLUMNS");

	t->look = (struct top_look){
		.style = { .width = PLAIN_WIDTH },
		.ascii = strcmp(nl_langinfo(CODESET), "UTF-8") != 0,
		.query = t->options->query,
		.columns = t->options->columns,
		.target = target,
		.interval_ns = t->options->delay_ns,
		.record = t->options->base.record,
		.self_cpu = -1,
		.cause_name = cause_name,
		.owner_name = owner_name,
	};
	/* No escape sequences: plain text has no colours. */
	if (isatty(STDOUT_FILENO) || (columns && atoi(columns) > 0))
		t->look.style.width = terminal_style(STDOUT_FILENO).width;
}

static int measure(struct top *t)
{
	const struct top_options *o = t->options;

	if (features_probe(t->features, NULL) ||
	    reporter_backend(t->features, &o->base, &t->reporter.backend) || top_open_screen(t))
		return EXIT_FAILED;
	t->reporter.live = t->live;
	return o->base.command[0] ? start(t) : follow(t);
}

static int run(const struct top_options *o)
{
	g_autofree char *target = o->replay ? g_strdup(o->replay) : target_text(&o->base);
	struct features features = { 0 };
	struct top t = {
		.reporter = { .features = &features, .target = o->base.command[0] ? NULL : target },
		.options = o,
		.session_options = o->base,
		.features = &features,
		.live = live_new(),
		.view = live_view_new(),
	};
	int status;

	t.reporter.options = &t.session_options;
	set_look(&t, target);
	status = o->replay ? top_replay(&t) : measure(&t);
	top_screen_close(t.screen);
	session_close(t.session);
	cgroup_close(t.reporter.cgroup);
	top_forget_record(&t);
	g_free(t.reporter.cgroup_why);
	live_view_free(t.view);
	live_free(t.live);
	features_free(&features);
	return status;
}

int cmd_top(int argc, char **argv)
{
	struct top_options o;
	int status;

	switch (top_options_parse(&o, argc, argv)) {
	case 0:
		status = 0;
		if (o.schema)
			fputs(top_schema(), stdout);
		else
			status = run(&o);
		break;
	case 1:
		status = 0;
		break;
	default:
		status = EXIT_USAGE;
	}
	top_options_free(&o);
	return status;
}
