/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Reading the BPF ring buffer: every record is complete and in order, also across the end of
 * the ring; records that are still being written or were discarded are left out. The ring is a
 * file with the map's layout.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <glib.h>
#include <linux/bpf.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "capture/ring.h"

#define SIZE 65536
#define HEAD BPF_RINGBUF_HDR_SZ

/* The producer, as the kernel. */
struct map {
	int fd;
	uint64_t *consumer, *producer;
	char *data;
	uint64_t page;
	struct ring *ring;
	/* The records that were read. */
	GString *taken;
	unsigned n, stop_at;
};

static int open_map(void **state)
{
	struct map *m = g_new0(struct map, 1);
	char *all;

	m->page = (uint64_t)sysconf(_SC_PAGESIZE);
	m->fd = memfd_create("ring", MFD_CLOEXEC);
	assert_int_equal(ftruncate(m->fd, (off_t)(2 * m->page + SIZE)), 0);
	all = mmap(NULL, 2 * m->page + SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, m->fd, 0);
	assert_ptr_not_equal(all, MAP_FAILED);
	m->consumer = (uint64_t *)all;
	m->producer = (uint64_t *)(all + m->page);
	m->data = all + 2 * m->page;
	m->taken = g_string_new(NULL);
	assert_int_equal(ring_open(&m->ring, m->fd, SIZE), 0);
	*state = m;
	return 0;
}

static int close_map(void **state)
{
	struct map *m = *state;

	ring_close(m->ring);
	munmap(m->consumer, 2 * m->page + SIZE);
	close(m->fd);
	g_string_free(m->taken, TRUE);
	g_free(m);
	return 0;
}

static uint64_t roundup(uint64_t size)
{
	return (size + HEAD + 7) & ~7ULL;
}

/* Writes a record byte by byte across the end of the ring. Returns the place of its header; 0:
 * no room. */
static uint32_t *produce(struct map *m, const char *data, uint32_t size, uint32_t bits)
{
	uint64_t at = *m->producer;
	uint32_t *head = (uint32_t *)(m->data + at % SIZE);

	if (at + roundup(size) - *m->consumer > SIZE)
		return NULL;
	*head = size | bits;
	for (uint32_t i = 0; i < size; i++)
		m->data[(at + HEAD + i) % SIZE] = data[i];
	*m->producer = at + roundup(size);
	return head;
}

static int take_record(void *ctx, const void *data, size_t size)
{
	struct map *m = ctx;

	g_string_append_len(m->taken, data, (gssize)size);
	return ++m->n == m->stop_at ? -1 : 1; /* a positive result does not stop the reader */
}

static void records_of_any_size_arrive_whole_and_in_order(void **state)
{
	g_autoptr(GRand) dice = g_rand_new_with_seed(7);
	g_autoptr(GString) made = g_string_new(NULL);
	static char data[SIZE];
	struct map *m = *state;
	unsigned n = 0;

	for (unsigned round = 0; round < 500; round++) {
		unsigned before = n;

		for (;;) {
			uint32_t size = (uint32_t)g_rand_int_range(dice, 0, 9000);

			for (uint32_t i = 0; i < size; i++)
				data[i] = (char)g_rand_int(dice);
			if (!produce(m, data, size, 0))
				break;
			g_string_append_len(made, data, size);
			n++;
		}
		assert_int_equal(ring_consume(m->ring, take_record, m), n - before);
		assert_int_equal(*m->consumer, *m->producer);
		assert_int_equal(made->len, m->taken->len);
		assert_memory_equal(made->str, m->taken->str, made->len);
		g_string_truncate(made, 0);
		g_string_truncate(m->taken, 0);
	}
	assert_int_equal(m->n, n);
	assert_true(*m->producer > 100 * SIZE); /* records crossed the end of the ring often */
}

static void the_largest_record_that_fits_arrives_across_the_end(void **state)
{
	static char data[SIZE - HEAD];
	struct map *m = *state;

	memset(data, 'x', sizeof(data));
	assert_non_null(produce(m, data, 1000, 0));
	assert_int_equal(ring_consume(m->ring, take_record, m), 1);
	g_string_truncate(m->taken, 0);
	for (unsigned i = 0; i < sizeof(data); i++)
		data[i] = (char)(i * 31);
	assert_non_null(produce(m, data, sizeof(data), 0));
	assert_int_equal(ring_consume(m->ring, take_record, m), 1);
	assert_int_equal(m->taken->len, sizeof(data));
	assert_memory_equal(m->taken->str, data, sizeof(data));
}

static void a_record_that_is_being_written_holds_up_those_behind_it(void **state)
{
	struct map *m = *state;
	uint32_t *head;

	produce(m, "a", 1, 0);
	head = produce(m, "b", 1, BPF_RINGBUF_BUSY_BIT);
	produce(m, "c", 1, 0);
	assert_int_equal(ring_consume(m->ring, take_record, m), 1);
	assert_string_equal(m->taken->str, "a");
	*head &= ~BPF_RINGBUF_BUSY_BIT;
	assert_int_equal(ring_consume(m->ring, take_record, m), 2);
	assert_string_equal(m->taken->str, "abc");
	assert_int_equal(ring_consume(m->ring, take_record, m), 0);
}

static void a_record_that_was_given_up_is_passed_over(void **state)
{
	struct map *m = *state;

	produce(m, "a", 1, BPF_RINGBUF_DISCARD_BIT);
	produce(m, "b", 1, 0);
	assert_int_equal(ring_consume(m->ring, take_record, m), 1);
	assert_string_equal(m->taken->str, "b");
	assert_int_equal(*m->consumer, *m->producer);
}

static void reader_can_stop_and_continue(void **state)
{
	struct map *m = *state;

	for (const char *at = "abcd"; *at; at++)
		produce(m, at, 1, 0);
	m->stop_at = 2;
	assert_int_equal(ring_consume(m->ring, take_record, m), -1);
	assert_string_equal(m->taken->str, "ab");
	assert_int_equal(ring_consume(m->ring, take_record, m), 2);
	assert_string_equal(m->taken->str, "abcd");
}

static void file_that_is_no_ring_is_refused(void **state)
{
	struct ring *r = NULL;

	(void)state;
	assert_true(ring_open(&r, -1, SIZE) < 0);
	assert_null(r);
}

#define each(test) cmocka_unit_test_setup_teardown(test, open_map, close_map)

int main(void)
{
	const struct CMUnitTest tests[] = {
		each(records_of_any_size_arrive_whole_and_in_order),
		each(the_largest_record_that_fits_arrives_across_the_end),
		each(a_record_that_is_being_written_holds_up_those_behind_it),
		each(a_record_that_was_given_up_is_passed_over),
		each(reader_can_stop_and_continue),
		cmocka_unit_test(file_that_is_no_ring_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
