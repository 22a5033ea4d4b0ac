/* SPDX-License-Identifier: GPL-2.0-only
 *
 * base/stream, base/leftover: descriptors whose other end does not read, and temporary files
 * that must be removed.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "base/leftover.h"
#include "base/process.h"
#include "out_folder.h"

/* A name as a tare of this pid and start time makes it. */
static char *leftover(pid_t pid, uint64_t start, const char *random)
{
	g_autofree char *name =
		g_strdup_printf(".tare-%d-%" G_GUINT64_FORMAT "-%s.tmp", pid, start, random);
	char *path = in_folder(name);

	assert_true(g_file_set_contents(path, "part", -1, NULL));
	return path;
}

static bool is_there(const char *path)
{
	struct stat st;

	return !lstat(path, &st);
}

static void what_a_killed_tare_left_is_removed(void **state)
{
	const uint64_t start = process_own_start();
	g_autofree char *dead = leftover(getpid(), start + 1, "0000000a");
	g_autofree char *mine = leftover(getpid(), start, "0000000b");
	g_autofree char *locked = leftover(getpid(), start + 1, "0000000c");
	g_autofree char *other = leftover(getpid(), start + 1, "c");
	g_autofree char *theirs = leftover(getpid(), start + 1, "0000000d");
	g_autofree char *link = in_folder(".tare-1-1-0000000e.tmp");
	g_autofree char *fifo = in_folder(".tare-1-1-0000000f.tmp"), *path = in_folder("x");
	int fd = open(locked, O_RDONLY);

	(void)state;
	assert_int_equal(flock(fd, LOCK_EX), 0);
	assert_int_equal(symlink(other, link), 0);
	assert_int_equal(mkfifo(fifo, 0600), 0);
	if (!geteuid())
		assert_int_equal(chown(theirs, NOBODY, NOBODY), 0);
	assert_int_equal(write_to(path, "abc", NULL), 0);
	assert_false(is_there(dead));
	assert_true(is_there(mine));
	assert_true(is_there(locked));
	assert_true(is_there(other));
	assert_true(is_there(theirs) || geteuid());
	assert_true(is_there(link));
	assert_true(is_there(fifo));
	close(fd);
	assert_int_equal(write_to(path, "abc", NULL), 0);
	assert_false(is_there(locked));
}

static void a_temporary_says_who_makes_it(void **state)
{
	static const char *const similar[] = {
		".tare-1-2-0000000a.tmp.x", "tare-1-2-0000000a.tmp",   ".tare-1-2-0000000A.tmp",
		".tare--1-2-0000000a.tmp",  ".tare-01-2-0000000a.tmp", ".tare-1-2-a.tmp",
		".tare-1-2-0000000a",       ".tare-0000000a.tmp"
	};
	g_autofree char *name = NULL;
	int dir = open(folder, O_PATH | O_DIRECTORY), fd = leftover_create(dir, &name);
	uint64_t start;
	pid_t pid;

	(void)state;
	assert_true(fd >= 0);
	assert_true(leftover_name_parse(name, &pid, &start));
	assert_int_equal(pid, getpid());
	assert_int_equal(start, process_own_start());
	for (unsigned i = 0; i < G_N_ELEMENTS(similar); i++)
		assert_false(leftover_name_parse(similar[i], &pid, &start));
	assert_int_equal(leftover_sweep(dir, NULL), 0);
	close(fd);
	close(dir);
}

/* Runs in a child with SIGTERM blocked, as during a measurement: the pipe is full. */
static int write_while_blocked(int fd)
{
	const size_t size = 4 << 20;
	g_autofree char *big = g_malloc0(size);
	sigset_t mask;

	sigemptyset(&mask);
	sigaddset(&mask, SIGTERM);
	sigprocmask(SIG_BLOCK, &mask, NULL);
	return fileout_stream(fd, big, size) == -EINTR ? 0 : 1;
}

static void a_blocked_signal_ends_a_write_that_waits(void **state)
{
	struct pollfd full;
	int fds[2], status;
	pid_t child;

	(void)state;
	assert_int_equal(pipe(fds), 0);
	child = fork();
	if (!child)
		_exit(write_while_blocked(fds[1]));
	/* The writer waits once the pipe is full. */
	full = (struct pollfd){ .fd = fds[1], .events = POLLOUT };
	while (poll(&full, 1, 0) == 1)
		poll(NULL, 0, 1);
	assert_int_equal(kill(child, SIGTERM), 0);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	/* Nobody reads: it waits for the given time and no longer. */
	assert_int_equal(fileout_stream_within(fds[1], "abc", 3, 1), -ETIMEDOUT);
	close(fds[0]);
	close(fds[1]);
}

static volatile sig_atomic_t pipe_signals;

static void on_pipe(int signal)
{
	(void)signal;
	pipe_signals++;
}

static void a_closed_pipe_is_an_error_not_a_signal(void **state)
{
	int fds[2];

	(void)state;
	signal(SIGPIPE, on_pipe);
	assert_int_equal(pipe(fds), 0);
	close(fds[0]);
	assert_int_equal(fileout_stream(fds[1], "abc", 3), -EPIPE);
	close(fds[1]);
	assert_int_equal(pipe_signals, 0);
	assert_int_equal(raise(SIGPIPE), 0);
	assert_int_equal(pipe_signals, 1);
	signal(SIGPIPE, SIG_DFL);
}

static void a_descriptor_that_does_not_block_gets_all(void **state)
{
	const size_t size = 4 << 20;
	g_autofree char *big = g_malloc(size), *buffer = g_malloc(65536);
	size_t got = 0;
	int fds[2], status;
	pid_t child;
	ssize_t n;

	(void)state;
	memset(big, 'x', size);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds), 0);
	child = fork();
	if (!child) {
		close(fds[0]);
		_exit(fileout_stream(fds[1], big, size) ? 1 : 0);
	}
	close(fds[1]);
	fcntl(fds[0], F_SETFL, 0);
	while ((n = read(fds[0], buffer, 65536)) > 0)
		got += (size_t)n;
	close(fds[0]);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	assert_int_equal(got, size);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(what_a_killed_tare_left_is_removed),
		TEST(a_temporary_says_who_makes_it),
		TEST(a_blocked_signal_ends_a_write_that_waits),
		TEST(a_closed_pipe_is_an_error_not_a_signal),
		TEST(a_descriptor_that_does_not_block_gets_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
