/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Command lines: either refused, or every value is within its bounds. Arguments end with a
 * newline in the input. It runs in a folder in which no file can be made.
 */
/* runs: 40000 */
#include <getopt.h>

#include "cli/bench_options.h"
#include "cli/options.h"
#include "tests/fuzz/fuzz.h"

#define ARGUMENTS 24

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc, (void)argv;
	be_quiet();
	stdout = fopen("/dev/null", "we");
	return chdir("/proc/self/fdinfo"); /* no file can be made there */
}

static void run_or_attach(enum option_for who, int argc, char **argv)
{
	struct options o;

	if (!options_parse(&o, who, argc, argv)) {
		must(o.interval_ns > 0);
		must(o.max_mms > 0 && o.max_mms <= 1 << 20);
		must(o.ring_bytes >= 64 << 10 && o.ring_bytes <= 1 << 30);
		must(o.format);
		must(who != FOR_RUN || o.command[0]);
	}
	options_free(&o);
}

static void bench(enum bench_verb verb, int argc, char **argv)
{
	struct bench_options o;

	if (!bench_options_parse(&o, verb, argc, argv)) {
		must(o.runs > 0 && o.tasks->len);
		for (unsigned i = 1; i < o.tasks->len; i++)
			must(g_array_index(o.tasks, uint64_t, i - 1) <
			     g_array_index(o.tasks, uint64_t, i));
	}
	bench_options_free(&o);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { data, size };
	uint8_t what = input_number(&in, 1) % 5;
	g_autofree char *text = input_text(&in, 4096);
	g_auto(GStrv) words = g_strsplit(text, "\n", ARGUMENTS);
	char *argv[ARGUMENTS + 2] = { (char *)"tare" };
	int argc = 1;

	for (; words[argc - 1]; argc++)
		argv[argc] = words[argc - 1];
	optind = 0;
	if (what < 2)
		run_or_attach(what ? FOR_ATTACH : FOR_RUN, argc, argv);
	else
		bench(1 << (what - 2), argc, argv);
	return 0;
}
