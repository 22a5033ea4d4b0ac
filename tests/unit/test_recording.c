/* SPDX-License-Identifier: GPL-2.0-only
 *
 * store/recording: what is written is read again, whatever happens between.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <sys/stat.h>

#include "model/thin.h"
#include "output/output.h"
#include "store/recording.h"
#include "tests/golden/fixtures.c"
#include "tests/unit/store_file.h"

static struct recording *begin(uint64_t max_size)
{
	struct recording_config config = { .max_size = max_size };
	struct recording *rec = NULL;

	if (recording_create(&rec, file, &config))
		fail_said("not created");
	return rec;
}

static struct report *load(void)
{
	struct report *r = NULL;

	if (recording_load(&r, file))
		fail_said("not loaded");
	return r;
}

/* The kernel lets no argument through that is longer than 32 pages; fixtures know no
 * such bound. */
static void shorten(const GPtrArray *arguments)
{
	for (unsigned i = 0; i < arguments->len; i++)
		if (strlen(arguments->pdata[i]) > 128 * KIB)
			((char *)arguments->pdata[i])[128 * KIB] = '\0';
}

static struct report *as_from_kernel(struct report *r)
{
	shorten(r->command);
	for (unsigned i = 0; i < r->processes->len; i++)
		shorten(((const struct report_process *)r->processes->pdata[i])->argv);
	return r;
}

static struct report *fixture(const char *name)
{
	for (unsigned i = 0; i < G_N_ELEMENTS(fixtures); i++)
		if (!strcmp(fixtures[i].name, name))
			return as_from_kernel(fixtures[i].make());
	fail_msg("no fixture %s", name);
	return NULL;
}

static void write_complete(const char *name)
{
	struct recording *rec = begin(64 << 20);
	struct report *r = fixture(name);

	if (recording_checkpoint(rec, r, true))
		fail_said("not written");
	recording_close(rec);
	report_free(r);
}

/* Long texts: where they begin to differ. */
static void assert_same(const char *name, const char *a, const char *b)
{
	size_t i = 0;

	while (a[i] && a[i] == b[i])
		i++;
	if (a[i] == b[i])
		return;
	dup2(stderr_fd, STDERR_FILENO);
	fail_msg("%s: '%.*s' is now '%.*s'", name, 100, a + MAX(i, 50) - 50, 100,
		 b + MAX(i, 50) - 50);
}

/* The JSON has every field. */
static void a_report_comes_back_as_it_was(void **state)
{
	(void)state;
	for (unsigned i = 0; i < G_N_ELEMENTS(fixtures); i++) {
		struct report *before = fixture(fixtures[i].name), *after;
		const struct table_style style = { .width = 100, .all_threads = true };
		g_autofree char *json = json_render(before), *again = NULL;
		g_autofree char *table = table_render(before, &style), *shown = NULL;

		if (!strcmp(fixtures[i].name, "folded")) { /* the recording has no counts yet */
			report_free(before);
			continue;
		}
		write_complete(fixtures[i].name);
		after = load();
		again = json_render(after);
		assert_same(fixtures[i].name, json, again);
		shown = table_render(after, &style);
		assert_same(fixtures[i].name, table, shown);
		assert_int_equal(!before->profile, !after->profile);
		report_free(before);
		report_free(after);
	}
}

static void the_last_checkpoint_counts(void **state)
{
	struct recording *rec = begin(64 << 20);
	struct report *first = fixture("python"), *second = fixture("profile"), *got = NULL;
	g_autofree char *text = NULL;

	(void)state;
	assert_int_equal(recording_load(&got, file), -ENODATA);
	assert_said(file, "holds nothing yet");
	assert_int_equal(recording_checkpoint(rec, first, false), 0);
	got = load();
	assert_int_equal(got->processes->len, first->processes->len);
	assert_said(file, "incomplete");
	assert_string_equal(
		((struct report_feature *)got->features->pdata[got->features->len - 1])->state,
		"incomplete");
	report_free(got);
	assert_int_equal(recording_checkpoint(rec, second, true), 0);
	recording_close(rec);
	got = load();
	assert_int_equal(got->processes->len, second->processes->len);
	assert_non_null(got->profile);
	text = said();
	assert_string_equal(text, "");
	report_free(got);
	report_free(first);
	report_free(second);
}

static void only_a_recording_is_replaced(void **state)
{
	struct recording *rec;

	(void)state;
	assert_true(g_file_set_contents(file, "precious", -1, NULL));
	assert_int_equal(recording_check(file), -EBADMSG);
	assert_said(file, "not a file of tare run -r");
	assert_true(g_file_set_contents(file, "", 0, NULL));
	assert_int_equal(recording_check(file), 0);
	write_complete("python");
	assert_int_equal(recording_check(file), 0);
	rec = begin(64 << 20);
	assert_int_equal(recording_check(file), -EBUSY);
	assert_said(file, "another tare is writing it");
	recording_close(rec);
}

static int64_t ask_int(const char *sql)
{
	g_autofree char *value = ask(sql);

	return g_ascii_strtoll(value, NULL, 10);
}

/* Not 0, which somebody who asks in SQL would believe. */
static void what_is_not_measured_is_not_there(void **state)
{
	struct recording *rec = begin(64 << 20);
	struct report *r = fixture("profile");
	struct report_point p = { .time_ns = 1ULL << 50, .kinds = true };

	(void)state;
	r->kmem.level = KMEM_NONE;
	g_array_append_val(r->series, p);
	report_add_feature(r, "swap", "not measured", "no reason");
	report_add_feature(r, "faults", "not measured", "no reason");
	r->profile->untouched_why = g_strdup("no reason");
	assert_int_equal(recording_checkpoint(rec, r, true), 0);
	recording_close(rec);
	assert_int_equal(ask_int("SELECT count(*) FROM balances WHERE kind IN ('kmem', 'swap')"),
			 0);
	assert_int_equal(ask_int("SELECT count(*) FROM task_kinds WHERE kind IN ('kmem', 'swap')"),
			 0);
	assert_int_equal(ask_int("SELECT count(*) FROM balances WHERE kind = 'anon'"),
			 r->processes->len + 1);
	assert_int_equal(ask_int("SELECT count(*) FROM series WHERE kmem IS NULL AND swap IS NULL"
				 " AND anon IS NOT NULL"),
			 1);
	assert_int_equal(ask_int("SELECT count(faults_user) + count(faults_kernel)"
				 " + count(faults_major) FROM tasks"),
			 0);
	assert_true(ask_int("SELECT count(*) FROM asked") > 0);
	assert_int_equal(ask_int("SELECT count(untouched) FROM asked"), 0);
	report_free(load());
	report_free(r);
}

static void log_samples(struct recording *rec, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		struct recorded_sample s = {
			.time_ns = i * 1000,
			.bytes = 65536,
			.address = 0x7f0000000000 + i * 65536ULL,
			.tally = i % 7,
			.no_address = i % 100 == 0,
		};

		recording_sample(rec, &s);
	}
}

static void the_log_is_whole_where_it_fits(void **state)
{
	struct recording *rec = begin(64 << 20);
	struct recorded_range range = { 5, 3, 0x1000, 4096, 77, "mmap file", "/lib/x" };
	struct report *r = fixture("profile");

	(void)state;
	log_samples(rec, 50000);
	recording_range(rec, &range);
	assert_int_equal(recording_checkpoint(rec, r, true), 0);
	recording_close(rec);
	assert_int_equal(ask_int("SELECT count(*) FROM samples"), 50000);
	assert_int_equal(ask_int("SELECT count(*) FROM samples WHERE address IS NULL"), 500);
	assert_int_equal(ask_int("SELECT sum(bytes) FROM samples"), 50000 * 65536LL);
	assert_int_equal(ask_int("SELECT value FROM figures WHERE name = 'log.level'"), 0);
	assert_int_equal(ask_int("SELECT count(*) FROM ranges WHERE what = 'mmap file'"
				 " AND detail = '/lib/x' AND pid = 77"),
			 1);
	report_free(r);
}

/* What is left stands for all, and the file is never larger than it may be. */
static void the_log_is_thinned(void **state)
{
	struct recording *rec = begin(2 << 20);
	struct report *r = fixture("profile");
	int64_t level, rows;
	struct stat st;

	(void)state;
	for (int i = 0; i < 20; i++) {
		log_samples(rec, 20000);
		assert_int_equal(recording_checkpoint(rec, r, false), 0);
		assert_int_equal(stat(file, &st), 0);
		assert_true(st.st_size <= 2 << 20);
	}
	for (uint64_t i = 0; i < 20000; i++)
		recording_range(rec, &(struct recorded_range){ .time_ns = i, .what = "munmap" });
	assert_int_equal(recording_checkpoint(rec, r, true), 0);
	recording_close(rec);
	level = ask_int("SELECT value FROM figures WHERE name = 'log.level'");
	rows = ask_int("SELECT count(*) FROM samples");
	assert_in_range(level, 1, 10);
	assert_int_equal(ask_int("SELECT min(level) FROM samples"), level);
	assert_in_range(rows << level, 400000 - (1 << level), 400000 + (1 << level));
	assert_in_range(ask_int("SELECT value FROM figures WHERE name = 'log.ranges_dropped'"), 1,
			19999);
	assert_int_equal(stat(file, &st), 0);
	assert_true(st.st_size <= 2 << 20);
	report_free(r);
}

/* A report with a stack for each of n functions. */
static struct report *wide(unsigned n)
{
	struct report *r = fixture("profile");
	struct profile *p = r->profile;

	for (unsigned i = 0; i < n; i++) {
		struct profile_frame f = {
			.function = g_strdup_printf("a_function_with_a_long_name_%u", i),
			.module = 0,
			.address = i,
		};
		struct stack_node node = { 0, p->frames->len };
		struct profile_entry e = g_array_index(p->entries, struct profile_entry, 0);
		struct profile_tick t = { 511, p->entries->len, 100, 0 };

		e.node = p->nodes->len;
		e.place_label = g_strdup("heap");
		e.bytes[PICTURE_GROWN] = 100 + i;
		e.bytes[PICTURE_LIVE_PEAK] = e.bytes[PICTURE_LIVE_END] = i;
		g_array_append_val(p->frames, f);
		g_array_append_val(p->nodes, node);
		g_array_append_val(p->entries, e);
		g_array_append_val(p->ticks, t);
	}
	return r;
}

struct sums {
	int64_t bytes[PICTURES];
	uint64_t count, in, out;
};

static struct sums sums_of(const struct profile *p)
{
	struct sums s = { 0 };

	for (unsigned i = 0; i < p->entries->len; i++) {
		const struct profile_entry *e = &g_array_index(p->entries, struct profile_entry, i);

		s.count += e->count;
		for (int k = 0; k < PICTURES; k++)
			s.bytes[k] += e->bytes[k];
	}
	for (unsigned i = 0; i < p->ticks->len; i++) {
		const struct profile_tick *t = &g_array_index(p->ticks, struct profile_tick, i);

		assert_true(t->entry < p->entries->len);
		s.in += t->in;
		s.out += t->out;
	}
	return s;
}

static void small_stacks_are_left_out_last(void **state)
{
	struct recording *rec = begin(1 << 20);
	struct report *r = wide(30000), *got;
	struct sums before = sums_of(r->profile), after;
	bool found = false;
	struct stat st;

	(void)state;
	if (recording_checkpoint(rec, r, true))
		fail_said("not written");
	recording_close(rec);
	assert_int_equal(stat(file, &st), 0);
	assert_true(st.st_size <= 1 << 20);
	got = load();
	after = sums_of(got->profile);
	assert_memory_equal(&before, &after, sizeof(before));
	for (unsigned i = 0; i < got->profile->frames->len; i++) {
		const struct profile_frame *f =
			&g_array_index(got->profile->frames, struct profile_frame, i);

		found |= !strcmp(f->function, "[thinned]") && f->mark;
		assert_string_not_equal(f->function, "a_function_with_a_long_name_1");
	}
	assert_true(found);
	report_free(got);
	report_free(r);
}

static void what_cannot_fit_is_said(void **state)
{
	struct recording *rec = begin(1 << 20);
	struct report *small = fixture("python"), *r = fixture("python");

	(void)state;
	assert_int_equal(recording_checkpoint(rec, small, false), 0);
	for (int i = 0; i < 20000; i++)
		g_ptr_array_add(r->command, g_strnfill(100, 'x'));
	assert_int_equal(recording_checkpoint(rec, r, true), -E2BIG);
	assert_said(file, "--max-size");
	recording_close(rec);
	report_free(r);
	r = load(); /* the state before it */
	assert_int_equal(r->command->len, small->command->len);
	report_free(r);
	report_free(small);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(a_report_comes_back_as_it_was),  TEST(what_is_not_measured_is_not_there),
		TEST(the_last_checkpoint_counts),     TEST(only_a_recording_is_replaced),
		TEST(the_log_is_whole_where_it_fits), TEST(the_log_is_thinned),
		TEST(small_stacks_are_left_out_last), TEST(what_cannot_fit_is_said),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
