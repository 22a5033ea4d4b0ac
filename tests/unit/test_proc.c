/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Texts of /proc with hostile names.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/proc.h"
#include "base/process.h"

static void stats(void **state)
{
	struct proc_stat s;

	(void)state;
	assert_true(proc_stat_parse("7 (a) Z 9) (b) R 1 7 7 0 -1 4194560 117 0 0 0 0 0 0 0 20 0 1 "
				    "0 18446744073709551615 9 9 9\n",
				    &s));
	assert_int_equal(s.state, 'R');
	assert_int_equal(s.flags, 4194560);
	assert_true(s.start == UINT64_MAX);
	assert_false(proc_stat_parse("7 (a) R 1 7 7 0 -1 4194560 117 0 0 0", &s));
	assert_false(proc_stat_parse("7 (a) R 1 7 7 0 -1 ", &s));
	assert_false(proc_stat_parse("7 (a)", &s));
	assert_false(proc_stat_parse("", &s));
}

/* An ended process does not run, though it exists until its parent waits for it. */
static void running(void **state)
{
	pid_t pid = fork();
	struct proc_stat s;
	siginfo_t ended;

	(void)state;
	if (!pid) {
		pause();
		_exit(0);
	}
	assert_true(pid > 0);
	assert_int_equal(proc_stat_read(pid, &s), 0);
	assert_true(process_running(pid, s.start));
	assert_false(process_running(pid, s.start + 1));
	assert_true(process_running(getpid(), process_own_start()));
	kill(pid, SIGKILL);
	assert_int_equal(waitid(P_PID, pid, &ended, WEXITED | WNOWAIT), 0);
	assert_false(process_running(pid, s.start));
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_false(process_running(pid, s.start));
}

static bool parse(const char *text, struct proc_map *m)
{
	static char line[256];

	strcpy(line, text);
	return proc_map_parse(line, m);
}

/* A process with a pid that was used before started later than the one that had it. */
static void started_by(void **state)
{
	uint64_t tick = 1000000000 / (uint64_t)sysconf(_SC_CLK_TCK), start;

	(void)state;
	start = process_own_start() * tick;
	assert_true(process_started_by(getpid(), start));
	assert_true(process_started_by(getpid(), UINT64_MAX));
	assert_false(process_started_by(getpid(), start - 1));
	assert_false(process_started_by(0x7ffffff0, UINT64_MAX));
}

static void maps(void **state)
{
	struct proc_map m;

	(void)state;
	assert_true(
		parse("7f00000000-7f00001000 r-xp 00002000 fd:01 4711       /a b (deleted)\n", &m));
	assert_true(m.start == 0x7f00000000 && m.end == 0x7f00001000);
	assert_true(m.offset == 0x2000 && m.inode == 4711 && m.dev == (0xfdu << 20 | 1));
	assert_true(m.code);
	assert_string_equal(m.path, "/a b (deleted)");
	assert_true(parse("1000-2000 rw-p 00000000 00:00 0 ", &m));
	assert_false(m.code);
	assert_string_equal(m.path, "");
	assert_true(
		parse("ffffffffff600000-ffffffffff601000 --xp 00000000 00:00 0 [vsyscall]", &m));
	assert_string_equal(m.path, "[vsyscall]");
	assert_false(parse("2000-1000 rw-p 0 0:0 0", &m));
	assert_false(parse("-1-2 rw-p 0 0:0 0", &m));
	assert_false(parse("1000-2000 rw", &m));
	assert_false(parse("1000-2000 rw-p", &m));
	assert_false(parse("1000-2000 rw-p 0 0 0", &m));
	assert_false(parse("1000-2000 rw-p 0 0:0 ", &m));
	assert_false(parse("", &m));
}

/* /proc writes a newline in a path as \012, so a path of newlines makes a line longer than any
 * path. The rest of that line is not a new line. */
static void long_lines(void **state)
{
	static char text[3 * PROC_LINE], line[PROC_LINE];
	FILE *f;

	(void)state;
	memset(text, 'x', PROC_LINE - 1);
	strcpy(text + PROC_LINE - 1, "6000-7000 r-xp 0 8:1 1 /etc/shadow\nlast");
	f = fmemopen(text, strlen(text), "r");
	assert_true(proc_line(f, line));
	assert_string_equal(line, "last");
	assert_false(proc_line(f, line));
	fclose(f);

	memset(text, 'x', PROC_LINE - 2);
	strcpy(text + PROC_LINE - 2, "\nnext\n");
	f = fmemopen(text, strlen(text), "r");
	assert_true(proc_line(f, line));
	assert_int_equal(strlen(line), PROC_LINE - 2);
	assert_true(proc_line(f, line));
	assert_string_equal(line, "next");
	assert_false(proc_line(f, line));
	fclose(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(stats), cmocka_unit_test(running),    cmocka_unit_test(started_by),
		cmocka_unit_test(maps),  cmocka_unit_test(long_lines),
	};

	return cmocka_run_group_tests_name("proc", tests, NULL, NULL);
}
