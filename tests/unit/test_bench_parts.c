/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The small parts of tare bench: lines of a program, read from an untrusted pipe; when a weight
 * is settled; numbers of tasks; the remaining time.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <math.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench/lines.h"
#include "bench/progress.h"
#include "bench/runner.h"
#include "bench/settle.h"
#include "bench/trial.h"
#include "cli/bench_options.h"

static void ready_lines(void **state)
{
	static const char *const not [] = {
		"",
		"ready",
		"ready ",
		"ready  5",
		"ready 5 ",
		"ready -5",
		"ready +5",
		"ready 0x5",
		"ready 5.0",
		"ready five",
		" ready 5",
		"already 5",
		"Ready 5",
		"ready\t5",
		"ready 5\r",
		"ready 5 tasks",
		"ready5",
		"after 5",
		"readyready 5",
		"ready 1e3",
		"ready 1,000",
		"ready ?",
		"ready 18446744073709551616",
		"ready 99999999999999999999999999999999999",
	};
	uint64_t k = 77;

	(void)state;
	for (unsigned i = 0; i < G_N_ELEMENTS(not ); i++)
		if (trial_line(not [i], "ready", &k))
			fail_msg("taken: %s", not [i]);
	assert_int_equal(k, 77);
	assert_true(trial_line("ready 0", "ready", &k));
	assert_int_equal(k, 0);
	assert_true(trial_line("ready 1000000", "ready", &k));
	assert_int_equal(k, 1000000);
	assert_true(trial_line("ready 18446744073709551615", "ready", &k));
	assert_true(k == UINT64_MAX);
	assert_true(trial_line("after 12", "after", &k));
	assert_int_equal(k, 12);
}

static void stopped_lines(void **state)
{
	static const char *const not [] = {
		"",
		"stopped at",
		"stopped at ",
		"stopped at 5",
		"stopped at 5 of 10",
		"stopped at 5 of 10:",
		"stopped at 5 of 10: ", /* but an empty reason counts as a reason, see below */
		"stopped at x of 10: no",
		"stopped at -5 of 10: no",
		"stopped at 5 out of 10: no",
		"Stopped at 5 of 10: no",
		" stopped at 5 of 10: no",
		"stopped at 99999999999999999999999 of 10: no",
	};
	uint64_t k = 0;

	(void)state;
	for (unsigned i = 0; i < G_N_ELEMENTS(not ); i++)
		if (i != 6 && trial_stopped(not [i], &k))
			fail_msg("taken: %s", not [i]);
	assert_string_equal(trial_stopped(not [6], &k), "");
	assert_string_equal(trial_stopped("stopped at 5 of 10: Too many: open files", &k),
			    "Too many: open files");
	assert_int_equal(k, 5);
	assert_string_equal(trial_stopped("stopped at 0 of 1: %s%n", &k), "%s%n");
	assert_int_equal(k, 0);
	assert_non_null(trial_stopped("stopped at 18446744073709551615 of 1: x", &k));
	assert_true(k == UINT64_MAX);
}

/* What lines_read() reported for a pipe. */
struct reported {
	GPtrArray *lines;
	unsigned count;
	size_t longest;
};

static void on_line(void *ctx, const char *line)
{
	struct reported *t = ctx;

	t->count++;
	t->longest = MAX(t->longest, strlen(line));
	if (t->lines->len < 16)
		g_ptr_array_add(t->lines, g_strdup(line));
}

static void open_lines(struct lines *l, struct reported *t, int *writer)
{
	int fd[2];

	assert_int_equal(pipe2(fd, O_CLOEXEC | O_NONBLOCK), 0);
	*t = (struct reported){ .lines = g_ptr_array_new_with_free_func(g_free) };
	*l = (struct lines){ .fd = fd[0], .fn = on_line, .ctx = t };
	*writer = fd[1];
}

static void put(int fd, const char *text, size_t len)
{
	assert_int_equal(write(fd, text, len), len);
}

static void close_lines(struct lines *l, struct reported *t)
{
	close(l->fd);
	g_ptr_array_unref(t->lines);
}

static void assert_line(const struct reported *t, unsigned i, const char *text)
{
	assert_true(i < t->lines->len);
	assert_string_equal(t->lines->pdata[i], text);
}

static void lines_come_in_pieces(void **state)
{
	struct lines l;
	struct reported t;
	int fd;

	(void)state;
	open_lines(&l, &t, &fd);
	lines_read(&l);
	assert_int_equal(t.count, 0);
	assert_false(l.ended);
	put(fd, "rea", 3);
	lines_read(&l);
	assert_int_equal(t.count, 0);
	put(fd, "dy 5\n\nnext\nre\0st", 16);
	lines_read(&l);
	assert_int_equal(t.count, 3);
	assert_line(&t, 0, "ready 5");
	assert_line(&t, 1, "");
	assert_line(&t, 2, "next");
	assert_false(l.ended);
	close(fd);
	lines_read(&l);
	assert_true(l.ended);
	assert_int_equal(t.count, 4);
	assert_line(&t, 3, "re?st");
	lines_read(&l); /* a second read has nothing more */
	assert_int_equal(t.count, 4);
	close_lines(&l, &t);
}

static void long_lines_are_cut(void **state)
{
	g_autofree char *text = g_strnfill(3 * LINES_MAX, 'x');
	struct lines l;
	struct reported t;
	int fd;

	(void)state;
	open_lines(&l, &t, &fd);
	put(fd, text, LINES_MAX - 1);
	put(fd, "\n", 1);
	put(fd, text, LINES_MAX);
	put(fd, "\nready 1\n", 9);
	put(fd, text, 3 * LINES_MAX);
	put(fd, "\nready 2\n", 9);
	lines_read(&l);
	assert_int_equal(t.count, 5);
	assert_int_equal(t.longest, LINES_MAX - 1);
	assert_int_equal(strlen(t.lines->pdata[0]), LINES_MAX - 1);
	assert_int_equal(strlen(t.lines->pdata[1]), LINES_MAX - 1);
	assert_line(&t, 2, "ready 1");
	assert_int_equal(strlen(t.lines->pdata[3]), LINES_MAX - 1);
	assert_line(&t, 4, "ready 2");
	close(fd);
	close_lines(&l, &t);
}

/* A child writes `pieces` copies of a text; the caller closes the pipe. */
static pid_t write_from_child(int fd, const char *text, unsigned pieces)
{
	pid_t pid = fork();

	if (pid)
		return pid;
	fcntl(fd, F_SETFL, 0);
	for (unsigned i = 0; i < pieces; i++)
		if (write(fd, text, strlen(text)) < 0)
			_exit(1);
	_exit(0);
}

static void megabytes(void **state)
{
	g_autofree char *piece = g_strnfill(1000, 'y');
	struct lines l;
	struct reported t;
	int fd, status;
	pid_t pid;

	(void)state;
	open_lines(&l, &t, &fd);
	pid = write_from_child(fd, piece, 20000); /* 20 MB without a newline */
	while (waitpid(pid, &status, WNOHANG) == 0)
		lines_read(&l);
	assert_int_equal(status, 0);
	put(fd, "\nready 3\n", 9);
	close(fd);
	while (!l.ended)
		lines_read(&l);
	assert_int_equal(t.count, 2);
	assert_line(&t, 1, "ready 3");
	close_lines(&l, &t);

	open_lines(&l, &t, &fd);
	pid = write_from_child(fd, "a line\nready 4\n", 200000);
	close(fd);
	while (!l.ended)
		lines_read(&l);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(t.count, 400000);
	close_lines(&l, &t);
}

/* A writer that never stops and never blocks: each call returns all the same. */
static void an_endless_writer(void **state)
{
	struct reported t = { .lines = g_ptr_array_new_with_free_func(g_free) };
	struct lines l = { .fd = open("/dev/zero", O_RDONLY | O_CLOEXEC),
			   .fn = on_line,
			   .ctx = &t };

	(void)state;
	alarm(20);
	for (unsigned i = 0; i < 8; i++)
		lines_read(&l);
	alarm(0);
	assert_false(l.ended);
	assert_int_equal(t.count, 1);
	assert_int_equal(strlen(t.lines->pdata[0]), LINES_MAX - 1);
	close_lines(&l, &t);
}

#define MS 1000000ULL

static void settles(void **state)
{
	struct settle s;
	int64_t weight = 100 << 20;

	(void)state;
	settle_begin(&s);
	for (unsigned i = 0; i < SETTLE_LOOKS - 1; i++)
		assert_false(settle_look(&s, i * 50 * MS, weight));
	assert_false(s.settled);
	assert_true(settle_look(&s, 550 * MS, weight));
	assert_true(s.settled);

	/* Enough polls, but not enough time. */
	settle_begin(&s);
	assert_false(s.settled);
	for (unsigned i = 0; i < 100; i++)
		assert_false(settle_look(&s, i * MS, weight));
	/* It keeps growing by too much. */
	settle_begin(&s);
	for (unsigned i = 0; i < 100; i++)
		assert_false(settle_look(&s, i * 50 * MS, weight + i * 11000LL));
	/* Then it is still, but settles only when the last growth is out of the window. */
	for (unsigned i = 0; i < SETTLE_LOOKS - 3; i++)
		assert_false(settle_look(&s, (100 + i) * 50 * MS, weight + (8 << 20)));
	for (unsigned i = 0; i < 3; i++)
		settle_look(&s, (110 + i) * 50 * MS, weight + (8 << 20));
	assert_true(s.settled);
}

static void settles_within_bounds(void **state)
{
	static const int64_t base[] = { 0, 1 << 20, 1LL << 30 };
	struct settle s;

	(void)state;
	for (unsigned b = 0; b < G_N_ELEMENTS(base); b++) {
		int64_t most = MAX(SETTLE_BYTES, base[b] / SETTLE_SHARE);

		settle_begin(&s);
		for (unsigned i = 0; i < 2 * SETTLE_LOOKS; i++)
			settle_look(&s, i * 50 * MS, base[b] - (i % 2 ? most : 0));
		assert_true(s.settled);
		settle_begin(&s);
		for (unsigned i = 0; i < 2 * SETTLE_LOOKS; i++)
			assert_false(
				settle_look(&s, i * 50 * MS, base[b] - (i % 2 ? most + 4096 : 0)));
	}
}

static void the_most_that_fits(void **state)
{
	(void)state;
	assert_int_equal(runner_most(32700, 10000), 31000);
	assert_int_equal(runner_most(32765, 0), 31000);
	assert_int_equal(runner_most(19990, 10000), 19000);
	assert_int_equal(runner_most(10300, 10000), 0);
	assert_int_equal(runner_most(65536, 10000), 63000);
	assert_int_equal(runner_most(1000000, 100000), 960000);
	/* Not above the N that has run: no run. */
	assert_int_equal(runner_most(32700, 31000), 0);
	assert_int_equal(runner_most(32700, 30999), 31000);
	assert_int_equal(runner_most(0, 0), 0);
	assert_int_equal(runner_most(1, 1), 0);
	assert_int_equal(runner_most(1, 0), 1);
	assert_int_equal(runner_most(5, 0), 5);
	for (uint64_t at = 1; at < 200000; at += 7) {
		uint64_t most = runner_most(at, 0), step = 1;

		while (most / step >= 100)
			step *= 10;
		assert_true(most && most <= at - at / 32 && most % step == 0);
		assert_true(most >= at - at / 32 - at / 10);
	}
	assert_true(runner_most(UINT64_MAX, 0) > UINT64_MAX / 2);
}

static void numbers_of_tasks(void **state)
{
	static const struct {
		const char *word;
		uint64_t tasks;
	} good[] = { { "0", 0 },
		     { "1", 1 },
		     { "10k", 10000 },
		     { "10K", 10000 },
		     { "1M", 1000000 },
		     { "100M", 100000000 },
		     { "100000k", 100000000 },
		     { "007", 7 },
		     { "100000000", 100000000 } };
	static const char *const bad[] = {
		"",
		"-1",
		"+1",
		" 1",
		"1 ",
		"1000000000000",
		"100000001",
		"101M",
		"1kk",
		"1kM",
		"1.5k",
		"1e3",
		"1,000",
		"k",
		"M",
		"0x10",
		"1m",
		"1G",
		"one",
		"18446744073709551617",
		"18446744073709552k",
		"99999999999999999999999",
		"1k ",
		"100001k",
	};
	uint64_t n;

	(void)state;
	for (unsigned i = 0; i < G_N_ELEMENTS(good); i++) {
		if (bench_parse_tasks(good[i].word, &n))
			fail_msg("refused: %s", good[i].word);
		assert_int_equal(n, good[i].tasks);
	}
	for (unsigned i = 0; i < G_N_ELEMENTS(bad); i++)
		if (bench_parse_tasks(bad[i], &n) != -EINVAL)
			fail_msg("taken: %s", bad[i]);
}

static void lists_of_tasks(void **state)
{
	char *argv[] = { "bench", "--tasks=10k,1,1k,1,10k", "--only", "go", NULL };
	struct bench_options o;

	(void)state;
	assert_int_equal(bench_options_parse(&o, BENCH_VERB_RUN, 4, argv), 0);
	assert_int_equal(o.tasks->len, 3);
	assert_int_equal(g_array_index(o.tasks, uint64_t, 0), 1);
	assert_int_equal(g_array_index(o.tasks, uint64_t, 1), 1000);
	assert_int_equal(g_array_index(o.tasks, uint64_t, 2), 10000);
	assert_false(o.own);
	bench_options_free(&o);
}

static void time_left(void **state)
{
	struct progress p;

	(void)state;
	progress_open(&p, 2);
	assert_true(progress_left(&p) == 0);
	for (unsigned i = 0; i < 3; i++) {
		progress_plan(&p, 1);
		progress_plan(&p, 10000);
	}
	assert_true(progress_left(&p) < 0); /* no estimate yet */
	progress_done(&p, 1, 2);
	assert_true(fabs(progress_left(&p) - 10) <
		    1e-9); /* 2 + 3 more runs, each as long as the finished one */
	progress_done(&p, 10000, 7);
	assert_true(fabs(progress_left(&p) - (2 * 2 + 2 * 7)) < 1e-9);
	progress_done(&p, 10000, 9);
	assert_true(fabs(progress_left(&p) - (2 * 2 + 8)) < 1e-9);
	progress_done(&p, 10000, -1); /* not needed, so its time is not counted */
	assert_true(fabs(progress_left(&p) - 4) < 1e-9);
	progress_done(&p, 10000, -1); /* more than planned */
	progress_done(&p, 1, -1);
	progress_done(&p, 1, -1);
	assert_true(progress_left(&p) == 0);
	progress_close(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ready_lines),
		cmocka_unit_test(stopped_lines),
		cmocka_unit_test(lines_come_in_pieces),
		cmocka_unit_test(long_lines_are_cut),
		cmocka_unit_test(megabytes),
		cmocka_unit_test(an_endless_writer),
		cmocka_unit_test(settles),
		cmocka_unit_test(settles_within_bounds),
		cmocka_unit_test(the_most_that_fits),
		cmocka_unit_test(numbers_of_tasks),
		cmocka_unit_test(lists_of_tasks),
		cmocka_unit_test(time_left),
	};

	return cmocka_run_group_tests_name("bench_parts", tests, NULL, NULL);
}
