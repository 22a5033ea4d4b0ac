/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Events of control groups, from ordinary directories with the files of v1 and v2.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <glib.h>
#include <glib/gstdio.h>

#include "capture/group_events.h"

static char *point;

static void put(const char *group, const char *name, const char *text)
{
	g_autofree char *folder = g_build_filename(point, group, NULL);
	g_autofree char *path = g_build_filename(folder, name, NULL);

	assert_int_equal(g_mkdir_with_parents(folder, 0700), 0);
	assert_true(g_file_set_contents(path, text, -1, NULL));
}

static void events(const char *group, unsigned high, unsigned max, unsigned kills)
{
	g_autofree char *text = g_strdup_printf(
		"low 0\nhigh %u\nmax %u\noom 9\noom_kill %u\noom_group_kill 0\n", high, max, kills);

	put(group, "memory.events", text);
}

static int setup(void **state)
{
	(void)state;
	point = g_dir_make_tmp("tare-test-XXXXXX", NULL);
	return !point;
}

static int teardown(void **state)
{
	g_autofree char *command = g_strdup_printf("rm -r '%s'", point);

	(void)state;
	g_free(point);
	return system(command);
}

static struct group_events *open_events(unsigned version)
{
	struct cgroup_mount m = { .version = version, .point = point, .root = (char *)"/" };

	return group_events_new(&m);
}

/* A round with these groups; how many events, and the last of them. */
static unsigned round_of(struct group_events *e, const char *const *groups,
			 struct group_event *last)
{
	struct group_event event;
	unsigned n = 0;

	for (; *groups; groups++)
		group_events_watch(e, *groups);
	for (; group_events_next(e, &event); n++)
		*last = event;
	return n;
}

static void test_v2(void **state)
{
	static const char *const both[] = { "/a", "/b", "/gone", NULL };
	static const char *const one[] = { "/b", NULL };
	struct group_events *e = open_events(2);
	struct group_event last;

	(void)state;
	events("a", 5, 0, 0);
	events("b", 0, 0, 0);
	put("a", "memory.current", "1048576\n");
	put("a", "memory.high", "2097152\n");
	put("a", "memory.max", "max\n");
	assert_int_equal(round_of(e, both, &last), 0); /* before the first round */
	assert_int_equal(round_of(e, both, &last), 0);
	events("a", 8, 0, 0);
	assert_int_equal(round_of(e, both, &last), 1);
	assert_string_equal(last.cgroup, "/a");
	assert_int_equal(last.what, GROUP_EVENT_HIGH);
	assert_int_equal(last.times, 3);
	assert_int_equal(last.usage, 1048576);
	assert_int_equal(last.limit, 2097152);
	events("a", 8, 2, 1);
	events("b", 0, 0, 4);
	assert_int_equal(round_of(e, both, &last), 3);
	assert_string_equal(last.cgroup, "/b");
	assert_int_equal(last.what, GROUP_EVENT_OOM_KILL);
	assert_int_equal(last.times, 4);
	assert_int_equal(last.limit, 0);
	/* A group that was away for a round begins anew. */
	assert_int_equal(round_of(e, one, &last), 0);
	events("a", 100, 100, 100);
	assert_int_equal(round_of(e, both, &last), 0);
	assert_int_equal(round_of(e, both, &last), 0);
	group_events_free(e);
}

static void test_v1(void **state)
{
	static const char *const a[] = { "/a", NULL };
	struct group_events *e = open_events(1);
	struct group_event last;

	(void)state;
	put("a", "memory.failcnt", "7\n");
	put("a", "memory.oom_control", "oom_kill_disable 0\nunder_oom 0\noom_kill 0\n");
	put("a", "memory.limit_in_bytes", "4096\n");
	assert_int_equal(round_of(e, a, &last), 0);
	put("a", "memory.failcnt", "9\n");
	assert_int_equal(round_of(e, a, &last), 1);
	assert_int_equal(last.what, GROUP_EVENT_MAX);
	assert_int_equal(last.limit, 4096);
	put("a", "memory.oom_control", "oom_kill_disable 0\nunder_oom 0\noom_kill 2\n");
	assert_int_equal(round_of(e, a, &last), 1);
	assert_int_equal(last.what, GROUP_EVENT_OOM_KILL);
	assert_int_equal(last.times, 2);
	group_events_free(e);
}

static void test_bound(void **state)
{
	struct group_events *e = open_events(2);
	struct group_event last;
	char name[32];

	(void)state;
	for (unsigned i = 0; i < GROUP_EVENTS_MOST + 10; i++) {
		snprintf(name, sizeof(name), "/g%u", i);
		group_events_watch(e, name);
	}
	assert_false(group_events_next(e, &last));
	assert_int_equal(group_events_left_out(e), 10);
	assert_false(group_events_next(e, &last));
	assert_int_equal(group_events_left_out(e), 0);
	group_events_watch(e, "/other"); /* there is room again */
	assert_false(group_events_next(e, &last));
	assert_int_equal(group_events_left_out(e), 0);
	group_events_free(e);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_v2, setup, teardown),
		cmocka_unit_test_setup_teardown(test_v1, setup, teardown),
		cmocka_unit_test_setup_teardown(test_bound, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
