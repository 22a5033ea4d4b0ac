/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Finding processes in this machine's /proc: the test starts children with misleading names and
 * states.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "capture/targets.h"
#include "tests/unit/heard.h"

/* Starts a child with this name that waits until it is killed; it exists when this returns. */
static pid_t child_named(const char *name)
{
	int ready[2];
	pid_t pid;
	char c;

	assert_int_equal(pipe(ready), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		prctl(PR_SET_NAME, name);
		if (write(ready[1], "r", 1) == 1)
			for (;;)
				pause();
		_exit(1);
	}
	assert_int_equal(read(ready[0], &c, 1), 1);
	close(ready[0]);
	close(ready[1]);
	return pid;
}

static void end(pid_t pid)
{
	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
}

static bool has_pid(const GArray *pids, pid_t pid)
{
	for (unsigned i = 0; pids && i < pids->len; i++)
		if (g_array_index(pids, pid_t, i) == pid)
			return true;
	return false;
}

static void checks(void **state)
{
	pid_t pid = child_named("plain");
	siginfo_t info;

	(void)state;
	assert_int_equal(target_check(getpid()), 0);
	assert_int_equal(target_check(pid), 0);
	kill(pid, SIGSTOP);
	assert_int_equal(waitpid(pid, NULL, WUNTRACED), pid);
	assert_int_equal(target_check(pid), 0); /* a stopped process has not ended */
	kill(pid, SIGKILL);
	assert_int_equal(waitid(P_PID, pid, &info, WEXITED | WNOWAIT), 0);
	assert_int_equal(target_check(pid), -ECHILD);
	end(pid);
	assert_int_equal(target_check(pid), -ESRCH);
	assert_int_equal(target_check(0), -ESRCH);
	assert_int_equal(target_check(-1), -ESRCH);
	assert_int_equal(target_check(INT32_MAX), -ESRCH);
}

static void kernel_thread(void **state)
{
	g_autofree char *comm = NULL;

	(void)state;
	if (!g_file_get_contents("/proc/2/comm", &comm, NULL, NULL) || strcmp(comm, "kthreadd\n"))
		skip(); /* a pid namespace */
	assert_int_equal(target_check(2), -EINVAL);
}

static int thread_ready[2], thread_over[2];

static void *thread(void *arg)
{
	pid_t tid = syscall(SYS_gettid);
	char c;

	if (write(thread_ready[1], &tid, sizeof(tid)) != sizeof(tid) ||
	    read(thread_over[0], &c, 1) != 0)
		abort();
	return arg;
}

static void not_its_first_thread(void **state)
{
	pthread_t t;
	pid_t tid;

	(void)state;
	assert_int_equal(pipe(thread_ready), 0);
	assert_int_equal(pipe(thread_over), 0);
	assert_int_equal(pthread_create(&t, NULL, thread, NULL), 0);
	assert_int_equal(read(thread_ready[0], &tid, sizeof(tid)), sizeof(tid));
	assert_int_equal(target_check(tid), -EINVAL);
	close(thread_over[1]);
	assert_int_equal(pthread_join(t, NULL), 0);
	close(thread_over[0]);
	close(thread_ready[0]);
	close(thread_ready[1]);
}

/* Names that imitate the text that follows a name in /proc/PID/stat. */
static void hostile_names(void **state)
{
	static const char *const names[] = { "a) Z 1 1 1 1 1", "(((((",    "))))) Z",        "a\nb",
					     "%s%n",           "\xff\xfe", "fifteen letters" };

	(void)state;
	for (unsigned i = 0; i < G_N_ELEMENTS(names); i++) {
		pid_t pid = child_named(names[i]);
		GArray *found;

		assert_int_equal(target_check(pid), 0);
		found = targets_by_comm(names[i]);
		assert_true(has_pid(found, pid));
		assert_false(has_pid(found, getpid()));
		g_array_unref(found);
		end(pid);
	}
}

static void by_name(void **state)
{
	pid_t one = child_named("tare test 1"), two = child_named("tare test 1");
	pid_t other = child_named("tare test"), dead = child_named("tare test 1");
	GArray *found;
	siginfo_t info;

	(void)state;
	kill(dead, SIGKILL);
	assert_int_equal(waitid(P_PID, dead, &info, WEXITED | WNOWAIT), 0);
	found = targets_by_comm("tare test 1");
	assert_int_equal(found->len, 2);
	assert_true(has_pid(found, one) && has_pid(found, two));
	g_array_unref(found);
	found = targets_by_comm("tare test 2");
	assert_int_equal(found->len, 0);
	g_array_unref(found);
	found = targets_by_comm("");
	assert_int_equal(found->len, 0);
	g_array_unref(found);
	found = targets_by_comm("kthreadd");
	assert_int_equal(found->len, 0);
	g_array_unref(found);
	end(one);
	end(two);
	end(other);
	end(dead);
}

static void describes(void **state)
{
	g_autofree char *exe = NULL, *cmdline = NULL,
			*self = g_file_read_link("/proc/self/exe", NULL);
	gsize len;

	(void)state;
	target_describe(getpid(), &exe, &cmdline, &len);
	assert_string_equal(exe, self);
	assert_true(len > 0 && cmdline[len - 1] == '\0');
	g_clear_pointer(&exe, g_free);
	g_clear_pointer(&cmdline, g_free);
	target_describe(INT32_MAX, &exe, &cmdline, &len);
	assert_null(exe);
	assert_null(cmdline);
	assert_int_equal(len, 0);
}

/* A place for control groups: the first hierarchy in which this user may make them. */
static char *make_cgroup(void)
{
	static const char *const tops[] = { "/sys/fs/cgroup", "/sys/fs/cgroup/unified",
					    "/sys/fs/cgroup/memory", "/sys/fs/cgroup/pids" };

	for (unsigned i = 0; i < G_N_ELEMENTS(tops); i++) {
		g_autofree char *procs = g_build_filename(tops[i], "cgroup.procs", NULL);
		g_autofree char *path = g_strdup_printf("%s/tare-test-%d", tops[i], getpid());

		if (!access(procs, F_OK) && !mkdir(path, 0755))
			return g_steal_pointer(&path);
	}
	return NULL;
}

static void join(const char *cgroup, pid_t pid)
{
	g_autofree char *procs = g_build_filename(cgroup, "cgroup.procs", NULL);
	FILE *f = fopen(procs, "w");

	assert_non_null(f);
	fprintf(f, "%d", pid);
	assert_int_equal(fclose(f), 0);
}

static void leave(const char *cgroup, pid_t pid)
{
	end(pid);
	while (rmdir(cgroup) && errno == EBUSY)
		sched_yield(); /* a zombie leaves the group a moment after it was reaped */
}

static void by_cgroup(void **state)
{
	g_autofree char *top = make_cgroup(), *below = NULL, *base = NULL, *name = NULL;
	pid_t one, two, other;
	GArray *found;

	(void)state;
	if (!top)
		skip();
	below = g_build_filename(top, "below", NULL);
	base = g_path_get_basename(top);
	name = g_strconcat("/", base, NULL);
	assert_int_equal(mkdir(below, 0755), 0);
	one = child_named("in");
	two = child_named("below");
	other = child_named("out");
	join(top, one);
	join(below, two);
	found = targets_by_cgroup(top);
	assert_int_equal(found->len, 2);
	assert_true(has_pid(found, one) && has_pid(found, two));
	g_array_unref(found);
	found = targets_by_cgroup(below);
	assert_int_equal(found->len, 1);
	assert_true(has_pid(found, two));
	g_array_unref(found);
	found = targets_by_cgroup(name); /* at any mount point */
	assert_int_equal(found->len, 2);
	g_array_unref(found);
	end(other);
	leave(below, two);
	leave(top, one);
}

static void no_cgroup(void **state)
{
	(void)state;
	assert_null(targets_by_cgroup("/sys/fs/cgroup/there/is/none"));
	assert_null(targets_by_cgroup("/there/is/none"));
	assert_null(targets_by_cgroup("/etc"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(checks),
		cmocka_unit_test(kernel_thread),
		cmocka_unit_test(not_its_first_thread),
		cmocka_unit_test(hostile_names),
		cmocka_unit_test(by_name),
		cmocka_unit_test(describes),
		cmocka_unit_test(by_cgroup),
		cmocka_unit_test(no_cgroup),
	};

	return cmocka_run_group_tests_name("targets", tests, mute_stderr, unmute_stderr);
}
