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
#include "cli/folding.h"
#include "cli/optspec.h"
#include "cli/terminal.h"
#include "output/diff/diff.h"
#include "store/recording.h"

enum { OPT_FORMAT = 256, OPT_SAMPLE_TYPE, OPT_ALL, OPT_FOLD, OPT_NO_FOLD, OPT_SCHEMA };

struct wish {
	const char *output;
	struct fileout *out; /* opened; NULL: stdout */
	bool json, format_given, all, schema;
	enum sample_type sample_type;
	struct folding folding;
};

static const struct optspec specs[] = {
	{ "format", OPT_FORMAT, "FORMAT", 1, "table or json (default: by suffix of FILE)" },
	{ "output", 'o', "FILE", 1, "write to FILE, not to stdout" },
	{ "sample-type", OPT_SAMPLE_TYPE, "NAME", 1, "grown, live-peak, live-end (live-peak)" },
	{ "all", OPT_ALL, NULL, 1, "every row, not only those that changed most" },
	{ "fold", OPT_FOLD, "FILE", 1, "more rules for frames that fold into their caller" },
	{ "no-fold", OPT_NO_FOLD, NULL, 1, "do not fold allocators and interpreters" },
	{ "schema", OPT_SCHEMA, NULL, 1, "print the JSON Schema of the differences" },
	{ "help", 'h', NULL, 1, "this text" },
};

static const char usage[] =
	"Usage: tare diff BEFORE AFTER [OPTION]...\n"
	"       tare diff --schema\n\n"
	"Compare two recordings (tare run -r FILE): who grew more, and where.\n";

static int sample_type_parse(const char *value, enum sample_type *sample_type)
{
	int err = choice_sample_type(value, sample_type);

	if (err || *sample_type < SAMPLE_TYPES)
		return err;
	return optspec_bad("sample-type", value, "grown, live-peak or live-end");
}

static int take_option(void *ctx, int id, const char *value)
{
	struct wish *w = ctx;

	switch (id) {
	case OPT_FORMAT:
		w->format_given = true;
		w->json = !strcmp(value, "json");
		return w->json || !strcmp(value, "table") ?
			       0 :
			       optspec_bad("format", value, "table or json");
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
	default:
		w->schema = true;
		return 0;
	}
}

static int format_by_suffix(struct wish *w)
{
	w->json = g_str_has_suffix(w->output, ".json");
	if (w->json || g_str_has_suffix(w->output, ".txt"))
		return 0;
	return choice_refuse_suffix(w->output, ".txt (table), .json (json)",
				    "--format FORMAT, for any file name");
}

static int compare_files(const struct wish *w, const char *before, const char *after)
{
	struct diff_style style = {
		.table = terminal_style(w->output ? -1 : STDOUT_FILENO),
		.sample_type = w->sample_type,
		.all = w->all,
	};
	struct report *a = NULL, *b = NULL;
	g_autofree char *text = NULL;
	int err = recording_load(&a, before);

	if (!err)
		err = recording_load(&b, after);
	if (!err) {
		folding_apply(&w->folding, a);
		folding_apply(&w->folding, b);
		text = w->json ? diff_json_render(a, b, &style) : diff_table_render(a, b, &style);
		err = choice_deliver(w->out, text, strlen(text));
	}
	report_free(a);
	report_free(b);
	return err ? EXIT_FAILED : 0;
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
	if (!err && argc - optind != 2) {
		log_error("diff takes two recordings");
		err = -EINVAL;
	}
	if (!err && !w.format_given && w.output)
		err = format_by_suffix(&w);
	if (!err)
		err = folding_read(&w.folding);
	if (!err)
		err = choice_output(&w.out, w.output);
	if (err) {
		log_hint("tare diff --help");
		return EXIT_USAGE;
	}
	err = compare_files(&w, argv[optind], argv[optind + 1]);
	fileout_close(w.out);
	frame_rules_free(w.folding.rules);
	return err;
}
