/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The screen of tare top without a terminal: keys and clicks, and the lines that follow from them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>

#include "base/text.h"
#include "cli/top_ui.h"

#include "records.h"

#define PAGE 4096
#define PROCESSES 50

static struct proctable *pt;
static struct live *live;
static struct top_look look;
static struct top_ui *ui;
static uint64_t now_ns;
static unsigned quits;

static char *cause_name(uint32_t id)
{
	return g_strdup_printf("cause %u", id);
}

static const char *owner_name(uint32_t uid)
{
	(void)uid;
	return "root";
}

static void on_quit(void *ctx)
{
	(void)ctx;
	quits++;
}

static char *on_write(void *ctx)
{
	(void)ctx;
	return g_strdup("written");
}

static char *on_record(void *ctx)
{
	(void)ctx;
	return g_strdup("recording");
}

/* Process i has i MiB more at each tick, and two threads. */
static void tick(unsigned n)
{
	struct books_input in = {
		.proctable = pt,
		.page_size = PAGE,
		.sums_valid = true,
		.origin_ns = 1,
		.kmem = { .by_cgroup = CGROUP_UNKNOWN },
	};

	for (unsigned i = 1; i <= PROCESSES; i++) {
		struct task_record rec = task_of(TARE_REC_TASK, i, i, 1000 + i);
		struct tare_mm_end mm = mm_of(TARE_REC_MM, i, i);

		rec.head.size = ledger_record_size(1);
		rec.t.tgid = 1000 + i;
		rec.t.flow[TARE_ANON].in = 256 * i * n;
		rec.t.n_causes = 1;
		rec.t.causes[0] = (struct tare_cause){ .id = 9, .used = 1 };
		rec.t.causes[0].pages.in = 256 * i * n;
		mm.mm.kernel[TARE_ANON] = 256 * i * n;
		assert_int_equal(proctable_sweep(pt, &rec, rec.head.size, false), 0);
		assert_int_equal(proctable_sweep(pt, &mm, mm.head.size, false), 0);
		rec.t.id += 1000;
		strcpy(rec.t.comm, "worker");
		rec.t.tid += 1000;
		rec.t.flow[TARE_ANON].in = 0;
		rec.t.n_causes = 0;
		rec.head.size = ledger_record_size(0);
		assert_int_equal(proctable_sweep(pt, &rec, rec.head.size, false), 0);
	}
	now_ns += 1000000000;
	in.now_ns = now_ns;
	live_tick(live, &in);
	proctable_sweep_begin(pt);
	top_ui_tick(ui);
}

static int setup(void **state)
{
	struct top_ui_calls calls = { .quit = on_quit, .write = on_write, .record = on_record };

	(void)state;
	pt = proctable_new(false);
	live = live_new();
	now_ns = 1;
	quits = 0;
	for (unsigned i = 1; i <= PROCESSES; i++) {
		g_autofree char *name = g_strdup_printf("prog-%u", i);
		struct tare_task_new rec = birth(i, i, 1000 + i, 1000 + i, name);

		rec.ppid = 1000 + i / 2;
		assert_int_equal(GIVE(pt, rec), 0);
		rec = birth(1000 + i, i, 2000 + i, 1000 + i, name);
		assert_int_equal(GIVE(pt, rec), 0);
	}
	look = (struct top_look){ .query = { .window = LIVE_10S },
				  .target = "all processes",
				  .interval_ns = 1000000000,
				  .self_cpu = -1,
				  .cause_name = cause_name,
				  .owner_name = owner_name };
	ui = top_ui_new(live, &look, &calls);
	top_ui_size(ui, 80, 24);
	tick(1);
	tick(2);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	top_ui_free(ui);
	live_free(live);
	proctable_free(pt);
	return 0;
}

static void press(const char *keys)
{
	for (; *keys; keys++)
		top_ui_key(ui, (uint32_t)*keys);
}

/* The highlighted line; "" if there is none. The screen is as high and wide as it should be. */
static const char *selected(unsigned height, unsigned width)
{
	int at;
	const GPtrArray *lines = top_ui_lines(ui, &at);

	assert_int_equal(lines->len, height);
	for (unsigned i = 0; i < lines->len; i++)
		assert_true(text_width(lines->pdata[i]) <= width);
	return at < 0 ? "" : lines->pdata[at];
}

static void assert_selected(const char *name)
{
	const char *line = selected(24, 80);

	if (!g_str_has_suffix(line, name))
		fail_msg("selected: %s", line);
}

static bool shows(const char *text)
{
	int at;
	const GPtrArray *lines = top_ui_lines(ui, &at);

	for (unsigned i = 0; i < lines->len; i++)
		if (strstr(lines->pdata[i], text))
			return true;
	return false;
}

static void the_first_row_is_the_one_that_grows_most(void **state)
{
	(void)state;
	assert_selected("prog-50");
	assert_true(shows("+50.0 MiB"));
	assert_true(shows("50 processes, 100 threads"));
}

static void arrows_and_pages(void **state)
{
	(void)state;
	top_ui_key(ui, TOP_KEY_DOWN);
	assert_selected("prog-49");
	top_ui_key(ui, TOP_KEY_PAGE_DOWN);
	assert_selected("prog-34"); /* 24 lines less head, titles and the last */
	assert_false(shows("prog-50"));
	top_ui_key(ui, TOP_KEY_END);
	assert_selected("prog-1");
	top_ui_key(ui, TOP_KEY_DOWN);
	assert_selected("prog-1");
	top_ui_key(ui, TOP_KEY_HOME);
	top_ui_key(ui, TOP_KEY_UP);
	assert_selected("prog-50");
}

static void sorting(void **state)
{
	(void)state;
	press("I");
	assert_selected("prog-1");
	press("I<"); /* to the left of growth: pid */
	assert_true(shows("sorted by pid"));
	assert_selected("prog-1");
	press(">>");
	assert_true(shows("sorted by weight"));
	assert_selected("prog-50");
}

static void search_and_filter(void **state)
{
	(void)state;
	press("/prog-7\n");
	assert_selected("prog-7");
	press("n");
	assert_selected("prog-7");
	press("/nothing\n");
	assert_true(shows("no row has \"nothing\""));
	press("\\PROG-4");
	assert_true(shows("filter (empty: all rows): PROG-4_"));
	press("\n");
	assert_true(shows("filter: PROG-4"));
	assert_false(shows("prog-50"));
	assert_true(shows("prog-49"));
	press("\\");
	for (unsigned i = 0; i < 10; i++)
		top_ui_key(ui, TOP_KEY_BACK);
	press("\n");
	top_ui_key(ui, TOP_KEY_HOME);
	assert_true(shows("prog-50"));
	press("\\zzz\n");
	assert_true(shows("no row has this text"));
	top_ui_key(ui, TOP_KEY_ESCAPE);
	assert_true(shows("prog-50"));
}

static void the_selection_follows_its_row(void **state)
{
	(void)state;
	top_ui_key(ui, TOP_KEY_DOWN);
	top_ui_key(ui, TOP_KEY_DOWN);
	assert_selected("prog-48");
	press("I");
	assert_selected("prog-48");
	press("FI");
	assert_false(!strcmp(selected(24, 80), ""));
	press("I");
	/* it stayed in its place, the 48th row */
	assert_selected("prog-48");
}

static void trees_threads_and_groups(void **state)
{
	(void)state;
	press("t");
	assert_true(shows("prog-1"));
	assert_true(shows("└ prog-3"));
	press("tH");
	assert_true(shows("· worker"));
	press("Hg");
	assert_true(shows("PROCS"));
	assert_false(shows("└"));
	press("\n"); /* the members of the group, by what they grow */
	assert_true(shows("└ prog-50"));
	assert_true(shows("└ prog-49"));
	press("-");
	assert_false(shows("└"));
	press("+gg");
	assert_true(shows("one row per process"));
}

static void details(void **state)
{
	(void)state;
	top_ui_key(ui, TOP_KEY_DOWN);
	press("\n");
	assert_true(shows("process  1049  prog-49"));
	assert_true(shows("since opened (0 s)"));
	assert_true(shows("not sampled"));
	tick(3);
	assert_true(shows("growth +49.0 MiB/s"));
	assert_true(shows(" 98.0 MiB   49.0 MiB    147 MiB  cause 9"));
	assert_string_equal(selected(24, 80), "");
	top_ui_key(ui, TOP_KEY_END);
	assert_true(shows("2049"));
	top_ui_key(ui, TOP_KEY_ESCAPE);
	assert_selected("prog-49");
}

static void a_pause_stops_the_screen_only(void **state)
{
	(void)state;
	press(" ");
	assert_true(shows("paused"));
	tick(3);
	tick(4);
	assert_true(shows("+50.0 MiB"));
	assert_true(shows(" 100 MiB")); /* as at the second tick */
	press(" ");
	assert_false(shows("paused,"));
	assert_true(shows(" 200 MiB"));
}

static void any_size(void **state)
{
	(void)state;
	for (unsigned width = 20; width < 230; width += 7)
		for (unsigned height = 4; height < 70; height += 3) {
			top_ui_size(ui, width, height);
			top_ui_key(ui, TOP_KEY_END);
			selected(height, width);
			press("\n");
			selected(height, width);
			press("h");
			selected(height, width);
			press("h");
			top_ui_key(ui, TOP_KEY_ESCAPE);
		}
}

static void any_keys(void **state)
{
	(void)state;
	srand(1);
	for (unsigned i = 0; i < 20000; i++) {
		uint32_t key = (uint32_t)rand() % 140;

		if (key >= 128)
			key = TOP_KEY_UP + key - 128;
		top_ui_key(ui, key);
		if (i % 50 == 0)
			top_ui_click(ui, (unsigned)rand() % 30, 3, rand() % 2);
		if (i % 100 == 0)
			tick(3 + i / 100);
		selected(24, 80);
	}
}

static void clicks(void **state)
{
	(void)state;
	top_ui_click(ui, 10, 5, false);
	assert_selected("prog-48");
	top_ui_click(ui, 2, 5, false); /* the head */
	assert_selected("prog-48");
	top_ui_click(ui, 7, 20, false); /* the title WEIGHT */
	assert_true(shows("sorted by weight"));
	top_ui_click(ui, 7, 20, false);
	assert_true(shows("sorted by weight, inverted"));
	top_ui_click(ui, 7, 10, false);
	assert_true(shows("sorted by growth"));
	top_ui_key(ui, TOP_KEY_HOME);
	top_ui_click(ui, 9, 5, true);
	assert_true(shows("process  1049"));
}

static void other_keys(void **state)
{
	(void)state;
	press("w");
	assert_true(shows("written"));
	press("r");
	assert_true(shows("recording"));
	press("h");
	assert_true(shows("group by control group"));
	top_ui_key(ui, TOP_KEY_ESCAPE);
	assert_selected("prog-50");
	press("q");
	assert_int_equal(quits, 1);
	look.ascii = true;
	press("t");
	assert_true(shows("` prog-3"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_first_row_is_the_one_that_grows_most),
		TEST(arrows_and_pages),
		TEST(sorting),
		TEST(search_and_filter),
		TEST(the_selection_follows_its_row),
		TEST(trees_threads_and_groups),
		TEST(details),
		TEST(a_pause_stops_the_screen_only),
		TEST(any_size),
		TEST(any_keys),
		TEST(clicks),
		TEST(other_keys),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
