/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Results of a bench, made of any bytes or with changed values: tare either refuses them, or
 * compares them with themselves and prints them in every format.
 */
/* runs: 2000 */
#include "output/bench/bench.h"
#include "tests/fuzz/store.h"

/* Replaces cmocka for the unit tests' fixture of results. */
#define assert_int_equal(a, b) must((a) == (b))
#define assert_true(x) must(x)
#define fail_msg(...) (printf(__VA_ARGS__), abort())
#pragma GCC diagnostic ignored "-Wunused-function"

#include "tests/unit/bench_file.h"

static char *path, *whole;
static gsize length;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc, (void)argv;
	be_quiet();
	path = file = file_named("results");
	write_some();
	must(g_file_get_contents(path, &whole, &length, NULL));
	unlink(path);
	return 0;
}

static void show_results(const struct bench *b)
{
	const struct table_style style = { .width = 80 };
	char *shown[] = { bench_table(b, &style), bench_compare(b, b, &style), bench_json(b),
			  bench_csv(b), bench_markdown(b) };

	for (unsigned i = 0; i < G_N_ELEMENTS(shown); i++)
		g_free(shown[i]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { data, size };
	struct bench *b = NULL;

	if (size > 4096 || !input_number(&in, 1)) {
		write_bytes(path, data, size);
	} else {
		write_bytes(path, whole, length);
		change_values(path, &in);
	}
	if (!bench_store_load(&b, path)) {
		show_results(b);
		bench_free(b);
	}
	unlink(path);
	return 0;
}
