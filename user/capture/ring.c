/* SPDX-License-Identifier: GPL-2.0-only */
#include "capture/ring.h"

#include <errno.h>
#include <glib.h>
#include <linux/bpf.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* The map's file: a page with the consumer's position, one with the producer's, the data.
 * Positions only grow; the data's offset is the position modulo the size. */
struct ring {
	uint64_t *consumer;
	const uint64_t *producer;
	const char *data;
	uint64_t size, page;
	char *copy; /* buffer for a record that wraps around: `size` bytes, mostly never touched */
};

static void *map_piece(int fd, int protection, int flags, uint64_t size, uint64_t at)
{
	void *p = mmap(NULL, size, protection, flags, fd, (off_t)at);

	return p == MAP_FAILED ? NULL : p;
}

int ring_open(struct ring **out, int map, uint64_t size)
{
	struct ring *r = g_new0(struct ring, 1);
	int err;

	r->size = size;
	r->page = (uint64_t)sysconf(_SC_PAGESIZE);
	r->consumer = map_piece(map, PROT_READ | PROT_WRITE, MAP_SHARED, r->page, 0);
	if (r->consumer)
		r->producer = map_piece(map, PROT_READ, MAP_SHARED, r->page + size, r->page);
	/* mmap(), not malloc(): see block_new() in fifo.c. */
	if (r->producer)
		r->copy =
			map_piece(-1, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, size, 0);
	if (r->copy) {
		r->data = (const char *)r->producer + r->page;
		*out = r;
		return 0;
	}
	err = errno;
	ring_close(r);
	return -err;
}

void ring_close(struct ring *r)
{
	if (!r)
		return;
	if (r->consumer)
		munmap(r->consumer, r->page);
	if (r->producer)
		munmap((void *)r->producer, r->page + r->size);
	if (r->copy)
		munmap(r->copy, r->size);
	g_free(r);
}

/* A record in one piece. Its header never wraps: it has 8 bytes, and all sizes are multiples of
 * 8. */
static const char *in_one_piece(const struct ring *r, uint64_t position, uint64_t size)
{
	uint64_t at = position & (r->size - 1), first = MIN(size, r->size - at);

	if (first == size)
		return r->data + at;
	memcpy(r->copy, r->data + at, first);
	memcpy(r->copy + first, r->data, size - first);
	return r->copy;
}

int ring_consume(struct ring *r, ring_record_fn fn, void *ctx)
{
	uint64_t at = __atomic_load_n(r->consumer, __ATOMIC_ACQUIRE);
	int n = 0, err = 0;

	/* The producer's position is read each time: the kernel side writes meanwhile. */
	while (err >= 0 && at < __atomic_load_n(r->producer, __ATOMIC_ACQUIRE)) {
		const uint32_t *head = (const uint32_t *)(r->data + (at & (r->size - 1)));
		uint32_t length = __atomic_load_n(head, __ATOMIC_ACQUIRE);
		uint64_t size = length & ~(BPF_RINGBUF_BUSY_BIT | BPF_RINGBUF_DISCARD_BIT);

		if (length & BPF_RINGBUF_BUSY_BIT || size > r->size - BPF_RINGBUF_HDR_SZ)
			break;
		if (!(length & BPF_RINGBUF_DISCARD_BIT)) {
			err = fn(ctx, in_one_piece(r, at + BPF_RINGBUF_HDR_SZ, size), size);
			n++;
		}
		at += (BPF_RINGBUF_HDR_SZ + size + 7) & ~7ULL;
		__atomic_store_n(r->consumer, at, __ATOMIC_RELEASE);
	}
	return err < 0 ? err : n;
}
