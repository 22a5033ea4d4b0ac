/* SPDX-License-Identifier: GPL-2.0-only */
#include "cli/bench_options.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/text.h"
#include "bench/catalogue.h"
#include "cli/choices.h"
#include "cli/complete.h"
#include "cli/optspec.h"

#define TASKS_MAX 100000000ULL
#define RUNS_MAX 1000
#define TOUCH_MAX (1ULL << 32)

enum id {
	ID_ONLY = 256,
	ID_TASKS,
	ID_RUNS,
	ID_TIME_LIMIT,
	ID_MEMORY_MAX,
	ID_RESUME,
	ID_RAISE_LIMITS,
	ID_AFTER,
	ID_TOUCH,
	ID_CATALOGUE,
	ID_BUILD_DIR,
	ID_LIST,
	ID_USER,
	ID_AS_ROOT,
	ID_BTF,
	ID_FORMAT,
	ID_SCHEMA,
};

static const struct optspec specs[] = {
	{ "only", ID_ONLY, "LIST", 1, "run these ids (go,py-*), languages, families" },
	{ "tasks", ID_TASKS, "LIST", 1, "numbers of tasks to run (1,10k,100k,1M)" },
	{ "runs", ID_RUNS, "N", 1, "runs for each number of tasks (3)" },
	{ "time-limit", ID_TIME_LIMIT, "TIME", 1, "stop a run that is not ready in TIME (120s)" },
	{ "memory-max", ID_MEMORY_MAX, "SIZE", 1, "memory limit of a run (64MiB)" },
	{ "output", 'o', "FILE", 1, "save the results in FILE (SQLite)" },
	{ "resume", ID_RESUME, NULL, 1, "continue FILE: run only what it does not have" },
	{ "raise-limits", ID_RAISE_LIMITS, NULL, 1, "raise the limits on tasks during the bench" },
	{ "after", ID_AFTER, NULL, 1, "also weigh after the tasks have ended" },
	{ "touch", ID_TOUCH, "SIZE", 1, "each task touches SIZE of its stack" },
	{ "catalogue", ID_CATALOGUE, "FILE", 1, "catalogue of workloads to use" },
	{ "build-dir", ID_BUILD_DIR, "DIR", 1, "build the workloads in DIR" },
	{ "list", ID_LIST, NULL, 1, "list the workloads and run none" },
	{ "user", ID_USER, "NAME", 1, "run the workloads as this user" },
	{ "as-root", ID_AS_ROOT, NULL, 1, "run them as root even under sudo" },
	{ "btf", ID_BTF, "FILE", 1, "BTF of the running kernel, if it has no own" },
	{ "output", 'o', "FILE", 6, "write to FILE, not to stdout" },
	{ "format", ID_FORMAT, "FORMAT", 2, "table, csv, json, markdown, html" },
	{ "schema", ID_SCHEMA, NULL, 2, "print the JSON Schema of --format json" },
	{ "verbose", 'v', NULL, 7, "print more messages" },
	{ "help", 'h', NULL, 7, "show this help" },
};

static const char *const format_name[BENCH_FORMATS] = { "table", "csv", "json", "markdown",
							"html" };
static const char *const format_suffix[BENCH_FORMATS] = { ".txt", ".csv", ".json", ".md", ".html" };

static const char *verb_name(enum bench_verb verb)
{
	return verb == BENCH_VERB_REPORT  ? "bench report" :
	       verb == BENCH_VERB_COMPARE ? "bench compare" :
					    "bench";
}

static const char *usage_text(enum bench_verb verb)
{
	if (verb == BENCH_VERB_REPORT)
		return "Usage: tare bench report RESULTS [--format FORMAT] [-o FILE]\n\n"
		       "Show the results that `tare bench -o RESULTS` saved.\n";
	if (verb == BENCH_VERB_COMPARE)
		return "Usage: tare bench compare EARLIER LATER [-o FILE]\n\n"
		       "Compare two files of results, workload by workload.\n";
	return "Usage: tare bench [OPTION]...\n"
	       "       tare bench [OPTION]... -- COMMAND [ARG]...   ({n}: number of tasks)\n"
	       "       tare bench report RESULTS, tare bench compare EARLIER LATER\n\n"
	       "Measure the memory of N concurrent tasks, for each runtime of the catalogue or\n"
	       "for COMMAND: the weight with no task, and bytes per task.\n";
}

int bench_parse_tasks(const char *word, uint64_t *tasks)
{
	uint64_t unit = 1;
	char *end;

	if (!g_ascii_isdigit(*word))
		return -EINVAL;
	errno = 0;
	*tasks = g_ascii_strtoull(word, &end, 10);
	if (*end == 'k' || *end == 'K')
		unit = 1000;
	else if (*end == 'M')
		unit = 1000000;
	end += unit > 1;
	if (errno || *end || *tasks > TASKS_MAX / unit)
		return -EINVAL;
	*tasks *= unit;
	return 0;
}

static int by_number(gconstpointer a, gconstpointer b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

static int parse_tasks(struct bench_options *o, const char *list)
{
	g_auto(GStrv) words = g_strsplit(list, ",", -1);

	g_array_set_size(o->tasks, 0);
	for (char **word = words; *word; word++) {
		uint64_t n;

		if (bench_parse_tasks(*word, &n))
			return optspec_bad("tasks", list, "numbers from 0 to 100M (1,10k,1M)");
		g_array_append_val(o->tasks, n);
	}
	if (!o->tasks->len)
		return optspec_bad("tasks", list, "numbers from 0 to 100M (1,10k,1M)");
	g_array_sort(o->tasks, by_number);
	for (unsigned i = 1; i < o->tasks->len;)
		if (g_array_index(o->tasks, uint64_t, i) ==
		    g_array_index(o->tasks, uint64_t, i - 1))
			g_array_remove_index(o->tasks, i);
		else
			i++;
	return 0;
}

static int parse_runs(struct bench_options *o, const char *value)
{
	guint64 n;

	if (!g_ascii_string_to_unsigned(value, 10, 1, RUNS_MAX, &n, NULL))
		return optspec_bad("runs", value, "a number from 1 to 1000");
	o->runs = n;
	return 0;
}

static int parse_limit(struct bench_options *o, const char *value)
{
	if (text_parse_duration(value, &o->limit_ns) || o->limit_ns < 1000000000)
		return optspec_bad("time-limit", value, "a time of a second or more (120s, 5m)");
	return 0;
}

static int parse_format(struct bench_options *o, const char *value, bool *given)
{
	for (int i = 0; i < BENCH_FORMATS; i++)
		if (!strcmp(value, format_name[i])) {
			o->format = i;
			*given = true;
			return 0;
		}
	return optspec_bad("format", value, "table, csv, json, markdown or html");
}

struct taking {
	struct bench_options *o;
	bool format_given;
};

static int take_option(void *ctx, int id, const char *value)
{
	struct taking *taking = ctx;
	struct bench_options *o = taking->o;

	switch (id) {
	case ID_ONLY:
		o->only = value;
		return 0;
	case ID_TASKS:
		return parse_tasks(o, value);
	case ID_RUNS:
		return parse_runs(o, value);
	case ID_TIME_LIMIT:
		return parse_limit(o, value);
	case ID_MEMORY_MAX:
		return optspec_size("memory-max", value, G_MAXINT64, &o->memory_max);
	case ID_TOUCH:
		return optspec_size("touch", value, TOUCH_MAX, &o->touch);
	case 'o':
		o->output = value;
		return 0;
	case ID_RESUME:
		o->resume = true;
		return 0;
	case ID_RAISE_LIMITS:
		o->raise_limits = true;
		return 0;
	case ID_AFTER:
		o->after = true;
		return 0;
	case ID_CATALOGUE:
		o->catalogue = value;
		return 0;
	case ID_BUILD_DIR:
		o->build_dir = value;
		return 0;
	case ID_LIST:
		o->list = true;
		return 0;
	case ID_USER:
		o->user = value;
		return 0;
	case ID_BTF:
		o->btf = value;
		return 0;
	case ID_AS_ROOT:
		o->as_root = true;
		return 0;
	case ID_FORMAT:
		return parse_format(o, value, &taking->format_given);
	case ID_SCHEMA:
		o->schema = true;
		return 0;
	default:
		log_verbosity++;
		return 0;
	}
}

static bool takes_count(char **command)
{
	for (; *command; command++)
		if (strstr(*command, "{n}"))
			return true;
	return false;
}

/* The results are a database, whatever the suffix would promise. */
static int check_results_name(const char *path)
{
	static const char *const known[] = { ".db", ".tare", ".sqlite" };

	for (unsigned i = 0; i < G_N_ELEMENTS(known); i++)
		if (g_str_has_suffix(path, known[i]))
			return 0;
	return choice_refuse_suffix(path, ".db, .tare, .sqlite (all SQLite)",
				    "-o FILE.db, then: tare bench report FILE.db -o FILE.json");
}

static int check_run(struct bench_options *o, bool separated)
{
	o->own = o->command[0];
	if (o->own && !separated) {
		log_error("%s: put a command after --; `report` and `compare` come first",
			  o->command[0]);
		return -EINVAL;
	}
	if (o->own && !takes_count(o->command)) {
		log_error("the command has no {n} for the number of tasks");
		log_hint("tare bench -- %s {n}", o->command[0]);
		return -EINVAL;
	}
	if (o->own &&
	    (o->only || o->catalogue || o->build_dir || o->after || o->touch || o->list)) {
		log_error("--only, --catalogue, --build-dir, --after, --touch and --list apply to"
			  " the catalogue, not to a command");
		return -EINVAL;
	}
	if (o->resume && !o->output) {
		log_error("--resume needs -o FILE: the results to continue");
		return -EINVAL;
	}
	if (o->user && o->as_root) {
		log_error("--user and --as-root exclude each other");
		return -EINVAL;
	}
	if (o->output && check_results_name(o->output))
		return -EINVAL;
	return choice_output(&o->to_output, o->output) ? -EINVAL : 0;
}

/* `bench compare` prints tables only. */
static int format_by_suffix(struct bench_options *o, enum bench_verb verb)
{
	for (int i = 0; i < (verb == BENCH_VERB_REPORT ? BENCH_FORMATS : BENCH_CSV); i++)
		if (g_str_has_suffix(o->output, format_suffix[i])) {
			o->format = i;
			return 0;
		}
	if (verb == BENCH_VERB_COMPARE)
		return choice_refuse_suffix(o->output, ".txt (table)",
					    "`bench compare` prints tables only");
	return choice_refuse_suffix(o->output,
				    ".txt (table), .csv (csv), .json (json), .md (markdown), .html"
				    " (html)",
				    "--format FORMAT, for any file name");
}

static int check_files(struct bench_options *o, enum bench_verb verb, bool format_given)
{
	unsigned want = verb == BENCH_VERB_COMPARE ? 2 : 1;

	if (!o->schema && g_strv_length(o->command) != want) {
		log_error("%s takes %s", verb_name(verb),
			  want == 2 ? "two files of results" : "one file of results");
		return -EINVAL;
	}
	if (o->output && !format_given && !o->schema && format_by_suffix(o, verb))
		return -EINVAL;
	return choice_output(&o->to_output, o->output) ? -EINVAL : 0;
}

/* Ids, languages and families: what --only takes. */
static void put_workloads(struct complete *c)
{
	g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);
	g_autofree char *path = catalogue_default();
	struct catalogue *catalogue;

	if (!path || catalogue_load(&catalogue, path))
		return;
	for (unsigned i = 0; i < catalogue->workloads->len; i++) {
		const struct workload *w = catalogue->workloads->pdata[i];
		const char *names[] = { w->id, w->language, w->family };

		for (unsigned n = 0; n < G_N_ELEMENTS(names); n++)
			if (g_hash_table_add(seen, (gpointer)names[n]))
				complete_word(c, names[n], n ? NULL : w->title);
	}
	g_hash_table_remove_all(seen);
	catalogue_free(catalogue);
}

static bool values(struct complete *c, const struct optspec *s)
{
	if (!s || (s->id != ID_ONLY && s->id != ID_FORMAT))
		return false;
	if (s->id == ID_ONLY)
		put_workloads(c);
	for (int i = 0; s->id == ID_FORMAT && i < BENCH_FORMATS; i++)
		complete_word(c, format_name[i], format_suffix[i]);
	return true;
}

/* `tare bench` itself: its own subcommands, or a command. */
static bool run_values(struct complete *c, const struct optspec *s)
{
	if (s)
		return values(c, s);
	complete_word(c, "report", "show saved results");
	complete_word(c, "compare", "compare two files of results");
	return false;
}

int bench_options_parse(struct bench_options *o, enum bench_verb verb, int argc, char **argv)
{
	struct taking taking = { .o = o };
	const struct optspecs all = {
		.specs = specs,
		.n = G_N_ELEMENTS(specs),
		.who = verb,
		.usage = usage_text(verb),
		.more = "\nMore: man tare-bench",
		.stop = verb == BENCH_VERB_RUN ? "+" : "",
		.take = take_option,
		.ctx = &taking,
		.values = verb == BENCH_VERB_RUN ? run_values : values,
	};
	bool separated;
	int err;

	*o = (struct bench_options){ .runs = 3, .limit_ns = 120ULL * 1000 * 1000 * 1000 };
	o->tasks = g_array_new(FALSE, FALSE, sizeof(uint64_t));
	parse_tasks(o, "1,10k,100k,1M");
	err = optspec_parse(&all, argc, argv);
	if (err > 0)
		return err;
	separated = optind > 1 && !strcmp(argv[optind - 1], "--");
	o->command = argv + optind;
	if (!err)
		err = verb == BENCH_VERB_RUN ? check_run(o, separated) :
					       check_files(o, verb, taking.format_given);
	if (err)
		log_hint("tare %s --help", verb_name(verb));
	return err;
}

void bench_options_free(struct bench_options *o)
{
	if (o->tasks)
		g_array_unref(o->tasks);
	fileout_close(o->to_output);
}
