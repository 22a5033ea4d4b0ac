/* SPDX-License-Identifier: GPL-2.0-only
 *
 * A queue of records of any size, in blocks of memory. A block that was read is given back; a few
 * are kept and filled again. There is no locking here: drain.c does it. It must not know what a
 * record is.
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

/* Blocks to be filled again. All zero at the start. */
struct fifo_spare {
	struct fifo_block *first;
	unsigned n;
};

/* Append a copy of a record. Returns how many blocks were added (0 or 1), -ENOMEM, or -EMSGSIZE
 * for a record larger than a block. */
int fifo_put(struct fifo *f, struct fifo_spare *spare, const void *data, size_t size);

/* The next record of the first block; NULL: the block has no more records, or there is no block.
 * Valid until fifo_drop(). */
const void *fifo_next(struct fifo *f, size_t *size);
/* Remove the first block and return it. NULL: there is none. */
struct fifo_block *fifo_drop(struct fifo *f);

/* Move all blocks of `from` to the end of `to`. */
void fifo_append(struct fifo *to, struct fifo *from);

void fifo_give_back(struct fifo_spare *spare, struct fifo_block *b);
void fifo_free(struct fifo *f);
void fifo_spare_free(struct fifo_spare *spare);

#endif
