/* SPDX-License-Identifier: GPL-2.0-only */
#include "capture/fifo.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#define SPARE_MOST 16

/* In a block each record follows its size, at a multiple of 8 bytes. */
static size_t room_for(size_t size)
{
	return sizeof(uint64_t) + ((size + 7) & ~(size_t)7);
}

/* By mmap(): a thread of lower priority may hold malloc's lock. */
static struct fifo_block *block_new(struct fifo_spare *spare)
{
	struct fifo_block *b = spare->first;

	if (b) {
		spare->first = b->next;
		spare->n--;
	} else {
		b = mmap(NULL, FIFO_BLOCK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
			 0);
		if (b == MAP_FAILED)
			return NULL;
	}
	b->next = NULL;
	b->used = b->read = 0;
	return b;
}

int fifo_put(struct fifo *f, struct fifo_spare *spare, const void *data, size_t size)
{
	const size_t most = FIFO_BLOCK - sizeof(struct fifo_block);
	size_t room = room_for(size);
	struct fifo_block *b = f->last;
	uint64_t prefix = size;
	int more = 0;

	if (size > most || room > most)
		return -EMSGSIZE;
	if (!b || most - b->used < room) {
		b = block_new(spare);
		if (!b)
			return -ENOMEM;
		if (f->last)
			f->last->next = b;
		else
			f->first = b;
		f->last = b;
		more = 1;
	}
	memcpy(b->data + b->used, &prefix, sizeof(prefix));
	memcpy(b->data + b->used + sizeof(prefix), data, size);
	b->used += room;
	return more;
}

const void *fifo_next(struct fifo *f, size_t *size)
{
	struct fifo_block *b = f->first;
	const char *at;
	uint64_t prefix;

	if (!b || b->read == b->used)
		return NULL;
	at = b->data + b->read;
	memcpy(&prefix, at, sizeof(prefix));
	*size = prefix;
	b->read += room_for(prefix);
	return at + sizeof(prefix);
}

struct fifo_block *fifo_drop(struct fifo *f)
{
	struct fifo_block *b = f->first;

	if (!b)
		return NULL;
	f->first = b->next;
	if (!f->first)
		f->last = NULL;
	return b;
}

void fifo_append(struct fifo *to, struct fifo *from)
{
	if (!from->first)
		return;
	if (to->last)
		to->last->next = from->first;
	else
		to->first = from->first;
	to->last = from->last;
	*from = (struct fifo){ 0 };
}

void fifo_give_back(struct fifo_spare *spare, struct fifo_block *b)
{
	if (spare->n >= SPARE_MOST) {
		munmap(b, FIFO_BLOCK);
		return;
	}
	b->next = spare->first;
	spare->first = b;
	spare->n++;
}

void fifo_free(struct fifo *f)
{
	struct fifo_block *b;

	while ((b = fifo_drop(f)))
		munmap(b, FIFO_BLOCK);
}

void fifo_spare_free(struct fifo_spare *spare)
{
	while (spare->first) {
		struct fifo_block *b = spare->first;

		spare->first = b->next;
		munmap(b, FIFO_BLOCK);
	}
	spare->n = 0;
}
