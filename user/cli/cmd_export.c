/* SPDX-License-Identifier: GPL-2.0-only
 *
 * tare report and tare export: print a recording as `tare run` would have printed the
 * report. `report` defaults to the table; `export` needs a format.
 */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/fileout.h"
#include "cli/folding.h"
#include "cli/choices.h"
#include "cli/cmd.h"
#include "cli/optspec.h"
#include "cli/terminal.h"
#include "store/recording.h"

enum { FOR_REPORT = 1, FOR_EXPORT = 2, FOR_EACH = 3 };
enum {
	OPT_FORMAT = 256,
	OPT_SAMPLE_TYPE,
	OPT_THREADS,
	OPT_FULL,
	OPT_SHOW,
	OPT_FOLD,
	OPT_NO_FOLD,
	OPT_SCHEMA
};

struct wish {
	unsigned who;
	const struct format *format;
	const char *output;
	struct fileout *out; /* opened; NULL: stdout */
	enum sample_type sample_type;
	bool all_threads, schema;
	unsigned show;
	struct folding folding;
};

static const struct optspec specs[] = {
	{ "format", OPT_FORMAT, "FORMAT", FOR_REPORT, "report format; see tare export --help" },
	{ "format", OPT_FORMAT, "FORMAT", FOR_EXPORT, "see below (default: by suffix of FILE)" },
	{ "output", 'o', "FILE", FOR_EACH, "write to FILE, not to stdout" },
	{ "sample-type", OPT_SAMPLE_TYPE, "NAME", FOR_EXPORT,
	  "folded: grown, live-peak, live-end …" },
	{ "fold", OPT_FOLD, "FILE", FOR_EACH, "more rules for frames that fold into their caller" },
	{ "no-fold", OPT_NO_FOLD, NULL, FOR_EACH, "do not fold allocators and interpreters" },
	{ "full", OPT_FULL, NULL, FOR_EACH, "table: show all sections" },
	{ "show", OPT_SHOW, "SECTION[,...]", FOR_EACH, "table: who, why, where, kernel …" },
	{ "threads", OPT_THREADS, "all|grouped", FOR_REPORT, "a row per thread, or one per name" },
	{ "schema", OPT_SCHEMA, NULL, FOR_REPORT, "print the JSON Schema of the reports" },
	{ "help", 'h', NULL, FOR_EACH, "this text" },
};

static const char report_usage[] = "Usage: tare report FILE [OPTION]...\n"
				   "       tare report --schema\n\n"
				   "Show the report of a recording (tare run -r FILE).\n";
static const char export_usage[] =
	"Usage: tare export FILE --format FORMAT [-o OUT] [OPTION]...\n\n"
	"Convert a recording (tare run -r FILE) for other tools.\n";
static const char export_more[] =
	"\nFormats: json, folded (FlameGraph), pprof, speedscope, html, csv, table.\n"
	"More: man tare-report";

static int take_option(void *ctx, int id, const char *value)
{
	struct wish *w = ctx;

	switch (id) {
	case OPT_FORMAT:
		return choice_format(value, &w->format);
	case 'o':
		w->output = value;
		return 0;
	case OPT_SAMPLE_TYPE:
		return choice_sample_type(value, &w->sample_type);
	case OPT_FOLD:
		w->folding.file = value;
		return 0;
	case OPT_NO_FOLD:
		w->folding.none = true;
		return 0;
	case OPT_FULL:
		w->show = TABLE_ALL;
		return 0;
	case OPT_SHOW:
		return choice_show(value, &w->show);
	case OPT_THREADS:
		return choice_threads(value, &w->all_threads);
	default:
		w->schema = true;
		return 0;
	}
}

static int check_usage(struct wish *w, int files, const char *name)
{
	if (files != 1) {
		log_error("%s takes one recording", name);
		return -EINVAL;
	}
	if (!w->format && w->output && choice_format_of_file(w->output, &w->format))
		return -EINVAL;
	if (!w->format && w->who == FOR_EXPORT) {
		log_error("no format given");
		log_hint("tare export FILE --format json, folded, pprof, speedscope, html or csv");
		return -EINVAL;
	}
	if (!w->format)
		w->format = formats;
	if (w->format->binary && !w->output && isatty(STDOUT_FILENO)) {
		log_error("--format %s is not for a terminal", w->format->name);
		log_hint("-o FILE%s", w->format->suffix);
		return -EINVAL;
	}
	return folding_read(&w->folding) || choice_output(&w->out, w->output) ? -EINVAL : 0;
}

static int show_recording(const struct wish *w, const char *path)
{
	struct format_style style = {
		.table = terminal_style(w->output ? -1 : STDOUT_FILENO),
		.sample_type = w->sample_type,
	};
	struct report *r;
	GString *text;
	int err = 0;

	if (!strcmp(w->format->name, "html"))
		err = choice_html("tare export FILE --format speedscope, pprof or folded");
	if (err || recording_load(&r, path))
		return EXIT_FAILED;
	if (w->format->stacks && !r->profile) {
		log_error("%s has no stacks: it was recorded with --period 0", path);
		report_free(r);
		return EXIT_FAILED;
	}
	choice_table(&style.table, w->show, w->all_threads);
	folding_apply(&w->folding, r);
	choice_warn(r, w->format, w->sample_type);
	text = w->format->render(r, &style);
	err = choice_deliver(w->out, text->str, text->len);
	g_string_free(text, TRUE);
	report_free(r);
	return err ? EXIT_FAILED : 0;
}

static int run_command(struct wish *w, const char *usage, const char *more, int argc, char **argv)
{
	const struct optspecs all = {
		.specs = specs,
		.n = G_N_ELEMENTS(specs),
		.who = w->who,
		.usage = usage,
		.more = more,
		.stop = "",
		.take = take_option,
		.ctx = w,
		.values = choice_values,
	};
	int err = optspec_parse(&all, argc, argv);

	if (err > 0)
		return 0;
	if (!err && w->schema) {
		fputs(json_schema(), stdout);
		return 0;
	}
	if (!err)
		err = check_usage(w, argc - optind, argv[0]);
	if (err) {
		log_hint("tare %s --help", argv[0]);
		return EXIT_USAGE;
	}
	err = show_recording(w, argv[optind]);
	fileout_close(w->out);
	frame_rules_free(w->folding.rules);
	return err;
}

int cmd_report(int argc, char **argv)
{
	struct wish w = { .who = FOR_REPORT };

	return run_command(&w, report_usage, "\nMore: man tare-report", argc, argv);
}

int cmd_export(int argc, char **argv)
{
	struct wish w = { .who = FOR_EXPORT };

	return run_command(&w, export_usage, export_more, argc, argv);
}
