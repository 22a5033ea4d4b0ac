/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The memory that samples take is bounded, however many processes end and whatever is lost.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <malloc.h>
#include <string.h>

#include "model/live_samples.h"
#include "tests/unit/samples_fixture.h"
#include "tests/unit/samples_check.h"

static void add_live(void *sum, struct live_sample *l)
{
	*(uint64_t *)sum += l->bytes;
}

/* The number of live samples is bounded; the remaining ones stand for the same bytes. */
static void number_of_live_samples_is_bounded(void **state)
{
	struct samples *s = samples_new(PAGE);
	struct one o = { .task = 1, .mm = 1, .bytes = 10 };
	uint64_t sum = 0, mm = 1, peak[64], end[64], total = 0;

	(void)state;
	seed = 4711;
	samples_limits_set(s, &(struct samples_limits){ 1000, 1000, 1000, 1000, 1000, 500 });
	for (o.address = PAGE; o.address <= 100000 * PAGE; o.address += PAGE) {
		o.stack = draw(20);
		sample(s, &o);
	}
	assert_true(s->live_count <= 1000);
	live_samples_each(g_hash_table_lookup(s->live_samples, &mm), 0, UINT64_MAX, add_live, &sum);
	assert_int_equal(sum, 1000000);
	vma(s, 1, TARE_VMA_UNMAP, 0, 50000 * PAGE, 0, 0, 0);
	samples_live(s, TARE_PEAK_NOW, peak, end);
	for (unsigned i = 0; i < aggregates_count(s->aggregates); i++)
		total += end[i];
	assert_in_range(total, 400000, 600000); /* about half, with an error of 3 % */
	vma(s, 1, TARE_VMA_GONE, 0, 0, 0, 0, 0);
	samples_live(s, TARE_PEAK_NOW, peak, end);
	for (unsigned i = 0; i < aggregates_count(s->aggregates); i++)
		assert_int_equal(end[i], 0);
	assert_int_equal(s->live_count, 0);
	samples_end(s);
}

static void collect_live(void *live_samples, struct live_sample *l)
{
	g_array_append_vals(live_samples, l, 1);
}

/* Compared with a plain array indexed by page. */
static void live_samples_by_page(void **state)
{
	static struct live_sample plain[4096];
	struct live_samples *l = live_samples_new();
	unsigned count = 0;

	(void)state;
	seed = 99;
	memset(plain, 0, sizeof(plain));
	for (int i = 0; i < 200000; i++) {
		struct live_sample one = { draw(4096), 1 + draw(9), 0, i }, old = { 0 };
		uint64_t start = draw(4096), end = start + draw(draw(20) ? 8 : 4000);
		g_autoptr(GArray) cut = NULL;
		unsigned at = 0;

		if (draw(8)) {
			assert_int_equal(live_samples_put(l, &one, &old), !!plain[one.page].bytes);
			if (plain[one.page].bytes)
				assert_int_equal(old.aggregate, plain[one.page].aggregate);
			count += !plain[one.page].bytes;
			plain[one.page] = one;
			continue;
		}
		cut = g_array_new(FALSE, FALSE, sizeof(struct live_sample));
		live_samples_cut(l, start, end, collect_live, cut);
		for (uint64_t page = start; page < MIN(end, 4096); page++) {
			if (!plain[page].bytes)
				continue;
			assert_true(at < cut->len);
			assert_memory_equal(&g_array_index(cut, struct live_sample, at++),
					    &plain[page], sizeof(struct live_sample));
			plain[page].bytes = 0;
			count--;
		}
		assert_int_equal(at, cut->len);
		assert_int_equal(live_samples_count(l), count);
	}
	live_samples_free(l);
}

/* A child has VMAs of its own once parent or child changes one. */
static void child_shares_vmas_until_a_change(void **state)
{
	struct space *parent = space_new(1), *child = space_new(2), *other = space_new(3);
	struct vma r = { 0x1000, 0x9000, 0, 3, 0, MAPPING_FILE, true };

	(void)state;
	space_set(parent, &r);
	space_copy(child, parent);
	space_copy(other, child);
	assert_ptr_equal(child->vmas, parent->vmas);
	space_unset(child, 0x20000, 0x30000); /* the address space is empty */
	assert_ptr_equal(child->vmas, parent->vmas);
	space_unset(child, 0x2000, 0x3000);
	assert_non_null(space_find(parent, 0x2000));
	assert_null(space_find(child, 0x2000));
	space_clear(parent);
	assert_non_null(space_find(other, 0x2000));
	space_stack(other, space_find(other, 0x2000), 5);
	assert_int_equal(space_find(other, 0x2000)->mapping, MAPPING_STACK);
	assert_int_equal(space_find(child, 0x1000)->mapping, MAPPING_FILE);
	space_free(parent);
	space_free(child);
	space_free(other);
}

#define VMAS 150

/* A process as a server forks it: mappings, code, file and name of its own. */
static void one_process(struct samples *s, uint64_t mm, bool lost)
{
	g_autofree char *path = g_strdup_printf("/tmp/session-%lu", mm);
	g_autofree char *name = g_strdup_printf("worker %lu", mm);
	struct one o = { .task = mm, .mm = mm, .bytes = 65536, .time_ns = mm * 1000000, .seq = mm };
	struct vma r = { 0x900000, 0x910000, 0, 0, 0, MAPPING_FILE, false };

	vma(s, mm, TARE_VMA_FORK, 0, 0, 1, mm, mm);
	r.file = samples_file_named(s, 1, mm, path);
	r.name = samples_name(s, name);
	space_set(samples_space(s, mm), &r);
	for (uint32_t i = 0; i < 10; i++) {
		o.address = 0x900000 + i * PAGE;
		o.stack = draw(1000);
		sample(s, &o);
		ask(s, &o);
	}
	o.kind = TARE_KSTACK;
	sample(s, &o);
	samples_task_ended(s, mm, o.time_ns, mm);
	if (!lost)
		vma(s, mm, TARE_VMA_GONE, 0, 0, 0, 0, mm);
	samples_fold(s, mm, FOLD + mm % 10, FOLD);
}

static size_t used(void)
{
	return mallinfo2().uordblks;
}

static void processes(struct samples *s, uint64_t from, uint64_t to)
{
	for (uint64_t mm = from; mm < to; mm++)
		one_process(s, mm, mm % 1000 == 7);
}

/* As a session does with very many processes. */
static void keep_first(struct samples *s)
{
	g_autoptr(GHashTable) alive = g_hash_table_new(g_int64_hash, g_int64_equal);
	uint64_t first = 1;

	g_hash_table_add(alive, &first);
	samples_keep(s, alive);
	samples_keep(s, alive);
}

static void many_processes_take_bounded_memory(void **state)
{
	struct samples *s = samples_new(PAGE);
	size_t before, after;

	(void)state;
	seed = 1;
	for (uint64_t i = 0; i < VMAS; i++)
		vma(s, 1, TARE_VMA_ANON, (1 + 2 * i) << 16, PAGE, 3, 0x22, 0);
	processes(s, 2, 20000);
	keep_first(s);
	samples_settle(s);
	before = used();
	processes(s, 20000, 100002);
	keep_first(s);
	samples_settle(s);
	after = used();
	assert_int_equal(s->taken, 100000 * 11);
	assert_int_equal(g_hash_table_size(s->spaces), 1);
	assert_true(after < before + (4 << 20));
	assert_true(after < 32 << 20);
	assert_true(s->names->len <= 2 * 32768);
	assert_true(s->files->len <= 2 * 16384);
	samples_end(s);
}

/* More samples of one filling mmap() than are kept until its record comes. */
static void mapping_filled_by_mmap_is_bounded(void **state)
{
	struct samples *s = samples_new(PAGE);
	struct one o = { .task = 1, .mm = 1, .bytes = 10, .flags = TARE_SAMPLE_EARLY };
	uint64_t peak[8], end[8];

	(void)state;
	for (o.address = PAGE; o.address <= 100000 * PAGE; o.address += PAGE)
		sample(s, &o);
	assert_true(s->early->len < 10000);
	vma(s, 1, TARE_VMA_ANON, 0, 200000 * PAGE, 3, 0x8022, 0);
	samples_live(s, TARE_PEAK_NOW, peak, end);
	assert_int_equal(end[0], 1000000);
	assert_int_equal(aggregates_at(s->aggregates, 0)->count, 100000);
	assert_int_equal(aggregates_at(s->aggregates, 0)->key.mapping, MAPPING_ANON);
	assert_int_equal(s->early->len, 0);
	/* A mapping whose record never comes. */
	for (o.mm = 2; o.mm < 50000; o.mm++)
		sample(s, &o);
	assert_true(s->early->len < 10000);
	samples_end(s);
}

/* The remaining records of an address space, after its end. */
static void records_after_the_end_are_harmless(void **state)
{
	struct samples *s = samples_new(PAGE);
	struct one o = { .task = 1, .mm = 1, .bytes = 10, .address = PAGE, .seq = 1 };
	uint64_t peak[8], end[8];

	(void)state;
	sample(s, &o);
	vma(s, 1, TARE_VMA_GONE, 0, 0, 0, 0, 2);
	o.seq = 3;
	sample(s, &o);
	ask(s, &o);
	vma(s, 1, TARE_VMA_ANON, PAGE, PAGE, 3, 0x22, 3);
	assert_int_equal(g_hash_table_size(s->spaces), 0);
	assert_int_equal(g_hash_table_size(s->live_samples), 0);
	samples_live(s, 2, peak, end);
	assert_int_equal(aggregates_at(s->aggregates, 0)->grown, 20);
	assert_int_equal(peak[0], 10);
	assert_int_equal(end[0], 0);
	samples_end(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(live_samples_by_page),
		cmocka_unit_test(child_shares_vmas_until_a_change),
		cmocka_unit_test(number_of_live_samples_is_bounded),
		cmocka_unit_test(records_after_the_end_are_harmless),
		cmocka_unit_test(many_processes_take_bounded_memory),
		cmocka_unit_test(mapping_filled_by_mmap_is_bounded),
	};

	return cmocka_run_group_tests_name("samples_bounds", tests, NULL, NULL);
}
