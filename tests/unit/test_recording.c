/* SPDX-License-Identifier: GPL-2.0-only
 *
 * store/recording: what is written is read back, whatever happens in between.
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
#include "store/db_rollback.h"
#include "tests/unit/by_path.h"
#include "tests/unit/recordings.h"

/* Compares the JSON, which has every field. */
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
		assert_same_text(fixtures[i].name, json, again);
		shown = table_render(after, &style);
		assert_same_text(fixtures[i].name, table, shown);
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
	assert_int_equal(recording_check_at(file), -EBADMSG);
	assert_said(file, "not a file of tare run -r");
	assert_true(g_file_set_contents(file, "", 0, NULL));
	assert_int_equal(recording_check_at(file), 0);
	write_complete("python");
	assert_int_equal(recording_check_at(file), 0);
	rec = begin(64 << 20);
	assert_int_equal(recording_check_at(file), -EBUSY);
	assert_said(file, "another tare is writing it");
	recording_close(rec);
}

/* Not 0, which a reader of the SQL would believe. */
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

static void the_log_is_whole_where_it_fits(void **state)
{
	struct recording *rec = begin(64 << 20);
	struct recorded_vma vma = { 5, 3, 0x1000, 4096, 77, "mmap file", "/lib/x" };
	struct report *r = fixture("profile");

	(void)state;
	log_samples(rec, 50000);
	recording_vma(rec, &vma);
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

/* The remaining samples stand for all, and the file never exceeds its bound. */
static void the_log_is_thinned(void **state)
{
	struct recording *rec = begin(2 << 20);
	struct report *r = fixture("profile");
	int64_t level, rows;
	struct stat st;

	(void)state;
	for (int i = 0; i < 20; i++) {
		log_samples(rec, 20000);
		if (recording_checkpoint(rec, r, false))
			fail_said("not written");
		assert_int_equal(stat(file, &st), 0);
		assert_true(st.st_size <= 2 << 20);
	}
	for (uint64_t i = 0; i < 60000; i++)
		recording_vma(rec, &(struct recorded_vma){ .time_ns = i, .what = "munmap" });
	assert_int_equal(recording_checkpoint(rec, r, true), 0);
	recording_close(rec);
	level = ask_int("SELECT value FROM figures WHERE name = 'log.level'");
	rows = ask_int("SELECT count(*) FROM samples");
	assert_in_range(level, 1, 10);
	assert_int_equal(ask_int("SELECT min(level) FROM samples"), level);
	assert_in_range(rows << level, 400000 - (1 << level), 400000 + (1 << level));
	assert_in_range(ask_int("SELECT value FROM figures WHERE name = 'log.ranges_dropped'"), 1,
			59999);
	assert_int_equal(stat(file, &st), 0);
	assert_true(st.st_size <= 2 << 20);
	report_free(r);
}

/* A report with one stack for each of n functions. */
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
		e.mapping_label = g_strdup("heap");
		e.bytes[SAMPLE_TYPE_GROWN] = 100 + i;
		e.bytes[SAMPLE_TYPE_LIVE_PEAK] = e.bytes[SAMPLE_TYPE_LIVE_END] = i;
		g_array_append_val(p->frames, f);
		g_array_append_val(p->nodes, node);
		g_array_append_val(p->entries, e);
		g_array_append_val(p->ticks, t);
	}
	return r;
}

struct sums {
	int64_t bytes[SAMPLE_TYPES];
	uint64_t count, in, out;
};

static struct sums sums_of(const struct profile *p)
{
	struct sums s = { 0 };

	for (unsigned i = 0; i < p->entries->len; i++) {
		const struct profile_entry *e = &g_array_index(p->entries, struct profile_entry, i);

		s.count += e->count;
		for (int k = 0; k < SAMPLE_TYPES; k++)
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

		found |= !strcmp(f->function, "[thinned]") && f->synthetic;
		assert_string_not_equal(f->function, "a_function_with_a_long_name_1");
	}
	assert_true(found);
	report_free(got);
	report_free(r);
}

/* Whatever takes the space: the file never exceeds its bound, and what is left out is
 * reported. */
static void what_is_too_large_is_made_less(void **state)
{
	struct recording *rec = begin(1 << 20);
	struct report *small = fixture("python"), *r = fixture("python"), *got;
	const struct report_feature *f;
	struct stat st;

	(void)state;
	assert_int_equal(recording_checkpoint(rec, small, false), 0);
	for (int i = 0; i < 20000; i++)
		g_ptr_array_add(r->command, g_strnfill(100, 'x'));
	assert_int_equal(recording_checkpoint(rec, r, true), 0);
	assert_said(file, "the report in it is thinned, to stay below --max-size");
	recording_close(rec);
	report_free(r);
	report_free(small);
	assert_int_equal(stat(file, &st), 0);
	assert_true(st.st_size <= 1 << 20);
	got = load();
	assert_in_range(got->command->len, 1000, 19999);
	assert_string_equal(got->command->pdata[got->command->len - 1], "[more]");
	f = got->features->pdata[got->features->len - 1];
	assert_string_equal(f->name, "recording");
	assert_string_equal(f->state, "thinned");
	report_free(got);
}

/* The journal of a transaction that was partly written to the file, played back in memory. */
static void half_a_commit_is_taken_back(void **state)
{
	g_autofree char *journal = g_strconcat(file, "-journal", NULL), *was = NULL, *now = NULL,
			*log = NULL;
	gsize was_size, size, log_size;
	sqlite3 *db;

	(void)state;
	write_complete("profile");
	assert_true(g_file_get_contents(file, &was, &was_size, NULL));
	db = open_shell();
	assert_int_equal(sqlite3_exec(db,
				      "PRAGMA synchronous = OFF; PRAGMA cache_size = 2; BEGIN;"
				      "UPDATE figures SET value = 4711 WHERE name = 'duration_ns';"
				      "UPDATE frames SET function = hex(randomblob(3000));"
				      "UPDATE entries SET count = 9; DELETE FROM ticks",
				      NULL, NULL, NULL),
			 SQLITE_OK);
	assert_true(g_file_get_contents(file, &now, &size, NULL));
	assert_true(g_file_get_contents(journal, &log, &log_size, NULL));
	assert_true(size > was_size && memcmp(was, now, was_size));
	size = db_rollback((unsigned char *)now, size, (unsigned char *)log, log_size);
	assert_int_equal(size, was_size);
	assert_memory_equal(was, now, size);
	/* A journal that is cut anywhere, or holds any bytes, does no harm. */
	for (unsigned i = 0; i < 2000; i++) {
		log[g_random_int_range(0, (int)MIN(log_size, 600))] = (char)g_random_int();
		db_rollback((unsigned char *)now, size, (unsigned char *)log,
			    (gsize)g_random_int_range(0, (int)log_size));
	}
	sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
	sqlite3_close(db);
}

/* Written by the tare of schema 1, from fixture_profile(). */
static void schema_1_is_read(void **state)
{
	g_autofree char *json = NULL, *data = NULL;
	struct report *r = NULL;
	gsize len;

	(void)state;
	assert_true(g_file_get_contents("tests/unit/data/schema1.tare", &data, &len, NULL));
	assert_true(g_file_set_contents(file, data, (gssize)len, NULL));
	r = load();
	json = json_render(r);
	assert_non_null(strstr(json, "worker"));
	assert_int_equal(r->processes->len, 2);
	assert_int_equal(((struct report_process *)r->processes->pdata[0])->count, 1);
	assert_int_equal(r->profile->entries->len, 14);
	assert_int_equal(r->profile->ticks->len, 21);
	assert_int_equal(recording_check_at(file), 0); /* and may be replaced */
	report_free(r);
}

/* The columns that schema 3 added are not known in a file of schema 2. */
static void schema_2_is_read(void **state)
{
	struct report *r = fixture("python");
	struct recording *rec = begin(64 << 20);
	sqlite3 *db;

	(void)state;
	assert_int_equal(recording_checkpoint(rec, r, true), 0);
	recording_close(rec);
	report_free(r);
	r = load();
	assert_true(((struct report_process *)r->processes->pdata[0])->vm_peak > 0);
	report_free(r);
	db = open_shell();
	assert_int_equal(sqlite3_exec(db,
				      "ALTER TABLE processes DROP COLUMN vm_peak;"
				      " PRAGMA user_version = 2",
				      NULL, NULL, NULL),
			 SQLITE_OK);
	sqlite3_close(db);
	r = load();
	assert_int_equal(((struct report_process *)r->processes->pdata[0])->vm_peak, 0);
	report_free(r);
}

/* Writes only what changed since the last checkpoint: unchanged rows keep their numbers, and
 * ended rows disappear completely. */
static void a_checkpoint_writes_what_changed(void **state)
{
	struct recording *rec = begin(64 << 20);
	struct report *r = fixture("profile");
	struct report_process *p = r->processes->pdata[1];
	int64_t before, number;
	sqlite3 *db;

	(void)state;
	p->id = 7;
	((struct report_process *)r->processes->pdata[0])->id = 6;
	assert_int_equal(recording_checkpoint(rec, r, false), 0);
	number = ask_int("SELECT max(number) FROM processes");
	/* Rows that are not written again are not checked: they stay as someone else changed
	 * them. */
	db = open_shell();
	assert_int_equal(sqlite3_exec(db,
				      "UPDATE frames SET line = 4711; UPDATE tasks SET tid ="
				      " 4711; UPDATE ticks SET came = 4711",
				      NULL, NULL, NULL),
			 SQLITE_OK);
	sqlite3_close(db);
	before = ask_int("SELECT count(*) FROM frames WHERE line = 4711");
	p->rss_peak += 4096;
	assert_int_equal(recording_checkpoint(rec, r, false), 0);
	assert_int_equal(ask_int("SELECT count(*) FROM frames WHERE line = 4711"), before);
	assert_int_equal(ask_int("SELECT count(*) FROM tasks WHERE tid != 4711"), 0);
	assert_int_equal(ask_int("SELECT count(*) FROM ticks WHERE came != 4711"), 0);
	assert_int_equal(ask_int("SELECT max(number) FROM processes"), number);
	g_array_set_size(r->profile->entries, 0);
	g_array_set_size(r->profile->virtual, 0);
	g_array_set_size(r->profile->ticks, 0);
	g_ptr_array_remove_index(r->processes, 1);
	assert_int_equal(recording_checkpoint(rec, r, false), 0);
	assert_int_equal(ask_int("SELECT count(*) FROM processes"), 1);
	assert_int_equal(ask_int("SELECT count(*) FROM entries"), 0);
	assert_int_equal(ask_int("SELECT count(*) FROM ticks"), 0);
	assert_int_equal(ask_int("SELECT count(DISTINCT process) FROM balances"), 2);
	assert_int_equal(ask_int("SELECT count(*) FROM task_kinds WHERE task NOT IN"
				 " (SELECT number FROM tasks)"),
			 0);
	report_free(load());
	assert_int_equal(recording_checkpoint(rec, r, true), 0);
	assert_int_equal(ask_int("SELECT count(*) FROM frames WHERE line = 4711"), 0);
	recording_close(rec);
	report_free(r);
}

/* Checkpoints go on while a reader has the file open: its view stays the same, and nothing is
 * lost. Only the last checkpoint waits for it. */
static void a_reader_is_waited_for_by_the_last_only(void **state)
{
	struct recording *rec = begin(64 << 20);
	struct report *r = fixture("profile");
	sqlite3 *db;

	(void)state;
	assert_int_equal(recording_checkpoint(rec, r, false), 0);
	db = open_shell();
	sqlite3_exec(db, "BEGIN; SELECT count(*) FROM figures", NULL, NULL, NULL);
	log_samples(rec, 3);
	r->duration_ns++;
	assert_int_equal(recording_checkpoint(rec, r, false), 0);
	r->duration_ns++;
	assert_int_equal(recording_checkpoint(rec, r, false), 0);
	sqlite3_exec(db, "COMMIT", NULL, NULL, NULL);
	sqlite3_close(db);
	assert_int_equal(recording_checkpoint(rec, r, false), 0);
	assert_int_equal(ask_int("SELECT value FROM figures WHERE name = 'duration_ns'"),
			 (int64_t)r->duration_ns);
	assert_int_equal(ask_int("SELECT count(*) FROM samples"), 3);
	assert_int_equal(recording_checkpoint(rec, r, true), 0);
	recording_close(rec);
	report_free(r);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(a_report_comes_back_as_it_was),
		TEST(what_is_not_measured_is_not_there),
		TEST(the_last_checkpoint_counts),
		TEST(only_a_recording_is_replaced),
		TEST(the_log_is_whole_where_it_fits),
		TEST(the_log_is_thinned),
		TEST(small_stacks_are_left_out_last),
		TEST(what_is_too_large_is_made_less),
		TEST(half_a_commit_is_taken_back),
		TEST(schema_1_is_read),
		TEST(schema_2_is_read),
		TEST(a_checkpoint_writes_what_changed),
		TEST(a_reader_is_waited_for_by_the_last_only),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
