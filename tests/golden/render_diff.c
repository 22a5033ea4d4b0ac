/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Prints the difference of two fixtures: render_diff PAIR json|WIDTH [colour] [full] [all].
 * Without arguments it prints the pairs' names.
 */
#include <stdio.h>
#include <stdlib.h>

#include "model/frame_rules.h"
#include "output/diff/diff.h"
#include "tests/golden/fixtures.c"

/* The worker takes twice as much, main so little more that it may be chance, and the report has
 * fewer samples. */
static struct report *sampled_later(void)
{
	struct report *r = sampled(9000, 2, 1 * MIB, 256 * KIB);
	struct report_task *t = ((struct report_process *)r->processes->pdata[0])->tasks->pdata[2];

	g_free(t->comm);
	t->comm = g_strdup("logger");
	g_ptr_array_add(r->command, g_strdup("-v"));
	return r;
}

static const struct {
	const char *name;
	struct report *(*before)(void), *(*after)(void);
} pairs[] = {
	{ "diff-grown", fixture_sampled, sampled_later },
	{ "diff-same", fixture_sampled, fixture_sampled },
	{ "diff-other", fixture_profile, fixture_sampled },
	{ "diff-hostile", fixture_sampled_hostile, fixture_profile_hostile },
	{ "diff-unsampled", fixture_python, fixture_sampled },
	{ "diff-unknown", fixture_unchecked, fixture_uring },
	{ "diff-many", fixture_server, fixture_forks },
	{ "diff-empty", fixture_empty, fixture_empty },
};

/* As tare diff does. */
static void fold(struct report *r)
{
	struct frame_rules *rules = frame_rules_new();

	if (r->profile)
		frame_rules_apply(rules, r->profile, false);
	frame_rules_free(rules);
}

static char *render(const struct report *a, const struct report *b, int argc, char **argv)
{
	struct diff_style style = { .sample_type = SAMPLE_TYPE_LIVE_PEAK };

	if (!strcmp(argv[0], "json"))
		return diff_json_render(a, b, &style);
	style.table.width = (unsigned)atoi(argv[0]);
	for (int i = 1; i < argc; i++) {
		style.table.colour |= !strcmp(argv[i], "colour");
		style.full |= !strcmp(argv[i], "full");
		style.all |= !strcmp(argv[i], "all");
	}
	return diff_table_render(a, b, &style);
}

int main(int argc, char **argv)
{
	for (unsigned i = 0; i < G_N_ELEMENTS(pairs); i++) {
		struct report *a, *b;
		char *text;

		if (argc < 3) {
			puts(pairs[i].name);
			continue;
		}
		if (strcmp(argv[1], pairs[i].name))
			continue;
		a = pairs[i].before();
		b = pairs[i].after();
		fold(a);
		fold(b);
		text = render(a, b, argc - 2, argv + 2);
		fputs(text, stdout);
		g_free(text);
		report_free(a);
		report_free(b);
		return 0;
	}
	return argc < 3 ? 0 : 1;
}
