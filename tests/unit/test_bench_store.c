/* SPDX-License-Identifier: GPL-2.0-only
 *
 * store/bench: what is written is read back, can be replaced, survives a kill, and can be
 * queried by SQL. Files that tare did not make are in test_bench_hostile.c.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "tests/unit/bench_file.h"

static void assert_text(const char *a, const char *b)
{
	if (g_strcmp0(a, b))
		fail_msg("'%s' != '%s'", a ? a : "(NULL)", b ? b : "(NULL)");
}

static void assert_real(double a, double b)
{
	if (!(a == b || (isnan(a) && isnan(b))))
		fail_msg("%g != %g", a, b);
}

static void assert_same_run(const struct bench_run *a, const struct bench_run *b)
{
	assert_int_equal(a->tasks, b->tasks);
	assert_int_equal(a->repeat, b->repeat);
	assert_int_equal(a->after, b->after);
	assert_int_equal(a->outcome, b->outcome);
	assert_text(a->stopped_by, b->stopped_by);
	assert_int_equal(a->stopped_at, b->stopped_at);
	assert_real(a->ready_s, b->ready_s);
	assert_real(a->cpu_s, b->cpu_s);
	assert_real(a->others, b->others);
	for (int s = 0; s < BENCH_STATES; s++) {
		assert_int_equal(a->at[s].taken, b->at[s].taken);
		assert_int_equal(a->at[s].settled, b->at[s].settled);
		assert_real(a->at[s].time_s, b->at[s].time_s);
		for (int p = 0; p < BENCH_PARTS; p++)
			assert_int_equal(a->at[s].part[p], b->at[s].part[p]);
	}
}

static void assert_same_row(const struct bench_row *a, const struct bench_row *b)
{
	assert_text(a->id, b->id);
	assert_text(a->title, b->title);
	assert_text(a->language, b->language);
	assert_text(a->family, b->family);
	assert_text(a->task, b->task);
	assert_text(a->root, b->root);
	assert_text(a->twin, b->twin);
	assert_text(a->version, b->version);
	assert_text(a->command, b->command);
	assert_text(a->missing, b->missing);
	assert_int_equal(a->published->len, b->published->len);
	for (unsigned i = 0; i < a->published->len; i++) {
		const struct bench_published *p = a->published->pdata[i];
		const struct bench_published *q = b->published->pdata[i];

		assert_text(p->source, q->source);
		assert_text(p->version, q->version);
		assert_int_equal(p->tasks, q->tasks);
		assert_int_equal(p->rss, q->rss);
	}
	assert_int_equal(a->runs->len, b->runs->len);
	for (unsigned i = 0; i < a->runs->len; i++)
		assert_same_run(a->runs->pdata[i], b->runs->pdata[i]);
}

static void assert_same(const struct bench *a, const struct bench *b)
{
	assert_text(a->machine.kernel, b->machine.kernel);
	assert_text(a->machine.distribution, b->machine.distribution);
	assert_text(a->machine.cpu, b->machine.cpu);
	assert_int_equal(a->machine.cpus, b->machine.cpus);
	assert_int_equal(a->machine.memory, b->machine.memory);
	assert_int_equal(a->machine.page_size, b->machine.page_size);
	assert_text(a->machine.tare_version, b->machine.tare_version);
	assert_text(a->machine.measured, b->machine.measured);
	assert_text(a->machine.limits, b->machine.limits);
	assert_text(a->started, b->started);
	assert_int_equal(a->complete, b->complete);
	assert_int_equal(a->touch, b->touch);
	assert_int_equal(a->memory_max, b->memory_max);
	assert_int_equal(a->rows->len, b->rows->len);
	for (unsigned i = 0; i < a->rows->len; i++)
		assert_same_row(a->rows->pdata[i], b->rows->pdata[i]);
}

static void assert_file_is(const struct bench *b)
{
	struct bench *loaded = NULL;

	if (bench_store_load(&loaded, file))
		fail_said("not loaded");
	assert_same(b, loaded);
	bench_free(loaded);
}

static void all_comes_back(void **state)
{
	struct bench *b = some_bench();

	(void)state;
	b->complete = true;
	write_bench(b);
	assert_file_is(b);
	bench_free(b);
}

static void what_is_not_known_comes_back(void **state)
{
	struct bench *b = some_bench();
	struct bench_row *row = bench_row_new();
	struct bench_run *run = bench_run_new();

	(void)state;
	row->id = g_strdup("it's a \"name\";\xff\xc3(\n\xe2\x80\xae");
	row->title = g_strdup("\xf0\x9f\x92");
	row->language = g_strdup("");
	row->family = g_strdup("own");
	row->task = g_strdup("?1 :x @y $z");
	row->missing = g_strdup("no go: install it");
	g_ptr_array_add(b->rows, row);
	run->repeat = 1;
	run->outcome = BENCH_STOPPED;
	run->stopped_by = g_strdup("vm.max_map_count = 65530");
	run->stopped_at = 32000;
	run->at[BENCH_PEAK].taken = true;
	run->at[BENCH_PEAK].time_s = NAN;
	run->at[BENCH_PEAK].part[TARE_KMEM] = -4096;
	g_ptr_array_add(row->runs, run);
	write_bench(b);
	assert_file_is(b);
	bench_free(b);
}

static void a_text_that_must_be_is_empty(void **state)
{
	struct bench *b = bench_new(), *loaded = NULL;
	struct bench_row *row = bench_row_new();

	(void)state;
	row->id = g_strdup("x");
	add_published(row, NULL, NULL, 1);
	g_ptr_array_add(b->rows, row);
	write_bench(b);
	assert_int_equal(bench_store_load(&loaded, file), 0);
	assert_string_equal(loaded->started, "");
	assert_string_equal(loaded->machine.limits, "");
	row = bench_find(loaded, "x");
	assert_string_equal(row->language, "");
	assert_string_equal(((struct bench_published *)row->published->pdata[0])->source, "");
	assert_null(row->command);
	assert_null(loaded->machine.cpu);
	assert_null(loaded->machine.distribution);
	bench_free(loaded);
	bench_free(b);
}

static void a_file_that_exists_is_left_alone(void **state)
{
	struct bench_store *s = NULL;
	struct bench *b = some_bench();
	g_autofree char *text = NULL;

	(void)state;
	write_bench(b);
	b->touch++;
	assert_int_equal(bench_create_at(&s, file, b, NULL), -EEXIST);
	assert_null(s);
	b->touch--;
	assert_file_is(b);
	text = said();
	assert_string_equal(text, "");
	assert_int_equal(bench_create_at(&s, folder, b, NULL), -EISDIR);
	assert_said("cannot write", folder);
	bench_free(b);
}

static void what_cannot_be_created_is_said(void **state)
{
	struct bench_store *s = NULL;
	struct bench *b = some_bench();
	g_autofree char *path = g_build_filename(folder, "no", "x", NULL);

	(void)state;
	assert_int_equal(bench_create_at(&s, path, b, NULL), -ENOENT);
	assert_said("cannot write", path);
	assert_int_equal(bench_open_at(&s, file), -ENOENT);
	assert_said("cannot read", file);
	assert_int_equal(bench_open_at(&s, folder), -EISDIR);
	assert_said(folder, "directory");
	bench_free(b);
}

static void writing_goes_on(void **state)
{
	struct bench_store *s = NULL;
	struct bench *b = some_bench();
	struct bench_row *row;

	(void)state;
	b->complete = true;
	write_bench(b);
	b->complete = false;
	assert_int_equal(bench_open_at(&s, file), 0);
	row = some_row(b, "another");
	g_ptr_array_add(row->runs, some_run(5, 1, false));
	assert_int_equal(bench_store_row(s, row), 0);
	assert_int_equal(bench_store_run(s, "another", row->runs->pdata[0]), 0);
	assert_file_is(b);
	bench_store_close(s);
	assert_file_is(b);
	bench_free(b);
}

static void a_run_is_replaced(void **state)
{
	struct bench_store *s = NULL;
	struct bench *b = some_bench();
	struct bench_run *run = ((struct bench_row *)b->rows->pdata[0])->runs->pdata[1];

	(void)state;
	write_bench(b);
	assert_int_equal(bench_open_at(&s, file), 0);
	run->outcome = BENCH_FAILED;
	run->stopped_by = g_strdup("it died");
	run->at[BENCH_STEADY] = (struct bench_weighing){ 0 };
	for (int p = 0; p < BENCH_PARTS; p++)
		run->at[BENCH_STEADY].part[p] = BENCH_UNKNOWN;
	run->at[BENCH_PEAK].part[BENCH_RSS] = 77;
	assert_int_equal(bench_store_run(s, "go", run), 0);
	bench_store_close(s);
	assert_file_is(b);
	bench_free(b);
}

static void a_row_is_replaced_without_its_runs(void **state)
{
	struct bench_store *s = NULL;
	struct bench *b = some_bench();
	struct bench_row *row = b->rows->pdata[0];

	(void)state;
	some_row(b, "second");
	write_bench(b);
	assert_int_equal(bench_open_at(&s, file), 0);
	g_free(row->version);
	row->version = g_strdup("1.25");
	g_clear_pointer(&row->root, g_free);
	g_ptr_array_remove_index(row->published, 0);
	assert_int_equal(bench_store_row(s, row), 0);
	bench_store_close(s);
	assert_file_is(b);
	bench_free(b);
}

static void what_cannot_be_kept_changes_nothing(void **state)
{
	struct bench_store *s = NULL;
	struct bench *b = some_bench();
	struct bench_row *row = b->rows->pdata[0];
	struct bench_run *run = some_run(10, 2, false);
	g_autofree char *long_text = g_strnfill(2 << 20, 'x');

	(void)state;
	write_bench(b);
	assert_int_equal(bench_open_at(&s, file), 0);
	run->at[BENCH_PEAK].part[BENCH_CHARGED] = INT64_C(1) << 60;
	assert_int_equal(bench_store_run(s, "go", run), -EINVAL);
	assert_said(file, "bytes BETWEEN");
	run->at[BENCH_PEAK].part[BENCH_CHARGED] = 0;
	run->ready_s = INFINITY;
	assert_int_equal(bench_store_run(s, "go", run), -EINVAL);
	run->ready_s = 0;
	run->tasks = UINT64_MAX;
	assert_int_equal(bench_store_run(s, "go", run), -EINVAL);
	run->tasks = 10;
	run->stopped_by = g_strdup(long_text);
	assert_int_equal(bench_store_run(s, "go", run), -E2BIG);
	g_clear_pointer(&run->stopped_by, g_free);
	assert_int_equal(bench_store_run(s, "nobody", run), -ENOENT);
	assert_said(file, "'nobody'");
	g_free(row->id);
	row->id = NULL;
	assert_int_equal(bench_store_row(s, row), -EINVAL);
	row->id = g_strdup("go");
	bench_store_close(s);
	assert_file_is(b);
	g_ptr_array_add(row->runs, run);
	bench_free(b);
}

static void one_bench_at_a_time(void **state)
{
	struct bench_store *s = NULL, *other = NULL;
	struct bench *b = some_bench();
	int status;
	pid_t child;

	(void)state;
	write_bench(b);
	assert_int_equal(bench_open_at(&s, file), 0);
	assert_int_equal(bench_open_at(&other, file), -EBUSY);
	assert_said(file, "another tare");
	child = fork();
	if (!child)
		_exit(bench_open_at(&other, file) == -EBUSY ? 0 : 1);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	assert_file_is(b);
	bench_store_close(s);
	assert_int_equal(bench_open_at(&other, file), 0);
	bench_store_close(other);
	bench_store_close(NULL);
	bench_free(b);
}

static void a_shells_lock_is_said_and_passes(void **state)
{
	struct bench_store *s = NULL;
	struct bench *b = some_bench();
	struct bench_row *row = b->rows->pdata[0];
	struct bench_run *run = some_run(20, 1, false);
	sqlite3 *db;

	(void)state;
	write_bench(b);
	assert_int_equal(bench_open_at(&s, file), 0);
	db = open_shell();
	assert_int_equal(sqlite3_exec(db, "BEGIN; SELECT * FROM runs", NULL, NULL, NULL), 0);
	assert_int_equal(bench_store_run(s, "go", run), -EBUSY);
	assert_said(file, "another program");
	sqlite3_close(db);
	assert_int_equal(bench_store_run(s, "go", run), 0);
	bench_store_close(s);
	g_ptr_array_add(row->runs, run);
	assert_file_is(b);
	bench_free(b);
}

static void the_owner_gets_the_file(void **state)
{
	const struct owner owner = { .set = true, .uid = 1234, .gid = 2345 };
	struct bench_store *s = NULL;
	struct bench *b = some_bench();
	struct stat st;

	(void)state;
	if (geteuid()) {
		bench_free(b);
		skip();
	}
	assert_int_equal(bench_create_at(&s, file, b, &owner), 0);
	bench_store_close(s);
	assert_int_equal(stat(file, &st), 0);
	assert_int_equal(st.st_uid, 1234);
	assert_int_equal(st.st_gid, 2345);
	bench_free(b);
}

static void the_view_has_a_column_per_part(void **state)
{
	(void)state;
	write_some();
	for (int p = 0; p < BENCH_PARTS; p++) {
		g_autofree char *sql = g_strdup_printf(
			"SELECT %s FROM weights WHERE id = 'go' AND tasks = 10 AND repeat = 2"
			" AND after = 0 AND state = 'peak' AND outcome = 'ok'",
			bench_part_name[p]);
		g_autofree char *got = query_text(sql);
		g_autofree char *expected = g_strdup_printf("%d", 10 * 4096 + 100 + p);

		assert_string_equal(got, expected);
	}
}

/* Writes one run after another until it is killed, and a byte to `fd` for each stored run. */
static void write_for_ever(int fd)
{
	struct bench_store *s = NULL;
	struct bench_run *run;

	if (bench_open_at(&s, file))
		_exit(1);
	for (uint64_t tasks = 1000;; tasks++) {
		run = some_run(tasks, 1, true);
		if (bench_store_run(s, "go", run) || write(fd, "", 1) != 1)
			_exit(1);
		g_free(run);
	}
}

/* Kills a writer `us` after it has stored so many runs. Returns the runs that it had stored by
 * then; all must be complete. */
static unsigned kill_after(unsigned runs, unsigned us)
{
	int fds[2], status;
	unsigned stored;
	char byte;
	pid_t child;

	assert_int_equal(pipe(fds), 0);
	child = fork();
	if (!child) {
		close(fds[0]);
		write_for_ever(fds[1]);
	}
	close(fds[1]);
	for (stored = 0; stored < runs; stored++)
		assert_int_equal(read(fds[0], &byte, 1), 1);
	g_usleep(us);
	kill(child, SIGKILL);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFSIGNALED(status));
	while (read(fds[0], &byte, 1) == 1)
		stored++;
	close(fds[0]);
	return stored;
}

static void a_kill_loses_nothing_that_was_stored(void **state)
{
	struct bench_store *s = NULL;
	struct bench *b = some_bench(), *loaded;
	unsigned had = ((struct bench_row *)b->rows->pdata[0])->runs->len, stored, most = 0;

	(void)state;
	write_bench(b);
	for (unsigned i = 0; i < 40; i++) {
		stored = kill_after(i % 5, i * 1370 % 20000);
		most = MAX(most, stored);
		loaded = NULL;
		if (bench_store_load(&loaded, file))
			fail_said("not loaded");
		/* The file may have one more run than was reported. */
		assert_in_range(bench_find(loaded, "go")->runs->len, had + stored, had + most + 1);
		for (unsigned j = had; j < bench_find(loaded, "go")->runs->len; j++) {
			struct bench_run *run = some_run(1000 + j - had, 1, true);

			assert_same_run(bench_find(loaded, "go")->runs->pdata[j], run);
			g_free(run);
		}
		most = MAX(most, bench_find(loaded, "go")->runs->len - had);
		bench_free(loaded);
	}
	assert_true(most > 0);
	/* The last kill may have left a journal that was never used. */
	assert_int_equal(bench_open_at(&s, file), 0);
	assert_int_equal(bench_store_finish(s), 0);
	bench_store_close(s);
	bench_free(b);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(all_comes_back),
		TEST(what_is_not_known_comes_back),
		TEST(a_text_that_must_be_is_empty),
		TEST(a_file_that_exists_is_left_alone),
		TEST(what_cannot_be_created_is_said),
		TEST(writing_goes_on),
		TEST(a_run_is_replaced),
		TEST(a_row_is_replaced_without_its_runs),
		TEST(what_cannot_be_kept_changes_nothing),
		TEST(one_bench_at_a_time),
		TEST(a_shells_lock_is_said_and_passes),
		TEST(the_owner_gets_the_file),
		TEST(the_view_has_a_column_per_part),
		TEST(a_kill_loses_nothing_that_was_stored),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
