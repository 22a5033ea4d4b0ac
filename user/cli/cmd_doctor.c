/* SPDX-License-Identifier: GPL-2.0-only
 *
 * `tare doctor`: which features this machine has, what tare does with and without each,
 * and how to get what is missing. This file must not know how a feature is probed.
 */
#include <getopt.h>
#include <glib.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/log.h"
#include "base/fileout.h"
#include "capture/features.h"
#include "cli/cmd.h"
#include "cli/complete.h"
#include "cli/optspec.h"
#include "cli/terminal.h"
#include "output/table/paint.h"
#include "version.h"

enum { STATE_COLUMN = 2, NAME_COLUMN = 11, TEXT_COLUMN = 35 };

enum { OPT_JSON = 256, OPT_BTF };

static const struct optspec specs[] = {
	{ "json", OPT_JSON, NULL, 1, "print JSON (schema tare.doctor/1)" },
	{ "btf", OPT_BTF, "FILE", 1, "BTF of the running kernel, if it has no own" },
	{ "help", 'h', NULL, 1, "show this help" },
};

static const char usage[] =
	"Usage: tare doctor [OPTION]...\n\n"
	"Test what this kernel and machine support. The first line says whether tare\n"
	"works here; the rest, what tare uses each feature for, and how to get it.\n";

struct wanted {
	bool json;
	const char *btf;
};

static const char *feature_effect(const struct features *f, enum feature_id id)
{
	switch (f->found[id].state) {
	case FEATURE_NO:
		return feature_text[id].without;
	case FEATURE_UNKNOWN:
		return NULL;
	default:
		return feature_text[id].with;
	}
}

static const char *feature_remedy(const struct features *f, enum feature_id id)
{
	return f->found[id].state == FEATURE_NO ? feature_text[id].mend : NULL;
}

/* Names of the figures that reports will lack. If kernel memory by task is missing, its
 * parts are not listed. */
static GPtrArray *missing_figures(const struct features *f)
{
	bool kmem = features_has(f, FEATURE_MEMCG_STATE);
	GPtrArray *list = g_ptr_array_new();

	for (int id = 0; id < FEATURES; id++) {
		bool part = id == FEATURE_VMALLOC || id == FEATURE_SOCK ||
			    (id == FEATURE_PYTHON && !features_has(f, FEATURE_SAMPLES));

		if (f->found[id].state == FEATURE_NO && feature_text[id].figure &&
		    !(part && (!kmem || id == FEATURE_PYTHON)))
			g_ptr_array_add(list, (char *)feature_text[id].figure);
	}
	g_ptr_array_add(list, NULL);
	return list;
}

static GPtrArray *missing_needs(const struct features *f)
{
	GPtrArray *list = g_ptr_array_new_with_free_func(g_free);

	for (int id = 0; id < FEATURES; id++) {
		const struct feature *found = &f->found[id];

		if (feature_text[id].required && found->state == FEATURE_NO)
			g_ptr_array_add(list, found->refused ? g_strdup(found->detail) :
							       g_strdup(feature_text[id].name));
	}
	if (features_best_backend(f) == BACKEND_NONE)
		g_ptr_array_add(list, g_strdup("any counter backend"));
	g_ptr_array_add(list, NULL);
	return list;
}

/* One sentence: does `tare run` work here, and what does it lack? */
static char *verdict(const struct features *f)
{
	bool enough = features_enough(f);
	g_autoptr(GPtrArray) missing = enough ? missing_figures(f) : missing_needs(f);
	g_autofree char *list = g_strjoinv(", ", (char **)missing->pdata);
	const char *backend = enough ? backend_name[features_best_backend(f)] : NULL;

	if (!enough)
		return g_strdup_printf("tare can't work here. Missing: %s", list);
	if (!*list)
		return g_strdup_printf("tare works here, with counter backend %s", backend);
	return g_strdup_printf("tare works here, with counter backend %s. Not measured: %s",
			       backend, list);
}

static char *kernel_name(void)
{
	struct utsname u;

	uname(&u);
	return g_strdup_printf("%s %s %s", u.sysname, u.release, u.machine);
}

/* The table. */

static enum paint state_paint(const struct features *f, enum feature_id id)
{
	switch (f->found[id].state) {
	case FEATURE_YES:
		return GOOD;
	case FEATURE_NO:
		return feature_text[id].required ? BAD : WARN;
	case FEATURE_PARTLY:
		return WARN;
	default:
		return DIM;
	}
}

/* Print `text` wrapped, from TEXT_COLUMN on. The current line already has `used` columns. */
static void put_words(GString *out, const struct table_style *style, unsigned used,
		      const char *text)
{
	paint_spaces(out, MAX(TEXT_COLUMN, used) - used);
	paint_wrapped(out, style, PLAIN, TEXT_COLUMN, text);
}

/* "32768: effect" for values, "effect (what was found)" for the rest. */
static char *row_text(const struct features *f, enum feature_id id)
{
	const char *found = f->found[id].detail;
	const char *does = feature_effect(f, id);

	if (!does || !*found)
		return g_strdup(does ? does : *found ? found : "-");
	if (f->found[id].state == FEATURE_INFO)
		return g_strdup_printf("%s: %s", found, does);
	return g_strdup_printf("%s (%s)", does, found);
}

static void put_row(GString *out, const struct table_style *style, const struct features *f,
		    enum feature_id id)
{
	const char *state = feature_state_name[f->found[id].state];
	const char *name = feature_text[id].name;
	const char *mending = feature_remedy(f, id);
	g_auto(GStrv) ways = g_strsplit(mending ? mending : "", FEATURE_OR, -1);
	g_autofree char *text = row_text(f, id);

	paint_spaces(out, STATE_COLUMN);
	paint(out, style, state_paint(f, id), state);
	paint_spaces(out, NAME_COLUMN - STATE_COLUMN - strlen(state));
	g_string_append(out, name);
	put_words(out, style, NAME_COLUMN + strlen(name), text);
	for (char **way = ways; *way; way++) {
		g_autofree char *line = g_strconcat("-> ", *way, NULL);

		put_words(out, style, 0, line);
	}
}

static char *render_table(const struct features *f)
{
	struct table_style style = terminal_style(STDOUT_FILENO);
	GString *out = g_string_new(NULL);
	g_autofree char *kernel = kernel_name(), *said = verdict(f);

	paint_wrapped(out, &style, features_enough(f) ? GOOD : BAD, 0, said);
	g_string_append_printf(out, "tare %s on %s\n", TARE_VERSION, kernel);
	for (int area = 0; area < AREAS; area++) {
		g_string_append(out, "\n");
		paint(out, &style, BOLD, feature_area_name[area]);
		g_string_append(out, "\n");
		for (int id = 0; id < FEATURES; id++)
			if (feature_text[id].area == (enum feature_area)area)
				put_row(out, &style, f, id);
	}
	return g_string_free(out, FALSE);
}

/* JSON. */

static json_t *json_text(const char *s)
{
	return s && *s ? json_string(s) : json_null();
}

static json_t *json_features(const struct features *f)
{
	json_t *list = json_array();

	for (int id = 0; id < FEATURES; id++) {
		const struct feature_text *t = &feature_text[id];

		json_array_append_new(
			list, json_pack("{s:s, s:s, s:s, s:b, s:o, s:o, s:o}", "name", t->name,
					"group", feature_area_name[t->area], "state",
					feature_state_name[f->found[id].state], "required",
					t->required, "found", json_text(f->found[id].detail),
					"effect", json_text(feature_effect(f, id)), "mend",
					json_text(feature_remedy(f, id))));
	}
	return list;
}

static char *render_json(const struct features *f)
{
	enum counter_backend backend = features_best_backend(f);
	g_autofree char *kernel = kernel_name(), *said = verdict(f);
	json_t *backends = json_object();
	json_t *top;
	char *dumped, *text;

	for (int i = 0; i < BACKEND_NONE; i++)
		json_object_set_new(backends, backend_name[i],
				    json_pack("{s:b, s:o}", "usable", !f->why_not[i], "why_not",
					      json_text(f->why_not[i])));
	top = json_pack("{s:s, s:s, s:s, s:s, s:b, s:o, s:o, s:o}", "schema", "tare.doctor/1",
			"tare_version", TARE_VERSION, "kernel", kernel, "verdict", said, "ok",
			features_enough(f), "backend",
			json_text(backend == BACKEND_NONE ? NULL : backend_name[backend]),
			"backends", backends, "features", json_features(f));
	dumped = json_dumps(top, JSON_INDENT(2));
	text = g_strconcat(dumped ? dumped : "", "\n", NULL);
	free(dumped);
	json_decref(top);
	return text;
}

static int print_text(const char *text)
{
	int ret = fileout_stream(STDOUT_FILENO, text, strlen(text));

	if (ret)
		log_error("can't write to standard output: %s", strerror(-ret));
	return ret;
}

static int take_option(void *ctx, int id, const char *value)
{
	struct wanted *w = ctx;

	if (id == OPT_JSON)
		w->json = true;
	else
		w->btf = value;
	return 0;
}

/* doctor takes no argument. */
static bool values(struct complete *c, const struct optspec *s)
{
	(void)c;
	return !s;
}

/* False: doctor ends here with *status. */
static bool parse_options(int argc, char **argv, struct wanted *w, int *status)
{
	const struct optspecs all = {
		.specs = specs,
		.n = G_N_ELEMENTS(specs),
		.who = 1,
		.usage = usage,
		.more = "\nExit status: 0: `tare run` works here; 1: it can't; 125: wrong usage.\n"
			"More: man tare-doctor",
		.stop = "",
		.take = take_option,
		.ctx = w,
		.values = values,
	};
	int ret = optspec_parse(&all, argc, argv);

	*status = 0;
	if (ret > 0)
		return false;
	if (!ret && optind == argc)
		return true;
	if (!ret)
		log_error("unknown argument: %s", argv[optind]);
	log_hint("tare doctor --help");
	*status = EXIT_USAGE;
	return false;
}

int cmd_doctor(int argc, char **argv)
{
	g_autofree char *text = NULL;
	struct wanted w = { 0 };
	struct features f;
	bool enough;
	int status;

	if (!parse_options(argc, argv, &w, &status))
		return status;
	if (features_probe(&f, w.btf)) {
		features_free(&f);
		return EXIT_FAILED;
	}
	features_try(&f);
	text = w.json ? render_json(&f) : render_table(&f);
	enough = features_enough(&f);
	features_free(&f);
	return print_text(text) || !enough ? EXIT_FAILED : 0;
}
