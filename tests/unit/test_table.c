/* SPDX-License-Identifier: GPL-2.0-only
 *
 * output/table: that it fits, tells losses and unknowns, groups, cuts, and lets
 * no name do harm. How it looks is for the golden tests.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/text.h"
#include "output/output.h"
#include "tests/golden/fixtures.c"

static char *rendered(struct report *r, unsigned width, bool all_threads)
{
	const struct table_style style = { .width = width, .all_threads = all_threads };
	char *text = table_render(r, &style);

	report_free(r);
	return text;
}

static void assert_has(const char *text, const char *part)
{
	if (!strstr(text, part))
		fail_msg("no \"%s\" in:\n%s", part, text);
}

static void assert_lacks(const char *text, const char *part)
{
	if (strstr(text, part))
		fail_msg("\"%s\" in:\n%s", part, text);
}

static unsigned count(const char *text, const char *part)
{
	unsigned n = 0;

	for (; (text = strstr(text, part)); text++)
		n++;
	return n;
}

/* The line that contains `part`, blanks squeezed. */
static char *line_with(const char *text, const char *part)
{
	g_auto(GStrv) lines = g_strsplit(text, "\n", -1);

	for (char **line = lines; *line; line++) {
		g_auto(GStrv) words = NULL;
		GString *out;

		if (!strstr(*line, part))
			continue;
		out = g_string_new(NULL);
		words = g_strsplit(*line, " ", -1);
		for (char **word = words; *word; word++)
			if (**word)
				g_string_append_printf(out, "%s%s", out->len ? " " : "", *word);
		return g_string_free(out, FALSE);
	}
	fail_msg("no line with \"%s\" in:\n%s", part, text);
	return NULL;
}

static void assert_line(const char *text, const char *part, const char *expected)
{
	g_autofree char *line = line_with(text, part);

	assert_string_equal(line, expected);
}

static void no_line_is_wider(void **state)
{
	(void)state;
	for (unsigned i = 0; i < G_N_ELEMENTS(fixtures); i++) {
		for (unsigned width = 40; width < 240; width += 9) {
			g_autofree char *text = rendered(fixtures[i].make(), width, false);
			g_auto(GStrv) lines = g_strsplit(text, "\n", -1);

			for (char **line = lines; *line; line++)
				if (text_width(*line) > MAX(width, TABLE_WIDTH_MIN))
					fail_msg("%s at %u: %s", fixtures[i].name, width, *line);
		}
	}
}

static void names_do_no_harm(void **state)
{
	g_autofree char *text = rendered(fixture_hostile(), 140, false);

	(void)state;
	assert_true(g_utf8_validate(text, -1, NULL));
	assert_null(strchr(text, '\033'));
	assert_lacks(text, "\u202e");
	assert_has(text, "\\e[2J\\e[31mred");
	assert_has(text, "\\u202egnp.exe\\u2066");
	assert_has(text, "日本語スレッド名");
}

static void colours_only_when_wanted(void **state)
{
	const struct table_style style = { .width = 80, .colour = true };
	struct report *r = fixture_python();
	g_autofree char *coloured = table_render(r, &style);
	g_autofree char *plain = rendered(r, 80, false);
	g_autoptr(GRegex) sgr = g_regex_new("\033\\[[0-9]*m", 0, 0, NULL);
	g_autofree char *stripped = g_regex_replace_literal(sgr, coloured, -1, 0, "", 0, NULL);

	(void)state;
	assert_has(coloured, "\033[32mbalanced\033[0m");
	assert_string_equal(stripped, plain);
}

static void books_are_told(void **state)
{
	g_autofree char *good = rendered(fixture_python(), 80, false);
	g_autofree char *off = rendered(fixture_forks(), 80, false);
	g_autofree char *not_checked = rendered(fixture_unchecked(), 80, false);

	(void)state;
	assert_has(good, "\nbooks: balanced (2 address spaces closed at 0)\n");
	assert_lacks(good, "lost:");
	assert_has(off, "\nbooks: off by 4 pages: anon +12.0 KiB, file -4.00 KiB\n");
	assert_has(off, "1 of 2,014 address spaces did not close at 0");
	assert_has(off, "\nlost:  1,204 address spaces not followed");
	assert_has(off, "\nlost:  3 final records of tasks");
	assert_has(not_checked, "\nbooks: not checked: ");
	assert_lacks(not_checked, "balanced");
}

static void losses_alone_unbalance(void **state)
{
	struct report *r = fixture_python();
	g_autofree char *text = NULL;

	(void)state;
	r->balanced = false;
	r->lost[TARE_LOST_READ] = 2;
	text = rendered(r, 80, false);
	assert_has(text, "\nbooks: not balanced for certain: 2 lost\n");
}

static void cancelling_pages_are_still_off(void **state)
{
	struct report *r = fixture_python();
	g_autofree char *text = NULL;

	(void)state;
	r->balanced = false;
	r->off_pages = 1;
	text = rendered(r, 80, false);
	assert_has(text, "\nbooks: off by 1 page: they cancel out over the processes\n");
}

static void not_measured_is_never_0(void **state)
{
	struct report *r = fixture_unchecked();
	g_autofree char *text = NULL;

	(void)state;
	report_add_feature(r, "faults", "not measured", "no tracepoint");
	text = rendered(r, 140, false);
	assert_line(text, "page tables", "page tables n/m n/m n/m");
	assert_line(text, "4121  python3",
		    "4121 python3 build.py --objects 600000 612 MiB ████████ 100% · 1.20 GiB "
		    "1.20 GiB n/m page fault");
	assert_has(text, "\nNOT MEASURED");
	assert_has(text, "\n  virtual: the tracepoint raw_syscalls:sys_exit is missing;");
	assert_lacks(text, "ASKED / TOUCHED");
	assert_has(text, "\n  ledger classic: ");
}

static void threads_of_a_pattern_are_one_row(void **state)
{
	g_autofree char *text = rendered(fixture_server(), 80, false);
	g_autofree char *all = rendered(fixture_server(), 80, true);

	(void)state;
	assert_line(text, "worker-* ×64",
		    "◐ worker-* ×64 520 MiB 90% 520 MiB 768 MiB 248 MiB 197k page fault");
	assert_has(text, "each, at the peak: min 8.00 MiB, median 8.13 MiB, max 8.25 MiB");
	assert_int_equal(count(text, "worker-"), 1);
	assert_lacks(all, "worker-*");
	assert_int_equal(count(all, " worker-"), 64);
	assert_lacks(all, "left out");
}

static void processes_of_a_name_are_one_row(void **state)
{
	g_autofree char *text = rendered(fixture_forks(), 80, false);
	g_autofree char *all = rendered(fixture_forks(), 80, true);

	(void)state;
	assert_line(text, "sh ×2000  ", "sh ×2000 · · · 2.33 GiB 2.63 GiB 380k page fault");
	/* Those with a good part of the peak have rows of their own. */
	assert_has(text, "cc1plus ×9");
	assert_has(text, " 1000 ");
	assert_int_equal(count(all, " sh -c true"), 2000);
}

static void what_is_foreign_has_rows(void **state)
{
	g_autofree char *text = rendered(fixture_forks(), 80, false);
	g_autofree char *attach = rendered(fixture_attach(), 80, false);

	(void)state;
	assert_line(text, "foreign: khugepaged", "foreign: khugepaged 2.00 MiB 2.00 MiB ·");
	assert_has(text, "foreign: other process");
	assert_has(text, "foreign: late entries");
	assert_line(text, "unattributed  ", "unattributed 12.0 KiB");
	assert_line(attach, "    opening", "opening 346 MiB");
}

/* `n` processes, or one of `n` threads, none with a name like another's. */
static struct report *many(unsigned n, bool threads)
{
	struct report *r = fixture_new(SECOND);
	struct report_process *p = NULL;

	for (unsigned i = 0; i < n; i++) {
		g_autofree char *name = g_strdup_printf("%c%c", 'a' + i / 26, 'a' + i % 26);

		if (!threads || !p)
			p = add_process(r, 100 + (pid_t)i, 1, name, name);
		add_task(p, 100 + (pid_t)i, name, MIB);
		p->at_peak += MIB;
	}
	r->peak_rss = n * MIB;
	return finish(r);
}

static void many_rows_are_cut(void **state)
{
	g_autofree char *processes = rendered(many(100, false), 80, false);
	g_autofree char *threads = rendered(many(100, true), 80, false);
	g_autofree char *all = rendered(many(100, true), 80, true);

	(void)state;
	assert_has(processes, "\n… left out: 60 processes (60.0 MiB at the peak); see all with "
			      "--threads all or");
	assert_has(threads, "\n… left out: 61 threads; see all with");
	assert_lacks(all, "left out");
}

static void the_largest_comes_first(void **state)
{
	g_autofree char *text = rendered(fixture_forks(), 80, false);
	static const char *const order[] = { "\n  1000 ", " 1001 ", "cc1plus ×9", " 1002 ",
					     "  700 make" };
	const char *before = text;

	(void)state;
	for (unsigned i = 0; i < G_N_ELEMENTS(order); i++) {
		const char *here = strstr(text, order[i]);

		assert_non_null(here);
		assert_true(here > before);
		before = here;
	}
}

static void the_head_says_how_it_ended(void **state)
{
	g_autofree char *exited = rendered(fixture_forks(), 80, false);
	g_autofree char *killed = rendered(fixture_hostile(), 80, false);
	g_autofree char *snapshot = rendered(fixture_server(), 80, false);
	g_autofree char *detached = rendered(fixture_attach(), 80, false);

	(void)state;
	assert_true(g_str_has_prefix(exited, "━━ tare: make -j4 all ━"));
	assert_has(exited, " exit 2 after 12 min 34 s ━━\n");
	assert_has(killed, " SIGKILL after 12.0 ms ━━\n");
	assert_has(snapshot, " snapshot after 1 min 00 s ━━\n");
	assert_true(g_str_has_prefix(detached, "━━ tare: pid 4121, 4122 ━"));
	assert_has(detached, " detached after 10.0 s ━━\n");
}

static void causes_are_summed(void **state)
{
	g_autofree char *text = rendered(fixture_python(), 80, false);
	g_autofree char *forks = rendered(fixture_forks(), 140, false);

	(void)state;
	assert_line(text, "  brk ", "brk · 1.16 GiB -1.16 GiB ▐██████████│");
	assert_line(forks, "  munmap ", "munmap · 457 MiB -457 MiB ███│");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_line_is_wider),
		cmocka_unit_test(names_do_no_harm),
		cmocka_unit_test(colours_only_when_wanted),
		cmocka_unit_test(books_are_told),
		cmocka_unit_test(losses_alone_unbalance),
		cmocka_unit_test(cancelling_pages_are_still_off),
		cmocka_unit_test(not_measured_is_never_0),
		cmocka_unit_test(threads_of_a_pattern_are_one_row),
		cmocka_unit_test(processes_of_a_name_are_one_row),
		cmocka_unit_test(what_is_foreign_has_rows),
		cmocka_unit_test(many_rows_are_cut),
		cmocka_unit_test(the_largest_comes_first),
		cmocka_unit_test(the_head_says_how_it_ended),
		cmocka_unit_test(causes_are_summed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
