/* SPDX-License-Identifier: GPL-2.0-only
 *
 * model/title: titles and arguments that tell processes of the same name apart.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "model/title.h"

/* Arguments with spaces between, `|` in place of a space within one. */
static struct report_process *process(struct report *r, const char *comm, const char *arguments)
{
	g_auto(GStrv) words = g_strsplit(arguments, " ", -1);
	struct report_process *p = report_process_new();

	p->comm = g_strdup(comm);
	p->count = 1;
	for (char **word = words; *word; word++)
		g_ptr_array_add(p->argv, g_strdelimit(g_strdup(*word), "|", ' '));
	g_ptr_array_add(r->processes, p);
	return p;
}

static void titles(void **state)
{
	static const struct {
		const char *comm, *arguments, *title;
		bool rewritten;
	} cases[] = {
		{ "postgres", "postgres:|checkpointer|", "postgres: checkpointer", true },
		{ "nginx", "nginx:|worker|process", "nginx: worker process", true },
		{ "chromium", "/usr/lib/chromium|--type=renderer|--lang=en",
		  "chromium --type=renderer", true },
		{ "electron", "/app/electron --type=gpu-process --x", "electron --type=gpu-process",
		  false },
		{ "sort", "sort --mytype=x", NULL, false },
		{ "app", "/opt/My|App/app", NULL, false },
		{ "cc1", "cc1 -quiet a.c", NULL, false },
		{ "x", "x --type=", NULL, false },
		{ "x", "", NULL, false },
	};

	struct report *r = report_new();

	(void)state;
	for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
		struct report_process *p = process(r, cases[i].comm, cases[i].arguments);
		g_autofree char *title = title_of(p->comm, p->argv);

		if (cases[i].title)
			assert_string_equal(title, cases[i].title);
		else
			assert_null(title);
		assert_int_equal(title_rewritten(p->argv), cases[i].rewritten);
	}
	report_free(r);
}

static void is(const struct report *r, const struct report_process *p, const char *want)
{
	g_autoptr(GPtrArray) words = title_arguments(r, p);
	g_autofree char *text = NULL;

	g_ptr_array_add(words, NULL);
	text = g_strjoinv(" ", (char **)words->pdata);
	assert_string_equal(text, want);
}

static void arguments(void **state)
{
	struct report *r = report_new();
	struct report_process *one =
		process(r, "cc1", "cc1 -quiet one.c -dumpbase one.c -o /tmp/1.s");
	struct report_process *two =
		process(r, "cc1", "cc1 -quiet two.c -dumpbase two.c -o /tmp/2.s");
	struct report_process *temporary = process(r, "as", "as -o /tmp/1.o");
	struct report_process *same = process(r, "sh", "sh -c x");
	struct report_process *alone = process(r, "make", "make -j2 all");

	(void)state;
	process(r, "as", "as -o /tmp/2.o");
	process(r, "sh", "sh -c x");
	process(r, "cc1", "cc1"); /* a fork that has none says nothing */
	title_fill(r);
	is(r, one, "one.c");
	is(r, two, "two.c");
	is(r, temporary, "/tmp/1.o");
	is(r, same, "-c x");
	is(r, alone, "-j2 all");
	report_free(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(titles),
		cmocka_unit_test(arguments),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
