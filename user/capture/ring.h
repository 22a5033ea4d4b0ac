/* SPDX-License-Identifier: GPL-2.0-only
 *
 * One of the kernel side's rings, read. As libbpf's ring_buffer, but mapped once instead of
 * twice in a row, since every page of a mapping counts as memory of tare's: a record that
 * goes over the ring's end is copied instead. It must not know what records mean.
 */
#ifndef TARE_RING_H
#define TARE_RING_H

#include <stddef.h>
#include <stdint.h>

struct ring;

/* `map`: a descriptor of a map of type BPF_MAP_TYPE_RINGBUF with `size` bytes, a power of
 * two, which stays the caller's. 0 or negative errno. */
int ring_open(struct ring **r, int map, uint64_t size);
void ring_close(struct ring *r); /* takes NULL */

typedef int (*ring_record_fn)(void *ctx, const void *data, size_t size);

/* Hands each record that is complete to `fn`, oldest first, up to the first for which it
 * returns less than 0: that one is taken too. Returns that, or the number of records. */
int ring_consume(struct ring *r, ring_record_fn fn, void *ctx);

#endif
