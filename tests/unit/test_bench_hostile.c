/* SPDX-License-Identifier: GPL-2.0-only
 *
 * store/bench: files that tare did not make, or that were changed since. Each is either refused
 * with a message, or read as what it is; none does harm.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "tests/unit/bench_file.h"

static void write_bytes(const char *path, const void *data, size_t len)
{
	assert_true(g_file_set_contents_full(path, data, (gssize)len, G_FILE_SET_CONTENTS_NONE,
					     0644, NULL));
}

/* The reader refuses the file with a message that names it; the writer never crashes on it. */
static void assert_refused(int err, const char *why)
{
	struct bench *b = NULL;
	int got = bench_store_load(&b, file);

	if (got != err)
		fail_said("refused otherwise");
	assert_null(b);
	assert_said(file, why);
}

static void assert_loads(void)
{
	struct bench *b = NULL;

	if (bench_store_load(&b, file))
		fail_said("not loaded");
	assert_int_equal(bench_find(b, "go")->runs->len, 4);
	bench_free(b);
}

static void another_sort_of_file_is_refused(void **state)
{
	static const char text[] = "id,tasks\ngo,10\n";
	struct bench_store *s = NULL;
	g_autofree char *noise = g_malloc(10000);

	(void)state;
	write_bytes(file, "", 0);
	assert_refused(-EBADMSG, "not a file of tare bench");
	write_bytes(file, text, strlen(text));
	assert_refused(-EBADMSG, "not a file of tare bench");
	assert_int_equal(bench_open_at(&s, file), -EBADMSG);
	assert_said(file, "not a file of tare bench");
	for (unsigned i = 0; i < 10000; i++)
		noise[i] = (char)g_random_int();
	write_bytes(file, noise, 10000);
	assert_refused(-EBADMSG, "not a file of tare bench");
	g_unlink(file);
	run_sql("CREATE TABLE bench (x)");
	assert_refused(-EBADMSG, "not a file of tare bench");
	g_unlink(file);
	assert_int_equal(mkfifo(file, 0600), 0);
	assert_refused(-EBADMSG, "not a regular file");
}

static void another_schema_is_named(void **state)
{
	struct bench_store *s = NULL;

	(void)state;
	write_some();
	run_sql("PRAGMA user_version = 7");
	assert_refused(-EPROTONOSUPPORT, "made by a newer tare (schema 7");
	assert_int_equal(bench_open_at(&s, file), -EPROTONOSUPPORT);
	run_sql("PRAGMA user_version = 0");
	assert_int_equal(bench_open_at(&s, file), -EPROTONOSUPPORT);
	assert_said(file, "older");
}

static void a_name_that_sqlite_would_take_otherwise(void **state)
{
	g_autofree char *before = g_get_current_dir();
	struct bench *b = some_bench(), *loaded = NULL;
	struct bench_store *s = NULL;

	(void)state;
	assert_int_equal(g_chdir(folder), 0);
	assert_int_equal(bench_create_at(&s, ":memory:", b, NULL), 0);
	bench_store_close(s);
	assert_int_equal(bench_store_load(&loaded, ":memory:"), 0);
	assert_int_equal(loaded->touch, 65536);
	bench_free(loaded);
	g_unlink(":memory:");
	assert_int_equal(g_chdir(before), 0);
	bench_free(b);
}

static void a_write_ahead_log_is_refused(void **state)
{
	(void)state;
	write_some();
	run_sql("PRAGMA journal_mode = wal");
	assert_refused(-EBADMSG, "write-ahead log");
	run_sql("PRAGMA journal_mode = delete");
	assert_loads();
}

/* Changes a file of tare by SQL, and checks the message of the reader. */
static void assert_after(const char *sql, int err, const char *why)
{
	g_unlink(file);
	write_some();
	run_sql(sql);
	if (err)
		assert_refused(err, why);
	else
		assert_loads();
}

/* Replaces a table of tare by one with the same columns and no constraints, then runs SQL. */
static char *query_loose(const char *table, const char *sql)
{
	return g_strdup_printf("PRAGMA foreign_keys = OFF; CREATE TABLE loose AS SELECT * FROM %s;"
			       " DROP VIEW weights; DROP TABLE %s;"
			       " ALTER TABLE loose RENAME TO %s; %s",
			       table, table, table, sql);
}

static void a_table_is_gone(void **state)
{
	static const char *const table[] = { "bench", "workloads", "published",
					     "runs",  "weighings", "measures" };

	(void)state;
	for (unsigned i = 0; i < G_N_ELEMENTS(table); i++) {
		g_autofree char *drop =
			g_strdup_printf("PRAGMA foreign_keys = OFF; DROP TABLE %s", table[i]);
		g_autofree char *view =
			g_strdup_printf("%s; CREATE VIEW %s AS WITH RECURSIVE n(i) AS"
					" (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT * FROM n",
					drop, table[i]);
		g_autofree char *virtual = g_strdup_printf(
			"%s; CREATE VIRTUAL TABLE %s USING fts5(started)", drop, table[i]);
		g_autofree char *why = g_strdup_printf("has no table '%s'", table[i]);
		g_autofree char *bare = query_loose(table[i], "");
		g_autofree char *column = g_strdup_printf(
			"PRAGMA foreign_keys = OFF; DROP VIEW weights; DROP TABLE %s;"
			" CREATE TABLE %s (x)",
			table[i], table[i]);

		assert_after(drop, -EBADMSG, why);
		assert_after(view, -EBADMSG, why);
		assert_after(virtual, -EBADMSG, why);
		assert_after(column, -EBADMSG, "no such column");
		assert_after(bare, 0, NULL);
	}
}

/* Values that a table without its constraints can hold. */
static const struct {
	const char *table, *sql, *why;
} bad_value[] = {
	{ "bench", "DELETE FROM bench", "no row" },
	{ "bench", "INSERT INTO bench SELECT * FROM bench", "twice" },
	{ "bench", "UPDATE bench SET complete = 2", "complete is out of all bounds" },
	{ "bench", "UPDATE bench SET cpus = -1", "cpus is out of all bounds" },
	{ "bench", "UPDATE bench SET memory = 9223372036854775807", "memory is out" },
	{ "bench", "UPDATE bench SET touch = 'x'", "touch is not an integer" },
	{ "bench", "UPDATE bench SET kernel = NULL", "kernel is not a text" },
	{ "bench", "UPDATE bench SET limits = x'41'", "limits is not a text" },
	{ "bench", "UPDATE bench SET cpu = 'a' || char(0) || 'b'", "NUL" },
	{ "bench", "UPDATE bench SET cpu = replace(hex(zeroblob(1000000)), '0', 'xx')", "too big" },
	{ "workloads", "UPDATE workloads SET id = NULL", "id is not a text" },
	{ "workloads", "UPDATE workloads SET family = x'00'", "family is not a text" },
	{ "workloads", "UPDATE workloads SET root = x'31'", "root is not a text" },
	{ "workloads", "UPDATE workloads SET number = 'x'", "number is not an integer" },
	{ "workloads", "INSERT INTO workloads SELECT * FROM workloads", "twice" },
	{ "workloads",
	  "INSERT INTO workloads SELECT 77, id, title, language, family, task, root, twin, version,"
	  " command, missing FROM workloads",
	  "twice" },
	{ "workloads", "DELETE FROM workloads", "without a parent row" },
	{ "workloads",
	  "INSERT INTO workloads WITH RECURSIVE n(i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM n"
	  " LIMIT 20000) SELECT i, 'id' || i, '', '', '', '', '', '', '', '', '' FROM n",
	  "too many rows" },
	{ "published", "UPDATE published SET source = NULL", "source is not a text" },
	{ "published", "UPDATE published SET tasks = -5", "tasks is out" },
	{ "published", "UPDATE published SET rss = -5", "rss is out" },
	{ "published", "UPDATE published SET workload = 99", "without a parent row" },
	{ "published",
	  "INSERT INTO published WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n"
	  " LIMIT 200000) SELECT 1, 'x', NULL, i, 1 FROM n",
	  "too many rows" },
	{ "runs", "UPDATE runs SET tasks = -1", "tasks is out" },
	{ "runs", "UPDATE runs SET tasks = 1e300", "tasks is not an integer" },
	{ "runs", "UPDATE runs SET repeat = 0", "repeat is out" },
	{ "runs", "UPDATE runs SET repeat = 4294967297", "repeat is out" },
	{ "runs", "UPDATE runs SET after = NULL", "after is not an integer" },
	{ "runs", "UPDATE runs SET outcome = 'splendid'", "outcome is none of the names" },
	{ "runs", "UPDATE runs SET outcome = x'6f6b'", "outcome is not a text" },
	{ "runs", "UPDATE runs SET stopped_at = -9223372036854775808", "stopped_at is out" },
	{ "runs", "UPDATE runs SET ready_s = -0.5", "ready_s is out" },
	{ "runs", "UPDATE runs SET cpu_s = 9e999", "cpu_s is out" },
	{ "runs", "UPDATE runs SET cpu_s = 'soon'", "cpu_s is not a number" },
	{ "runs", "UPDATE runs SET others = 1.5", "others is out" },
	{ "runs",
	  "INSERT INTO runs SELECT 99, workload, tasks, repeat, after, 'ok', NULL, 0, 0.0,"
	  " 0.0, 0.0 FROM runs LIMIT 1",
	  "twice" },
	{ "runs", "UPDATE runs SET workload = 99 WHERE tasks = 1", "without a parent row" },
	{ "weighings", "UPDATE weighings SET state = 'asleep'", "state is none of the names" },
	{ "weighings", "UPDATE weighings SET settled = 9", "settled is out" },
	{ "weighings", "UPDATE weighings SET time_s = -1.0", "time_s is out" },
	{ "weighings", "INSERT INTO weighings SELECT * FROM weighings", "twice" },
	{ "weighings", "DELETE FROM weighings WHERE state = 'peak'", "did not come to" },
	{ "weighings", "INSERT INTO weighings VALUES (99, 'peak', 0, 1.0)",
	  "without a parent row" },
	{ "measures", "UPDATE measures SET part = 'soul'", "part is none of the names" },
	{ "measures", "UPDATE measures SET state = NULL", "state is not a text" },
	{ "measures", "UPDATE measures SET bytes = -9223372036854775808", "bytes is out" },
	{ "measures", "UPDATE measures SET bytes = 1.5", "bytes is not an integer" },
	{ "measures", "INSERT INTO measures SELECT * FROM measures", "twice" },
	{ "measures", "INSERT INTO measures VALUES (99, 'peak', 'rss', 1)",
	  "without a parent row" },
};

static void bad_values_are_named(void **state)
{
	(void)state;
	for (unsigned i = 0; i < G_N_ELEMENTS(bad_value); i++) {
		g_autofree char *sql = query_loose(bad_value[i].table, bad_value[i].sql);
		struct bench *b = NULL;

		g_unlink(file);
		write_some();
		run_sql(sql);
		if (!bench_store_load(&b, file))
			fail_said(bad_value[i].sql);
		assert_null(b);
		assert_said(file, bad_value[i].why);
	}
}

static void broken_promises_are_named(void **state)
{
	(void)state;
	assert_after(
		"PRAGMA ignore_check_constraints = ON; UPDATE runs SET tasks = -1 WHERE repeat = 2",
		-EBADMSG, "tasks is out of all bounds");
	assert_after("PRAGMA writable_schema = ON; DELETE FROM sqlite_schema WHERE name ="
		     " 'sqlite_autoindex_runs_1'",
		     -EBADMSG, "malformed");
	assert_after("PRAGMA writable_schema = ON; UPDATE sqlite_schema SET rootpage ="
		     " (SELECT rootpage FROM sqlite_schema WHERE name = 'runs')"
		     " WHERE name = 'workloads'",
		     -EBADMSG, "damaged");
	assert_after("PRAGMA writable_schema = ON; UPDATE sqlite_schema SET rootpage = 100000"
		     " WHERE name = 'runs'",
		     -EBADMSG, "");
	assert_after("PRAGMA writable_schema = ON; UPDATE sqlite_schema SET sql = 'CREATE nonsense'"
		     " WHERE name = 'runs'",
		     -EBADMSG, "malformed");
}

static void too_much_text_is_refused(void **state)
{
	(void)state;
	assert_after("INSERT INTO workloads WITH RECURSIVE n(i) AS (SELECT 2 UNION ALL SELECT i + 1"
		     " FROM n LIMIT 100) SELECT i, 'id' || i, printf('%.*c', 900000, 'x'), '', '',"
		     " '', NULL, NULL, NULL, NULL, NULL FROM n",
		     -EBADMSG, "too many");
}

static void planted_code_does_not_run(void **state)
{
	struct bench_store *s = NULL;
	struct bench *b = some_bench();
	g_autofree char *left = NULL;

	(void)state;
	write_bench(b);
	run_sql("CREATE TABLE log (x);"
		"CREATE TRIGGER t1 AFTER INSERT ON runs BEGIN INSERT INTO log VALUES (1); END;"
		"CREATE TRIGGER t2 BEFORE DELETE ON runs BEGIN SELECT RAISE(ABORT, 'no'); END;"
		"CREATE TRIGGER t3 AFTER UPDATE ON bench BEGIN DELETE FROM runs; END;"
		"CREATE VIEW v AS SELECT * FROM runs;"
		"CREATE INDEX i ON runs (stopped_by)");
	assert_loads();
	assert_int_equal(bench_open_at(&s, file), 0);
	assert_int_equal(bench_store_run(s, "go",
					 ((struct bench_row *)b->rows->pdata[0])->runs->pdata[0]),
			 0);
	bench_store_close(s);
	assert_loads();
	left = query_text("SELECT count(*) FROM log");
	assert_string_equal(left, "0");
	bench_free(b);
}

/* A computed column whose text exceeds the limit. */
static void planted_expressions_are_bounded(void **state)
{
	g_autofree char *sql = query_loose(
		"measures", "DROP TABLE measures; CREATE TABLE measures (run, state, part,"
			    " bytes AS (length(replace(hex(zeroblob(400000)), '0', 'ab'))));"
			    "INSERT INTO measures VALUES (1, 'peak', 'rss')");

	(void)state;
	write_some();
	run_sql(sql);
	assert_refused(-E2BIG, "too big");
}

/* What another program's open transaction has on disk: some of the new pages, and the journal
 * that undoes them. Both are kept, and then copied back as if that program had been killed. */
static void leave_hot_journal(const char *extra, size_t len)
{
	g_autofree char *journal = g_strconcat(file, "-journal", NULL);
	g_autofree char *data = NULL, *undo = NULL, *all = NULL;
	size_t data_len, undo_len;
	sqlite3 *db = open_shell();

	assert_int_equal(sqlite3_exec(db,
				      "PRAGMA cache_size = 1; PRAGMA cache_spill = 1; BEGIN;"
				      "UPDATE measures SET bytes = 5; DELETE FROM runs;"
				      "UPDATE workloads SET id = 'gone'",
				      NULL, NULL, NULL),
			 0);
	assert_true(g_file_get_contents(file, &data, &data_len, NULL));
	assert_true(g_file_get_contents(journal, &undo, &undo_len, NULL));
	sqlite3_close(db);
	all = g_malloc(undo_len + len);
	memcpy(all, undo, undo_len);
	memcpy(all + undo_len, extra, len);
	write_bytes(file, data, data_len);
	write_bytes(journal, all, undo_len + len);
}

static void a_half_commit_is_taken_back(void **state)
{
	(void)state;
	write_some();
	leave_hot_journal("", 0);
	assert_loads();
	leave_hot_journal("", 0);
	assert_loads();
}

/* A reader without write access reads the file without the half commit, if it can read the
 * journal. */
static void a_half_commit_of_others_is_left_to_them(void **state)
{
	g_autofree char *journal = g_strconcat(file, "-journal", NULL);
	struct bench *b = NULL;

	(void)state;
	if (geteuid())
		skip();
	write_some();
	leave_hot_journal("", 0);
	assert_int_equal(chmod(folder, 0755), 0);
	assert_int_equal(chmod(file, 0644), 0);
	assert_int_equal(chmod(journal, 0600), 0);
	assert_int_equal(seteuid(65534), 0);
	assert_int_equal(bench_store_load(&b, file), -EACCES);
	assert_int_equal(seteuid(0), 0);
	assert_said(file, "cannot read the journal");
	assert_int_equal(chmod(journal, 0644), 0);
	assert_int_equal(seteuid(65534), 0);
	assert_loads();
	assert_int_equal(seteuid(0), 0);
	assert_int_equal(access(journal, F_OK), 0);
	assert_loads();
}

/* The end of a journal that names a super-journal: SQLite would delete that file. */
static void a_journal_cannot_delete_another_file(void **state)
{
	g_autofree char *victim = g_build_filename(folder, "victim", NULL);
	g_autofree char *journal = g_strconcat(file, "-journal", NULL);
	static const unsigned char magic[] = { 0xd9, 0xd5, 0x05, 0xf9, 0x20, 0xa1, 0x63, 0xd7 };
	struct bench_store *s = NULL;
	GByteArray *end = g_byte_array_new();
	uint32_t number, sum = 0;

	(void)state;
	write_some();
	write_bytes(victim, "x", 1);
	number = GUINT32_TO_BE((1u << 30) / 4096 + 1);
	g_byte_array_append(end, (guint8 *)&number, 4);
	g_byte_array_append(end, (guint8 *)victim, (guint)strlen(victim));
	for (const char *c = victim; *c; c++)
		sum += (uint32_t)*c;
	number = GUINT32_TO_BE((uint32_t)strlen(victim));
	g_byte_array_append(end, (guint8 *)&number, 4);
	number = GUINT32_TO_BE(sum);
	g_byte_array_append(end, (guint8 *)&number, 4);
	g_byte_array_append(end, magic, sizeof(magic));
	leave_hot_journal((char *)end->data, end->len);
	assert_refused(-EBADMSG, "was not made by tare");
	assert_int_equal(bench_open_at(&s, file), -EBADMSG);
	assert_true(g_file_test(victim, G_FILE_TEST_EXISTS));
	/* Shows that SQLite itself would. */
	g_free(query_text("SELECT count(*) FROM runs"));
	assert_false(g_file_test(victim, G_FILE_TEST_EXISTS));
	g_unlink(journal);
	g_byte_array_unref(end);
}

/* Loads the file and writes to it, whatever the result. */
static void try_all(void)
{
	struct bench *b = NULL;
	struct bench_store *s = NULL;
	struct bench_run *run = some_run(3, 1, false);
	g_autofree char *journal = g_strconcat(file, "-journal", NULL);
	g_autofree char *text = NULL;

	if (bench_store_load(&b, file)) {
		text = said();
		if (!strstr(text, file))
			fail_msg("does not name the file: %s", text);
	}
	bench_free(b);
	if (!bench_open_at(&s, file)) {
		bench_store_run(s, "go", run);
		bench_store_close(s);
	}
	g_free(run);
	g_free(said());
	g_unlink(journal);
}

/* TARE_FUZZ=ROUNDS runs more of them. */
static void damaged_files_do_no_harm(void **state)
{
	const char *more = getenv("TARE_FUZZ");
	unsigned rounds = more ? (unsigned)atoi(more) : 500;
	g_autofree char *data = NULL;
	GRand *rand = g_rand_new_with_seed(1);
	size_t len;

	(void)state;
	write_some();
	assert_true(g_file_get_contents(file, &data, &len, NULL));
	for (unsigned i = 0; i < rounds; i++) {
		write_damaged(rand, i, data, len);
		try_all();
	}
	g_rand_free(rand);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(another_sort_of_file_is_refused),
		TEST(another_schema_is_named),
		TEST(a_name_that_sqlite_would_take_otherwise),
		TEST(a_write_ahead_log_is_refused),
		TEST(a_table_is_gone),
		TEST(bad_values_are_named),
		TEST(broken_promises_are_named),
		TEST(too_much_text_is_refused),
		TEST(planted_code_does_not_run),
		TEST(planted_expressions_are_bounded),
		TEST(a_half_commit_is_taken_back),
		TEST(a_half_commit_of_others_is_left_to_them),
		TEST(a_journal_cannot_delete_another_file),
		TEST(damaged_files_do_no_harm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
