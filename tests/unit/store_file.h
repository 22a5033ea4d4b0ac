/* SPDX-License-Identifier: GPL-2.0-only
 *
 * For the tests of store: a folder that is empty at the start and must be empty at the end, a
 * file in it, SQL on that file, and the text of log_error() meanwhile.
 */
#ifndef TARE_TEST_STORE_FILE_H
#define TARE_TEST_STORE_FILE_H

#include <glib.h>
#include <glib/gstdio.h>
#include <sqlite3.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "tests/unit/heard.h"

static char *folder, *file;

/* In memory if possible: SQLite waits for the disk at each of thousands of commits. */
static inline char *store_folder(void)
{
	char *path = g_strdup("/dev/shm/tare-test-XXXXXX");
	struct statvfs fs;

	if (!statvfs("/dev/shm", &fs) && fs.f_bavail * fs.f_frsize >= 1 << 30 && g_mkdtemp(path))
		return path;
	g_free(path);
	return g_dir_make_tmp("tare-test-XXXXXX", NULL);
}

static int setup(void **state)
{
	(void)state;
	folder = store_folder();
	if (!folder)
		return -1;
	file = g_build_filename(folder, "results.db", NULL);
	return !stderr_keep();
}

/* Removes the file. Any other file in the folder was left behind by the tested code. */
static int teardown(void **state)
{
	(void)state;
	stderr_back();
	g_unlink(file);
	if (g_rmdir(folder))
		return -1;
	g_free(file);
	g_free(folder);
	return 0;
}

static inline sqlite3 *open_shell(void)
{
	sqlite3 *db;

	assert_int_equal(sqlite3_open(file, &db), SQLITE_OK);
	return db;
}

/* Writes `data` damaged: in one of four cases cut short, otherwise with some bytes changed, and
 * in one of two of these also in the header. */
static inline void write_damaged(GRand *rand, unsigned round, const char *data, size_t len)
{
	g_autofree char *copy = g_memdup2(data, len);
	size_t cut = round % 4 ? len : (size_t)g_rand_int_range(rand, 0, (int)len);

	for (int n = g_rand_int_range(rand, cut == len, 20); n; n--)
		copy[g_rand_int_range(rand, round % 2 ? 0 : 100, (int)len)] =
			(char)g_rand_int(rand);
	assert_true(g_file_set_contents_full(file, copy, (gssize)cut, G_FILE_SET_CONTENTS_NONE,
					     0644, NULL));
}

/* Long texts: prints where they begin to differ. */
static inline void assert_same_text(const char *name, const char *a, const char *b)
{
	size_t i = 0;

	while (a[i] && a[i] == b[i])
		i++;
	if (a[i] == b[i])
		return;
	stderr_back();
	fail_msg("%s: '%.200s' is now '%.200s'", name, a + MAX(i, 100) - 100,
		 b + MAX(i, 100) - 100);
}

/* Runs SQL on the file, as the sqlite3 shell would. */
static inline void run_sql(const char *sql)
{
	sqlite3 *db = open_shell();
	char *message = NULL;

	if (sqlite3_exec(db, sql, NULL, NULL, &message)) {
		stderr_back();
		fail_msg("%s: %s", sql, message);
	}
	sqlite3_close(db);
}

/* The first value of a query's result; free with g_free(). */
static inline char *query_text(const char *sql)
{
	sqlite3 *db = open_shell();
	sqlite3_stmt *st;
	char *value;

	assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &st, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(st), SQLITE_ROW);
	value = g_strdup((const char *)sqlite3_column_text(st, 0));
	sqlite3_finalize(st);
	sqlite3_close(db);
	return value;
}

#endif
