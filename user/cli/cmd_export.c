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
#include "cli/fleet_load.h"
#include "cli/terminal.h"
#include "output/fleet/fleet.h"
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
	OPT_SCHEMA,
	OPT_FLEET_SCHEMA
};

struct wish {
	unsigned who;
	const struct format *format;
	const char *output;
	struct fileout *out; /* opened; NULL: stdout */
	enum sample_type sample_type;
	bool all_threads, schema, fleet_schema;
	bool sample_type_given;
	unsigned show;
	struct folding folding;
};

static const struct optspec specs[] = {
	{ "format", OPT_FORMAT, "FORMAT", FOR_REPORT, "report format; see tare export --help" },
	{ "format", OPT_FORMAT, "FORMAT", FOR_EXPORT, "see below (default: by suffix of FILE)" },
	{ "output", 'o', "FILE", FOR_EACH, "write to FILE, not to stdout" },
	{ "sample-type", OPT_SAMPLE_TYPE, "NAME", FOR_EXPORT,
	  "folded: grown, live-peak, live-end …" },
	{ "sample-type", OPT_SAMPLE_TYPE, "NAME", FOR_REPORT,
	  "of several: grown, live-peak, live-end (live-peak)" },
	{ "fold", OPT_FOLD, "FILE", FOR_EACH, "more rules for frames that fold into their caller" },
	{ "no-fold", OPT_NO_FOLD, NULL, FOR_EACH, "do not fold allocators and interpreters" },
	{ "full", OPT_FULL, NULL, FOR_EACH, "table: show all sections" },
	{ "show", OPT_SHOW, "SECTION[,...]", FOR_EACH, "table: who, why, where, kernel …" },
	{ "threads", OPT_THREADS, "all|grouped", FOR_REPORT, "a row per thread, or one per name" },
	{ "schema", OPT_SCHEMA, NULL, FOR_REPORT, "print the JSON Schema of the reports" },
	{ "fleet-schema", OPT_FLEET_SCHEMA, NULL, FOR_REPORT, "the same for several recordings" },
	{ "help", 'h', NULL, FOR_EACH, "this text" },
};

static const char report_usage[] =
	"Usage: tare report FILE [OPTION]...\n"
	"       tare report FILE|DIRECTORY... [OPTION]...\n"
	"       tare report --schema\n\n"
	"Show the report of a recording (tare run -r FILE), or what several recordings\n"
	"have in common, and which of them is unlike the others.\n";
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
		w->sample_type_given = true;
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
	case OPT_FLEET_SCHEMA:
		w->fleet_schema = true;
		return 0;
	default:
		w->schema = true;
		return 0;
	}
}

/* Are these several recordings, or a directory of them? */
static bool is_fleet(const struct wish *w, int files, char **path)
{
	return w->who == FOR_REPORT && (files > 1 || (files == 1 && fleet_is_directory(*path)));
}

typedef char *fleet_render(const struct fleet *f, const struct fleet_style *style);

/* NULL: the format is for one recording. */
static fleet_render *fleet_format(const char *name)
{
	return !strcmp(name, "table") ? fleet_table_render :
	       !strcmp(name, "json")  ? fleet_json_render :
	       !strcmp(name, "csv")   ? fleet_csv_render :
					NULL;
}

static int check_fleet(const struct wish *w)
{
	const char *only = NULL;

	if (!fleet_format(w->format->name)) {
		log_error("--format %s is for one recording", w->format->name);
		log_hint("several: table, json or csv");
		return -EINVAL;
	}
	if (w->sample_type >= SAMPLE_TYPES)
		return optspec_bad("sample-type", sample_type_name[w->sample_type],
				   "grown, live-peak or live-end");
	if (w->show && w->show != TABLE_ALL)
		only = "--show";
	if (w->all_threads)
		only = "--threads";
	if (only)
		log_error("%s is for one recording", only);
	return only ? -EINVAL : 0;
}

static int show_fleet(const struct wish *w, char **path, int n)
{
	struct fleet_style style = {
		.table = terminal_style(w->output ? -1 : STDOUT_FILENO),
		.sample_type = w->sample_type_given ? w->sample_type : SAMPLE_TYPE_LIVE_PEAK,
		.full = w->show == TABLE_ALL,
	};
	struct fleet *f = fleet_new();
	int err = 0;

	for (int i = 0; i < n && !err; i++)
		err = fleet_load(f, path[i], &w->folding, &style.skipped);
	if (!err && !f->sources->len) {
		log_error("no recording could be read");
		err = -EINVAL;
	}
	if (!err) {
		g_autofree char *text = NULL;

		fleet_close(f, style.sample_type);
		text = fleet_format(w->format->name)(f, &style);
		err = choice_deliver(w->out, text, strlen(text));
	}
	if (style.skipped)
		log_error("%u %s not read: in no figure", style.skipped,
			  style.skipped == 1 ? "recording was" : "recordings were");
	fleet_free(f);
	return err || style.skipped ? EXIT_FAILED : 0;
}

static int check_files(const struct wish *w, int files, const char *name)
{
	if (files == 1 || (w->who == FOR_REPORT && files > 1))
		return 0;
	log_error(w->who == FOR_REPORT ? "%s takes a recording, or several" :
					 "%s takes one recording",
		  name);
	return -EINVAL;
}

static int check_usage(struct wish *w, int files, char **path, const char *name)
{
	if (check_files(w, files, name))
		return -EINVAL;
	if (!w->format && w->output && choice_format_of_file(w->output, &w->format))
		return -EINVAL;
	if (!w->format && w->who == FOR_EXPORT) {
		log_error("no format given");
		log_hint("tare export FILE --format json, folded, pprof, speedscope, html or csv");
		return -EINVAL;
	}
	if (!w->format)
		w->format = formats;
	if (is_fleet(w, files, path) && check_fleet(w))
		return -EINVAL;
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
	};
	int err = optspec_parse(&all, argc, argv);

	if (err > 0)
		return 0;
	if (!err && w->schema) {
		fputs(json_schema(), stdout);
		return 0;
	}
	if (!err && w->fleet_schema) {
		fputs(fleet_json_schema(), stdout);
		return 0;
	}
	if (!err)
		err = check_usage(w, argc - optind, argv + optind, argv[0]);
	if (err) {
		log_hint("tare %s --help", argv[0]);
		return EXIT_USAGE;
	}
	err = is_fleet(w, argc - optind, argv + optind) ?
		      show_fleet(w, argv + optind, argc - optind) :
		      show_recording(w, argv[optind]);
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
