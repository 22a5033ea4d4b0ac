/* SPDX-License-Identifier: GPL-2.0-only */
#include "cli/bench_show.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/fileout.h"
#include "capture/launch.h"
#include "cli/bench_options.h"
#include "cli/choices.h"
#include "cli/cmd.h"
#include "cli/terminal.h"
#include "output/bench/bench.h"
#include "output/bench/html.h"
#include "store/bench_store.h"

static struct table_style style_for(const char *output)
{
	return terminal_style(output ? -1 : STDOUT_FILENO);
}

char *bench_show_table(const struct bench *b)
{
	struct table_style style = style_for(NULL);

	return bench_table(b, &style);
}

static char *render_html(const struct bench *b)
{
	g_autofree char *json = bench_json(b);

	return bench_html(json, strlen(json));
}

static char *render_results(const struct bench *b, const struct bench_options *o)
{
	struct table_style style = style_for(o->output);

	switch (o->format) {
	case BENCH_CSV:
		return bench_csv(b);
	case BENCH_JSON:
		return bench_json(b);
	case BENCH_MARKDOWN:
		return bench_markdown(b);
	case BENCH_HTML:
		return render_html(b);
	default:
		return bench_table(b, &style);
	}
}

/* tare's exit status. */
static int write_text(const char *text, const struct fileout *out)
{
	return choice_deliver(out, text, strlen(text)) ? EXIT_FAILED : 0;
}

static int show_results(const struct bench_options *o)
{
	g_autofree char *text = NULL;
	struct bench *b = NULL;

	if (o->schema)
		return write_text(bench_json_schema(), o->to_output);
	if (o->format == BENCH_HTML &&
	    choice_html("tare bench report FILE --format markdown or csv"))
		return EXIT_FAILED;
	if (bench_store_load(&b, o->command[0]))
		return EXIT_FAILED;
	text = render_results(b, o);
	bench_free(b);
	return write_text(text, o->to_output);
}

static int show_comparison(const struct bench_options *o)
{
	struct table_style style = style_for(o->output);
	struct bench *a = NULL, *b = NULL;
	g_autofree char *text = NULL;

	if (!bench_store_load(&a, o->command[0]) && !bench_store_load(&b, o->command[1]))
		text = bench_compare(a, b, &style);
	bench_free(a);
	bench_free(b);
	return text ? write_text(text, o->to_output) : EXIT_FAILED;
}

static int run_verb(enum bench_verb verb, int (*run)(const struct bench_options *o), int argc,
		    char **argv)
{
	struct bench_options o;
	int status = bench_options_parse(&o, verb, argc, argv);

	status = status < 0 ? EXIT_USAGE : status > 0 ? 0 : run(&o);
	bench_options_free(&o);
	return status;
}

int bench_show_report(int argc, char **argv)
{
	return run_verb(BENCH_VERB_REPORT, show_results, argc, argv);
}

int bench_show_compare(int argc, char **argv)
{
	return run_verb(BENCH_VERB_COMPARE, show_comparison, argc, argv);
}
