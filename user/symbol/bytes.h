/* SPDX-License-Identifier: GPL-2.0-only
 *
 * A reader of little-endian numbers from bytes of a file. A read beyond the end sets `bad`; this
 * and all later reads return 0. So the caller can read several numbers and check `bad` once.
 */
#ifndef TARE_BYTES_H
#define TARE_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bytes {
	const uint8_t *at, *end;
	bool bad;
};

static inline size_t bytes_left(const struct bytes *b)
{
	return (size_t)(b->end - b->at);
}

static inline void bytes_fail(struct bytes *b)
{
	b->bad = true;
	b->at = b->end;
}

/* Skip n bytes and return a pointer to them; NULL: fewer are left. */
static inline const uint8_t *bytes_skip(struct bytes *b, uint64_t n)
{
	const uint8_t *at = b->at;

	if (n > bytes_left(b)) {
		bytes_fail(b);
		return NULL;
	}
	b->at += n;
	return at;
}

/* An unsigned number of `size` bytes, 8 at most. */
static inline uint64_t bytes_number(struct bytes *b, unsigned size)
{
	const uint8_t *at = bytes_skip(b, size);
	uint64_t n = 0;

	for (unsigned i = 0; at && i < size; i++)
		n |= (uint64_t)at[i] << 8 * i;
	return n;
}

static inline int64_t bytes_signed(struct bytes *b, unsigned size)
{
	unsigned unused = 64 - 8 * size;

	return (int64_t)(bytes_number(b, size) << unused) >> unused;
}

/* LEB128: seven bits in each byte, the lowest first. Bits beyond 64 are dropped. */
static inline uint64_t bytes_leb(struct bytes *b, bool with_sign)
{
	uint64_t n = 0;
	unsigned shift = 0;
	uint8_t byte;

	do {
		byte = (uint8_t)bytes_number(b, 1);
		if (shift < 64)
			n |= (uint64_t)(byte & 0x7f) << shift;
		shift += 7;
	} while (byte & 0x80);
	if (with_sign && shift < 64 && byte & 0x40)
		n |= ~0ULL << shift;
	return n;
}

static inline uint64_t bytes_uleb(struct bytes *b)
{
	return bytes_leb(b, false);
}

static inline int64_t bytes_sleb(struct bytes *b)
{
	return (int64_t)bytes_leb(b, true);
}

#endif
