/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Views of the live model: which rows, in which order.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>

#include "live_records.h"

static pid_t pid_at(const GArray *rows, unsigned i)
{
	return g_array_index(rows, struct live_row, i).pid;
}

static void a_row_moves_only_by_a_margin(void **state)
{
	struct live_query steady = { .sort = LIVE_BY_WEIGHT, .steady = true };
	struct live_query exact = { .sort = LIVE_BY_WEIGHT };

	(void)state;
	born(1, 1, 101, 1, "a");
	born(2, 2, 102, 1, "b");
	single(1, 101, 100 * MIB_PAGES);
	single(2, 102, 99 * MIB_PAGES);
	tick(1);
	assert_int_equal(pid_at(rows_of(steady), 0), 101);
	single(1, 101, 100 * MIB_PAGES);
	single(2, 102, 101 * MIB_PAGES); /* ahead, but not by a twentieth */
	tick(1);
	assert_int_equal(pid_at(rows_of(steady), 0), 101);
	single(1, 101, 100 * MIB_PAGES);
	single(2, 102, 110 * MIB_PAGES);
	tick(1);
	assert_int_equal(pid_at(rows_of(steady), 0), 102);
	single(1, 101, 111 * MIB_PAGES);
	single(2, 102, 110 * MIB_PAGES);
	tick(1);
	assert_int_equal(pid_at(rows_of(exact), 0), 101);
}

static void queries(void **state)
{
	const GArray *rows;

	(void)state;
	born(1, 1, 101, 1, "parent");
	born(2, 2, 102, 101, "child");
	born(3, 3, 103, 1, "child");
	single(1, 101, 1 * MIB_PAGES);
	single(2, 102, 2 * MIB_PAGES);
	single(3, 103, 3 * MIB_PAGES);
	tick(1);
	live_know(live, 2, 1000, "/system.slice/a.service");
	rows = rows_of((struct live_query){ .sort = LIVE_BY_PID });
	assert_int_equal(pid_at(rows, 0), 101);
	rows = rows_of((struct live_query){ .sort = LIVE_BY_WEIGHT, .inverted = true });
	assert_int_equal(pid_at(rows, 0), 101);
	rows = rows_of((struct live_query){ .sort = LIVE_BY_WEIGHT, .filter = "CHIL" });
	assert_int_equal(rows->len, 2);
	assert_int_equal(pid_at(rows, 0), 103);
	rows = rows_of((struct live_query){ .filter = "a.service" });
	assert_int_equal(rows->len, 1);
	assert_int_equal(g_array_index(rows, struct live_row, 0).uid, 1000);
	rows = rows_of((struct live_query){ .group = LIVE_PER_NAME, .sort = LIVE_BY_WEIGHT });
	assert_int_equal(rows->len, 2);
	assert_string_equal(g_array_index(rows, struct live_row, 0).name, "child");
	assert_int_equal(g_array_index(rows, struct live_row, 0).processes, 2);
	assert_int_equal(g_array_index(rows, struct live_row, 0).now.user, 5 * MIB_PAGES * PAGE);
}

/* The records of the sweep say who the parent is; these parents form a circle. */
static void parents_in_a_circle_are_all_shown(void **state)
{
	(void)state;
	born(1, 1, 101, 102, "a");
	born(2, 2, 102, 101, "b");
	born(3, 3, 103, 103, "c");
	single(1, 101, 1);
	single(2, 102, 1);
	single(3, 103, 1);
	tick(1);
	assert_int_equal(rows_of((struct live_query){ .tree = true })->len, 3);
}

/* Of rows that hardly grow the heaviest is first; which of them grows by some bytes more does not
 * matter, and a row that no longer grows is no longer above them. */
static void slow_rows_are_in_order_of_weight(void **state)
{
	struct live_query steady = { .window = LIVE_1S, .steady = true };
	const pid_t by_weight[3] = { 102, 103, 101 };
	uint64_t grown[3] = { 100, 300, 200 };

	(void)state;
	for (unsigned p = 1; p <= 3; p++)
		born(p, p, 100 + p, 1, "prog");
	for (unsigned s = 0; s < 30; s++) {
		const GArray *rows;

		for (unsigned p = 1; p <= 3; p++)
			single(p, 100 + p, grown[p - 1]);
		tick(1);
		rows = rows_of(steady);
		if (s > 10 && s < 15)
			assert_int_equal(pid_at(rows, 0), 101);
		if ((s > 1 && s < 10) || s > 16)
			for (unsigned i = 0; i < 3; i++)
				assert_int_equal(pid_at(rows, i), by_weight[i]);
		grown[s % 3] += s > 20; /* a page at a time: 4 KiB/s */
		if (s >= 10 && s < 14)
			grown[0] += 10;
	}
}

static void groups_show_their_members(void **state)
{
	g_autoptr(GHashTable) expanded = g_hash_table_new(g_int64_hash, g_int64_equal);
	struct live_query q = { .group = LIVE_PER_NAME,
				.expanded = expanded,
				.sort = LIVE_BY_WEIGHT };
	const GArray *rows;
	uint64_t id;

	(void)state;
	for (unsigned p = 1; p <= 5; p++) {
		char name[16] = "even";

		born(p, p, 100 + p, 1, p % 2 ? strcpy(name, "odd") : name);
	}
	for (unsigned p = 1; p <= 5; p++)
		single(p, 100 + p, 100 * p);
	tick(1);
	rows = rows_of(q);
	assert_int_equal(rows->len, 2);
	assert_int_equal(g_array_index(rows, struct live_row, 0).processes, 3);
	id = g_array_index(rows, struct live_row, 1).id;
	g_hash_table_add(expanded, &id);
	rows = rows_of(q);
	assert_int_equal(rows->len, 4);
	assert_string_equal(g_array_index(rows, struct live_row, 1).name, "even");
	assert_int_equal(pid_at(rows, 2), 104);
	assert_int_equal(pid_at(rows, 3), 102);
	assert_int_equal(g_array_index(rows, struct live_row, 3).depth, 1);
	q.inverted = true;
	rows = rows_of(q);
	assert_int_equal(pid_at(rows, 1), 102);
	assert_int_equal(g_array_index(rows, struct live_row, 3).processes, 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_row_moves_only_by_a_margin),      TEST(slow_rows_are_in_order_of_weight),
		TEST(groups_show_their_members),         TEST(queries),
		TEST(parents_in_a_circle_are_all_shown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
