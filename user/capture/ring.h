/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Reads a BPF ring buffer. Unlike libbpf's ring_buffer it maps the data once, not twice in a row,
 * since each mapped page counts as memory of tare. A record that wraps around the ring's end is
 * copied. It must not know what records mean.
 */
#ifndef TARE_RING_H
#define TARE_RING_H

#include <stddef.h>
#include <stdint.h>

struct ring;

/* `map`: descriptor of a map of type BPF_MAP_TYPE_RINGBUF; the caller still owns it. `size`: its
 * bytes, a power of two. Returns 0 or negative errno. */
int ring_open(struct ring **r, int map, uint64_t size);
void ring_close(struct ring *r); /* takes NULL */

typedef int (*ring_record_fn)(void *ctx, const void *data, size_t size);

/* Pass each complete record to `fn`, oldest first, until there is none or `fn` returns less than 0;
 * the record of that call is consumed too. Returns that value, or the number of records. */
int ring_consume(struct ring *r, ring_record_fn fn, void *ctx);

#endif
