/* SPDX-License-Identifier: GPL-2.0-only
 *
 * store/db_vfs: files that another user puts in the place of a database or of its journal while
 * tare writes it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <sys/stat.h>
#include <unistd.h>

#include "bench_file.h"

#define NOBODY 65534

static char *journal, *victim;
static struct bench_store *store;
static struct bench_run *run;

/* A store that is open for writing; closed when the test ends. */
static int setup_open(void **state)
{
	if (setup(state))
		return -1;
	journal = g_strconcat(file, "-journal", NULL);
	victim = g_build_filename(folder, "victim", NULL);
	write_some();
	run = some_run(7, 1, false);
	return bench_open_at(&store, file);
}

static int teardown_open(void **state)
{
	bench_store_close(store);
	store = NULL;
	bench_run_free(run);
	g_unlink(victim);
	g_unlink(journal);
	g_free(victim);
	g_free(journal);
	return teardown(state);
}

static bool is_there(const char *path)
{
	struct stat st;

	return !lstat(path, &st);
}

/* A commit goes through, and no journal is left. */
static void assert_writes(void)
{
	struct bench *b = NULL;

	run->repeat++;
	assert_int_equal(bench_store_run(store, "go", run), 0);
	assert_false(is_there(journal));
	assert_int_equal(bench_store_load(&b, file), 0);
	bench_free(b);
}

static void a_link_for_a_journal(void **state)
{
	(void)state;
	assert_true(g_file_set_contents(victim, "secret", -1, NULL));
	assert_int_equal(symlink(victim, journal), 0);
	assert_writes();
	assert_int_equal(symlink("/none/at/all", journal), 0);
	assert_writes();
	assert_true(is_there(victim));
}

static void a_pipe_for_a_journal(void **state)
{
	(void)state;
	assert_int_equal(mkfifo(journal, 0666), 0);
	assert_writes();
}

static void a_second_name_for_a_journal(void **state)
{
	g_autofree char *text = NULL;

	(void)state;
	assert_true(g_file_set_contents(victim, "secret", -1, NULL));
	assert_int_equal(link(victim, journal), 0);
	assert_writes();
	assert_true(g_file_get_contents(victim, &text, NULL, NULL));
	assert_string_equal(text, "secret");
}

/* Larger than any commit; playing it back would take hours. */
static void a_journal_without_end(void **state)
{
	struct bench *b = NULL;

	(void)state;
	assert_true(g_file_set_contents(journal, "\xd9\xd5\x05\xf9\x20\xa1\x63\xd7", 8, NULL));
	assert_int_equal(truncate(journal, 3LL << 30), 0);
	assert_int_equal(bench_store_load(&b, file), -EBADMSG);
	assert_writes();
}

/* It cannot be removed, so the commit fails. */
static void a_folder_for_a_journal(void **state)
{
	(void)state;
	assert_int_equal(mkdir(journal, 0777), 0);
	run->repeat++;
	assert_int_not_equal(bench_store_run(store, "go", run), 0);
	assert_said(file, "directory");
	assert_int_equal(rmdir(journal), 0);
	assert_writes();
}

/* Another user's journal is not played back: that user could write anything into the file. */
static void another_users_journal(void **state)
{
	(void)state;
	if (geteuid())
		skip();
	assert_true(g_file_set_contents(journal, "\xd9\xd5\x05\xf9\x20\xa1\x63\xd7", 8, NULL));
	assert_int_equal(chown(journal, NOBODY, NOBODY), 0);
	assert_writes();
}

/* No journal, whoever owns it, may delete another file. */
static void a_journal_that_names_another_file(void **state)
{
	static const unsigned char magic[] = { 0xd9, 0xd5, 0x05, 0xf9, 0x20, 0xa1, 0x63, 0xd7 };
	GByteArray *bytes = g_byte_array_new();
	g_autofree char *undo = NULL;
	uint32_t number, sum = 0;
	gsize len;
	sqlite3 *db;

	(void)state;
	assert_true(g_file_set_contents(victim, "x", 1, NULL));
	db = open_shell();
	assert_int_equal(sqlite3_exec(db,
				      "PRAGMA cache_size = 1; PRAGMA cache_spill = 1; BEGIN;"
				      "UPDATE measures SET bytes = 5",
				      NULL, NULL, NULL),
			 0);
	assert_true(g_file_get_contents(journal, &undo, &len, NULL));
	sqlite3_close(db);
	g_byte_array_append(bytes, (guint8 *)undo, (guint)len);
	number = GUINT32_TO_BE((1u << 30) / 4096 + 1);
	g_byte_array_append(bytes, (guint8 *)&number, 4);
	g_byte_array_append(bytes, (guint8 *)victim, (guint)strlen(victim));
	for (const char *c = victim; *c; c++)
		sum += (uint32_t)*c;
	number = GUINT32_TO_BE((uint32_t)strlen(victim));
	g_byte_array_append(bytes, (guint8 *)&number, 4);
	number = GUINT32_TO_BE(sum);
	g_byte_array_append(bytes, (guint8 *)&number, 4);
	g_byte_array_append(bytes, magic, sizeof(magic));
	assert_true(g_file_set_contents(journal, (char *)bytes->data, bytes->len, NULL));
	g_byte_array_unref(bytes);
	run->repeat++;
	bench_store_run(store, "go", run);
	assert_true(is_there(victim));
}

/* The opened file is written, not the file that has its name by then. */
static void another_file_of_that_name(void **state)
{
	g_autofree char *aside = g_build_filename(folder, "aside", NULL);

	(void)state;
	assert_true(g_file_set_contents(victim, "secret", -1, NULL));
	assert_int_equal(rename(file, aside), 0);
	assert_int_equal(symlink(victim, file), 0);
	run->repeat++;
	bench_store_run(store, "go", run);
	bench_store_close(store);
	store = NULL;
	/* A link with its name is not opened for writing either. */
	assert_int_not_equal(bench_open_at(&store, file), 0);
	assert_int_equal(rename(aside, file), 0);
	assert_int_equal(bench_open_at(&store, file), 0);
	assert_writes();
}

/* An old journal does not belong to a new file: it is removed. */
static void a_journal_without_its_file(void **state)
{
	struct bench *b = some_bench();

	(void)state;
	bench_store_close(store);
	store = NULL;
	assert_int_equal(unlink(file), 0);
	assert_true(g_file_set_contents(journal, "old", -1, NULL));
	write_bench(b);
	assert_false(is_there(journal));
	bench_free(b);
	assert_int_equal(bench_open_at(&store, file), 0);
	assert_writes();
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup_open, teardown_open)
	const struct CMUnitTest tests[] = {
		TEST(a_link_for_a_journal),
		TEST(a_pipe_for_a_journal),
		TEST(a_second_name_for_a_journal),
		TEST(a_folder_for_a_journal),
		TEST(a_journal_without_end),
		TEST(another_users_journal),
		TEST(a_journal_that_names_another_file),
		TEST(another_file_of_that_name),
		TEST(a_journal_without_its_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
