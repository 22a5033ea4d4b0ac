/* SPDX-License-Identifier: GPL-2.0-only
 *
 * bench/limits: which limit stopped a program, and raising limits. This machine's limits stay
 * untouched: in a mount namespace, plain files cover them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <glib/gstdio.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench/limits.h"
#include "tests/unit/heard.h"

#define NONE INT64_MAX
#define AGAIN "Resource temporarily unavailable"

static const struct limits usual = {
	.pid_max = 32768,
	.threads_max = 192729,
	.map_count = 65530,
	.pids_max = NONE,
	.nproc = NONE,
	.nofile = 1024,
	.others = 180,
};

static void assert_reason(const struct limits *l, const char *reason, int64_t at,
			  const char *expected)
{
	g_autofree char *text = limits_name(l, reason, at, at);

	if (strcmp(text, expected))
		fail_msg("%" G_GINT64_FORMAT ", %s: '%s', not '%s'", at, reason, text, expected);
}

static void tasks_hit_the_limit_on_their_number(void **state)
{
	struct limits l = usual;

	(void)state;
	assert_reason(&l, AGAIN, 32288, "kernel.pid_max = 32768 (" AGAIN ")");
	assert_reason(&l, AGAIN, 32588, "kernel.pid_max = 32768 (" AGAIN ")");
	assert_reason(&l, AGAIN, 32766, "kernel.pid_max = 32768 (" AGAIN ")");
	assert_reason(&l, AGAIN, 15000, AGAIN);
	l.pid_max = 4194304;
	assert_reason(&l, AGAIN, 192500, "kernel.threads-max = 192729 (" AGAIN ")");
	l.threads_max = NONE;
	assert_reason(&l, AGAIN, 192500, AGAIN);
	l.pids_max = 5000;
	assert_reason(&l, AGAIN, 4900, "pids.max = 5000 (" AGAIN ")");
	assert_reason(&l, AGAIN, 5000, "pids.max = 5000 (" AGAIN ")");
	assert_reason(&l, AGAIN, 4000, AGAIN);
	l.pids_max = NONE;
	l.nproc = 7000;
	assert_reason(&l, AGAIN, 6990, "RLIMIT_NPROC = 7000 (" AGAIN ")");
	assert_reason(&l, AGAIN, 7001, AGAIN);
}

static void threads_hit_the_limit_on_mappings(void **state)
{
	struct limits l = usual;

	(void)state;
	l.pid_max = l.threads_max = NONE;
	assert_reason(&l, "Cannot allocate memory", 65500,
		      "vm.max_map_count = 65530, 1 mapping a task (Cannot allocate memory)");
	assert_reason(&l, AGAIN, 32750, "vm.max_map_count = 65530, 2 mappings a task (" AGAIN ")");
	assert_reason(&l, AGAIN, 21830, "vm.max_map_count = 65530, 3 mappings a task (" AGAIN ")");
	assert_reason(&l, AGAIN, 16370, "vm.max_map_count = 65530, 4 mappings a task (" AGAIN ")");
	assert_reason(&l, AGAIN, 13100, AGAIN);
	assert_reason(&l, AGAIN, 50000, AGAIN);
	l.map_count = NONE;
	assert_reason(&l, AGAIN, 32750, AGAIN);
}

/* Coroutines are no kernel tasks, so no limit on tasks stops them. */
static void coroutines_hit_no_limit_on_tasks(void **state)
{
	static const char none[] = "Cannot allocate memory";
	g_autofree char *fibers = limits_name(&usual, none, 32522, 1);
	g_autofree char *close_by = limits_name(&usual, none, 31743, 3);
	g_autofree char *merged = limits_name(&usual, "can't start", 22180, 22181);
	g_autofree char *few = limits_name(&usual, none, 5000, 1);

	(void)state;
	assert_string_equal(fibers, "vm.max_map_count = 65530, 2 mappings a task "
				    "(Cannot allocate memory)");
	assert_string_equal(close_by, fibers);
	assert_string_equal(merged, "vm.max_map_count = 65530, 3 mappings a task (can't start)");
	assert_string_equal(few, none);
}

static void files_hit_their_limit(void **state)
{
	struct limits l = usual;

	(void)state;
	assert_reason(&l, "Too many open files", 3, "RLIMIT_NOFILE = 1024 (Too many open files)");
	assert_reason(&l, "EMFILE: no", 3, "RLIMIT_NOFILE = 1024 (EMFILE: no)");
	assert_reason(&l, "accept: emfile", 3, "RLIMIT_NOFILE = 1024 (accept: emfile)");
	assert_reason(&l, "it broke", 1020, "RLIMIT_NOFILE = 1024 (it broke)");
	assert_reason(&l, "it broke", 960, "RLIMIT_NOFILE = 1024 (it broke)");
	assert_reason(&l, "it broke", 959, "it broke");
	assert_reason(&l, "it broke", 1025, "it broke");
	/* 32,768 files may be open, but a missing thread is not a missing file. */
	l.nofile = 32768;
	assert_reason(&l, AGAIN, 32720, "kernel.pid_max = 32768 (" AGAIN ")");
}

static void hostile_numbers(void **state)
{
	static const int64_t at[] = {
		0,        1, -1, INT64_MAX, INT64_MAX - 1, INT64_MIN, INT64_MAX / 2, INT64_MAX / 3,
		1LL << 53
	};
	struct limits none = { NONE, NONE, NONE, NONE, NONE, NONE, 0 };

	(void)state;
	for (unsigned i = 0; i < G_N_ELEMENTS(at); i++) {
		assert_reason(&usual, "no reason: %s%n", at[i], "no reason: %s%n");
		assert_reason(&none, "", at[i], "");
	}
}

static void limits_are_described(void **state)
{
	struct limits none = { NONE, NONE, NONE, NONE, NONE, NONE, 0 };
	struct limits all = { 1, 2, 3, 4, 5, 6, 7 };
	g_autofree char *a = limits_describe(&all), *b = limits_describe(&none);
	g_autofree char *c = limits_describe(&usual);

	(void)state;
	assert_string_equal(a, "kernel.pid_max = 1, kernel.threads-max = 2, vm.max_map_count = 3,"
			       " pids.max = 4, RLIMIT_NPROC = 5, RLIMIT_NOFILE = 6");
	assert_string_equal(b, "");
	assert_string_equal(c, "kernel.pid_max = 32768, kernel.threads-max = 192729,"
			       " vm.max_map_count = 65530, RLIMIT_NOFILE = 1024");
}

/* In a forked child: a failed assertion there would continue as the parent. */
#define CHECK(what)                                                                       \
	do {                                                                              \
		if (!(what)) {                                                            \
			dprintf(stderr_copy, "# %s:%d: %s\n", __FILE__, __LINE__, #what); \
			_exit(1);                                                         \
		}                                                                         \
	} while (0)

/* Messages since the last call. */
static bool was_said(const char *word)
{
	g_autofree char *text = said();

	if (word ? strstr(text, word) != NULL : !*text)
		return true;
	dprintf(stderr_copy, "# said: %s\n", text);
	return false;
}

/* Without CAP_SYS_RESOURCE tare says that the process's limits stay as they are. */
static void forget_rlimits(void)
{
	g_autofree char *text = said();

	CHECK(!strstr(text, "/proc") && !strstr(text, "/sys"));
}

#define PID_MAX "/proc/sys/kernel/pid_max"
#define THREADS_MAX "/proc/sys/kernel/threads-max"
#define MAP_COUNT "/proc/sys/vm/max_map_count"
#define PIDS "/sys/fs/cgroup/pids/of/tare/pids.max"

static void write_text(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");

	CHECK(f && fputs(text, f) >= 0 && !fclose(f));
}

static int64_t read_value(const char *path)
{
	g_autofree char *text = NULL;

	CHECK(g_file_get_contents(path, &text, NULL, NULL));
	return strncmp(text, "max", 3) ? g_ascii_strtoll(text, NULL, 10) : -1;
}

/* Covers the limit's file by a plain file. */
static void mount_file_over(const char *path, const char *text)
{
	g_autofree char *name = g_strdup_printf("/run/%s", path);

	g_strdelimit(name + 5, "/", '_');
	write_text(name, text);
	CHECK(!mount(name, path, NULL, MS_BIND, NULL));
}

/* Makes a mount namespace in which /run is empty and the limits are plain files. */
static void enter_fake_limits(void)
{
	g_autofree char *self = g_strdup_printf("/proc/%d/cgroup", getpid());

	CHECK(stderr_keep());
	CHECK(!unshare(CLONE_NEWNS) && !mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL));
	CHECK(!mount("none", "/run", "tmpfs", 0, NULL));
	CHECK(!mount("none", "/sys/fs/cgroup", "tmpfs", 0, NULL));
	CHECK(!g_mkdir_with_parents("/sys/fs/cgroup/pids/of/tare", 0755));
	write_text(PIDS, "5000\n");
	mount_file_over(PID_MAX, "32768\n");
	mount_file_over(THREADS_MAX, "190000\n");
	mount_file_over(MAP_COUNT, "65530\n");
	mount_file_over(self, "9:pids:/of/tare\n0::/elsewhere\n");
}

static void raise_and_restore(void)
{
	struct limits before, l;
	struct rlimit r = { 256, 512 };

	CHECK(!setrlimit(RLIMIT_NOFILE, &r));
	limits_read(&before);
	CHECK(before.pid_max == 32768 && before.threads_max == 190000);
	CHECK(before.map_count == 65530 && before.pids_max == 5000 && before.nofile == 256);
	CHECK(before.others > 0);
	CHECK(limits_raise() == 0);
	CHECK(!access(LIMITS_NOTE, F_OK));
	limits_read(&l);
	CHECK(l.pid_max == 4194304 && l.threads_max == 4194303 && l.map_count == 16777216);
	CHECK(l.pids_max == NONE && read_value(PIDS) == -1 && l.nofile > 256);
	forget_rlimits();
	/* A second tare is refused, and the note stays. */
	CHECK(limits_raise() == -EEXIST);
	CHECK(was_said("another tare bench"));
	/* The note of a living process: not to be swept. */
	limits_sweep();
	CHECK(read_value(PID_MAX) == 4194304 && was_said(NULL));
	limits_restore();
	CHECK(read_value(PID_MAX) == 32768 && read_value(THREADS_MAX) == 190000 &&
	      read_value(MAP_COUNT) == 65530);
	CHECK(read_value(PIDS) == 5000);
	CHECK(access(LIMITS_NOTE, F_OK) && was_said(NULL));
	/* Without a note there is nothing to sweep. */
	write_text(PID_MAX, "40000\n");
	limits_restore();
	limits_sweep();
	CHECK(read_value(PID_MAX) == 40000 && was_said(NULL));
	/* A limit that is already higher is not lowered. */
	write_text(MAP_COUNT, "20000000\n");
	CHECK(limits_raise() == 0 && read_value(MAP_COUNT) == 20000000);
	limits_restore();
	CHECK(read_value(MAP_COUNT) == 20000000 && read_value(PID_MAX) == 40000);
}

/* A killed tare leaves raised limits; the next one restores them. */
static void check_sweep(void)
{
	pid_t pid = fork();
	int status;

	if (!pid) {
		CHECK(limits_raise() == 0);
		kill(getpid(), SIGKILL);
	}
	CHECK(waitpid(pid, &status, 0) == pid && WIFSIGNALED(status));
	CHECK(read_value(MAP_COUNT) == 16777216);
	forget_rlimits();
	limits_restore(); /* of another process */
	CHECK(read_value(MAP_COUNT) == 16777216 && was_said(NULL));
	limits_sweep();
	CHECK(was_said("killed"));
	CHECK(read_value(PID_MAX) == 32768 && read_value(THREADS_MAX) == 190000 &&
	      read_value(MAP_COUNT) == 65530);
	CHECK(access(LIMITS_NOTE, F_OK));
}

/* The pid of an ended process. */
static pid_t dead_pid(void)
{
	pid_t pid = fork();

	if (!pid)
		_exit(0);
	waitpid(pid, NULL, 0);
	return pid;
}

static void hostile_notes(void)
{
	static const char *const bad[] = { "",        "\n",       "pid",
					   "pid x\n", "pid -1\n", "pid 0\n",
					   "pid 1\n", "\n\n\n\n", MAP_COUNT " 7\n" };
	g_autofree char *note = NULL;

	for (unsigned i = 0; i < G_N_ELEMENTS(bad); i++) {
		write_text(LIMITS_NOTE, bad[i]);
		limits_sweep();
		limits_restore();
		CHECK(read_value(MAP_COUNT) == 65530);
	}
	write_text("/run/victim", "1\n");
	note = g_strdup_printf(
		"pid %d\n/run/victim 5\n/sys/fs/cgroup/../../../run/victim/pids.max 6\n"
		"\n \n" MAP_COUNT "\n" MAP_COUNT " -7\n" THREADS_MAX " x\n"
		"/sys/fs/cgroup/pids/of/tare/other 5\n/no 5\n" PID_MAX " 30000",
		dead_pid());
	write_text(LIMITS_NOTE, note);
	limits_sweep();
	CHECK(read_value("/run/victim") == 1 && read_value(MAP_COUNT) == 65530 &&
	      read_value(THREADS_MAX) == 190000);
	CHECK(read_value(PID_MAX) == 30000);
	CHECK(access("/sys/fs/cgroup/pids/of/tare/other", F_OK));
	CHECK(access(LIMITS_NOTE, F_OK));
	/* A planted link is not followed. */
	CHECK(!symlink("/run/victim", LIMITS_NOTE));
	CHECK(limits_raise() < 0 && read_value("/run/victim") == 1 &&
	      read_value(MAP_COUNT) == 65530);
}

static void in_child(void (*test)(void))
{
	int status;
	pid_t pid;

	if (geteuid())
		skip();
	pid = fork();
	if (!pid) {
		enter_fake_limits();
		test();
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static void raised_limits_are_restored(void **state)
{
	(void)state;
	in_child(raise_and_restore);
}

static void limits_of_a_killed_tare_are_restored(void **state)
{
	(void)state;
	in_child(check_sweep);
}

static void notes_are_not_trusted(void **state)
{
	(void)state;
	in_child(hostile_notes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tasks_hit_the_limit_on_their_number),
		cmocka_unit_test(threads_hit_the_limit_on_mappings),
		cmocka_unit_test(coroutines_hit_no_limit_on_tasks),
		cmocka_unit_test(files_hit_their_limit),
		cmocka_unit_test(hostile_numbers),
		cmocka_unit_test(limits_are_described),
		cmocka_unit_test(raised_limits_are_restored),
		cmocka_unit_test(limits_of_a_killed_tare_are_restored),
		cmocka_unit_test(notes_are_not_trusted),
	};

	return cmocka_run_group_tests_name("bench_limits", tests, NULL, NULL);
}
