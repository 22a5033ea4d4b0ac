/* SPDX-License-Identifier: GPL-2.0-only
 *
 * `tare doctor`: what this machine offers, what tare makes of it, and how to
 * mend what is missing. It must not know how anything is probed.
 */
#include <glib.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/err.h"
#include "base/fileout.h"
#include "capture/features.h"
#include "cli/cmd.h"
#include "cli/optspec.h"
#include "version.h"

enum { COLUMNS = 80, STATE_COLUMN = 2, NAME_COLUMN = 11, TEXT_COLUMN = 35 };

static const char usage[] =
	"usage: tare doctor [--json]\n"
	"\n"
	"What this kernel and machine offer, what tare does with or without it,\n"
	"and what would mend it.\n"
	"\n"
	"  --json   the same as JSON (schema tare.doctor/1)\n"
	"\n"
	"Exit status: 0 `tare run` can work here, 1 it can't, 2 wrong usage.\n";

static const char *const options[] = { "--json", "--help", NULL };

static const char *effect(const struct features *f, enum feature_id id)
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

static const char *mend(const struct features *f, enum feature_id id)
{
	return f->found[id].state == FEATURE_NO ? feature_text[id].mend : NULL;
}

static enum ledger_arm chosen_arm(const struct features *f)
{
	int arm = 0;

	while (arm < ARM_NONE && f->why_not[arm])
		arm++;
	return arm;
}

static char *kernel_name(void)
{
	struct utsname u;

	uname(&u);
	return g_strdup_printf("%s %s %s", u.sysname, u.release, u.machine);
}

/* For eyes. */

static const char *state_colour(const struct features *f, enum feature_id id)
{
	switch (f->found[id].state) {
	case FEATURE_YES:
		return "\033[32m";
	case FEATURE_NO:
		return feature_text[id].required ? "\033[1;31m" : "\033[33m";
	case FEATURE_PARTLY:
		return "\033[33m";
	default:
		return "\033[2m";
	}
}

/* Words from the text column on, on as many lines as they take. The line so
 * far is `used` columns long. */
static void put_words(GString *out, int used, const char *text)
{
	g_auto(GStrv) word = g_strsplit(text, " ", -1);
	int at = TEXT_COLUMN;

	g_string_append_printf(out, "%*s", MAX(TEXT_COLUMN - used, 1), "");
	for (int i = 0; word[i]; i++) {
		int len = strlen(word[i]);

		if (i && at + 1 + len > COLUMNS) {
			g_string_append_printf(out, "\n%*s", TEXT_COLUMN, "");
			at = TEXT_COLUMN;
		} else if (i) {
			g_string_append_c(out, ' ');
			at++;
		}
		g_string_append(out, word[i]);
		at += len;
	}
	g_string_append_c(out, '\n');
}

/* "32768: effect" for values, "effect (what was found)" for the rest. */
static char *row_text(const struct features *f, enum feature_id id)
{
	const char *found = f->found[id].detail;
	const char *does = effect(f, id);

	if (!does || !*found)
		return g_strdup(does ? does : *found ? found : "-");
	if (f->found[id].state == FEATURE_INFO)
		return g_strdup_printf("%s: %s", found, does);
	return g_strdup_printf("%s (%s)", does, found);
}

static void put_row(GString *out, const struct features *f, enum feature_id id, bool colour)
{
	const char *name = feature_text[id].name;
	const char *mending = mend(f, id);
	g_autofree char *text = row_text(f, id);

	g_string_append_printf(out, "%*s%s%-*s%s%s", STATE_COLUMN, "",
			       colour ? state_colour(f, id) : "", NAME_COLUMN - STATE_COLUMN,
			       feature_state_name[f->found[id].state], colour ? "\033[0m" : "",
			       name);
	put_words(out, NAME_COLUMN + strlen(name), text);
	if (mending) {
		g_autofree char *line = g_strconcat("-> ", mending, NULL);

		put_words(out, 0, line);
	}
}

static void put_verdict(GString *out, const struct features *f, bool colour)
{
	bool enough = features_enough(f);
	const char *on = !colour ? "" : enough ? "\033[1;32m" : "\033[1;31m";
	const char *off = colour ? "\033[0m" : "";

	if (enough) {
		g_string_append_printf(out, "\n%s`tare run` can work here%s, with ledger arm %s.\n",
				       on, off, ledger_arm_name[chosen_arm(f)]);
		return;
	}
	g_string_append_printf(out, "\n%s`tare run` can not work here.%s Missing:", on, off);
	for (int id = 0; id < FEATURES; id++)
		if (feature_text[id].required && f->found[id].state == FEATURE_NO)
			g_string_append_printf(out, " %s", feature_text[id].name);
	g_string_append(out, chosen_arm(f) == ARM_NONE ? " any ledger arm\n" : "\n");
}

static char *render_table(const struct features *f, bool colour)
{
	GString *out = g_string_new(NULL);
	g_autofree char *kernel = kernel_name();

	g_string_append_printf(out, "tare %s on %s\n", TARE_VERSION, kernel);
	for (int group = 0; group < GROUPS; group++) {
		g_string_append_printf(out, "\n%s%s%s\n", colour ? "\033[1m" : "",
				       feature_group_name[group], colour ? "\033[0m" : "");
		for (int id = 0; id < FEATURES; id++)
			if (feature_text[id].group == (enum feature_group)group)
				put_row(out, f, id, colour);
	}
	put_verdict(out, f, colour);
	return g_string_free(out, FALSE);
}

static bool want_colour(void)
{
	const char *no_color = getenv("NO_COLOR");
	const char *term = getenv("TERM");

	return isatty(STDOUT_FILENO) && !(no_color && *no_color) && term && strcmp(term, "dumb");
}

/* For programs. */

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
			list,
			json_pack("{s:s, s:s, s:s, s:b, s:o, s:o, s:o}", "name", t->name, "group",
				  feature_group_name[t->group], "state",
				  feature_state_name[f->found[id].state], "required", t->required,
				  "found", json_text(f->found[id].detail), "effect",
				  json_text(effect(f, id)), "mend", json_text(mend(f, id))));
	}
	return list;
}

static char *render_json(const struct features *f)
{
	enum ledger_arm arm = chosen_arm(f);
	g_autofree char *kernel = kernel_name();
	json_t *arms = json_object();
	json_t *top;
	char *dumped, *text;

	for (int i = 0; i < ARM_NONE; i++)
		json_object_set_new(arms, ledger_arm_name[i],
				    json_pack("{s:b, s:o}", "usable", !f->why_not[i], "why_not",
					      json_text(f->why_not[i])));
	top = json_pack("{s:s, s:s, s:s, s:b, s:o, s:o, s:o}", "schema", "tare.doctor/1",
			"tare_version", TARE_VERSION, "kernel", kernel, "ok", features_enough(f),
			"arm", json_text(arm == ARM_NONE ? NULL : ledger_arm_name[arm]), "arms",
			arms, "features", json_features(f));
	dumped = json_dumps(top, JSON_INDENT(2));
	text = g_strconcat(dumped ? dumped : "", "\n", NULL);
	free(dumped);
	json_decref(top);
	return text;
}

static int print(const char *text)
{
	int ret = fileout_stream(STDOUT_FILENO, text, strlen(text));

	if (ret)
		error("can't write to standard output: %s", strerror(-ret));
	return ret;
}

static int bad_usage(const char *word)
{
	suggest(*word == '-' ? "option" : "argument", word, options);
	hint("tare doctor --help");
	return EXIT_USAGE;
}

int cmd_doctor(int argc, char **argv)
{
	g_autofree char *text = NULL;
	struct features f;
	bool json = false;
	bool enough;

	for (int i = 1; i < argc; i++) {
		if (!strcmp(argv[i], "--help") || !strcmp(argv[i], "-h"))
			return print(usage) ? EXIT_FAILED : 0;
		if (strcmp(argv[i], "--json"))
			return bad_usage(argv[i]);
		json = true;
	}
	if (features_probe(&f, NULL))
		return EXIT_FAILED;
	features_try(&f);
	text = json ? render_json(&f) : render_table(&f, want_colour());
	enough = features_enough(&f);
	features_free(&f);
	return print(text) || !enough ? EXIT_FAILED : 0;
}
