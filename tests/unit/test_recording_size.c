/* SPDX-License-Identifier: GPL-2.0-only
 *
 * store/recording: what a recording still holds under --max-size.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <sys/stat.h>

#include "tests/unit/recordings.h"

static void log_vmas(struct recording *rec, unsigned n, const char *what)
{
	for (unsigned i = 0; i < n; i++)
		recording_vma(rec, &(struct recorded_vma){ .time_ns = i, .what = what });
}

/* Changes of VMAs may use the space that samples do not need yet. */
static void shares_are_kept_only_when_it_is_full(void **state)
{
	struct recording *rec = begin(4 << 20);
	struct report *r = fixture("profile");
	struct stat st;

	(void)state;
	log_vmas(rec, 1000, "mmap file");
	log_vmas(rec, 40000, "munmap"); /* much more than an eighth */
	assert_int_equal(recording_checkpoint(rec, r, false), 0);
	assert_int_equal(ask_int("SELECT count(*) FROM ranges"), 41000);
	assert_int_equal(ask_int("SELECT value FROM figures WHERE name = 'log.ranges_dropped'"), 0);
	for (int i = 0; i < 40; i++) {
		log_samples(rec, 5000);
		assert_int_equal(recording_checkpoint(rec, r, i == 39), 0);
		assert_int_equal(stat(file, &st), 0);
		assert_true(st.st_size <= 4 << 20);
	}
	recording_close(rec);
	/* The oldest and least useful rows are gone, and both kinds have their share. */
	assert_in_range(ask_int("SELECT count(*) FROM ranges WHERE what = 'munmap'"), 2000, 30000);
	assert_int_equal(ask_int("SELECT count(*) FROM ranges WHERE what = 'mmap file'"), 1000);
	assert_int_equal(
		ask_int("SELECT count(*) FROM ranges") +
			ask_int("SELECT value FROM figures WHERE name = 'log.ranges_dropped'"),
		41000);
	assert_true(ask_int("SELECT count(*) FROM samples") > 10000);
	assert_said(file, "the oldest");
	report_free(r);
}

/* The smallest --max-size, and 10,000 processes. */
static void the_smallest_recording_has_the_heaviest(void **state)
{
	struct recording *rec = begin(RECORDING_SIZE_LEAST);
	struct report *r = fixture("python"), *got;
	int64_t sum = 0, count = 0, tasks = 0;
	struct stat st;

	(void)state;
	for (int i = 0; i < 10000; i++) {
		struct report_process *p = report_process_new();
		struct report_task *t = report_task_new();

		p->id = t->id = 1000 + (uint64_t)i;
		p->pid = t->tid = 1000 + i;
		p->comm = g_strdup_printf("worker%d", i % 7);
		t->comm = g_strdup(p->comm);
		p->rss_peak = p->at_peak[TARE_ANON] = (20000 - i) * 4096LL;
		p->balance[TARE_ANON].tasks.in = t->flow[TARE_ANON].in = 4096;
		g_ptr_array_add(p->argv, g_strdup("an argument of a worker"));
		g_ptr_array_add(p->tasks, t);
		g_ptr_array_add(r->processes, p);
	}
	for (unsigned i = 0; i < r->processes->len; i++)
		sum += ((struct report_process *)r->processes->pdata[i])->at_peak[TARE_ANON];
	assert_int_equal(recording_checkpoint(rec, r, false), 0);
	assert_int_equal(recording_checkpoint(rec, r, true), 0);
	recording_close(rec);
	report_free(r);
	assert_int_equal(stat(file, &st), 0);
	assert_true(st.st_size <= RECORDING_SIZE_LEAST);
	got = load();
	for (unsigned i = 0; i < got->processes->len; i++) {
		const struct report_process *p = got->processes->pdata[i];

		sum -= p->at_peak[TARE_ANON];
		count += (int64_t)p->count;
		for (unsigned j = 0; j < p->tasks->len; j++)
			tasks += (int64_t)((struct report_task *)p->tasks->pdata[j])->count;
	}
	assert_int_equal(sum, 0);
	assert_in_range(count, 10001, 10010);
	assert_in_range(tasks, 10001, 10100);
	/* As many as fit. */
	assert_in_range(got->processes->len, 200, 5000);
	report_free(got);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(shares_are_kept_only_when_it_is_full),
		TEST(the_smallest_recording_has_the_heaviest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
