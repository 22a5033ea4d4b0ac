/* SPDX-License-Identifier: GPL-2.0-only
 *
 * store/recording: files that tare did not make, or that were changed since. Each is either
 * refused with a message, or read and shown as what it is; none does harm.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>

#include "output/formats.h"
#include "store/recording.h"
#include "tests/golden/fixtures.c"
#include "tests/unit/store_file.h"

static void write_some(void)
{
	struct recording_config config = { .max_size = 64 << 20 };
	struct recording *rec = NULL;
	struct recorded_sample sample = { .bytes = 65536 };
	struct report *r = fixture_profile();

	g_unlink(file);
	if (recording_create(&rec, file, &config))
		fail_said("not created");
	recording_sample(rec, &sample);
	if (recording_checkpoint(rec, r, true))
		fail_said("not written");
	recording_close(rec);
	report_free(r);
}

/* Everything that was read is printed in every format. */
static void show_all(const struct report *r)
{
	struct format_style style = { .table = { .width = 80 } };

	for (const struct format *f = formats; f->name; f++)
		if (r->profile || !f->stacks)
			g_string_free(f->render(r, &style), TRUE);
}

static int load_and_show(void)
{
	struct report *r = NULL;
	int err = recording_load(&r, file);

	if (!err)
		show_all(r);
	report_free(r);
	return err;
}

static void assert_after(const char *sql, int err, const char *why)
{
	int got;

	write_some();
	run_sql(sql);
	got = load_and_show();
	if (got != err)
		fail_said(sql);
	assert_said(file, why);
}

static void undamaged_file_is_read(void **state)
{
	(void)state;
	write_some();
	assert_int_equal(load_and_show(), 0);
}

static void another_sort_of_file(void **state)
{
	(void)state;
	assert_true(g_file_set_contents(file, "a: 1\n", -1, NULL));
	assert_int_equal(load_and_show(), -EBADMSG);
	assert_said(file, "not a file of tare run -r");
	assert_after("PRAGMA user_version = 9", -EPROTONOSUPPORT, "made by a newer tare");
	assert_after("DROP TABLE ticks", -EBADMSG, "no table 'ticks'");
}

static void references_that_lead_nowhere(void **state)
{
	static const char *const sql[] = {
		"UPDATE frames SET module = 99",
		"UPDATE nodes SET frame = 100000",
		"UPDATE nodes SET parent = 100000 WHERE number = 1",
		"UPDATE entries SET node = 4000000",
		"UPDATE entries SET process = 77",
		"UPDATE entries SET task = 4000",
		"UPDATE entries SET cause = 4000",
		"UPDATE entries SET place = 4000",
		"UPDATE ticks SET entry = 100000 WHERE slot = (SELECT min(slot) FROM ticks)"
		" AND entry = (SELECT min(entry) FROM ticks WHERE slot = (SELECT min(slot) FROM"
		" ticks))",
		"UPDATE tasks SET process = 88",
		"UPDATE task_causes SET task = 4000 WHERE position = 0"
		" AND task = (SELECT min(task) FROM task_causes)",
		"UPDATE task_kinds SET task = 4000 WHERE task = 0",
		"UPDATE process_texts SET process = -3 WHERE position = 0 AND what = 'argument'"
		" AND process = (SELECT min(process) FROM process_texts)",
	};

	(void)state;
	for (unsigned i = 0; i < G_N_ELEMENTS(sql); i++) {
		write_some();
		run_sql(sql[i]);
		if (load_and_show() != -EBADMSG)
			fail_said(sql[i]);
		assert_said(file, "table ");
	}
}

static void broken_promises_are_named(void **state)
{
	(void)state;
	assert_after("UPDATE nodes SET parent = number", -EBADMSG, "a stack has no end");
	/* A small file whose stacks, written out, exceed the memory bound. */
	assert_after(
		"WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 99999)"
		" INSERT INTO nodes SELECT 1000000 + i, CASE WHEN i THEN 999999 + i END, 0"
		" FROM n; WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE"
		" i < 4999) INSERT INTO entries SELECT 1000000 + i, process, NULL, kind, cause,"
		" 1099999 - i, place, 1, 0, 0, 0, NULL FROM n, (SELECT * FROM entries LIMIT 1)",
		-EBADMSG, "stacks are too long");
	assert_after("UPDATE places SET label = printf('%.*c', 100000, 'x'); WITH RECURSIVE n(i) AS"
		     " (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 19999)"
		     " INSERT INTO entries SELECT 1000000 + i, process, NULL, kind, cause, node,"
		     " place, 1, 0, 0, 0, NULL FROM n, (SELECT * FROM entries LIMIT 1)",
		     -EBADMSG, "one label too many");
	assert_after("UPDATE entries SET kind = 'gold'", -EBADMSG, "none of the names");
	assert_after("UPDATE entries SET task = (SELECT number FROM tasks WHERE process = 1)"
		     " WHERE process = 0",
		     -EBADMSG, "a task of another process");
	assert_after("DELETE FROM nodes WHERE number = 1", -EBADMSG, "that no row has");
	assert_after("UPDATE figures SET value = 1 << 60 WHERE name = 'peak_rss'", -EBADMSG,
		     "out of all bounds");
	assert_after("UPDATE figures SET value = 7 WHERE name = 'kmem.level'", -EBADMSG,
		     "out of all bounds");
	assert_after("UPDATE figures SET value = NULL WHERE name = 'peak_rss'", -EBADMSG, "NULL");
	assert_after("UPDATE figures SET value = 0 WHERE name = 'profile.slot_ns'", -EBADMSG,
		     "slot_ns is 0");
	assert_after("DELETE FROM figures", -ENODATA, "holds nothing yet");
	assert_after("UPDATE series SET time_ns = 1000 - number", -EBADMSG,
		     "before the one before it");
	assert_after("UPDATE processes SET comm = 'a' || char(0) || 'b'", -EBADMSG,
		     "a text with a NUL");
}

/* 2^20 rows of 2^53 bytes would overflow a sum. */
static void sums_stay_in_bounds(void **state)
{
	(void)state;
	assert_after("WITH RECURSIVE n(i) AS (SELECT count(*) FROM entries UNION ALL"
		     " SELECT i + 1 FROM n WHERE i < 2000)"
		     " INSERT INTO entries SELECT i, process, task, kind, cause, node, place, 1,"
		     " 1 << 53, 1 << 53, 1 << 53, NULL FROM entries, n WHERE number = 0",
		     -EBADMSG, "beyond all bounds");
}

/* Missing values are unknown, or have the defaults of a new report. */
static void missing_rows_are_unknown(void **state)
{
	static const char *const tables[] = { "texts",         "command",    "features",
					      "process_texts", "balances",   "foreigners",
					      "task_names",    "task_kinds", "task_causes",
					      "series",        "slabs",      "ticks",
					      "asked",         "entries" };

	(void)state;
	for (unsigned i = 0; i < G_N_ELEMENTS(tables); i++) {
		g_autofree char *sql =
			g_strdup_printf("DELETE FROM %s%s", tables[i],
					strcmp(tables[i], "entries") ? "" : "; DELETE FROM ticks");

		write_some();
		run_sql(sql);
		if (load_and_show())
			fail_said(sql);
	}
}

/* TARE_FUZZ=ROUNDS runs more of them. */
static void damaged_files_do_no_harm(void **state)
{
	const char *more = g_getenv("TARE_FUZZ");
	unsigned rounds = more ? (unsigned)atoi(more) : 400, loaded = 0;
	g_autofree char *journal = g_strconcat(file, "-journal", NULL), *data = NULL;
	GRand *rand = g_rand_new_with_seed(1);
	size_t len;

	(void)state;
	write_some();
	assert_true(g_file_get_contents(file, &data, &len, NULL));
	for (unsigned i = 0; i < rounds; i++) {
		write_damaged(rand, i, data, len);
		loaded += !load_and_show();
		g_free(said());
		g_unlink(journal);
	}
	/* Otherwise only opening the file would have been tested. */
	assert_in_range(loaded, rounds / 50, rounds);
	g_rand_free(rand);
}

/* Rows with any values, which changed bytes seldom produce. */
static void random_values_do_no_harm(void **state)
{
	static const char *const column[][2] = {
		{ "figures", "value" },      { "entries", "grown" },   { "entries", "live_peak" },
		{ "entries", "count" },      { "frames", "address" },  { "frames", "line" },
		{ "frames", "mark" },        { "frames", "inlined" },  { "nodes", "parent" },
		{ "nodes", "frame" },        { "entries", "node" },    { "entries", "task" },
		{ "ticks", "came" },         { "balances", "net" },    { "balances", "opening" },
		{ "tasks", "faults_user" },  { "series", "rss" },      { "series", "anon" },
		{ "processes", "pid" },      { "processes", "alive" }, { "tasks", "start_ns" },
		{ "task_kinds", "at_peak" }, { "asked", "bytes" },
	};
	static const char *const value[] = {
		"abs(random() % 20)",
		"random() % (1 << 53)",
		"abs(random() % 100000)",
		"-1",
		"0",
		"1",
		"NULL",
	};
	GRand *rand = g_rand_new_with_seed(2);
	unsigned loaded = 0;

	(void)state;
	for (unsigned i = 0; i < 300; i++) {
		int c = g_rand_int_range(rand, 0, G_N_ELEMENTS(column));
		int v = g_rand_int_range(rand, 0, G_N_ELEMENTS(value));
		g_autofree char *sql = g_strdup_printf(
			"UPDATE OR IGNORE %s SET %s = %s WHERE abs(random()) %% %d = 0",
			column[c][0], column[c][1], value[v], g_rand_int_range(rand, 1, 6));
		sqlite3 *db;

		write_some();
		db = open_shell();
		sqlite3_exec(db, sql, NULL, NULL, NULL);
		sqlite3_close(db);
		loaded += !load_and_show();
		g_free(said());
	}
	assert_in_range(loaded, 50, 290);
	g_rand_free(rand);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(undamaged_file_is_read),       TEST(another_sort_of_file),
		TEST(references_that_lead_nowhere), TEST(broken_promises_are_named),
		TEST(sums_stay_in_bounds),          TEST(missing_rows_are_unknown),
		TEST(damaged_files_do_no_harm),     TEST(random_values_do_no_harm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
