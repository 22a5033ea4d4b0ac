/* SPDX-License-Identifier: GPL-2.0-only
 *
 * tare diff: compare two recordings: which processes, threads and functions grew more.
 */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/fileout.h"
#include "cli/choices.h"
#include "cli/cmd.h"
#include "cli/fleet_load.h"
#include "cli/folding.h"
#include "cli/optspec.h"
#include "cli/terminal.h"
#include "output/diff/diff.h"
#include "output/fleet/fleet.h"
#include "store/recording.h"

enum {
	OPT_FORMAT = 256,
	OPT_HTML,
	OPT_SAMPLE_TYPE,
	OPT_FULL,
	OPT_ALL,
	OPT_FOLD,
	OPT_NO_FOLD,
	OPT_SCHEMA,
	OPT_FLEET_SCHEMA,
};

typedef char *render_fn(const struct report *a, const struct report *b,
			const struct diff_style *style);

static const struct diff_format {
	const char *name, *suffix;
	render_fn *render;
} diff_formats[] = {
	{ "table", ".txt", diff_table_render },
	{ "json", ".json", diff_json_render },
	{ "html", ".html", diff_html_render },
};

struct wish {
	const char *output, *html;
	struct fileout *out, *to_html; /* opened; NULL: stdout, and no page */
	const struct diff_format *format;
	bool full, all, schema, fleet_schema;
	enum sample_type sample_type;
	struct folding folding;
};

static const struct optspec specs[] = {
	{ "format", OPT_FORMAT, "FORMAT", 1, "table, json or html (default: by suffix of FILE)" },
	{ "output", 'o', "FILE", 1, "write to FILE, not to stdout" },
	{ "html", OPT_HTML, "FILE", 1, "also write an HTML page: what changed, flame graph" },
	{ "sample-type", OPT_SAMPLE_TYPE, "NAME", 1, "grown, live-peak, live-end (live-peak)" },
	{ "full", OPT_FULL, NULL, 1, "all sections and more rows, not only one screen" },
	{ "all", OPT_ALL, NULL, 1, "the same with every row, also of what did not change" },
	{ "fold", OPT_FOLD, "FILE", 1, "more rules for frames that fold into their caller" },
	{ "no-fold", OPT_NO_FOLD, NULL, 1, "do not fold allocators and interpreters" },
	{ "schema", OPT_SCHEMA, NULL, 1, "print the JSON Schema of the differences" },
	{ "fleet-schema", OPT_FLEET_SCHEMA, NULL, 1, "the same for directories" },
	{ "help", 'h', NULL, 1, "this text" },
};

static const char usage[] =
	"Usage: tare diff BEFORE AFTER [OPTION]...\n"
	"       tare diff DIRECTORY DIRECTORY [OPTION]...\n"
	"       tare diff --schema\n\n"
	"Compare two recordings (tare run -r FILE): who grew more, and where; or two sets of\n"
	"recordings, of several machines: is the change larger than the machines differ?\n";

static int sample_type_parse(const char *value, enum sample_type *sample_type)
{
	int err = choice_sample_type(value, sample_type);

	if (err || *sample_type < SAMPLE_TYPES)
		return err;
	return optspec_bad("sample-type", value, "grown, live-peak or live-end");
}

static int format_parse(const char *value, const struct diff_format **format)
{
	for (unsigned i = 0; i < G_N_ELEMENTS(diff_formats); i++)
		if (!strcmp(value, diff_formats[i].name)) {
			*format = &diff_formats[i];
			return 0;
		}
	return optspec_bad("format", value, "table, json or html");
}

static int take_option(void *ctx, int id, const char *value)
{
	struct wish *w = ctx;

	switch (id) {
	case OPT_FORMAT:
		return format_parse(value, &w->format);
	case OPT_HTML:
		w->html = value;
		return 0;
	case OPT_FULL:
		w->full = true;
		return 0;
	case 'o':
		w->output = value;
		return 0;
	case OPT_SAMPLE_TYPE:
		return sample_type_parse(value, &w->sample_type);
	case OPT_ALL:
		w->all = true;
		return 0;
	case OPT_FOLD:
		w->folding.file = value;
		return 0;
	case OPT_NO_FOLD:
		w->folding.none = true;
		return 0;
	case OPT_FLEET_SCHEMA:
		w->fleet_schema = true;
		return 0;
	default:
		w->schema = true;
		return 0;
	}
}

/* The format of an output without --format: by its suffix. */
static int format_by_suffix(struct wish *w)
{
	w->format = &diff_formats[0];
	for (unsigned i = 0; w->output && i < G_N_ELEMENTS(diff_formats); i++)
		if (g_str_has_suffix(w->output, diff_formats[i].suffix)) {
			w->format = &diff_formats[i];
			return 0;
		}
	if (!w->output)
		return 0;
	return choice_refuse_suffix(w->output, ".txt (table), .json (json), .html (html)",
				    "--format FORMAT, for any file name");
}

static int deliver(const struct fileout *out, char *text)
{
	int err = choice_deliver(out, text, strlen(text));

	g_free(text);
	return err;
}

static int compare_files(const struct wish *w, const char *before, const char *after)
{
	struct diff_style style = {
		.table = terminal_style(w->output ? -1 : STDOUT_FILENO),
		.sample_type = w->sample_type,
		.full = w->full,
		.all = w->all,
	};
	struct report *a = NULL, *b = NULL;
	int err = recording_load(&a, before);

	if (!err)
		err = recording_load(&b, after);
	if (!err) {
		folding_apply(&w->folding, a);
		folding_apply(&w->folding, b);
		err = deliver(w->out, w->format->render(a, b, &style));
	}
	if (!err && w->to_html)
		err = deliver(w->to_html, diff_html_render(a, b, &style));
	report_free(a);
	report_free(b);
	return err;
}

/* Two sets: at least one is a directory. */
static int compare_fleets(const struct wish *w, const char *before, const char *after)
{
	struct fleet_style style = {
		.table = terminal_style(w->output ? -1 : STDOUT_FILENO),
		.sample_type = w->sample_type,
		.full = w->full || w->all,
	};
	const char *const path[FLEET_SIDES] = { before, after };
	struct fleet *f[FLEET_SIDES] = { fleet_new(), fleet_new() };
	bool json = w->format->render == diff_json_render;
	int err = 0;

	for (int i = 0; i < FLEET_SIDES && !err; i++) {
		err = fleet_load(f[i], path[i], &w->folding, &style.skipped);
		if (!err && !f[i]->sources->len) {
			log_error("no recording of %s could be read", path[i]);
			err = -EINVAL;
		}
		fleet_close(f[i], w->sample_type);
	}
	if (!err)
		err = deliver(w->out, (json ? fleet_diff_json_render : fleet_diff_table_render)(
					      f[FLEET_BEFORE], f[FLEET_AFTER], &style));
	if (style.skipped)
		log_error("%u %s not read: in no figure", style.skipped,
			  style.skipped == 1 ? "recording was" : "recordings were");
	fleet_free(f[FLEET_BEFORE]);
	fleet_free(f[FLEET_AFTER]);
	return err || style.skipped ? -EINVAL : 0;
}

static int open_outputs(struct wish *w)
{
	int err = choice_output(&w->out, w->output);

	if (!err)
		err = choice_output(&w->to_html, w->html);
	if (!err && w->out && w->to_html && fileout_same(w->out, w->to_html)) {
		log_error("%s is given for two outputs", w->html);
		err = -EINVAL;
	}
	return err;
}

/* The exit status. Everything is checked before a recording is read. */
static int compare(struct wish *w, const char *before, const char *after)
{
	bool page = w->html || w->format->render == diff_html_render;
	bool fleets = fleet_is_directory(before) || fleet_is_directory(after);
	int err;

	if (page && fleets) {
		log_error("a page compares two recordings, not directories");
		log_hint("tare diff DIRECTORY DIRECTORY --format table or json");
		return EXIT_USAGE;
	}
	if (page && choice_html("tare diff BEFORE AFTER --full, or --format json"))
		return EXIT_FAILED;
	err = folding_read(&w->folding);
	if (!err)
		err = open_outputs(w);
	if (err) {
		log_hint("tare diff --help");
		return EXIT_USAGE;
	}
	return (fleets ? compare_fleets : compare_files)(w, before, after) ? EXIT_FAILED : 0;
}

int cmd_diff(int argc, char **argv)
{
	struct wish w = { .sample_type = SAMPLE_TYPE_LIVE_PEAK };
	const struct optspecs all = {
		.specs = specs,
		.n = G_N_ELEMENTS(specs),
		.who = 1,
		.usage = usage,
		.more = "\nMore: man tare-diff",
		.stop = "",
		.take = take_option,
		.ctx = &w,
	};
	int err = optspec_parse(&all, argc, argv);

	if (err > 0)
		return 0;
	if (!err && w.schema) {
		fputs(diff_json_schema(), stdout);
		return 0;
	}
	if (!err && w.fleet_schema) {
		fputs(fleet_json_schema(), stdout);
		return 0;
	}
	if (!err && argc - optind != 2) {
		log_error("diff takes two recordings, or two directories of them");
		err = -EINVAL;
	}
	if (!err && !w.format)
		err = format_by_suffix(&w);
	if (err) {
		log_hint("tare diff --help");
		return EXIT_USAGE;
	}
	err = compare(&w, argv[optind], argv[optind + 1]);
	fileout_close(w.out);
	fileout_close(w.to_html);
	frame_rules_free(w.folding.rules);
	return err;
}
