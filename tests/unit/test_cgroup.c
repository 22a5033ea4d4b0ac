/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Control groups: their files, in folders that imitate them. Real ones are in
 * test_cgroup_real.c.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "capture/cgroup.h"
#include "capture/cgroup_tree.h"
#include "tests/unit/files.h"
#include "tests/unit/heard.h"

static char *top; /* top of the fake trees */

static int begin(void **state)
{
	top = g_dir_make_tmp("tare-cgroup-XXXXXX", NULL);
	return !top || mute_stderr(state);
}

static int end(void **state)
{
	remove_all(top);
	g_free(top);
	return unmute_stderr(state);
}

/* Makes a folder below the top of the fake trees. */
static char *make_folder(const char *name)
{
	char *path = g_build_filename(top, name, NULL);

	assert_int_equal(g_mkdir_with_parents(path, 0755), 0);
	return path;
}

static void make_file(const char *folder, const char *name, const char *text)
{
	g_autofree char *path = g_build_filename(folder, name, NULL);

	assert_true(g_file_set_contents(path, text, -1, NULL));
}

static void assert_file(const char *folder, const char *name, const char *text)
{
	g_autofree char *path = g_build_filename(folder, name, NULL), *found = NULL;

	assert_true(g_file_get_contents(path, &found, NULL, NULL));
	assert_string_equal(found, text);
}

static bool is_dir(const char *path)
{
	return g_file_test(path, G_FILE_TEST_IS_DIR);
}

/* Parsing texts. */

static void values_of_memory_stat_are_parsed(void **state)
{
	static const char text[] = "anon_thp 1\nanon 2\nfile 3\nfile_mapped 4\nmax max\n"
				   "big 9223372036854775807\nbigger 9223372036854775808\n"
				   "huge 99999999999999999999\nminus -1\nnone\nblank \nhalf 5x\n"
				   "two 6 7\nsock 8";

	(void)state;
	assert_int_equal(cgroup_stat_value(text, "anon"), 2);
	assert_int_equal(cgroup_stat_value(text, "anon_thp"), 1);
	assert_int_equal(cgroup_stat_value(text, "file"), 3);
	assert_int_equal(cgroup_stat_value(text, "file_mapped"), 4);
	assert_int_equal(cgroup_stat_value(text, "sock"), 8);
	assert_true(cgroup_stat_value(text, "big") == INT64_MAX);
	for (const char *const *name =
		     (const char *const[]){ "ano", "non", "", "mapped", "max", "bigger", "huge",
					    "minus", "none", "blank", "half", "two", "x", NULL };
	     *name; name++)
		assert_true(cgroup_stat_value(text, *name) == CGROUP_UNKNOWN);
	assert_true(cgroup_stat_value("", "anon") == CGROUP_UNKNOWN);
	assert_true(cgroup_stat_value("\n\n", "") == CGROUP_UNKNOWN);
}

static void names_of_own_cgroups_are_recognized(void **state)
{
	static const char *const similar[] = {
		"tare",
		"tare-",
		"tare-1",
		"tare-1-",
		"tare-1-2-",
		"tare-1-2-3",
		"tare-01-2",
		"tare-1-02",
		"tare-+1-2",
		"tare-1- 2",
		"tare--1-2",
		"tare-0-2",
		"tare-1-2x",
		"Tare-1-2",
		"xtare-1-2",
		"tare-1-2\n",
		"tare-x-2",
		"",
		"--",
		"tare-4294967297-2",
		"tare-1-18446744073709551616",
	};
	g_autofree char *own = cgroup_name();
	uint64_t start;
	pid_t pid;

	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(similar); i++)
		assert_false(cgroup_name_parse(similar[i], &pid, &start));
	assert_true(cgroup_name_parse("tare-1-18446744073709551615", &pid, &start));
	assert_int_equal(pid, 1);
	assert_true(start == UINT64_MAX);
	assert_true(cgroup_name_parse(own, &pid, &start));
	assert_int_equal(pid, getpid());
	assert_true(start > 0);
}

/* Fake trees. */

static struct cgroup *take_cgroup(unsigned version, const char *folder)
{
	struct cgroup_mount mount = { .version = version, .point = top, .root = "/" };
	struct cgroup *cg = NULL;
	char *why = NULL;

	assert_int_equal(cgroup_take(&cg, &mount, folder, &why), 0);
	assert_null(why);
	return cg;
}

static void reads_v1(void **state)
{
	g_autofree char *dir = make_folder("v1/group");
	struct report_cgroup r = { 0 };
	struct cgroup *cg;
	struct stat st;

	(void)state;
	make_file(dir, "memory.usage_in_bytes", "100000\n");
	make_file(dir, "memory.max_usage_in_bytes", "200000\n");
	make_file(dir, "memory.kmem.usage_in_bytes", "30000\n");
	make_file(dir, "memory.kmem.max_usage_in_bytes", "40000\n");
	make_file(dir, "memory.kmem.tcp.usage_in_bytes", "4096\n");
	make_file(dir, "memory.limit_in_bytes", "9223372036854771712\n");
	make_file(dir, "memory.oom_control", "oom_kill_disable 0\nunder_oom 0\noom_kill 3\n");
	make_file(dir, "memory.stat",
		  "cache 1\nrss 2\nshmem 3\nswap 4\ntotal_cache 50000\n"
		  "total_rss 60000\ntotal_rss_huge 1\ntotal_shmem 20000\n"
		  "total_swap 7000\n");
	cg = take_cgroup(1, dir);
	assert_int_equal(cgroup_version(cg), 1);
	assert_int_equal(stat(dir, &st), 0);
	assert_true(cgroup_id(cg) == st.st_ino);
	cgroup_describe(cg, &r);
	assert_int_equal(r.version, 1);
	assert_false(r.own);
	assert_string_equal(r.path, "/v1/group");
	g_clear_pointer(&r.path, g_free);
	assert_int_equal(r.now.current, 100000);
	assert_int_equal(r.now.kernel, 30000);
	assert_int_equal(r.now.stat[CGROUP_ANON], 60000);
	assert_int_equal(r.now.stat[CGROUP_FILE], 30000);
	assert_int_equal(r.now.stat[CGROUP_SHMEM], 20000);
	assert_int_equal(r.now.stat[CGROUP_SWAP], 7000);
	assert_int_equal(r.now.stat[CGROUP_SOCK], 4096);
	assert_true(r.now.stat[CGROUP_PAGETABLES] == CGROUP_UNKNOWN);
	assert_true(r.now.stat[CGROUP_KERNEL_STACK] == CGROUP_UNKNOWN);
	assert_int_equal(r.peak, 200000);
	assert_int_equal(r.kernel_peak, 40000);
	assert_true(r.limit == CGROUP_UNKNOWN);
	assert_int_equal(r.oom_kills, 3);
	assert_int_equal(cgroup_read_current(cg), 100000);
	assert_int_equal(cgroup_read_kernel(cg), 30000);
	assert_int_equal(cgroup_read_sock(cg), 4096);
	/* In a cgroup whose processes may not be counted, the number is unknown, not 0. */
	make_file(dir, "memory.kmem.tcp.usage_in_bytes", "0\n");
	make_file(dir, "memory.kmem.tcp.limit_in_bytes", "9223372036854771712\n");
	assert_true(cgroup_read_sock(cg) == CGROUP_UNKNOWN);
	make_file(dir, "memory.kmem.tcp.limit_in_bytes", "1048576\n");
	assert_int_equal(cgroup_read_sock(cg), 0);
	make_file(dir, "memory.limit_in_bytes", "16777216\n");
	cgroup_describe(cg, &r);
	assert_int_equal(r.limit, 16777216);
	g_free(r.path);
	cgroup_close(cg);
	assert_true(is_dir(dir)); /* not made by tare: not removed */
}

static void reads_v2(void **state)
{
	g_autofree char *dir = make_folder("v2/group");
	struct report_cgroup r = { 0 };
	struct cgroup *cg;

	(void)state;
	make_file(dir, "memory.current", "100000\n");
	make_file(dir, "memory.peak", "200000\n");
	make_file(dir, "memory.max", "max\n");
	make_file(dir, "memory.swap.current", "7000\n");
	make_file(dir, "memory.events",
		  "low 0\nhigh 0\nmax 9\noom 5\noom_kill 2\noom_group_kill 0\n");
	make_file(
		dir, "memory.stat",
		"anon 60000\nfile 50000\nkernel 30000\nkernel_stack 16384\npagetables 8192\n"
		"sec_pagetables 1\npercpu 11\nsock 4096\nvmalloc 12\nshmem 20000\nzswap 1\n"
		"file_mapped 2\nanon_thp 3\nslab_reclaimable 13\nslab_unreclaimable 14\nslab 27\n");
	cg = take_cgroup(2, dir);
	cgroup_describe(cg, &r);
	assert_int_equal(r.version, 2);
	assert_string_equal(r.path, "/v2/group");
	g_clear_pointer(&r.path, g_free);
	assert_int_equal(r.now.current, 100000);
	assert_int_equal(r.now.kernel, 30000);
	assert_int_equal(r.now.stat[CGROUP_ANON], 60000);
	assert_int_equal(r.now.stat[CGROUP_FILE], 30000);
	assert_int_equal(r.now.stat[CGROUP_SHMEM], 20000);
	assert_int_equal(r.now.stat[CGROUP_SWAP], 7000);
	assert_int_equal(r.now.stat[CGROUP_PAGETABLES], 8192);
	assert_int_equal(r.now.stat[CGROUP_KERNEL_STACK], 16384);
	assert_int_equal(r.now.stat[CGROUP_SLAB_RECLAIMABLE], 13);
	assert_int_equal(r.now.stat[CGROUP_SLAB_UNRECLAIMABLE], 14);
	assert_int_equal(r.now.stat[CGROUP_VMALLOC], 12);
	assert_int_equal(r.now.stat[CGROUP_PERCPU], 11);
	assert_int_equal(r.now.stat[CGROUP_SOCK], 4096);
	assert_int_equal(r.peak, 200000);
	assert_true(r.kernel_peak == CGROUP_UNKNOWN);
	assert_true(r.limit == CGROUP_UNKNOWN);
	assert_int_equal(r.oom_kills, 2);
	assert_int_equal(cgroup_read_kernel(cg), 34096);
	assert_int_equal(cgroup_read_sock(cg), 4096);
	cgroup_close(cg);
}

/* As in a root cgroup or on an older kernel: missing figures stay unknown. */
static void missing_files_are_unknown(void **state)
{
	for (unsigned version = 1; version <= 2; version++) {
		g_autofree char *dir = make_folder("bare");
		struct report_cgroup r = { 0 };
		struct cgroup *cg;

		(void)state;
		make_file(dir, "memory.stat", version == 1 ? "" : "file 10\nsock 0\n");
		cg = take_cgroup(version, dir);
		cgroup_describe(cg, &r);
		g_free(r.path);
		for (int i = 0; i < CGROUP_STATS; i++)
			if (version == 1 || i != CGROUP_SOCK)
				assert_true(r.now.stat[i] == CGROUP_UNKNOWN);
		assert_true(r.now.current == CGROUP_UNKNOWN && r.now.kernel == CGROUP_UNKNOWN);
		assert_true(r.peak == CGROUP_UNKNOWN && r.kernel_peak == CGROUP_UNKNOWN);
		assert_true(r.limit == CGROUP_UNKNOWN && r.oom_kills == CGROUP_UNKNOWN);
		assert_true(cgroup_read_current(cg) == CGROUP_UNKNOWN);
		assert_true(cgroup_read_kernel(cg) == CGROUP_UNKNOWN);
		cgroup_close(cg);
	}
}

/* Lines beyond the read bound are unknown, and the line at the bound is not cut. */
static void long_lines_are_unknown(void **state)
{
	g_autofree char *dir = make_folder("long");
	g_autoptr(GString) text = g_string_new("anon 5\n");
	struct cgroup_counters now;
	struct cgroup *cg;

	(void)state;
	while (text->len < 16384 - 10)
		g_string_append(text, "x 1\n");
	g_string_append(text, "shmem 1234567890\nvmalloc 1\n");
	make_file(dir, "memory.stat", text->str);
	cg = take_cgroup(2, dir);
	cgroup_read(cg, &now);
	assert_int_equal(now.stat[CGROUP_ANON], 5);
	assert_true(now.stat[CGROUP_SHMEM] == CGROUP_UNKNOWN);
	assert_true(now.stat[CGROUP_VMALLOC] == CGROUP_UNKNOWN);
	cgroup_close(cg);
}

/* v2: a cgroup without the controller is accounted in its parent. */
static void parent_is_used_without_the_controller(void **state)
{
	struct cgroup_mount mount = { .version = 2, .root = "/" };
	g_autofree char *point = make_folder("take"), *deep = make_folder("take/a/b/c");
	g_autofree char *with = make_folder("take/a");
	struct cgroup *cg = NULL;
	char *why = NULL;

	(void)state;
	mount.point = point;
	assert_int_equal(cgroup_take(&cg, &mount, deep, &why), -ENOTSUP);
	assert_null(cg);
	assert_true(g_str_has_prefix(why, point));
	assert_true(g_str_has_suffix(why, "/take: without the memory controller"));
	g_clear_pointer(&why, g_free);
	make_file(with, "memory.stat", "");
	assert_int_equal(cgroup_take(&cg, &mount, deep, &why), 0);
	assert_string_equal(cg->path, "/a");
	cgroup_close(cg);
}

static void pids_of_a_subtree_are_listed(void **state)
{
	g_autofree char *dir = make_folder("pids"), *below = make_folder("pids/a/b");
	g_autoptr(GArray) pids = NULL;
	struct cgroup *cg;

	(void)state;
	make_file(dir, "memory.stat", "");
	make_file(dir, "cgroup.procs", "10\n0\n11\n");
	make_file(below, "cgroup.procs", "12\nx\n13\n");
	cg = take_cgroup(1, dir);
	pids = cgroup_pids(cg);
	assert_int_equal(pids->len, 3);
	assert_int_equal(g_array_index(pids, pid_t, 0), 10);
	assert_int_equal(g_array_index(pids, pid_t, 1), 11);
	assert_int_equal(g_array_index(pids, pid_t, 2), 12);
	cgroup_close(cg);
}

static void places_that_can_hold_a_cgroup(void **state)
{
	g_autofree char *dir = make_folder("host");
	bool enable;

	(void)state;
	assert_int_equal(folder_can_host("/there/is/none", 2, &enable), -ENOENT);
	assert_int_equal(folder_can_host("/dev/null", 2, &enable), -ENOENT);
	assert_int_equal(folder_can_host(dir, 1, &enable), -ENOENT);
	make_file(dir, "cgroup.procs", "1\n");
	assert_int_equal(folder_can_host(dir, 1, &enable), -ENOTSUP);
	assert_int_equal(folder_can_host(dir, 2, &enable), -ENOTSUP);
	make_file(dir, "cgroup.controllers", "cpu memory_x hugetlb\n");
	assert_int_equal(folder_can_host(dir, 2, &enable), -ENOTSUP);
	/* The root may hold processes and still have controllers below it. */
	make_file(dir, "cgroup.controllers", "cpu memory pids\n");
	assert_int_equal(folder_can_host(dir, 2, &enable), 0);
	assert_true(enable);
	make_file(dir, "cgroup.events", "populated 1\n");
	assert_int_equal(folder_can_host(dir, 2, &enable), -EBUSY);
	assert_false(enable);
	make_file(dir, "cgroup.procs", "");
	assert_int_equal(folder_can_host(dir, 2, &enable), 0);
	assert_true(enable);
	make_file(dir, "cgroup.procs", "1\n");
	make_file(dir, "cgroup.subtree_control", "memory\n");
	assert_int_equal(folder_can_host(dir, 2, &enable), 0);
	assert_false(enable);
	make_file(dir, "memory.usage_in_bytes", "0\n");
	assert_int_equal(folder_can_host(dir, 1, &enable), 0);
	assert_false(enable);
}

/* Tries each parent. Where no cgroup can be made in the end, nothing stays behind. */
static void failure_leaves_no_folder(void **state)
{
	g_autofree char *root = make_folder("make"), *mid = make_folder("make/mid");
	g_autofree char *home = make_folder("make/mid/home"), *name = cgroup_name();
	g_autofree char *made = g_build_filename(root, name, NULL);
	struct cgroup_mount mount = { .version = 2, .point = root, .root = "/", .home = home };
	struct cgroup *cg = NULL;
	char *why = NULL;

	(void)state;
	make_file(home, "cgroup.procs", "1\n");
	make_file(home, "cgroup.controllers", "memory\n");
	make_file(home, "cgroup.events", "\n");
	make_file(mid, "cgroup.procs", "");
	make_file(mid, "cgroup.controllers", "pids\n");
	assert_int_equal(cgroup_make(&cg, &mount, home, &why), -EBUSY);
	assert_non_null(strstr(why, "/make/mid/home: holds processes"));
	g_clear_pointer(&why, g_free);
	make_file(home, "cgroup.controllers", "\n");
	make_file(root, "cgroup.procs", "1\n");
	make_file(root, "cgroup.controllers", "memory\n");
	make_file(root, "cgroup.subtree_control", "       ");
	/* The directory can be made, but it has no memory.current. */
	assert_int_equal(cgroup_make(&cg, &mount, home, &why), -ENOTSUP);
	assert_null(cg);
	assert_non_null(strstr(why, name));
	assert_false(is_dir(made));
	assert_file(root, "cgroup.subtree_control", "-memory");
	g_clear_pointer(&why, g_free);
	/* The controller stays enabled if another tare needs it. */
	g_free(make_folder("make/tare-1-1"));
	g_free(make_folder("make/tare-1-1/full"));
	make_file(root, "tare-1-1/full/cgroup.procs", "1\n");
	assert_int_equal(cgroup_make(&cg, &mount, home, &why), -ENOTSUP);
	assert_false(is_dir(made));
	assert_file(root, "cgroup.subtree_control", "+memory");
	g_clear_pointer(&why, g_free);
	assert_int_equal(chmod(root, 0555), 0);
	if (geteuid())
		assert_int_equal(cgroup_make(&cg, &mount, home, &why), -EACCES);
	assert_int_equal(chmod(root, 0755), 0);
	g_free(why);
}

static void empty_leftovers_are_removed(void **state)
{
	static const char *const dead[] = { "tare-1-999999", "tare-2147483647-1" };
	g_autofree char *dir = make_folder("sweep"), *own = cgroup_name();
	g_autofree char *reused = g_strdup_printf("tare-%d-1", getpid());
	g_autofree char *full = make_folder("sweep/tare-1-999998/a");
	const char *const left[] = { own,
				     "tare-1-999998/a",
				     "tare-1-999998/b",
				     "tare-1-",
				     "tare-1-999999x",
				     "tare-01-999999",
				     "tare-1-999999-1",
				     "other" };

	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(left); i++) {
		g_autofree char *name = g_build_filename("sweep", left[i], NULL);

		g_free(make_folder(name));
	}
	make_file(full, "cgroup.procs", "1\n");
	make_file(dir, "tare-1-999997", "a file\n");
	g_free(make_folder("sweep/tare-1-999999/a/b"));
	g_free(make_folder("sweep/tare-1-999999/c"));
	g_free(make_folder("sweep/tare-2147483647-1"));
	{
		g_autofree char *name = g_build_filename("sweep", reused, NULL);

		g_free(make_folder(name));
	}
	assert_int_equal(folder_sweep(dir), 3);
	for (size_t i = 0; i < G_N_ELEMENTS(dead); i++) {
		g_autofree char *path = g_build_filename(dir, dead[i], NULL);

		assert_false(is_dir(path));
	}
	for (size_t i = 0; i < G_N_ELEMENTS(left); i++) {
		g_autofree char *path = g_build_filename(dir, left[i], NULL);

		assert_true(is_dir(path));
	}
	assert_file(dir, "tare-1-999997", "a file\n");
	assert_int_equal(folder_sweep(dir), 0);
	assert_int_equal(folder_sweep("/there/is/none"), 0);
}

/* A link is not a cgroup: its target may belong to someone else. */
static void follows_no_link(void **state)
{
	g_autofree char *dir = make_folder("link/tare-1-999999"), *far = make_folder("far/away");
	g_autofree char *link = g_build_filename(dir, "a", NULL), *in = make_folder("link");

	(void)state;
	assert_int_equal(symlink("../../far", link), 0);
	assert_int_equal(folder_sweep(in), 0);
	assert_true(is_dir(far));
}

static void without_cgroups_nothing_is_found(void **state)
{
	const struct features none = { 0 };
	struct features wrong = { 0 };
	struct cgroup_config config = { .features = &none };
	g_autoptr(GArray) pids = g_array_new(FALSE, FALSE, sizeof(pid_t));
	struct cgroup *cg;
	char *why;

	(void)state;
	assert_int_equal(cgroup_create(&cg, &config, &why), -ENOTSUP);
	assert_null(cg);
	assert_non_null(strstr(why, "mounted"));
	g_free(why);
	assert_int_equal(cgroup_find(&cg, &none, pids, &why), -ENOTSUP);
	assert_null(cg);
	g_free(why);
	config.path = "x";
	config.memory_max = 1 << 20;
	assert_int_equal(cgroup_create(&cg, &config, &why), -EINVAL);
	assert_string_equal(why, "x: an absolute path is needed");
	g_free(why);
	wrong.cgroup_v2 = top; /* not a mount point */
	config.path = "/x";
	config.features = &wrong;
	assert_int_equal(cgroup_create(&cg, &config, &why), -ENOTSUP);
	g_free(why);
	cgroup_close(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_of_memory_stat_are_parsed),
		cmocka_unit_test(names_of_own_cgroups_are_recognized),
		cmocka_unit_test(reads_v1),
		cmocka_unit_test(reads_v2),
		cmocka_unit_test(missing_files_are_unknown),
		cmocka_unit_test(long_lines_are_unknown),
		cmocka_unit_test(parent_is_used_without_the_controller),
		cmocka_unit_test(pids_of_a_subtree_are_listed),
		cmocka_unit_test(places_that_can_hold_a_cgroup),
		cmocka_unit_test(failure_leaves_no_folder),
		cmocka_unit_test(empty_leftovers_are_removed),
		cmocka_unit_test(follows_no_link),
		cmocka_unit_test(without_cgroups_nothing_is_found),
	};

	return cmocka_run_group_tests_name("cgroup", tests, begin, end);
}
