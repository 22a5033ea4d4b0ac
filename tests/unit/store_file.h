/* SPDX-License-Identifier: GPL-2.0-only
 *
 * For the tests of store: a folder that is empty at the start and must be so at the
 * end, a file in it, SQL against that, and what log_error() said meanwhile.
 */
#ifndef TARE_TEST_STORE_FILE_H
#define TARE_TEST_STORE_FILE_H

#include <fcntl.h>
#include <glib.h>
#include <glib/gstdio.h>
#include <sqlite3.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static char *folder, *file;
static int said_fd, stderr_fd;

/* From here on what is said goes where said_since() finds it. */
static int setup(void **state)
{
	(void)state;
	folder = g_dir_make_tmp("tare-test-XXXXXX", NULL);
	if (!folder)
		return -1;
	file = g_build_filename(folder, "results.db", NULL);
	stderr_fd = dup(STDERR_FILENO);
	said_fd = memfd_create("said", MFD_CLOEXEC);
	return dup2(said_fd, STDERR_FILENO) < 0 ? -1 : 0;
}

/* All that was said since the last call. Free with g_free(). */
static inline char *said_since(void)
{
	off_t len = lseek(said_fd, 0, SEEK_CUR);
	char *text = g_malloc0((size_t)len + 1);

	assert_int_equal(pread(said_fd, text, (size_t)len, 0), len);
	assert_int_equal(ftruncate(said_fd, 0), 0);
	lseek(said_fd, 0, SEEK_SET);
	return text;
}

/* What was said is where fail_msg() would not be seen. */
static inline void fail_said(const char *what)
{
	g_autofree char *text = said_since();

	dup2(stderr_fd, STDERR_FILENO);
	fail_msg("%s: %s", what, text);
}

static inline void assert_said(const char *a, const char *b)
{
	g_autofree char *text = said_since();

	if (strstr(text, a) && strstr(text, b))
		return;
	dup2(stderr_fd, STDERR_FILENO);
	fail_msg("not '%s' … '%s' but: %s", a, b, text);
}

/* The file goes; anything else beside it was left behind by the code. */
static int teardown(void **state)
{
	(void)state;
	dup2(stderr_fd, STDERR_FILENO);
	close(stderr_fd);
	close(said_fd);
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

/* The file as `data`, but cut short each fourth time, else with some bytes changed, of
 * its header too each second time. */
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

/* Long texts: where they begin to differ. */
static inline void assert_same_text(const char *name, const char *a, const char *b)
{
	size_t i = 0;

	while (a[i] && a[i] == b[i])
		i++;
	if (a[i] == b[i])
		return;
	dup2(stderr_fd, STDERR_FILENO);
	fail_msg("%s: '%.200s' is now '%.200s'", name, a + MAX(i, 100) - 100,
		 b + MAX(i, 100) - 100);
}

/* SQL as the sqlite3 shell would run it on the file. */
static inline void run_sql(const char *sql)
{
	sqlite3 *db = open_shell();
	char *message = NULL;

	if (sqlite3_exec(db, sql, NULL, NULL, &message)) {
		dup2(stderr_fd, STDERR_FILENO);
		fail_msg("%s: %s", sql, message);
	}
	sqlite3_close(db);
}

/* The first value of a query; free with g_free(). */
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
