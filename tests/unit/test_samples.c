/* SPDX-License-Identifier: GPL-2.0-only
 *
 * VMAs as they were at the time of a sample, live samples and their ends, and scaling to the
 * ledger.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <string.h>

#include "model/profile.h"
#include "tests/unit/samples_check.h"

#define PAGE 4096ULL
#define MM 7

static void vma(struct samples *s, unsigned what, uint64_t start, uint64_t size, uint64_t a,
		uint64_t b, uint64_t seq)
{
	struct tare_vma r = {
		.head = { TARE_REC_VMA, sizeof(r), 0 },
		.mm = MM,
		.what = what,
		.start = start,
		.size = size,
		.a = a,
		.b = b,
		.peak_seq = seq,
	};

	samples_vma(s, &r);
}

static void sample(struct samples *s, uint64_t address, uint64_t bytes, uint64_t seq)
{
	struct frame f = { .address = 1, .file = NO_FILE };
	struct tare_sample one = {
		.task = 1,
		.proc = 1,
		.mm = MM,
		.kind = TARE_ANON,
		.cause = 9,
		.bytes = bytes,
		.address = address,
		.peak_seq = seq,
	};

	samples_add(s, &one, samples_push(s, NO_NODE, &f), 0);
}

static void sums(const struct samples *s, uint64_t seq, uint64_t *peak, uint64_t *end)
{
	uint64_t at_peak[64], at_end[64];

	assert_true(aggregates_count(s->aggregates) <= 64);
	samples_live(s, seq, at_peak, at_end);
	*peak = *end = 0;
	for (unsigned i = 0; i < aggregates_count(s->aggregates); i++) {
		*peak += at_peak[i];
		*end += at_end[i];
	}
}

static void mappings(void **state)
{
	struct samples *s = samples_new(PAGE);
	const struct space *space = samples_space(s, MM);

	(void)state;
	vma(s, TARE_VMA_ANON, 0x100000, 64 * PAGE, 3, 0x22, 0); /* private */
	vma(s, TARE_VMA_ANON, 0x200000, 64 * PAGE, 3, 0x21, 0); /* shared */
	vma(s, TARE_VMA_ANON, 0x300000, 64 * PAGE, 7, 0x22, 0); /* code */
	assert_int_equal(space_mapping(space, 0x100000), MAPPING_ANON);
	assert_int_equal(space_mapping(space, 0x200000), MAPPING_SHM);
	assert_int_equal(space_mapping(space, 0x300000), MAPPING_JIT);
	assert_int_equal(samples_mapping("/memfd:x (deleted)"), MAPPING_SHM);
	assert_int_equal(samples_mapping("/dev/zero (deleted)"), MAPPING_SHM);
	assert_int_equal(samples_mapping("anon_inode:[io_uring]"), MAPPING_URING);
	assert_int_equal(samples_mapping("/usr/lib/libc.so.6"), MAPPING_FILE);
	samples_end(s);
}

static void spaces(void **state)
{
	struct space *s = space_new(1);
	struct vma r = { 0x1000, 0x9000, 0, 3, 0, MAPPING_FILE, true };

	(void)state;
	space_set(s, &r);
	space_unset(s, 0x3000, 0x4000);
	assert_null(space_find(s, 0x3fff));
	assert_int_equal(space_find(s, 0x4000)->offset, 0x3000);
	r = (struct vma){ 0x2000, 0x5000, 0, NO_FILE, 0, MAPPING_ANON, false };
	space_set(s, &r);
	assert_int_equal(s->vmas->len, 3);
	assert_int_equal(space_find(s, 0x2000)->mapping, MAPPING_ANON);
	assert_int_equal(space_find(s, 0x5000)->offset, 0x4000);
	space_move(s, 0x6000, 0x2000, 0x20000, 0x3000);
	assert_null(space_find(s, 0x6000));
	assert_int_equal(space_find(s, 0x20000)->offset, 0x5000);
	assert_int_equal(space_find(s, 0x22fff)->file, 3);
	space_name(s, 0x3000, 0x4000, 9);
	assert_int_equal(space_find(s, 0x3000)->name, 9);
	assert_int_equal(space_find(s, 0x2fff)->name, 0);
	assert_int_equal(space_find(s, 0x4000)->name, 0);
	space_unset(s, 0, UINT64_MAX);
	assert_int_equal(s->vmas->len, 0);
	space_free(s);
}

static void live_samples(void **state)
{
	struct samples *s = samples_new(PAGE);
	uint64_t peak, end;

	(void)state;
	vma(s, TARE_VMA_ANON, 0x100000, 64 * PAGE, 3, 0x22, 0);
	for (int i = 0; i < 8; i++)
		sample(s, 0x100000 + i * PAGE, 1000, 0);
	vma(s, TARE_VMA_UNMAP, 0x100000, 2 * PAGE, 0, 0, 0); /* before the first peak */
	vma(s, TARE_VMA_DISCARD, 0x102000, PAGE, 4, 0, 1);   /* after peak 1 */
	sample(s, 0x108000, 1000, 1);
	vma(s, TARE_VMA_MOVE, 0x103000, PAGE, 0x900000, PAGE, 1);
	sums(s, 1, &peak, &end);
	assert_int_equal(peak, 6000);
	assert_int_equal(end, 6000);
	vma(s, TARE_VMA_UNMAP, 0x900000, PAGE, 0, 0,
	    2); /* moved: the sample ends at the old address */
	sums(s, 2, &peak, &end);
	assert_int_equal(end, 5000);
	assert_int_equal(peak, 6000);
	sample(s, 0x104000, 1000, 2); /* address used again: the old sample's end was missed */
	sums(s, 2, &peak, &end);
	assert_int_equal(end, 5000);
	vma(s, TARE_VMA_GONE, 0, 0, 0, 0, 2);
	sums(s, 2, &peak, &end);
	assert_int_equal(end, 0);
	assert_int_equal(peak, 6000);
	samples_end(s);
}

static void heap(void **state)
{
	struct samples *s = samples_new(PAGE);
	uint64_t peak, end;

	(void)state;
	samples_space(s, MM)->start_brk = 0x500000;
	sample(s, 0x500000, 10, 0);
	sample(s, 0x600000, 20, 0);
	sample(s, 0x7f0000000000, 40, 0);
	vma(s, TARE_VMA_HEAP, 0x700000, 0, 0x580000, 0, 0);
	sums(s, TARE_PEAK_NOW, &peak, &end);
	assert_int_equal(end, 50);
	assert_int_equal(peak, 50);
	samples_end(s);
}

static void ask(struct samples *s, uint64_t start, uint64_t size, uint64_t bytes, unsigned frame)
{
	struct frame f = { .address = frame, .file = NO_FILE };
	struct tare_sample one = {
		.task = 1,
		.proc = 1,
		.mm = MM,
		.bytes = bytes,
		.address = start,
		.size = size,
		.flags = TARE_SAMPLE_VIRTUAL,
	};

	samples_virtual(s, &one, samples_push(s, NO_NODE, &f));
}

static int64_t untouched_bytes(const struct samples *s, unsigned i)
{
	int64_t bytes[8];

	assert_true(i < aggregates_count(s->virtual_aggregates) &&
		    aggregates_count(s->virtual_aggregates) <= 8);
	samples_untouched(s, bytes);
	return bytes[i];
}

/* VMAs of 100 pages each. A sample stands for as many bytes as its VMA, except the last one: its
 * page stands for sixteen. */
static void virtual_mapped(void **state)
{
	struct samples *s = samples_new(PAGE);

	(void)state;
	ask(s, 0x100000, 100 * PAGE, 100 * PAGE, 1);
	assert_int_equal(untouched_bytes(s, 0), 100 * PAGE);
	sample(s, 0x100000, 10 * PAGE, 0);
	sample(s, 0x100000 + 99 * PAGE, 10 * PAGE, 0);
	sample(s, 0x100000 + 100 * PAGE, 10 * PAGE, 0); /* behind it */
	assert_int_equal(untouched_bytes(s, 0), 80 * PAGE);
	vma(s, TARE_VMA_DISCARD, 0x100000, PAGE, 4, 0, 0);
	assert_int_equal(untouched_bytes(s, 0), 90 * PAGE);
	vma(s, TARE_VMA_UNMAP, 0x100000 + 40 * PAGE, 20 * PAGE, 0, 0, 0);
	assert_int_equal(untouched_bytes(s, 0), 70 * PAGE);
	vma(s, TARE_VMA_ANON, 0x100000 + 30 * PAGE, 20 * PAGE, 3, 0x32, 0);
	ask(s, 0x100000 + 30 * PAGE, 20 * PAGE, 20 * PAGE, 2);
	assert_int_equal(untouched_bytes(s, 0), 60 * PAGE);
	assert_int_equal(untouched_bytes(s, 1), 20 * PAGE);
	/* From the middle of the first piece to the middle of the last, and extended. */
	vma(s, TARE_VMA_MOVE, 0x100000 + 10 * PAGE, 80 * PAGE, 0x900000, 200 * PAGE, 0);
	assert_int_equal(untouched_bytes(s, 0), 60 * PAGE);
	assert_int_equal(untouched_bytes(s, 1), 20 * PAGE);
	vma(s, TARE_VMA_UNMAP, 0x100000, 100 * PAGE, 0, 0, 0);
	assert_int_equal(untouched_bytes(s, 0), 50 * PAGE); /* 20 and 30 pages of it have moved */
	vma(s, TARE_VMA_MOVE, 0x900000, 200 * PAGE, 0x900000, 30 * PAGE, 0);
	assert_int_equal(untouched_bytes(s, 0), 20 * PAGE);
	assert_int_equal(untouched_bytes(s, 1), 10 * PAGE);
	sample(s, 0x900000, 30 * PAGE, 0); /* more than exists */
	assert_int_equal(untouched_bytes(s, 0), 0);
	ask(s, 0x200000, PAGE, 16 * PAGE, 3);
	assert_int_equal(untouched_bytes(s, 2), 16 * PAGE);
	/* What is not in memory at the end of its process was never used. */
	vma(s, TARE_VMA_GONE, 0, 0, 0, 0, 0);
	assert_int_equal(untouched_bytes(s, 0), 0);
	assert_int_equal(untouched_bytes(s, 1), 10 * PAGE);
	assert_int_equal(untouched_bytes(s, 2), 16 * PAGE);
	samples_end(s);
}

/* A heap grows in steps, shrinks, and grows again. */
static void heap_virtual(void **state)
{
	struct samples *s = samples_new(PAGE);

	(void)state;
	samples_space(s, MM)->start_brk = 0x500000;
	for (int i = 0; i < 64; i++)
		ask(s, 0x500000 + i * 33 * PAGE, 33 * PAGE, (i % 2 ? 32 : 34) * PAGE, 1);
	assert_int_equal(untouched_bytes(s, 0), 64 * 33 * PAGE);
	vma(s, TARE_VMA_HEAP, 0x500000 + 40 * PAGE, 0, 0x500000 + 33 * PAGE, 0, 0);
	assert_true(untouched_bytes(s, 0) >= 32 * (int64_t)PAGE &&
		    untouched_bytes(s, 0) <= 34 * (int64_t)PAGE);
	samples_end(s);
}

/* A mapping that mmap fills: its samples come before the record of the VMA. That record must not
 * end them, but it ends older samples at the address. */
static void filled_early(void **state)
{
	struct frame f = { .address = 1, .file = NO_FILE };
	struct samples *s = samples_new(PAGE);
	struct tare_sample one = {
		.task = 1,
		.proc = 1,
		.mm = MM,
		.kind = TARE_ANON,
		.cause = 9,
		.bytes = 1000,
		.address = 0x100000,
		.flags = TARE_SAMPLE_EARLY,
	};
	const struct aggregate_key *key;
	uint64_t peak, end;

	(void)state;
	sample(s, 0x101000, 10, 0);
	samples_add(s, &one, samples_push(s, NO_NODE, &f), 0);
	one.address = 0x800000; /* of another VMA that is not reported yet */
	samples_add(s, &one, samples_push(s, NO_NODE, &f), 0);
	vma(s, TARE_VMA_ANON, 0x100000, 64 * PAGE, 3, 0x8022, 0);
	sums(s, TARE_PEAK_NOW, &peak, &end);
	assert_int_equal(end, 1000);
	key = &aggregates_at(s->aggregates, 1)->key;
	assert_int_equal(key->mapping, MAPPING_ANON);
	vma(s, TARE_VMA_ANON, 0x100000, 64 * PAGE, 3, 0x8032, 0);
	sums(s, TARE_PEAK_NOW, &peak, &end);
	assert_int_equal(end, 0);
	vma(s, TARE_VMA_GONE, 0, 0, 0, 0, 0);
	assert_int_equal(s->early->len, 0);
	/* Outside any VMA, like the first. */
	assert_int_equal(aggregates_at(s->aggregates, 0)->grown, 1010);
	samples_end(s);
}

/* A sample without an address lives as long as its address space, and was live at the peak. */
static void without_address(void **state)
{
	struct frame f = { .address = 1, .file = NO_FILE };
	struct samples *s = samples_new(PAGE);
	struct tare_sample one = {
		.task = 1,
		.proc = 1,
		.mm = MM,
		.kind = TARE_PAGETABLE,
		.bytes = 1000,
		.flags = TARE_SAMPLE_NO_ADDRESS,
		.peak_seq = 3,
	};
	uint64_t peak, end;

	(void)state;
	samples_add(s, &one, samples_push(s, NO_NODE, &f), 0);
	samples_add(s, &one, samples_push(s, NO_NODE, &f), 0);
	sums(s, 4, &peak, &end);
	assert_int_equal(peak, 2000);
	assert_int_equal(end, 2000);
	vma(s, TARE_VMA_UNMAP, 0, 1ULL << 47, 0, 0, 4);
	sums(s, 4, &peak, &end);
	assert_int_equal(end, 2000);
	vma(s, TARE_VMA_GONE, 0, 0, 0, 0, 4);
	sums(s, 4, &peak, &end);
	assert_int_equal(peak, 2000);
	assert_int_equal(end, 0);
	samples_end(s);
}

/* Samples of kernel memory of three tasks: they live as long as their task, even if its address
 * space ends. */
static void of_the_kernel(enum tare_kind kind, int samples, uint64_t bytes)
{
	struct frame f = { .address = 1, .file = NO_FILE };
	struct samples *s = samples_new(PAGE);
	struct tare_sample one = {
		.proc = 1,
		.mm = MM,
		.kind = kind,
		.bytes = bytes / samples,
		.flags = TARE_SAMPLE_NO_ADDRESS,
	};
	uint64_t peak, end;

	for (one.task = 1; one.task <= 3; one.task++)
		for (int i = 0; i < samples; i++)
			samples_add(s, &one, samples_push(s, NO_NODE, &f), 0);
	samples_task_ended(s, 2, 5, 0); /* before the peak */
	vma(s, TARE_VMA_GONE, 0, 0, 0, 0, 1);
	sums(s, 1, &peak, &end);
	assert_int_equal(end, 2 * bytes);
	samples_task_ended(s, 1, 9, 1); /* after it */
	samples_task_ended(s, 7, 9, 1); /* memory that no sample met */
	sums(s, 1, &peak, &end);
	assert_int_equal(peak, 2 * bytes);
	assert_int_equal(end, bytes);
	samples_free(s);
}

static void kernel_stack(void **state)
{
	(void)state;
	of_the_kernel(TARE_KSTACK, 1, 16384);
}

static void kernel_memory(void **state)
{
	(void)state;
	of_the_kernel(TARE_KMEM, 5, 5000);
}

static int64_t sum(const struct profile *p, enum sample_type sample_type)
{
	int64_t n = 0;

	for (unsigned i = 0; i < p->entries->len; i++)
		n += g_array_index(p->entries, struct profile_entry, i).bytes[sample_type];
	return n;
}

static char *cause(uint32_t id)
{
	return g_strdup_printf("cause %u", id);
}

static void scaled(void **state)
{
	struct samples *s = samples_new(PAGE);
	struct report *r = report_new();
	struct report_process *proc = report_process_new();
	struct report_task *t = report_task_new(), *other = report_task_new();

	(void)state;
	t->id = 1;
	other->id = 2;
	t->flow[TARE_ANON].in = 1000003;
	t->flow[TARE_KSTACK].in = 16384;
	other->flow[TARE_ANON].in = 4096; /* no sample met it */
	proc->at_peak[TARE_ANON] = 500001;
	proc->balance[TARE_ANON].net = 77;
	proc->balance[TARE_FILE].net = 4096;
	proc->balance[TARE_FILE].initial = 8192;
	g_ptr_array_add(proc->tasks, t);
	g_ptr_array_add(proc->tasks, other);
	g_ptr_array_add(r->processes, proc);
	for (int i = 0; i < 7; i++)
		sample(s, 0x100000 + i * PAGE, 65536 + i, 0);
	r->profile = profile_new();
	r->profile->period = 65536;
	profile_fill(r->profile, s, r, TARE_PEAK_NOW, 0, cause);
	assert_int_equal(sum(r->profile, SAMPLE_TYPE_GROWN), 1000003 + 16384 + 4096);
	assert_int_equal(sum(r->profile, SAMPLE_TYPE_LIVE_PEAK), 500001);
	assert_int_equal(sum(r->profile, SAMPLE_TYPE_LIVE_END), 77 + 4096);
	assert_int_equal(r->profile->total[SAMPLE_TYPE_LIVE_END], 77 + 4096);
	assert_int_equal(r->profile->causes->len, 1);
	assert_string_equal(
		profile_cause_name(
			r->profile,
			g_array_index(r->profile->entries, struct profile_entry, 0).cause),
		"cause 9");
	assert_null(profile_cause_name(r->profile, NO_CAUSE));
	assert_true(fabs(profile_error(r->profile, 65536 * 100) - 65536 * 10) < 1);
	report_free(r);
	samples_end(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(mappings),       cmocka_unit_test(spaces),
		cmocka_unit_test(live_samples),   cmocka_unit_test(heap),
		cmocka_unit_test(virtual_mapped), cmocka_unit_test(heap_virtual),
		cmocka_unit_test(filled_early),   cmocka_unit_test(without_address),
		cmocka_unit_test(kernel_stack),   cmocka_unit_test(kernel_memory),
		cmocka_unit_test(scaled),
	};

	return cmocka_run_group_tests_name("samples", tests, NULL, NULL);
}
