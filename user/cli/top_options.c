/* SPDX-License-Identifier: GPL-2.0-only */
#include "cli/top_options.h"

#include <errno.h>
#include <getopt.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/text.h"
#include "cli/choices.h"
#include "cli/optspec.h"
#include "model/proctable.h"
#include "store/recording.h"

#define DELAY_NS 1000000000ULL
#define DELAY_LEAST 100000000ULL
#define DELAY_MOST 3600000000000ULL
#define ROWS_TABLE 20 /* of a round as plain text */
#define ROWS_UNSET UINT32_MAX
#define KEEP_TASKS 16 /* ended ones have no rows: only their sums matter */
#define MAX_MMS 8192
#define RING_BYTES (8 << 20)

enum option_id {
	OPT_ALL = 256,
	OPT_COMM,
	OPT_CGROUP,
	OPT_FORMAT,
	OPT_SORT,
	OPT_THREADS,
	OPT_TREE,
	OPT_GROUP,
	OPT_FILTER,
	OPT_WINDOW,
	OPT_ROWS,
	OPT_MAX_SIZE,
	OPT_PERIOD,
	OPT_REPLAY,
	OPT_SCHEMA,
	OPT_USER,
	OPT_AS_ROOT,
};

static const struct optspec specs[] = {
	{ "all", OPT_ALL, NULL, 1, "all processes (the default)" },
	{ "pid", 'p', "PID[,PID...]", 1, "these processes, and children that they start" },
	{ "comm", OPT_COMM, "NAME", 1, "all processes with this name" },
	{ "cgroup", OPT_CGROUP, "PATH", 1, "a control group and those below it" },
	{ "delay", 'd', "SECONDS", 1, "time between two rounds (1)" },
	{ "rounds", 'n', "N", 1, "end after N rounds" },
	{ "batch", 'b', NULL, 1, "plain text, round after round; no screen" },
	{ "columns", 'o', "LIST", 1, "columns of plain text: pid,growth,name" },
	{ "format", OPT_FORMAT, "FORMAT", 1, "table, jsonl or csv; the last two imply -b" },
	{ "sort", OPT_SORT, "COLUMN", 1, "growth, weight, user, kernel, in, out … (growth)" },
	{ "window", OPT_WINDOW, "SECONDS", 1, "time that rates are shown over: 1, 10 or 60 (10)" },
	{ "threads", OPT_THREADS, NULL, 1, "below each process its threads" },
	{ "tree", OPT_TREE, NULL, 1, "below each process its children" },
	{ "group", OPT_GROUP, "BY", 1, "one row per name or cgroup" },
	{ "filter", OPT_FILTER, "TEXT", 1, "only rows with TEXT in name or control group" },
	{ "rows", OPT_ROWS, "N", 1, "at most N rows per round; 0: all" },
	{ "record", 'r', "FILE", 1, "record the session too" },
	{ "max-size", OPT_MAX_SIZE, "SIZE", 1, "largest size of the recording (256MiB)" },
	{ "replay", OPT_REPLAY, "FILE", 1, "show a recording, at any of its times" },
	{ "period", OPT_PERIOD, "SIZE", 1, "sample functions, one per SIZE of growth; 0: none" },
	{ "user", OPT_USER, "NAME", 1, "run the command as this user" },
	{ "as-root", OPT_AS_ROOT, NULL, 1, "run it as root even under sudo" },
	{ "schema", OPT_SCHEMA, NULL, 1, "print the JSON Schema of a round" },
	{ "verbose", 'v', NULL, 1, "print more messages; twice: libbpf's too" },
	{ "help", 'h', NULL, 1, "show this help" },
};

static const char usage[] =
	"Usage: tare top [--all|-p PID[,PID...]|--comm NAME|--cgroup PATH] [OPTION]...\n"
	"       tare top [OPTION]... -- COMMAND [ARG]...\n"
	"       tare top [OPTION]... --replay FILE\n\n"
	"Show memory growth as it happens: a screen (h: help), or text for scripts.\n";
static const char more[] = "\nMore: man tare-top";

static int parse_seconds(const char *value, uint64_t *ns)
{
	if (text_parse_duration(value, ns) || *ns < DELAY_LEAST || *ns > DELAY_MOST)
		return optspec_bad("delay", value, "a time from 0.1 to 3600 seconds");
	return 0;
}

static int parse_number(const char *name, const char *value, uint64_t least, uint64_t *n)
{
	guint64 number;

	if (!g_ascii_string_to_unsigned(value, 10, least, G_MAXINT32, &number, NULL))
		return optspec_bad(name, value, least ? "a number from 1" : "a number");
	*n = number;
	return 0;
}

static int parse_word(const char *name, const char *value, const char *const *words, unsigned n,
		      unsigned *index)
{
	g_autofree char *all = NULL;
	GString *list = g_string_new(NULL);

	for (unsigned i = 0; i < n; i++) {
		if (!strcmp(value, words[i])) {
			*index = i;
			g_string_free(list, TRUE);
			return 0;
		}
		g_string_append_printf(list, "%s%s",
				       !i         ? "" :
				       i == n - 1 ? " or " :
						    ", ",
				       words[i]);
	}
	all = g_string_free(list, FALSE);
	return optspec_bad(name, value, all);
}

static int parse_columns(struct top_options *o, const char *value)
{
	g_autofree char *wrong = NULL, *names = NULL, *want = NULL;

	if (top_columns_parse(&o->columns, value, &wrong))
		return 0;
	names = top_columns_names();
	want = g_strdup_printf("a list of %s, each once", names);
	return optspec_bad("columns", value, want);
}

static int parse_period(const char *value, uint64_t *bytes)
{
	if (text_parse_size(value, bytes) ||
	    (*bytes && (*bytes < (uint64_t)sysconf(_SC_PAGESIZE) || *bytes > 1u << 30)))
		return optspec_bad("period", value, "0 (none), or a size from 4KiB to 1GiB");
	return 0;
}

static int parse_max_size(const char *value, uint64_t *bytes)
{
	if (text_parse_size(value, bytes) || *bytes < RECORDING_SIZE_LEAST ||
	    *bytes > RECORDING_SIZE_MOST)
		return optspec_bad("max-size", value, "a size from 1MiB to 1GiB");
	return 0;
}

/* Options whose value is one of several words. */
static int take_word(struct top_options *o, int id, const char *value)
{
	static const char *const formats[] = { "table", "jsonl", "csv" };
	static const char *const windows[] = { "1", "10", "60" };
	static const char *const groups[] = { "none", "cgroup", "name" };
	unsigned index = 0;
	int err;

	switch (id) {
	case OPT_FORMAT:
		err = parse_word("format", value, formats, G_N_ELEMENTS(formats), &index);
		o->format = index;
		return err;
	case OPT_WINDOW:
		err = parse_word("window", value, windows, G_N_ELEMENTS(windows), &index);
		o->query.window = index;
		return err;
	case OPT_GROUP:
		err = parse_word("group", value, groups, G_N_ELEMENTS(groups), &index);
		o->query.group = index;
		return err;
	default:
		err = parse_word("sort", value, live_sort_name, LIVE_SORTS, &index);
		o->query.sort = index;
		return err;
	}
}

static bool *flag_of(struct top_options *o, int id)
{
	switch (id) {
	case OPT_ALL:
		return &o->base.all;
	case 'b':
		return &o->batch;
	case OPT_THREADS:
		return &o->query.threads;
	case OPT_TREE:
		return &o->query.tree;
	case OPT_SCHEMA:
		return &o->schema;
	case OPT_AS_ROOT:
		return &o->base.as_root;
	default:
		return NULL;
	}
}

static int take_value(struct top_options *o, int id, const char *value)
{
	uint64_t n = 0;
	int err;

	switch (id) {
	case 'p':
		return optspec_pids(value, &o->base.pids);
	case 'd':
		return parse_seconds(value, &o->delay_ns);
	case 'n':
		return parse_number("rounds", value, 1, &o->rounds);
	case 'o':
		return parse_columns(o, value);
	case OPT_ROWS:
		err = parse_number("rows", value, 0, &n);
		o->rows = (unsigned)n;
		return err;
	case OPT_MAX_SIZE:
		return parse_max_size(value, &o->base.max_size);
	case OPT_PERIOD:
		return parse_period(value, &o->base.period);
	default:
		return take_word(o, id, value);
	}
}

static int take_option(void *ctx, int id, const char *value)
{
	struct top_options *o = ctx;
	bool *on = flag_of(o, id);

	if (on) {
		*on = true;
		return 0;
	}
	switch (id) {
	case OPT_COMM:
		o->base.comm = value;
		return 0;
	case OPT_CGROUP:
		o->base.cgroup = value;
		return 0;
	case OPT_FILTER:
		o->query.filter = value;
		return 0;
	case OPT_REPLAY:
		o->replay = value;
		return 0;
	case OPT_USER:
		o->base.user = value;
		return 0;
	case 'r':
		o->base.record = value;
		return 0;
	case 'v':
		log_verbosity++;
		return 0;
	default:
		return take_value(o, id, value);
	}
}

static int check_targets(struct top_options *o)
{
	struct options *b = &o->base;
	int ways = !!b->pids + !!b->comm + !!b->cgroup + b->all + !!b->command[0];

	if (ways > 1) {
		log_error("-p, --comm, --cgroup, --all and a command exclude each other");
		return -EINVAL;
	}
	if (!b->command[0] && (b->user || b->as_root)) {
		log_error("--user and --as-root need a command");
		return -EINVAL;
	}
	if (b->user && b->as_root) {
		log_error("--user and --as-root exclude each other");
		return -EINVAL;
	}
	b->all = b->all || !ways;
	return 0;
}

/* A replay measures nothing. */
static int check_replay(const struct top_options *o)
{
	const struct options *b = &o->base;

	if (!o->replay)
		return 0;
	if (b->pids || b->comm || b->cgroup || b->all || b->command[0] || b->record || b->period) {
		log_error("--replay shows what was recorded: no -p, --comm, --cgroup, --all, -r,"
			  " --period or command; --filter chooses rows");
		return -EINVAL;
	}
	return 0;
}

static int check_options(struct top_options *o)
{
	struct options *b = &o->base;
	int err = check_replay(o) ?: check_targets(o);

	if (err)
		return err;
	if (o->columns.n && o->format != TOP_TABLE) {
		log_error("-o chooses columns of plain text; %s has all",
			  o->format == TOP_JSONL ? "jsonl" : "csv");
		return -EINVAL;
	}
	if (b->max_size && !b->record) {
		log_error("--max-size needs a recording: -r FILE");
		return -EINVAL;
	}
	if (!o->delay_ns)
		o->delay_ns = o->replay ? 0 : DELAY_NS;
	if (!b->max_size)
		b->max_size = 256 << 20;
	if (o->rows == ROWS_UNSET)
		o->rows = o->format == TOP_TABLE ? ROWS_TABLE : 0;
	o->batch = o->batch || o->format != TOP_TABLE || o->columns.n;
	b->interval_ns = o->delay_ns;
	if (folding_read(&b->folding))
		return -EINVAL;
	if (b->record &&
	    (choice_output(&b->to_record, b->record) || recording_check_output(b->to_record)))
		return -EINVAL;
	return 0;
}

int top_options_parse(struct top_options *o, int argc, char **argv)
{
	const struct optspecs all = {
		.specs = specs,
		.n = G_N_ELEMENTS(specs),
		.who = 1,
		.usage = usage,
		.more = more,
		.stop = "+",
		.take = take_option,
		.ctx = o,
	};
	int err;

	*o = (struct top_options){
		.base = { .max_mms = MAX_MMS,
			  .keep_tasks = KEEP_TASKS,
			  .ring_bytes = RING_BYTES,
			  .format = formats },
		.query = { .window = LIVE_10S },
		.rows = ROWS_UNSET,
	};
	err = optspec_parse(&all, argc, argv);
	if (err > 0)
		return err;
	o->base.command = argv + optind;
	if (!err && !o->schema)
		err = check_options(o);
	if (err)
		log_hint("tare top --help");
	return err;
}

void top_options_free(struct top_options *o)
{
	options_free(&o->base);
}
