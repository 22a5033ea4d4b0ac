/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Groups on scripted records and a made-up clock: counters never fall and count each byte once,
 * whatever forks, ends, moves, gets another name, is lost, or loses its place.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>

#include "bpf/ended.h"
#include "model/groups_impl.h"

#include "records.h"

#define NS 1000000000ULL
#define PAGE 4096
#define STACK 16384
#define MIB_PAGES (1048576 / PAGE)

static struct proctable *pt;
static struct live *live;
static struct groups *groups;
static struct books_input in;
static uint64_t now_ns;
/* Counters of groups that are gone: they are in no series any more. */
static uint64_t dropped_in, dropped_started;

static void begin(unsigned most, unsigned names)
{
	struct groups_limits limits = { most, names };

	pt = proctable_new(false);
	live = live_new();
	groups = groups_new(&limits, PAGE);
	pt->ends = groups_ends(groups);
	now_ns = 100 * NS;
	dropped_in = dropped_started = 0;
	in = (struct books_input){
		.proctable = pt,
		.page_size = PAGE,
		.sums_valid = true,
		.origin_ns = now_ns,
		.workload = { .stack_bytes = STACK },
		.kmem = { .by_cgroup = CGROUP_UNKNOWN },
	};
}

static int teardown(void **state)
{
	(void)state;
	groups_free(groups);
	live_free(live);
	proctable_free(pt);
	return 0;
}

static void tick(double seconds)
{
	now_ns += (uint64_t)(seconds * NS);
	in.now_ns = now_ns;
	live_tick(live, &in);
	groups_take(groups, live, &in);
}

static void born(uint64_t proc, const char *comm, uint64_t cgroup)
{
	struct tare_task_new rec = birth(proc, proc, (uint32_t)proc, (uint32_t)proc, comm);

	rec.cgroup = cgroup;
	assert_int_equal(GIVE(pt, rec), 0);
}

static struct task_record task(uint32_t type, uint64_t proc, uint64_t cgroup, uint64_t pages_in,
			       uint64_t pages_out)
{
	struct task_record rec = task_of(type, proc, proc, (uint32_t)proc);

	rec.head.size = ledger_record_size(1);
	rec.t.cgroup = cgroup;
	rec.t.faults = pages_in;
	rec.t.flow[TARE_ANON] = (struct tare_flow){ pages_in, pages_out };
	rec.t.n_causes = 1;
	rec.t.causes[0] = (struct tare_cause){ .id = TARE_CAUSE_FAULT,
					       .used = 1,
					       .pages = { pages_in, pages_out } };
	return rec;
}

/* What a sweep says of a process of one thread. */
static void swept(uint64_t proc, uint64_t cgroup, uint64_t pages_in, uint64_t pages_out)
{
	struct task_record rec = task(TARE_REC_TASK, proc, cgroup, pages_in, pages_out);
	struct tare_mm_end mm = mm_of(TARE_REC_MM, proc, proc);

	mm.mm.kernel[TARE_ANON] = (int64_t)(pages_in - pages_out);
	assert_int_equal(proctable_sweep(pt, &rec, rec.head.size, false), 0);
	assert_int_equal(proctable_sweep(pt, &mm, mm.head.size, false), 0);
}

static void ended(uint64_t proc, uint64_t cgroup, uint64_t pages, int exit_code)
{
	struct task_record rec = task(TARE_REC_TASK_END, proc, cgroup, pages, pages);
	struct tare_mm_end mm = mm_of(TARE_REC_MM_END, proc, proc);

	rec.t.flags = TARE_TASK_EXITING;
	rec.t.exit_code = exit_code;
	assert_int_equal(GIVE(pt, mm), 0);
	assert_int_equal(proctable_record(pt, &rec, rec.head.size), 0);
}

static const struct groups_counts *counts(uint64_t id)
{
	const struct group *group = groups_find(groups, id);

	assert_non_null(group);
	return &group->e.counts;
}

static uint64_t in_of(uint64_t id)
{
	return groups_in(counts(id)) / PAGE;
}

static const struct groups_name *name_in(uint64_t id, const char *name)
{
	return g_hash_table_lookup(groups_find(groups, id)->names, name);
}

static uint64_t name_counts(uint64_t id, const char *name)
{
	return groups_in(&name_in(id, name)->e.counts) / PAGE;
}

/* The control group was removed. */
static void gone(uint64_t id)
{
	dropped_in += groups_in(counts(id));
	dropped_started += counts(id)->started;
	groups_gone(groups, id);
}

/* Each byte is counted in one place: of the groups, those that are gone, other and unknown. Names
 * that lost their row are in their group only. */
static void check_sums(void)
{
	const struct groups_rest *r = groups_rest(groups);
	uint64_t sum = dropped_in + groups_in(&r->other.counts) + groups_in(&r->unknown.counts);
	uint64_t started = dropped_started + r->other.counts.started + r->unknown.counts.started;

	for (uint64_t id = 1; id < 2000; id++) {
		const struct group *group = groups_find(groups, id);
		uint64_t names = 0;
		GHashTableIter iter;
		gpointer value;

		if (!group)
			continue;
		sum += groups_in(&group->e.counts);
		started += group->e.counts.started;
		g_hash_table_iter_init(&iter, group->names);
		while (g_hash_table_iter_next(&iter, NULL, &value))
			names += groups_in(&((const struct groups_name *)value)->e.counts);
		names += groups_in(&group->other.counts);
		assert_int_equal(names, groups_in(&group->e.counts));
	}
	assert_int_equal(sum, groups_in(&r->all.counts));
	assert_int_equal(started, r->all.counts.started);
}

static void what_lives_is_counted(void **state)
{
	const struct groups_rest *r;

	(void)state;
	begin(10, 10);
	born(1, "redis", 7);
	born(2, "redis", 7);
	born(3, "nginx", 8);
	swept(1, 7, 100, 30);
	swept(2, 7, 10, 0);
	swept(3, 8, 5, 0);
	tick(1);
	groups_know(groups, 7, "/system.slice/redis.service");
	groups_know(groups, 8, "/docker/x");
	assert_int_equal(in_of(7), 110);
	assert_int_equal(groups_out(counts(7)), 30 * PAGE);
	assert_int_equal(counts(7)->faults, 110);
	assert_int_equal(counts(7)->started, 2);
	assert_int_equal(groups_find(groups, 7)->e.now.kind[TARE_ANON], 80 * PAGE);
	assert_int_equal(groups_find(groups, 7)->e.now.processes, 2);
	assert_string_equal(groups_find(groups, 7)->what.unit, "redis.service");
	assert_int_equal(name_in(7, "redis")->e.now.kind[TARE_ANON], 80 * PAGE);
	tick(1); /* nothing happened: nothing is counted twice */
	assert_int_equal(in_of(7), 110);
	r = groups_rest(groups);
	assert_int_equal(groups_in(&r->all.counts), live_total(live)->sum.now.in);
	assert_int_equal(groups_out(&r->all.counts), live_total(live)->sum.now.out);
	assert_int_equal(r->all.now.kind[TARE_ANON], 85 * PAGE);
	check_sums();
}

/* Born and ended between two ticks, and folded before the tick. */
static void short_lives_count(void **state)
{
	(void)state;
	begin(10, 10);
	proctable_keep(pt, 2, NULL, NULL);
	for (uint64_t round = 0; round < 5; round++) {
		for (uint64_t i = 0; i < 100; i++) {
			uint64_t id = 1 + round * 100 + i;

			born(id, i % 2 ? "clang" : "as", 7);
			ended(id, 7, 10, 0);
			proctable_fold(pt, true);
		}
		tick(1);
		assert_int_equal(in_of(7), (round + 1) * 1000);
		assert_int_equal(groups_out(counts(7)), (round + 1) * 1000 * PAGE);
		assert_int_equal(counts(7)->started, (round + 1) * 100);
		assert_int_equal(name_counts(7, "clang"), (round + 1) * 500);
		assert_int_equal(groups_find(groups, 7)->e.now.processes, 0);
		check_sums();
	}
	assert_int_equal(groups_in(&groups_rest(groups)->all.counts), live_total(live)->sum.now.in);
}

static void an_end_counts_only_what_is_new(void **state)
{
	(void)state;
	begin(10, 10);
	born(1, "redis", 7);
	swept(1, 7, 100, 0);
	tick(1);
	ended(1, 7, 130, 9 | TARE_EXIT_OOM);
	assert_int_equal(in_of(7), 130);
	assert_int_equal(groups_out(counts(7)), 130 * PAGE);
	assert_int_equal(counts(7)->oom_kills, 1);
	tick(1);
	assert_int_equal(in_of(7), 130);
	check_sums();
}

static void a_move_takes_nothing_along(void **state)
{
	(void)state;
	begin(10, 10);
	born(1, "app", 7);
	swept(1, 7, 100, 0);
	tick(1);
	swept(1, 8, 150, 0);
	tick(1);
	assert_int_equal(in_of(7), 100);
	assert_int_equal(in_of(8), 50);
	assert_int_equal(groups_find(groups, 7)->e.now.kind[TARE_ANON], 0);
	assert_int_equal(groups_find(groups, 8)->e.now.kind[TARE_ANON], 150 * PAGE);
	check_sums();
}

static void forks_and_others_have_causes(void **state)
{
	struct tare_mm_end mm = mm_of(TARE_REC_MM, 1, 1);
	const struct groups_counts *c;

	(void)state;
	begin(10, 10);
	born(1, "child", 7);
	swept(1, 7, 0, 0);
	mm.mm.initial[TARE_ANON] = 50;
	mm.mm.nonowner_cause[TARE_NONOWNER_RECLAIM] = (struct tare_flow){ 0, 20 };
	assert_int_equal(proctable_sweep(pt, &mm, mm.head.size, false), 0);
	tick(1);
	c = counts(7);
	assert_int_equal(c->flows, 2);
	assert_int_equal(c->flow[0].cause, GROUPS_FORK);
	assert_int_equal(c->flow[0].in, 50 * PAGE);
	assert_int_equal(c->flow[1].cause, GROUPS_NONOWNER + TARE_NONOWNER_RECLAIM);
	assert_int_equal(c->flow[1].out, 20 * PAGE);
}

/* A machine has more causes than a group has room for: the rest is in the cause `other`. */
static void causes_are_bounded(void **state)
{
	(void)state;
	begin(10, 10);
	for (unsigned i = 0; i < 3 * GROUPS_CAUSES; i++) {
		struct task_record rec = task(TARE_REC_TASK_END, 100 + i, 7, 10, 10);

		rec.t.flags = TARE_TASK_EXITING;
		rec.t.causes[0].id = i;
		born(100 + i, "many", 7);
		assert_int_equal(proctable_record(pt, &rec, rec.head.size), 0);
	}
	tick(1);
	assert_int_equal(counts(7)->flows, GROUPS_CAUSES);
	assert_int_equal(counts(7)->flow[GROUPS_CAUSES - 1].cause, TARE_CAUSE_OTHER);
	assert_int_equal(in_of(7), 3 * GROUPS_CAUSES * 10);
	assert_int_equal(name_counts(7, "many"), 3 * GROUPS_CAUSES * 10);
	check_sums();
}

static void no_cgroup_is_unknown(void **state)
{
	const struct groups_rest *r;

	(void)state;
	begin(10, 10);
	born(1, "app", 0);
	swept(1, 0, 100, 0);
	tick(1);
	r = groups_rest(groups);
	assert_int_equal(groups_in(&r->unknown.counts), 100 * PAGE);
	assert_int_equal(r->unknown.now.kind[TARE_ANON], 100 * PAGE);
	assert_int_equal(r->shown, 0);
	check_sums();
}

static uint64_t other_in(void)
{
	return groups_in(&groups_rest(groups)->other.counts) / PAGE;
}

/* Two places for three groups: the heaviest are shown, with patience; no counter ever falls. */
static void places_are_taken_slowly(void **state)
{
	uint64_t was;

	(void)state;
	begin(2, 10);
	for (uint64_t id = 1; id <= 3; id++) {
		born(id, "app", id);
		swept(id, id, 10 * MIB_PAGES, 0);
	}
	tick(1);
	/* The table's order decides who came first: see who is not shown. */
	uint64_t late = 1;

	while (groups_find(groups, late)->e.shown)
		late++;
	assert_int_equal(groups_rest(groups)->hidden, 1);
	assert_int_equal(other_in(), 10 * MIB_PAGES);
	assert_int_equal(groups_rest(groups)->other.now.kind[TARE_ANON], 10 * 1048576);
	swept(late, late, 100 * MIB_PAGES, 0); /* the heaviest now, but the places are new */
	tick(1);
	assert_false(groups_find(groups, late)->e.shown);
	assert_int_equal(other_in(), 100 * MIB_PAGES);
	check_sums();
	for (int i = 0; i < 60; i++)
		tick(1);
	assert_true(groups_find(groups, late)->e.shown);
	assert_int_equal(groups_rest(groups)->swaps, 1);
	assert_int_equal(in_of(late), 0); /* what is in `other` stays there */
	swept(late, late, 101 * MIB_PAGES, 0);
	tick(1);
	assert_int_equal(in_of(late), MIB_PAGES);
	assert_int_equal(other_in(), 100 * MIB_PAGES);
	check_sums();
	/* Back and forth: it goes on from where it was. */
	was = in_of(late);
	swept(late, late, 101 * MIB_PAGES, 101 * MIB_PAGES);
	for (int i = 0; i < 61; i++)
		tick(1);
	assert_false(groups_find(groups, late)->e.shown);
	swept(late, late, 301 * MIB_PAGES, 101 * MIB_PAGES);
	for (int i = 0; i < 61; i++)
		tick(1);
	assert_true(groups_find(groups, late)->e.shown);
	assert_true(in_of(late) >= was);
	check_sums();
}

/* What was a counter of a group never becomes a part of another one: it would look as if it had
 * just happened. All can be read for a minute after the last process. */
static void gone_groups_are_in_no_other(void **state)
{
	uint64_t id, idle_ns;

	(void)state;
	begin(5, 10);
	for (uint64_t n = 1; n <= 1000; n++) {
		g_autofree char *path = g_strdup_printf("/jobs/%d", (int)n);

		born(n, "job", n);
		swept(n, n, 10, 0);
		tick(1);
		assert_true(groups_unnamed(groups, &id));
		assert_int_equal(id, n);
		groups_know(groups, n, path);
		assert_false(groups_unnamed(groups, &id));
		ended(n, n, 10, 0);
		assert_int_equal(groups_in(&groups_rest(groups)->all.counts), n * 10 * PAGE);
		while (groups_idle(groups, now_ns, &id)) {
			uint64_t others = groups_in(&groups_rest(groups)->other.counts);

			idle_ns = now_ns - groups_find(groups, id)->alive_ns;
			assert_true(idle_ns >= (groups_find(groups, id)->e.shown ? 60 : 10) * NS);
			gone(id);
			assert_int_equal(groups_in(&groups_rest(groups)->other.counts), others);
		}
		assert_true(groups_rest(groups)->shown <= 5);
		assert_true(groups_rest(groups)->shown + groups_rest(groups)->hidden <= 20);
		check_sums();
	}
	assert_true(groups_rest(groups)->gone > 970);
	assert_int_equal(groups_rest(groups)->nameless, 0);
}

/* Its figures were in no series, so they are in `other`. */
static void a_group_that_went_before_its_path_was_known(void **state)
{
	(void)state;
	begin(5, 10);
	born(1, "job", 7);
	ended(1, 7, 10, 0);
	assert_int_equal(in_of(7), 10);
	groups_gone(groups, 7);
	assert_int_equal(groups_in(&groups_rest(groups)->other.counts), 10 * PAGE);
	assert_int_equal(groups_rest(groups)->nameless, 1);
	check_sums();
}

/* A user who may make control groups makes as many as he likes. */
static void empty_groups_make_room(void **state)
{
	uint64_t late = GROUPS_MOST + 1;

	(void)state;
	begin(5, 10);
	for (uint64_t n = 1; n <= GROUPS_MOST; n++) {
		born(n, "job", n);
		swept(n, n, 10, 0);
		ended(n, n, 10, 0);
	}
	assert_non_null(groups_find(groups, GROUPS_MOST));
	for (int i = 0; i < 2; i++) {
		if (!i)
			born(late, "server", late);
		swept(late, late, 10, 0);
		tick(1);
	}
	assert_non_null(groups_find(groups, late));
	assert_int_equal(groups_in(&groups_rest(groups)->all.counts),
			 (GROUPS_MOST + 1) * 10 * PAGE);
	check_sums();
}

static void a_path_that_comes_back_goes_on(void **state)
{
	(void)state;
	begin(5, 10);
	born(1, "redis", 7);
	swept(1, 7, 100, 0);
	tick(1);
	groups_know(groups, 7, "/redis.service");
	ended(1, 7, 100, 0);
	born(2, "redis", 8);
	swept(2, 8, 20, 0);
	tick(1);
	groups_know(groups, 8, "/redis.service");
	assert_null(groups_find(groups, 7));
	assert_int_equal(in_of(8), 120);
	assert_int_equal(groups_in(&name_in(8, "redis")->e.counts), 120 * PAGE);
	assert_int_equal(groups_find(groups, 8)->e.now.kind[TARE_ANON], 20 * PAGE);
	assert_int_equal(groups_rest(groups)->shown, 1);
	check_sums();
}

static void names_are_bounded(void **state)
{
	char name[16];

	(void)state;
	begin(5, 4);
	for (uint64_t n = 1; n <= 500; n++) {
		snprintf(name, sizeof(name), "%c%c%c", (char)('a' + n % 26), (char)('a' + n / 26),
			 'z');
		born(n, name, 7);
		ended(n, 7, 10, 0);
		if (n % 10 == 0)
			tick(1);
		assert_true(g_hash_table_size(groups_find(groups, 7)->names) <= 16);
		assert_true(groups_find(groups, 7)->shown_names <= 4);
		check_sums();
	}
	assert_int_equal(in_of(7), 5000);
}

/* Names that are no names, and names that look the same in print. */
static void hostile_names(void **state)
{
	(void)state;
	begin(5, 10);
	born(1, GROUPS_OTHER, 7);
	born(2, "a\nb", 7);
	born(3, "a\\nb", 7);
	for (uint64_t id = 1; id <= 3; id++)
		swept(id, 7, 10, 0);
	tick(1);
	assert_null(name_in(7, GROUPS_OTHER));
	assert_int_equal(groups_in(&groups_find(groups, 7)->other.counts), 10 * PAGE);
	assert_int_equal(groups_find(groups, 7)->other.now.processes, 1);
	assert_int_equal(groups_in(&name_in(7, "a\\nb")->e.counts), 20 * PAGE);
	check_sums();
}

/* A task whose final record was lost is in the account of its process. */
static void lost_records_count_once(void **state)
{
	struct tare_ended account = { .tasks = 1, .mms = 1 };
	struct task_record rec = task(TARE_REC_TASK_END, 1, 7, 130, 130);

	(void)state;
	begin(5, 10);
	born(1, "app", 7);
	swept(1, 7, 100, 20);
	tick(1);
	account.task = rec.t;
	proctable_sweep_begin(pt);
	proctable_lost(pt, 1, &account);
	proctable_drop_lost(pt);
	tick(1);
	assert_int_equal(in_of(7), 130);
	assert_int_equal(groups_out(counts(7)), 130 * PAGE);
	assert_int_equal(counts(7)->faults, 130);
	tick(1);
	assert_int_equal(in_of(7), 130);
	check_sums();
}

/* Whatever comes: no counter that can be seen falls. */
static void nothing_falls(void **state)
{
	static uint64_t seen[41];
	uint64_t in_pages[41] = { 0 }, other = 0, all = 0, id;
	g_autoptr(GRand) rand = g_rand_new_with_seed(5);
	uint64_t next = 100;

	(void)state;
	memset(seen, 0, sizeof(seen));
	begin(10, 3);
	for (id = 1; id <= 40; id++)
		born(id, "long", id);
	for (int round = 0; round < 500; round++) {
		for (id = 1; id <= 40; id++) {
			in_pages[id] += g_rand_int_range(rand, 0, 4000);
			swept(id, id, in_pages[id],
			      in_pages[id] / (uint64_t)g_rand_int_range(rand, 1, 9));
		}
		for (int i = 0; i < 5; i++, next++) {
			born(next, i % 2 ? "cc" : "ld", (uint64_t)g_rand_int_range(rand, 1, 41));
			ended(next, (uint64_t)g_rand_int_range(rand, 1, 41), 9, 0);
		}
		proctable_fold(pt, true);
		tick(g_rand_double_range(rand, 0.5, 20));
		for (id = 1; id <= 40; id++) {
			assert_true(in_of(id) >= seen[id]);
			seen[id] = in_of(id);
		}
		assert_true(other_in() >= other);
		other = other_in();
		assert_true(groups_in(&groups_rest(groups)->all.counts) > all);
		all = groups_in(&groups_rest(groups)->all.counts);
		check_sums();
		assert_int_equal(groups_rest(groups)->shown, 10);
	}
	assert_true(groups_rest(groups)->swaps > 10);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, NULL, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_lives_is_counted),
		TEST(short_lives_count),
		TEST(an_end_counts_only_what_is_new),
		TEST(a_move_takes_nothing_along),
		TEST(forks_and_others_have_causes),
		TEST(causes_are_bounded),
		TEST(no_cgroup_is_unknown),
		TEST(places_are_taken_slowly),
		TEST(gone_groups_are_in_no_other),
		TEST(a_group_that_went_before_its_path_was_known),
		TEST(empty_groups_make_room),
		TEST(a_path_that_comes_back_goes_on),
		TEST(names_are_bounded),
		TEST(hostile_names),
		TEST(lost_records_count_once),
		TEST(nothing_falls),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
