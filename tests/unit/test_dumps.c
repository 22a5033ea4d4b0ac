/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Dumps of the black box: names, modes, rotation by number and by size, files that are no dumps.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <sys/stat.h>

#include "store/dumps.h"
#include "tests/unit/recordings.h"

#define NOW 1795930710 /* 2026-11-29 05:38:30 UTC */

static char *at(const char *name)
{
	return g_build_filename(folder, name, NULL);
}

static void put(const char *name, size_t bytes)
{
	g_autofree char *path = at(name), *text = g_strnfill(bytes, 'x');

	assert_true(g_file_set_contents(path, text, (gssize)bytes, NULL));
}

static bool has(const char *name)
{
	g_autofree char *path = at(name);

	return g_file_test(path, G_FILE_TEST_EXISTS);
}

static void discard(const char *name)
{
	g_autofree char *path = at(name);

	assert_int_equal(g_unlink(path), 0);
}

static char *dump(unsigned keep, uint64_t total, int64_t now)
{
	struct dumps_config c = { folder, keep, total, 1 << 20 };
	struct report *r = fixture("incident"), *back = NULL;
	char *path;

	assert_int_equal(dumps_write(&c, r, "oom-kill", now, &path), 0);
	assert_int_equal(recording_load(&back, path), 0);
	assert_non_null(back->incident);
	assert_string_equal(back->incident->victim.comm, "hog");
	assert_int_equal(back->incident->rows->len, 4);
	report_free(back);
	report_free(r);
	return path;
}

static void test_name(void **state)
{
	(void)state;
	assert_true(dumps_is_name("tare-20261129-061830-oom-kill.tare"));
	assert_true(dumps_is_name("tare-20261129-061830-rule-2.tare"));
	assert_false(dumps_is_name("tare-20261129-061830-.tare"));
	assert_false(dumps_is_name("tare-20261129-061830.tare"));
	assert_false(dumps_is_name("tare-2026112x-061830-a.tare"));
	assert_false(dumps_is_name("tare-20261129-061830-a.tare~"));
	assert_false(dumps_is_name("mine.tare"));
	assert_false(dumps_is_name(""));
}

static void test_writes(void **state)
{
	g_autofree char *first = dump(8, 1 << 30, NOW), *second = dump(8, 1 << 30, NOW);
	struct stat st;

	(void)state;
	assert_true(g_str_has_suffix(first, "/tare-20261129-053830-oom-kill.tare"));
	assert_true(g_str_has_suffix(second, "/tare-20261129-053830-oom-kill-2.tare"));
	assert_int_equal(stat(first, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	g_unlink(first);
	g_unlink(second);
}

static void test_rotates(void **state)
{
	g_autofree char *path = NULL, *other = NULL;

	(void)state;
	put("tare-20260101-000000-rule.tare", 10);
	put("tare-20260102-000000-rule.tare", 10);
	put("tare-20260103-000000-oom-kill.tare", 10);
	put("mine.tare", 10);
	path = dump(2, 1 << 30, NOW);
	assert_false(has("tare-20260101-000000-rule.tare"));
	assert_false(has("tare-20260102-000000-rule.tare"));
	assert_true(has("tare-20260103-000000-oom-kill.tare"));
	assert_true(has("mine.tare"));
	/* By size: the new one may be 1 MiB large, and only 2 MiB are allowed. */
	put("tare-20260103-000000-oom-kill.tare", 900 * KIB);
	put("tare-20260104-000000-oom-kill.tare", 500 * KIB);
	other = dump(8, 2 << 20, NOW + 1);
	assert_false(has("tare-20260103-000000-oom-kill.tare"));
	assert_true(has("tare-20260104-000000-oom-kill.tare"));
	discard("tare-20260104-000000-oom-kill.tare");
	discard("mine.tare");
	g_unlink(path);
	g_unlink(other);
}

/* A service that is killed every few seconds: its first dump stays, and those of other services. */
static void test_storm(void **state)
{
	g_autofree char *path = NULL;

	(void)state;
	put("tare-20260101-000000-oom-kill.tare", 10);
	put("tare-20260105-235955-oom-kill.tare", 10);
	put("tare-20260106-000005-oom-kill.tare", 10);
	put("tare-20260106-000005-oom-kill-2.tare", 10);
	put("tare-20260106-000017-oom-kill.tare", 10);
	put("tare-20260106-001005-oom-kill.tare", 10);
	path = dump(4, 1 << 30, NOW);
	assert_true(has("tare-20260101-000000-oom-kill.tare"));
	assert_true(has("tare-20260105-235955-oom-kill.tare"));
	assert_true(has("tare-20260106-001005-oom-kill.tare"));
	assert_false(has("tare-20260106-000005-oom-kill.tare"));
	assert_false(has("tare-20260106-000005-oom-kill-2.tare"));
	assert_false(has("tare-20260106-000017-oom-kill.tare"));
	discard("tare-20260101-000000-oom-kill.tare");
	discard("tare-20260105-235955-oom-kill.tare");
	discard("tare-20260106-001005-oom-kill.tare");
	g_unlink(path);
}

static void test_no_directory(void **state)
{
	g_autofree char *missing = at("missing");
	struct dumps_config c = { missing, 2, 1 << 30, 1 << 20 };
	struct report *r = fixture("incident");
	char *path;

	(void)state;
	assert_int_equal(dumps_write(&c, r, "rule", NOW, &path), -ENOENT);
	assert_null(path);
	assert_said("missing", "no dump is written");
	report_free(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_name),
		cmocka_unit_test_setup_teardown(test_writes, setup, teardown),
		cmocka_unit_test_setup_teardown(test_rotates, setup, teardown),
		cmocka_unit_test_setup_teardown(test_storm, setup, teardown),
		cmocka_unit_test_setup_teardown(test_no_directory, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
