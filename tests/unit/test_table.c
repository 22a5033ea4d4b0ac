/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The hash table of address spaces (bpf/table.bpf.h) compared with a plain hash table, and how
 * full it gets before it refuses an insertion.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "kernel_sim.h"

static int reset(void **state)
{
	(void)state;
	if (sim)
		sim_free();
	sim_new(1, 2, 1, 1);
	mm_delete(sim->m);
	return 0;
}

static int end(void **state)
{
	(void)state;
	sim_free();
	return 0;
}

static void each_cpu_has_its_slots(void **state)
{
	struct tare_mm *m = mm_create(5, 0);

	(void)state;
	assert_ptr_equal(mm_slot(m, 0, 0), m + 1);
	assert_ptr_equal(mm_slot(m, 1, 3), (__s32 *)(m + 1) + 7);
	assert_null(mm_slot(m, 2, 0));
	assert_null(mm_slot(m, UINT32_MAX, 3));
	*mm_slot(m, 1, 3) = 9;
	m->rss = 9;
	mm_delete(m);
	assert_null(mm_find(5));
	m = mm_create(5, 0);
	assert_int_equal(*mm_slot(m, 1, 3), 0);
	assert_int_equal(m->rss, 0);
}

/* One bucket: it fills all of its places, then the next is refused and counted. */
static void full_bucket_refuses(void **state)
{
	(void)state;
	for (__u64 key = 1; key <= TARE_BUCKET; key++)
		assert_non_null(mm_create(key, 0));
	assert_null(mm_create(99, 0));
	assert_int_equal(workload.lost[TARE_LOST_MM], 1);
	assert_null(mm_find(99));
	for (__u64 key = 1; key <= TARE_BUCKET; key++)
		assert_int_equal(mm_find(key)->key, key);
	mm_delete(mm_find(3));
	assert_non_null(mm_create(99, 0));
	assert_null(mm_find(3));
	assert_int_equal(mm_find(99)->key, 99);
	assert_int_equal(workload.lost[TARE_LOST_MM], 1);
}

/* Insertions and removals in any order: what is in the table is found, what was removed is
 * not. */
static void insertions_and_removals_at_random(void **state)
{
	g_autoptr(GHashTable)
		ids = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
	__u64 last = 2;

	(void)state;
	cfg_bucket_bits = 4; /* 128 places */
	for (int i = 0; i < 20000; i++) {
		bool birth = g_hash_table_size(ids) < 85 && g_rand_boolean(sim->rand);
		__u64 *key = g_new(__u64, 1);
		struct tare_mm *m;

		*key = birth ? ++last : last - g_rand_int_range(sim->rand, 0, 200);
		m = birth ? mm_create(*key, 0) : mm_find(*key);
		if (birth && m) {
			g_hash_table_insert(ids, key, GUINT_TO_POINTER(m->id));
			continue;
		}
		assert_true(birth || !!m == g_hash_table_contains(ids, key));
		if (m) {
			assert_ptr_equal(g_hash_table_lookup(ids, key), GUINT_TO_POINTER(m->id));
			mm_delete(m);
			g_hash_table_remove(ids, key);
		}
		g_free(key);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(each_cpu_has_its_slots, reset, end),
		cmocka_unit_test_setup_teardown(full_bucket_refuses, reset, end),
		cmocka_unit_test_setup_teardown(insertions_and_removals_at_random, reset, end),
	};

	return cmocka_run_group_tests_name("table", tests, NULL, NULL);
}
