/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Prints a fixture by one of the printers: render FIXTURE json|csv|pprof|speedscope|WIDTH
 * [colour] [full] [all]. Without arguments it prints the fixtures' names.
 */
#include <stdio.h>
#include <stdlib.h>

#include "model/frame_rules.h"
#include "output/output.h"
#include "tests/golden/fixtures.c"

/* Returns NULL for formats that are text. */
static GString *render_data(const struct report *r, const char *format)
{
	if (!strcmp(format, "pprof"))
		return pprof_render(r);
	if (!strcmp(format, "speedscope"))
		return speedscope_render(r);
	if (!strcmp(format, "csv"))
		return csv_render(r);
	return NULL;
}

static char *render(const struct report *r, int argc, char **argv)
{
	struct table_style style = { 0 };

	if (!strcmp(argv[0], "json"))
		return json_render(r);
	style.width = (unsigned)atoi(argv[0]);
	for (int i = 1; i < argc; i++) {
		style.colour |= !strcmp(argv[i], "colour");
		style.all_threads |= !strcmp(argv[i], "all");
		if (!strcmp(argv[i], "full") || style.all_threads)
			style.show = TABLE_ALL;
	}
	return table_render(r, &style);
}

int main(int argc, char **argv)
{
	for (unsigned i = 0; i < G_N_ELEMENTS(fixtures); i++) {
		struct frame_rules *rules;
		struct report *r;
		GString *data;
		char *text;

		if (argc < 3) {
			puts(fixtures[i].name);
			continue;
		}
		if (strcmp(argv[1], fixtures[i].name))
			continue;
		r = fixtures[i].make();
		rules = frame_rules_new();
		if (r->profile)
			frame_rules_apply(rules, r->profile, false);
		frame_rules_free(rules);
		data = render_data(r, argv[2]);
		if (data) {
			fwrite(data->str, 1, data->len, stdout);
			g_string_free(data, TRUE);
		} else {
			text = render(r, argc - 2, argv + 2);
			fputs(text, stdout);
			g_free(text);
		}
		report_free(r);
		return 0;
	}
	return argc < 3 ? 0 : 1;
}
