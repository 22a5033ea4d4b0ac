/* SPDX-License-Identifier: GPL-2.0-only */
#include "cli/options.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

#include "base/log.h"
#include "base/fileout.h"
#include "base/text.h"
#include "capture/features.h"
#include "cli/choices.h"
#include "cli/optspec.h"
#include "model/proctable.h"
#include "store/recording.h"

#define MAX_MMS_LIMIT 1048576
#define KEEP_TASKS_LIMIT 1000000
#define PERIOD_DEFAULT (64 * 1024)
#define RING_MIN (64 * 1024)
#define RING_MAX (1 << 30)

enum option_id {
	OPT_NO_CHILDREN = 256,
	OPT_WAIT_ALL,
	OPT_USER,
	OPT_AS_ROOT,
	OPT_KILL_ON_EXIT,
	OPT_COMM,
	OPT_CGROUP,
	OPT_NO_CGROUP,
	OPT_MEMORY_MAX,
	OPT_SLAB,
	OPT_ALL,
	OPT_DURATION,
	OPT_FORMAT,
	OPT_INTERVAL,
	OPT_SNAPSHOT_EVERY,
	OPT_FORCE_BACKEND,
	OPT_BTF,
	OPT_THREADS,
	OPT_SELF,
	OPT_MAX_MMS,
	OPT_RING_SIZE,
	OPT_NO_PRIORITY,
	OPT_PERIOD,
	OPT_HOST,
	OPT_SAMPLE_TYPE,
	OPT_LINES,
	OPT_MAX_SIZE,
	OPT_KEEP_TASKS,
	OPT_HTML,
	OPT_FOLD,
	OPT_NO_FOLD,
	OPT_FD_REPORT,
	OPT_FULL,
	OPT_SHOW,
};

static const struct optspec specs[] = {
	{ "no-children", OPT_NO_CHILDREN, NULL, FOR_RUN, "follow only the first process" },
	{ "wait-all", OPT_WAIT_ALL, NULL, FOR_RUN, "wait for the last descendant to end" },
	{ "user", OPT_USER, "NAME", FOR_RUN, "run the command as this user" },
	{ "as-root", OPT_AS_ROOT, NULL, FOR_RUN, "run it as root even under sudo" },
	{ "kill-on-exit", OPT_KILL_ON_EXIT, NULL, FOR_RUN, "kill the command if tare dies" },
	{ "cgroup", OPT_CGROUP, "PATH", FOR_RUN, "create its control group below PATH" },
	{ "no-cgroup", OPT_NO_CGROUP, NULL, FOR_RUN,
	  "no control group: less kernel memory measured" },
	{ "memory-max", OPT_MEMORY_MAX, "SIZE", FOR_RUN,
	  "memory limit of its control group (64MiB)" },
	{ "pid", 'p', "PID[,PID...]", FOR_ATTACH, "follow these processes" },
	{ "comm", OPT_COMM, "NAME", FOR_ATTACH, "follow all processes with this name" },
	{ "cgroup", OPT_CGROUP, "PATH", FOR_ATTACH, "follow a control group and those below it" },
	{ "all", OPT_ALL, NULL, FOR_ATTACH, "follow every process" },
	{ "duration", OPT_DURATION, "TIME", FOR_ATTACH, "stop after this time (10s, 5m)" },
	{ "output", 'o', "FILE", FOR_BOTH, "write the report to FILE, not to stderr" },
	{ "format", OPT_FORMAT, "FORMAT", FOR_BOTH, "report format; see tare export --help" },
	{ "fd-report", OPT_FD_REPORT, "N", FOR_BOTH,
	  "also write the report to descriptor N, as JSON" },
	{ "html", OPT_HTML, "FILE", FOR_BOTH, "also write an HTML page: flame graph, curve" },
	{ "record", 'r', "FILE", FOR_BOTH, "record to FILE, for report, diff and export" },
	{ "host", OPT_HOST, "NAME", FOR_BOTH, "host name in the recording (the machine's)" },
	{ "max-size", OPT_MAX_SIZE, "SIZE", FOR_BOTH, "maximum size of the recording (256MiB)" },
	{ "period", OPT_PERIOD, "SIZE", FOR_BOTH,
	  "sample a stack per SIZE of growth (64KiB); 0: none" },
	{ "sample-type", OPT_SAMPLE_TYPE, "NAME", FOR_BOTH,
	  "grown, live-peak, live-end, virtual, untouched" },
	{ "lines", OPT_LINES, NULL, FOR_BOTH, "source lines and inlined functions" },
	{ "fold", OPT_FOLD, "FILE", FOR_BOTH, "more rules for frames that fold into their caller" },
	{ "no-fold", OPT_NO_FOLD, NULL, FOR_BOTH, "do not fold allocators and interpreters" },
	{ "full", OPT_FULL, NULL, FOR_BOTH, "show all sections of the table" },
	{ "show", OPT_SHOW, "SECTION[,...]", FOR_BOTH, "show these: who, why, where, kernel …" },
	{ "threads", OPT_THREADS, "all|grouped", FOR_BOTH, "a row per thread, or one per name" },
	{ "keep-tasks", OPT_KEEP_TASKS, "N|all", FOR_BOTH,
	  "ended tasks that keep their own row (256)" },
	{ "snapshot-every", OPT_SNAPSHOT_EVERY, "TIME", FOR_BOTH, "write a report every TIME" },
	{ "interval", OPT_INTERVAL, "TIME", FOR_BOTH, "time between points of the curve (100ms)" },
	{ "force-backend", OPT_FORCE_BACKEND, "BACKEND", FOR_BOTH,
	  "counter backend: percpu, count or classic" },
	{ "btf", OPT_BTF, "FILE", FOR_BOTH, "BTF of the running kernel, if it has no own" },
	{ "slab", OPT_SLAB, NULL, FOR_BOTH, "show growth of slab caches (approximate)" },
	{ "self", OPT_SELF, NULL, FOR_BOTH, "report the cost of tare itself" },
	{ "max-mms", OPT_MAX_MMS, "N", FOR_BOTH, "maximum of address spaces at once (8192)" },
	{ "ring-size", OPT_RING_SIZE, "SIZE", FOR_BOTH, "size of the event ring buffer (8MiB)" },
	{ "no-priority", OPT_NO_PRIORITY, NULL, FOR_BOTH,
	  "read the ring buffers at normal priority" },
	{ "verbose", 'v', NULL, FOR_BOTH, "print more messages; twice: libbpf's too" },
	{ "help", 'h', NULL, FOR_BOTH, "show this help" },
};

static const char run_usage[] =
	"Usage: tare run [OPTION]... -- COMMAND [ARG]...\n\n"
	"Run COMMAND and report which process, thread and function took memory.\n";
static const char attach_usage[] =
	"Usage: tare attach -p PID[,PID...]|--comm NAME|--cgroup PATH|--all [OPTION]...\n\n"
	"Follow running processes until Ctrl-C, --duration or their end, then report.\n";
static const char run_more[] = "\nSend SIGUSR1 to tare for a report now. More: man tare-run";
static const char attach_more[] = "\nSend SIGUSR1 to tare for a report now. More: man tare-attach";

static int parse_time(const char *name, const char *value, uint64_t *ns)
{
	if (text_parse_duration(value, ns) || !*ns)
		return optspec_bad(name, value, "a time above 0 (100ms, 2s, 5m)");
	return 0;
}

static int parse_interval(const char *value, uint64_t *ns)
{
	int err = parse_time("interval", value, ns);

	if (!err && *ns < 1000 * 1000)
		return optspec_bad("interval", value, "1ms or more");
	return err;
}

static int parse_ring(const char *value, uint64_t *bytes)
{
	if (text_parse_size(value, bytes) || *bytes < RING_MIN || *bytes > RING_MAX)
		return optspec_bad("ring-size", value, "a size from 64KiB to 1GiB");
	return 0;
}

static int parse_max_mms(const char *value, uint32_t *max)
{
	guint64 n;

	if (!g_ascii_string_to_unsigned(value, 10, 1, MAX_MMS_LIMIT, &n, NULL))
		return optspec_bad("max-mms", value, "a number from 1 to 1048576");
	*max = n;
	return 0;
}

static int parse_keep_tasks(const char *value, uint32_t *keep)
{
	guint64 n;

	*keep = PROCTABLE_KEEP_ALL;
	if (!strcmp(value, "all"))
		return 0;
	if (!g_ascii_string_to_unsigned(value, 10, 0, KEEP_TASKS_LIMIT, &n, NULL))
		return optspec_bad("keep-tasks", value, "a number up to 1000000, or all");
	*keep = n;
	return 0;
}

static int parse_max_size(const char *value, uint64_t *bytes)
{
	if (text_parse_size(value, bytes) || *bytes < RECORDING_SIZE_LEAST ||
	    *bytes > RECORDING_SIZE_MOST)
		return optspec_bad("max-size", value, "a size from 1MiB to 1GiB");
	return 0;
}

/* 0: no samples; 4 KiB: every page. The BPF programs keep the period in 32 bits. */
static int parse_period(const char *value, uint64_t *bytes)
{
	if (text_parse_size(value, bytes) ||
	    (*bytes && (*bytes < (uint64_t)sysconf(_SC_PAGESIZE) || *bytes > 1u << 30)))
		return optspec_bad("period", value, "0 (none), or a size from 4KiB to 1GiB");
	return 0;
}

/* As long as a DNS name may be. */
static int parse_host(const char *value, const char **host)
{
	if (!*value || strlen(value) > 253)
		return optspec_bad("host", value, "a name of 1 to 253 bytes");
	*host = value;
	return 0;
}

static int parse_backend(struct options *o, const char *value)
{
	for (int i = 0; i < BACKEND_NONE; i++)
		if (!strcmp(value, backend_name[i])) {
			o->force_backend = value;
			return 0;
		}
	return optspec_bad("force-backend", value, "percpu, count or classic");
}

/* The flag that an option without an argument sets; NULL: the option takes an argument. */
static bool *flag_of(struct options *o, int id)
{
	switch (id) {
	case OPT_NO_CHILDREN:
		return &o->no_children;
	case OPT_WAIT_ALL:
		return &o->wait_all;
	case OPT_AS_ROOT:
		return &o->as_root;
	case OPT_KILL_ON_EXIT:
		return &o->kill_on_exit;
	case OPT_NO_CGROUP:
		return &o->no_cgroup;
	case OPT_SLAB:
		return &o->slab;
	case OPT_ALL:
		return &o->all;
	case OPT_LINES:
		return &o->lines;
	case OPT_NO_FOLD:
		return &o->folding.none;
	case OPT_SELF:
		return &o->self;
	case OPT_NO_PRIORITY:
		return &o->no_priority;
	default:
		return NULL;
	}
}

/* Options of tare's own limits and messages. */
static int take_own(struct options *o, int id, const char *value)
{
	switch (id) {
	case OPT_MAX_MMS:
		return parse_max_mms(value, &o->max_mms);
	case OPT_KEEP_TASKS:
		return parse_keep_tasks(value, &o->keep_tasks);
	case OPT_RING_SIZE:
		return parse_ring(value, &o->ring_bytes);
	default:
		log_verbosity++;
		return 0;
	}
}

static int take_option(void *ctx, int id, const char *value)
{
	struct options *o = ctx;
	bool *on = flag_of(o, id);

	if (on) {
		*on = true;
		return 0;
	}
	switch (id) {
	case OPT_USER:
		o->user = value;
		return 0;
	case 'p':
		return optspec_pids(value, &o->pids);
	case OPT_COMM:
		o->comm = value;
		return 0;
	case OPT_CGROUP:
		o->cgroup = value;
		return 0;
	case OPT_MEMORY_MAX:
		return optspec_size("memory-max", value, G_MAXINT64, &o->memory_max);
	case OPT_DURATION:
		return parse_time("duration", value, &o->duration_ns);
	case 'o':
		o->output = value;
		return 0;
	case OPT_FORMAT:
		return choice_format(value, &o->format);
	case 'r':
		o->record = value;
		return 0;
	case OPT_MAX_SIZE:
		return parse_max_size(value, &o->max_size);
	case OPT_FD_REPORT:
		return choice_descriptor(&o->to_fd, value);
	case OPT_HTML:
		o->html = value;
		return 0;
	case OPT_HOST:
		return parse_host(value, &o->host);
	case OPT_PERIOD:
		return parse_period(value, &o->period);
	case OPT_SAMPLE_TYPE:
		return choice_sample_type(value, &o->sample_type);
	case OPT_FOLD:
		o->folding.file = value;
		return 0;
	case OPT_FULL:
		o->show = TABLE_ALL;
		return 0;
	case OPT_THREADS:
		return choice_threads(value, &o->all_threads);
	case OPT_SHOW:
		return choice_show(value, &o->show);
	case OPT_SNAPSHOT_EVERY:
		return parse_time("snapshot-every", value, &o->snapshot_every_ns);
	case OPT_INTERVAL:
		return parse_interval(value, &o->interval_ns);
	case OPT_FORCE_BACKEND:
		return parse_backend(o, value);
	case OPT_BTF:
		o->btf = value;
		return 0;
	default:
		return take_own(o, id, value);
	}
}

static int check_run(const struct options *o)
{
	if (!o->command[0]) {
		log_error("no command given");
		log_hint("tare run -- COMMAND [ARG]...");
		return -EINVAL;
	}
	if (o->user && o->as_root) {
		log_error("--user and --as-root exclude each other");
		return -EINVAL;
	}
	if (o->no_cgroup && (o->cgroup || o->memory_max)) {
		log_error("--no-cgroup excludes --cgroup and --memory-max");
		return -EINVAL;
	}
	if (o->no_children && o->wait_all) {
		log_error("--no-children and --wait-all exclude each other");
		return -EINVAL;
	}
	return 0;
}

static int check_attach(const struct options *o)
{
	int ways = !!o->pids + !!o->comm + !!o->cgroup + o->all;

	if (o->command[0]) {
		log_error("attach takes no command: %s", o->command[0]);
		log_hint("tare run -- %s", o->command[0]);
		return -EINVAL;
	}
	if (ways == 1)
		return 0;
	log_error(ways ? "-p, --comm, --cgroup and --all exclude each other" :
			 "nothing to attach to");
	log_hint("tare attach -p PID, --comm NAME, --cgroup PATH or --all");
	return -EINVAL;
}

static int check_stacks(const struct options *o)
{
	const struct format *needs = o->format->stacks ? o->format : o->fd_format;

	if (!needs || !needs->stacks || o->period)
		return 0;
	log_error("--format %s shows stacks: --period 0 takes none", needs->name);
	return -EINVAL;
}

static int check_different(const struct options *o)
{
	const struct fileout *files[] = { o->to_output, o->to_html, o->to_record };

	for (unsigned i = 0; i < G_N_ELEMENTS(files); i++)
		for (unsigned j = 0; j < i; j++)
			if (files[i] && files[j] && fileout_same(files[i], files[j])) {
				log_error("%s is given for two outputs", fileout_path(files[i]));
				return -EINVAL;
			}
	return 0;
}

/* Open all output files before the command starts. */
static int open_files(struct options *o)
{
	if (o->format->binary && !o->output) {
		log_error("--format %s is not for a terminal", o->format->name);
		log_hint("-o FILE%s", o->format->suffix);
		return -EINVAL;
	}
	if (choice_output(&o->to_output, o->output) || choice_output(&o->to_html, o->html) ||
	    choice_output(&o->to_record, o->record) ||
	    (o->record && recording_check_output(o->to_record)))
		return -EINVAL;
	return check_different(o);
}

static int check_options(struct options *o, enum option_for who)
{
	int err = who == FOR_RUN ? check_run(o) : check_attach(o);

	if (err)
		return err;
	if (o->max_size && !o->record) {
		log_error("--max-size needs a recording: -r FILE");
		return -EINVAL;
	}
	if (!o->max_size)
		o->max_size = 256 << 20;
	/* With --fd-report, --format is for the descriptor, and for an -o FILE. */
	if (o->to_fd) {
		o->fd_format = o->format ?: format_named("json");
		o->format = o->output ? o->format : NULL;
	}
	if (!o->format && o->output && choice_format_of_file(o->output, &o->format)) {
		if (g_str_has_suffix(o->output, ".tare"))
			log_hint("tare %s -r %s, for a recording",
				 who == FOR_RUN ? "run" : "attach", o->output);
		return -EINVAL;
	}
	if (!o->format)
		o->format = formats;
	err = check_stacks(o);
	if (!err)
		err = folding_read(&o->folding);
	return err ? err : open_files(o);
}

int options_parse(struct options *o, enum option_for who, int argc, char **argv)
{
	const struct optspecs all = {
		.specs = specs,
		.n = G_N_ELEMENTS(specs),
		.who = who,
		.usage = who == FOR_RUN ? run_usage : attach_usage,
		.more = who == FOR_RUN ? run_more : attach_more,
		.stop = "+", /* the command's options are not tare's */
		.take = take_option,
		.ctx = o,
	};
	int err;

	*o = (struct options){
		.interval_ns = 100 * 1000 * 1000,
		.max_mms = 8192,
		.keep_tasks = PROCTABLE_KEEP,
		.ring_bytes = 8 << 20,
		.period = PERIOD_DEFAULT,
	};
	err = optspec_parse(&all, argc, argv);
	if (err > 0)
		return err;
	o->command = argv + optind;
	if (!err)
		err = check_options(o, who);
	if (err)
		log_hint("tare %s --help", who == FOR_RUN ? "run" : "attach");
	return err;
}

void options_free(struct options *o)
{
	if (o->pids)
		g_array_unref(o->pids);
	frame_rules_free(o->folding.rules);
	fileout_close(o->to_output);
	fileout_close(o->to_html);
	fileout_close(o->to_record);
	fileout_close(o->to_fd);
}
