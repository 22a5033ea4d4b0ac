/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Prints a fixture of `tare bench` by one of the printers: render_bench FIXTURE
 * json|csv|markdown|WIDTH [colour]. `WIDTH compare` prints the comparison with the reference
 * fixture. Without arguments it prints the fixtures' names.
 */
#include <stdio.h>
#include <stdlib.h>

#include "output/bench/bench.h"
#include "tests/golden/fixtures_bench.c"

static char *compared(const struct bench *b, const struct table_style *style)
{
	struct bench *before = fixture_all();
	char *text = bench_compare(before, b, style);

	bench_free(before);
	return text;
}

static char *render(const struct bench *b, int argc, char **argv)
{
	struct table_style style = { 0 };
	bool compare = false;

	if (!strcmp(argv[0], "json"))
		return bench_json(b);
	if (!strcmp(argv[0], "csv"))
		return bench_csv(b);
	if (!strcmp(argv[0], "markdown"))
		return bench_markdown(b);
	style.width = (unsigned)atoi(argv[0]);
	for (int i = 1; i < argc; i++) {
		style.colour |= !strcmp(argv[i], "colour");
		compare |= !strcmp(argv[i], "compare");
	}
	return compare ? compared(b, &style) : bench_table(b, &style);
}

int main(int argc, char **argv)
{
	for (unsigned i = 0; i < G_N_ELEMENTS(bench_fixtures); i++) {
		struct bench *b;
		char *text;

		if (argc < 3) {
			puts(bench_fixtures[i].name);
			continue;
		}
		if (strcmp(argv[1], bench_fixtures[i].name))
			continue;
		b = bench_fixtures[i].make();
		text = render(b, argc - 2, argv + 2);
		fputs(text, stdout);
		g_free(text);
		bench_free(b);
		return 0;
	}
	return argc < 3 ? 0 : 1;
}
