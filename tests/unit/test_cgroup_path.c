/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Finds the paths of control groups in texts of /proc.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <glib.h>

#include "capture/cgroup_path.h"

/* For functions that return a string to be freed. */
static void assert_text(char *found, const char *wanted)
{
	if (wanted)
		assert_string_equal(found ? found : "(null)", wanted);
	else
		assert_null(found);
	g_free(found);
}

static void paths_of_a_process_are_parsed(void **state)
{
	static const char hybrid[] =
		"9:name=memory:/wrong\n5:cpu,cpuacct:/c\n"
		"4:memory:/a/b:c:memory:/d e\n1:name=systemd:/s\n0::/u:0::/v\n";

	(void)state;
	assert_text(cgroup_path_of(hybrid, "memory"), "/a/b:c:memory:/d e");
	assert_text(cgroup_path_of(hybrid, NULL), "/u:0::/v");
	assert_text(cgroup_path_of(hybrid, "cpuacct"), "/c");
	assert_text(cgroup_path_of(hybrid, "mem"), NULL);
	assert_text(cgroup_path_of("0::/\n", "memory"), NULL);
	assert_text(cgroup_path_of("0::/\n", NULL), "/");
	assert_text(cgroup_path_of("3:blkio,memory:/x", "memory"), "/x");
	assert_text(cgroup_path_of("3:memory:/x\n", NULL), NULL);
	assert_text(cgroup_path_of("", NULL), NULL);
	assert_text(cgroup_path_of("0:\n0::\n:::\n0", NULL), NULL);
}

static void mount_roots_are_parsed(void **state)
{
	static const char text[] =
		"31 23 0:28 / /sys/fs/cgroup rw - tmpfs tmpfs rw,mode=755\n"
		"35 31 0:32 /docker/ab\\040c /sys/fs/cgroup/memory rw,relatime - cgroup cgroup"
		" rw,memory\n"
		"36 31 0:33 /../.. /with\\040blank rw shared:1 - cgroup2 cgroup2 rw\n"
		"37 31 0:34 /old /twice rw - cgroup2 cgroup2 rw\n"
		"38 31 0:34 /new /twice rw - cgroup2 cgroup2 rw\n"
		"39 31 0:34 /short /cut";

	(void)state;
	assert_text(cgroup_mount_root(text, "/sys/fs/cgroup/memory"), "/docker/ab c");
	assert_text(cgroup_mount_root(text, "/with blank"), "/../..");
	assert_text(cgroup_mount_root(text, "/twice"), "/new");
	assert_text(cgroup_mount_root(text, "/cut"), NULL);
	assert_text(cgroup_mount_root(text, "/sys/fs/cgroup/mem"), NULL);
	assert_text(cgroup_mount_root("", "/"), NULL);
}

static void folders_of_hierarchies_are_found(void **state)
{
	(void)state;
	assert_text(cgroup_folder("/m", "/", "/"), "/m");
	assert_text(cgroup_folder("/m", "/", "/a/b"), "/m/a/b");
	assert_text(cgroup_folder("/m", "/docker/x", "/docker/x"), "/m");
	assert_text(cgroup_folder("/m", "/docker/x", "/docker/x/a"), "/m/a");
	assert_text(cgroup_folder("/m", "/docker/x", "/docker/xy"), NULL);
	assert_text(cgroup_folder("/m", "/", "///../a"), NULL);
	assert_text(cgroup_folder("/m", "/docker/x", "/docker"), NULL);
	assert_text(cgroup_folder("/m", "/docker/x", "/"), NULL);
	/* Control group namespaces. */
	assert_text(cgroup_folder("/m", "/", "/.."), NULL);
	assert_text(cgroup_folder("/m", "/", "/../a"), NULL);
	assert_text(cgroup_folder("/m", "/..", "/"), NULL);
	assert_text(cgroup_folder("/m", "/..", "/a"), NULL);
	assert_text(cgroup_folder("/m", "/..", "/../../a"), NULL);
	assert_text(cgroup_folder("/m", "/..", "/../a"), "/m/a");
	assert_text(cgroup_folder("/m", "/", "/..a/..b"), "/m/..a/..b");
}

static void paths_map_to_folders(void **state)
{
	const struct cgroup_mount whole = { .point = "/m", .root = "/" };
	const struct cgroup_mount part = { .point = "/m", .root = "/docker/x" };

	(void)state;
	assert_text(cgroup_path(&whole, "/m"), "/");
	assert_text(cgroup_path(&whole, "/m/a/b"), "/a/b");
	assert_text(cgroup_path(&part, "/m"), "/docker/x");
	assert_text(cgroup_path(&part, "/m/a"), "/docker/x/a");
	assert_text(cgroup_common("/m/a/b", "/m/a/b"), "/m/a/b");
	assert_text(cgroup_common("/m/a/b", "/m/a/bc"), "/m/a");
	assert_text(cgroup_common("/m/a/bc", "/m/a/b"), "/m/a");
	assert_text(cgroup_common("/m/a", "/m/a/b"), "/m/a");
	assert_text(cgroup_common("/m/a/b/c", "/m/a"), "/m/a");
	assert_text(cgroup_common("/m/a", "/m/b"), "/m");
	assert_text(cgroup_common("/a", "/b"), "/");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(paths_of_a_process_are_parsed),
		cmocka_unit_test(mount_roots_are_parsed),
		cmocka_unit_test(folders_of_hierarchies_are_found),
		cmocka_unit_test(paths_map_to_folders),
	};

	return cmocka_run_group_tests_name("cgroup_path", tests, NULL, NULL);
}
