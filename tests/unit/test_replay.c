/* SPDX-License-Identifier: GPL-2.0-only
 *
 * store/replay: a made-up workload is recorded each second, and shown again at any of its times:
 * the rows are those of then. Also under --max-size, and from files that were damaged.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <sys/stat.h>

#include "model/live_view.h"
#include "store/replay.h"
#include "tests/unit/recordings.h"

#define NS 1000000000ULL
#define SECONDS 300
#define PROCESSES 40

static GArray *rows, *before;
static struct live *live;
static unsigned stretch; /* of the processes' lives */

static struct live_row row_of(uint64_t id, uint64_t proc)
{
	return (struct live_row){
		.id = id,
		.proc = proc,
		.pid = (pid_t)(1000 + proc),
		.ppid = 1,
		.tid = id == proc ? 0 : (pid_t)id,
		.name = "prog --fast",
		.comm = "prog",
		.uid = 5,
		.cgroup = "/a/b",
		.cause = LIVE_NO_CAUSE,
	};
}

static void add(struct live_row row, int64_t anon, uint64_t in, unsigned threads)
{
	bool ran = row.proc == 1;

	row.kind[TARE_ANON] = anon;
	row.now.in = in;
	row.threads = threads;
	row.cause = in ? 7 : LIVE_NO_CAUSE;
	g_array_append_val(rows, row);
	g_array_append_val(before, ran);
}

/* Process p lives from second p to second 100 + 4 p, and grows by p KiB a second; every fourth has
 * a second thread, which does it. */
static void world_at(unsigned s)
{
	g_array_set_size(rows, 0);
	g_array_set_size(before, 0);
	for (uint64_t p = 1; p <= PROCESSES; p++) {
		uint64_t grown = p % 3 ? (s - p) * p * KIB : 0;

		if (s < p || s > stretch * (100 + 4 * p))
			continue;
		add(row_of(p, p), (int64_t)(MIB + grown), grown, p % 4 ? 1 : 2);
		if (p % 4)
			continue;
		add(row_of(1000 + p, p), (int64_t)grown, grown, 1);
		add(row_of(2000 + p, p), 0, 0, 1);
	}
}

static void tick(unsigned s)
{
	struct live_round round = {
		.now_ns = 50 * NS + s * NS,
		.origin_ns = 50 * NS,
		.in = s * MIB,
		.born = MIN(s, PROCESSES),
		.rows = rows,
		.before = before,
	};

	world_at(s);
	live_replay(live, &round);
}

static char *cause_name(uint32_t id)
{
	return g_strdup_printf("cause %u", id);
}

static void record(uint64_t max_size, unsigned seconds)
{
	struct recording *rec = begin(max_size);
	struct report *r = fixture("python");

	live_clear(live);
	for (unsigned s = 0; s < seconds; s++) {
		tick(s + 1);
		recording_round(rec, live, cause_name);
		if (recording_checkpoint(rec, r, s + 1 == seconds))
			fail_said("not written");
	}
	recording_close(rec);
	report_free(r);
}

static struct replay *opened(void)
{
	struct replay *p = NULL;

	if (replay_open(&p, file))
		fail_said("not opened");
	return p;
}

static const struct live_row *find(const GArray *in, const struct live_row *row)
{
	for (unsigned i = 0; i < in->len; i++) {
		const struct live_row *r = &g_array_index(in, struct live_row, i);

		if (r->pid == row->pid && r->tid == row->tid)
			return r;
	}
	fail_msg("no row of %d/%d", row->pid, row->tid);
	return NULL;
}

/* All rows of a view, with their rates over a second, are those that the model had then. */
static void same_rows(const struct replay *p, struct live *shown, unsigned index)
{
	const struct replay_point *at =
		&g_array_index(replay_points(p), struct replay_point, index);
	struct live_query query = { .threads = true };
	struct live_view *view = live_view_new(), *other = live_view_new();
	const GArray *wanted, *got;
	unsigned s = (unsigned)(at->time_ns / NS);

	live_clear(live);
	for (unsigned i = s > 2 ? s - 2 : 1; i <= s; i++)
		tick(i);
	wanted = live_view_rows(view, live, &query);
	got = live_view_rows(other, shown, &query);
	assert_int_equal(got->len, wanted->len);
	assert_int_equal(at->weight, live_weight(&live_total(live)->sum));
	assert_int_equal(live_weight(&live_total(shown)->sum), at->weight);
	assert_int_equal(live_total(shown)->sum.now.in, s * MIB);
	for (unsigned i = 0; i < wanted->len; i++) {
		const struct live_row *w = &g_array_index(wanted, struct live_row, i);
		const struct live_row *r = find(got, w);
		g_autofree char *cause = replay_cause(p, r->cause);

		assert_memory_equal(&r->now, &w->now, sizeof(r->now));
		assert_memory_equal(r->kind, w->kind, sizeof(r->kind));
		assert_int_equal(r->threads, w->threads);
		assert_string_equal(r->name, w->name);
		assert_string_equal(r->cgroup, w->cgroup);
		assert_int_equal(r->uid, w->uid);
		if (w->cause != LIVE_NO_CAUSE)
			assert_string_equal(cause, "cause 7");
		if (s > 2 && r->pid != 1001 && stretch == 1)
			assert_true(r->rate[LIVE_1S].in == w->rate[LIVE_1S].in);
	}
	live_view_free(view);
	live_view_free(other);
}

static void any_time_is_as_it_was(void **state)
{
	struct replay *p;
	struct live *shown = live_new();

	(void)state;
	record(64 << 20, SECONDS);
	p = opened();
	assert_int_equal(replay_points(p)->len, SECONDS);
	for (unsigned i = 0; i < SECONDS; i++) {
		assert_int_equal(replay_seek(p, i, shown), 0);
		if (i % 7 == 0 || i > SECONDS - 3)
			same_rows(p, shown, i);
	}
	for (unsigned i = 0; i < 60; i++) {
		unsigned at = i * 173 % SECONDS;

		assert_int_equal(replay_seek(p, at, shown), 0);
		same_rows(p, shown, at);
		assert_true(live_total(shown)->points >= MIN(at, LIVE_CURVE));
	}
	/* Only what changed is in the file: a process that does not grow has its full rounds. */
	assert_int_equal(ask_int("SELECT count(*) FROM round_rows JOIN round_names ON who = number"
				 " WHERE pid = 1003 AND anon IS NOT NULL"),
			 1 + 112 / 64);
	replay_close(p);
	live_free(shown);
}

/* The rates of longer windows are there at once after a jump. */
static void windows_reach_before_a_jump(void **state)
{
	struct replay *p;
	struct live *shown = live_new();
	struct live_row row = { .pid = 1040 };
	struct live_view *view = live_view_new();
	const struct live_row *r;

	(void)state;
	record(64 << 20, SECONDS);
	p = opened();
	assert_int_equal(replay_seek(p, 200, shown), 0);
	r = find(live_view_rows(view, shown, &(struct live_query){ 0 }), &row);
	for (unsigned w = 0; w < LIVE_WINDOWS; w++)
		assert_true(r->rate[w].growth == 40 * KIB);
	assert_true(live_total(shown)->seconds[LIVE_60S] >= 54);
	replay_close(p);
	live_view_free(view);
	live_free(shown);
}

/* Rounds are merged, the oldest first; those that are left are as they were. */
static void a_thinned_recording_is_true(void **state)
{
	struct replay *p;
	struct live *shown = live_new();
	struct stat st;
	unsigned left;

	(void)state;
	stretch = 4;
	record(1 << 20, 4 * SECONDS);
	assert_int_equal(stat(file, &st), 0);
	assert_true(st.st_size <= 1 << 20);
	p = opened();
	left = replay_points(p)->len;
	assert_in_range(left, 50, 3 * SECONDS);
	assert_int_equal(ask_int("SELECT value FROM figures WHERE name = 'log.rounds_dropped'"),
			 4 * SECONDS - left);
	for (unsigned i = 0; i < left; i++) {
		assert_int_equal(replay_seek(p, i, shown), 0);
		if (i % 7 == 0)
			same_rows(p, shown, i);
	}
	replay_close(p);
	live_free(shown);
}

static int replay_all(void)
{
	struct live *shown = live_new();
	struct replay *p = NULL;
	int err = replay_open(&p, file);

	for (unsigned i = 0; !err && i < replay_points(p)->len; i++)
		err = replay_seek(p, i, shown);
	if (!err)
		err = replay_seek(p, 0, shown);
	replay_close(p);
	live_free(shown);
	return err;
}

static void refused(const char *sql, int err, const char *why)
{
	record(64 << 20, 5);
	run_sql(sql);
	assert_int_equal(replay_all(), err);
	assert_said(file, why);
}

static void files_without_rounds_name_the_way_out(void **state)
{
	g_autofree char *data = NULL;
	gsize len;

	(void)state;
	assert_true(g_file_get_contents("tests/unit/data/schema1.tare", &data, &len, NULL));
	assert_true(g_file_set_contents(file, data, (gssize)len, NULL));
	assert_int_equal(replay_all(), -ENODATA);
	assert_said(file, "older tare (schema 1)");
	g_unlink(file);
	refused("PRAGMA user_version = 3", -ENODATA, "older tare (schema 3)");
	refused("DELETE FROM rounds", -ENODATA, "no processes over time");
	refused("UPDATE rounds SET \"full\" = 0", -ENODATA, "no processes over time");
	refused("DROP TABLE round_rows", -EBADMSG, "no table 'round_rows'");
}

static void damaged_rounds_are_refused(void **state)
{
	static const char *const sql[] = {
		"UPDATE rounds SET time_ns = 7 WHERE number = 3",
		"UPDATE rounds SET lost = -1",
		"UPDATE round_names SET pid = -1",
		"UPDATE round_names SET process = 3 WHERE tid = 0",
		"UPDATE round_rows SET came = -1",
		"UPDATE round_rows SET anon = 9007199254740993",
		"UPDATE round_rows SET file = NULL",
	};

	(void)state;
	for (unsigned i = 0; i < G_N_ELEMENTS(sql); i++) {
		record(64 << 20, 5);
		run_sql(sql[i]);
		if (replay_all() != -EBADMSG)
			fail_said(sql[i]);
	}
	/* Names that are gone, or threads of none: rows that nobody shows. */
	record(64 << 20, 5);
	run_sql("DELETE FROM round_names WHERE number = 2");
	run_sql("UPDATE round_names SET process = 9, tid = 5 WHERE number = 3");
	assert_int_equal(replay_all(), 0);
}

static int with_model(void **state)
{
	rows = g_array_new(FALSE, FALSE, sizeof(struct live_row));
	before = g_array_new(FALSE, FALSE, sizeof(bool));
	live = live_new();
	stretch = 1;
	return setup(state);
}

static int without_model(void **state)
{
	g_array_unref(rows);
	g_array_unref(before);
	live_free(live);
	return teardown(state);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, with_model, without_model)
	const struct CMUnitTest tests[] = {
		TEST(any_time_is_as_it_was),       TEST(windows_reach_before_a_jump),
		TEST(a_thinned_recording_is_true), TEST(files_without_rounds_name_the_way_out),
		TEST(damaged_rounds_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
