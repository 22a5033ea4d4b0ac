/* SPDX-License-Identifier: GPL-2.0-only
 *
 * A queue of records of any size, in blocks of memory: blocks that were read are given back,
 * and a few are kept to be filled again. Not locked: drain.c does that. It
 * must not know what a record is.
 */
#ifndef TARE_FIFO_H
#define TARE_FIFO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FIFO_BLOCK (256 << 10) /* bytes; larger than any record */

struct fifo_block {
	struct fifo_block *next;
	size_t used, read; /* bytes */
	char data[];
};

struct fifo {
	struct fifo_block *first, *last;
};

/* Blocks to use again. Set to 0 at first. */
struct fifo_spare {
	struct fifo_block *first;
	unsigned n;
};

/* Append a copy. The number of blocks that it took on top, 0 or 1, or -ENOMEM; -EMSGSIZE
 * for a record that fits no block. */
int fifo_put(struct fifo *f, struct fifo_spare *spare, const void *data, size_t size);

/* The next record of the first block; NULL: it is read to its end, or there is no block.
 * Valid until fifo_drop(). */
const void *fifo_next(struct fifo *f, size_t *size);
/* Take the first block out. NULL: there is none. */
struct fifo_block *fifo_drop(struct fifo *f);

/* Move all of `from` behind what `to` has. */
void fifo_append(struct fifo *to, struct fifo *from);

void fifo_give_back(struct fifo_spare *spare, struct fifo_block *b);
void fifo_free(struct fifo *f);
void fifo_spare_free(struct fifo_spare *spare);

#endif
