/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Control groups of this machine. Root must be able to make them in the memory controller's
 * hierarchy; otherwise all tests are skipped.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "capture/cgroup.h"
#include "capture/cgroup_tree.h"
#include "capture/mounts.h"
#include "tests/unit/files.h"
#include "tests/unit/heard.h"

#define TOUCHED (8 << 20)

static bool is_dir(const char *path)
{
	return g_file_test(path, G_FILE_TEST_IS_DIR);
}

static struct features here;

/* The memory hierarchy's mount point, if root may make cgroups there; else NULL. */
static const char *memory_mount(void)
{
	g_autofree char *mountinfo = NULL;

	if (!here.memcg_v1 && !here.cgroup_v2 &&
	    g_file_get_contents("/proc/self/mountinfo", &mountinfo, NULL, NULL)) {
		here.memcg_v1 = mounts_find(mountinfo, "cgroup", "memory");
		here.cgroup_v2 = mounts_find(mountinfo, "cgroup2", NULL);
	}
	if (geteuid())
		return NULL;
	if (here.memcg_v1 && !access(here.memcg_v1, W_OK))
		return here.memcg_v1;
	if (here.cgroup_v2 && !access(here.cgroup_v2, W_OK) &&
	    folder_lists_memory(here.cgroup_v2, "cgroup.controllers"))
		return here.cgroup_v2;
	return NULL;
}

static struct cgroup *create(const char *path, uint64_t max)
{
	struct cgroup_config config = { .features = &here, .path = path, .memory_max = max };
	struct cgroup *cg = NULL;
	char *why = NULL;
	int ret = cgroup_create(&cg, &config, &why);

	if (ret)
		print_message("%s\n", why ? why : "(no reason)");
	assert_int_equal(ret, 0);
	assert_null(why);
	return cg;
}

/* Starts a child in the cgroup that touches some memory and waits to be killed. */
static pid_t child_in(const struct cgroup *cg, size_t bytes)
{
	int ready[2];
	pid_t pid;
	char c;

	assert_int_equal(pipe(ready), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (!pid) {
		char *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
			       0);

		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (p == MAP_FAILED || cgroup_enter(cg))
			_exit(1);
		memset(p, 1, bytes);
		if (write(ready[1], "r", 1) == 1)
			for (;;)
				pause();
		_exit(1);
	}
	close(ready[1]);
	assert_int_equal(read(ready[0], &c, 1), 1);
	close(ready[0]);
	return pid;
}

static void kill_child(pid_t pid)
{
	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
}

static bool holds_process(const char *folder, pid_t pid)
{
	g_autoptr(GArray) pids = folder_pids(folder);

	for (guint i = 0; i < pids->len; i++)
		if (g_array_index(pids, pid_t, i) == pid)
			return true;
	return false;
}

static void made_and_removed(void **state)
{
	struct report_cgroup r = { 0 };
	g_autofree char *path = NULL;
	struct cgroup *cg;
	pid_t pid;

	(void)state;
	if (!memory_mount())
		skip();
	cg = create(NULL, 0);
	path = g_strdup(cg->folder);
	pid = child_in(cg, TOUCHED);
	assert_true(holds_process(path, pid));
	assert_true(cgroup_read_current(cg) >= TOUCHED);
	assert_true(cgroup_read_kernel(cg) >= 0);
	cgroup_describe(cg, &r);
	assert_true(r.own);
	assert_true(g_str_has_suffix(path, r.path));
	g_free(r.path);
	assert_true(r.now.current >= TOUCHED && r.peak >= TOUCHED);
	assert_true(r.now.stat[CGROUP_ANON] >= TOUCHED);
	assert_true(r.now.stat[CGROUP_SOCK] == 0);
	assert_true(r.limit == CGROUP_UNKNOWN);
	assert_int_equal(r.oom_kills, 0);
	kill_child(pid);
	cgroup_close(cg);
	assert_false(is_dir(path));
}

/* Left behind by the workload: processes, and cgroups of its own. */
static void leftovers_of_workload(void **state)
{
	g_autofree char *path = NULL, *below = NULL, *empty = NULL, *own = NULL;
	g_autofree char *child = NULL;
	struct cgroup *cg;
	pid_t one, two;

	(void)state;
	if (!memory_mount())
		skip();
	cg = create(NULL, 0);
	path = g_strdup(cg->folder);
	below = g_build_filename(path, "below", NULL);
	empty = g_build_filename(below, "empty", NULL);
	one = child_in(cg, 4096);
	two = child_in(cg, 4096);
	assert_int_equal(mkdir(below, 0755), 0);
	assert_int_equal(mkdir(empty, 0755), 0);
	child = g_strdup_printf("%d", two);
	assert_int_equal(folder_write(below, "cgroup.procs", child), 0);
	own = g_strdup(cg->above);
	cgroup_close(cg);
	assert_false(is_dir(path));
	assert_int_equal(kill(one, 0), 0);
	assert_int_equal(kill(two, 0), 0);
	assert_true(holds_process(own, one) && holds_process(own, two));
	kill_child(one);
	kill_child(two);
}

static void limited(void **state)
{
	struct report_cgroup r = { 0 };
	struct cgroup *cg;

	(void)state;
	if (!memory_mount())
		skip();
	cg = create(NULL, 64 << 20);
	cgroup_describe(cg, &r);
	assert_int_equal(r.limit, 64 << 20);
	g_free(r.path);
	cgroup_close(cg);
}

/* The cgroup that this process made directly below a folder; NULL: none. */
static char *cgroup_of(const char *folder, pid_t pid)
{
	g_autoptr(GPtrArray) below = g_ptr_array_new_with_free_func(g_free);
	g_autofree char *prefix = g_strdup_printf("%s/tare-%d-", folder, pid);

	folder_children(below, folder);
	for (guint i = 0; i < below->len; i++)
		if (g_str_has_prefix(below->pdata[i], prefix))
			return g_strdup(below->pdata[i]);
	return NULL;
}

/* The cgroup of a killed tare; a zombie does not keep it. */
static void swept_by_the_next(void **state)
{
	g_autofree char *above = NULL, *left = NULL;
	struct cgroup *cg;
	siginfo_t info;
	pid_t pid;

	(void)state;
	if (!memory_mount())
		skip();
	pid = fork();
	if (!pid) {
		create(NULL, 0);
		raise(SIGKILL);
	}
	assert_int_equal(waitid(P_PID, pid, &info, WEXITED | WNOWAIT), 0);
	assert_int_equal(info.si_status, SIGKILL);
	cg = create(NULL, 0);
	assert_null(cgroup_of(cg->above, pid));
	above = g_strdup(cg->above);
	cgroup_close(cg);
	assert_int_equal(waitpid(pid, NULL, 0), pid);

	pid = fork();
	if (!pid) {
		create(NULL, 0);
		raise(SIGKILL);
	}
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	left = cgroup_of(above, pid);
	assert_non_null(left);
	cgroup_close(create(NULL, 0));
	assert_false(is_dir(left));
}

static void below_a_given_one(void **state)
{
	g_autofree char *under = NULL, *path = NULL, *inside = NULL, *none = NULL;
	struct cgroup_config config = { .features = &here };
	struct cgroup *outer, *cg;
	char *why;

	(void)state;
	if (!memory_mount())
		skip();
	outer = create(NULL, 0);
	under = g_build_filename(outer->folder, "under", NULL);
	path = g_build_filename(outer->path, "under", NULL);
	assert_int_equal(mkdir(under, 0755), 0);
	if (outer->version == 2)
		assert_int_equal(folder_write(outer->folder, "cgroup.subtree_control", "+memory"),
				 0);
	cg = create(under, 0);
	assert_true(g_str_has_prefix(cg->folder, under));
	inside = g_strdup(cg->folder);
	cgroup_close(cg);
	assert_false(is_dir(inside));
	cg = create(path, 0);
	assert_string_equal(cg->folder, inside);
	cgroup_close(cg);
	none = g_strconcat(path, "/none", NULL);
	config.path = none;
	assert_int_equal(cgroup_create(&cg, &config, &why), -ENOENT);
	assert_null(cg);
	assert_true(g_str_has_prefix(why, none));
	g_free(why);
	cgroup_close(outer);
}

/* A folder that looks like a cgroup, and a link to a cgroup. */
static void not_out_of_the_hierarchy(void **state)
{
	g_autofree char *dir = new_folder();
	g_autofree char *procs = g_build_filename(dir, "cgroup.procs", NULL);
	g_autofree char *usage = g_build_filename(dir, "memory.usage_in_bytes", NULL);
	g_autofree char *given = g_strconcat("/sys/fs/cgroup/../../..", dir, NULL);
	struct cgroup_config config = { .features = &here, .path = given };
	struct cgroup *cg;
	char *why;

	(void)state;
	assert_true(g_file_set_contents(procs, "", -1, NULL));
	assert_true(g_file_set_contents(usage, "", -1, NULL));
	if (memory_mount()) {
		assert_int_equal(cgroup_create(&cg, &config, &why), -ENOENT);
		assert_null(cg);
		g_free(why);
	}
	unlink(procs);
	unlink(usage);
	assert_int_equal(rmdir(dir), 0); /* nothing was made in it */
}

static void nearest_of_two(void **state)
{
	g_autoptr(GArray) pids = g_array_new(FALSE, FALSE, sizeof(pid_t));
	g_autofree char *a = NULL, *ab = NULL, *one = NULL, *two = NULL;
	struct cgroup *cg, *found = NULL;
	pid_t pid[2], gone = INT32_MAX;
	char *why;

	(void)state;
	if (!memory_mount())
		skip();
	cg = create(NULL, 0);
	a = g_build_filename(cg->folder, "a", NULL);
	ab = g_build_filename(cg->folder, "ab", NULL);
	assert_int_equal(mkdir(a, 0755) | mkdir(ab, 0755), 0);
	pid[0] = child_in(cg, 4096);
	pid[1] = child_in(cg, 4096);
	one = g_strdup_printf("%d", pid[0]);
	two = g_strdup_printf("%d", pid[1]);
	assert_int_equal(folder_write(a, "cgroup.procs", one), 0);
	assert_int_equal(folder_write(ab, "cgroup.procs", two), 0);
	g_array_append_val(pids, gone);
	assert_int_equal(cgroup_find(&found, &here, pids, &why), -ESRCH);
	g_free(why);
	g_array_append_vals(pids, pid, 2);
	assert_int_equal(cgroup_find(&found, &here, pids, &why), 0);
	assert_null(why);
	assert_string_equal(found->folder, cg->folder);
	assert_string_equal(found->path, cg->path);
	assert_true(cgroup_id(found) == cgroup_id(cg));
	assert_false(found->own);
	assert_int_equal(cgroup_enter(found), -EBADF);
	cgroup_close(found);
	assert_true(is_dir(cg->folder));
	kill_child(pid[0]);
	kill_child(pid[1]);
	cgroup_close(cg);
}

/* Runs in a child after it has changed its own rights: 0 if the reason is the expected one. */
static int reason_in(pid_t pid, const char *words)
{
	struct cgroup_config config = { .features = &here };
	struct cgroup *cg;
	char *why;
	int status;

	if (!pid)
		_exit(cgroup_create(&cg, &config, &why) == 0 || cg || !strstr(why, words) ||
		      why[0] != '/');
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

static void on_read_only_mount(void **state)
{
	const char *mount_point = memory_mount();
	pid_t pid;

	(void)state;
	if (!mount_point)
		skip();
	pid = fork();
	if (!pid && (unshare(CLONE_NEWNS) || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
		     mount(NULL, mount_point, NULL, MS_REMOUNT | MS_BIND | MS_RDONLY, NULL)))
		_exit(77);
	switch (WEXITSTATUS(reason_in(pid, ": read-only file system"))) {
	case 0:
		break;
	case 77:
		skip();
	default:
		fail();
	}
}

static void as_nobody(void **state)
{
	pid_t pid;

	(void)state;
	if (!memory_mount())
		skip();
	pid = fork();
	if (!pid && (setgid(65534) || setuid(65534)))
		_exit(1);
	assert_int_equal(reason_in(pid, ": not allowed"), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(made_and_removed),  cmocka_unit_test(leftovers_of_workload),
		cmocka_unit_test(limited),           cmocka_unit_test(swept_by_the_next),
		cmocka_unit_test(below_a_given_one), cmocka_unit_test(not_out_of_the_hierarchy),
		cmocka_unit_test(nearest_of_two),    cmocka_unit_test(on_read_only_mount),
		cmocka_unit_test(as_nobody),
	};

	return cmocka_run_group_tests_name("cgroup_real", tests, mute_stderr, unmute_stderr);
}
