/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Address space that was asked for, by who asked: which parts of the sampled ranges
 * are still mapped, while the records that unmap, move and replace them come by. Pure.
 * It must not know what lies in memory.
 */
#ifndef TARE_ASKED_H
#define TARE_ASKED_H

#include <glib.h>
#include <stdint.h>

struct asked;

struct asked *asked_new(void);
void asked_free(struct asked *a); /* takes NULL */

/* A sample that stands for `bytes` asked for, of the range [start, start + size) of the
 * address space. `who` is the caller's number. */
void asked_add(struct asked *a, uint64_t mm, uint64_t start, uint64_t size, uint64_t bytes,
	       uint32_t who);
/* Something else lies in [start, end) now, or nothing. */
void asked_unset(struct asked *a, uint64_t mm, uint64_t start, uint64_t end);
/* mremap: what was at [from, from + size) is at [to, to + new_size) now. */
void asked_move(struct asked *a, uint64_t mm, uint64_t from, uint64_t size, uint64_t to,
		uint64_t new_size);
void asked_gone(struct asked *a, uint64_t mm);

/* Those who asked have new numbers. */
void asked_renumber(struct asked *a, uint32_t (*now)(const void *ctx, uint32_t who),
		    const void *ctx);

/* Each part that is still mapped. A byte of it stands for `weight` bytes: a range shorter
 * than a period is sampled so much more seldom. */
typedef void (*asked_fn)(void *ctx, uint64_t mm, uint64_t start, uint64_t end, double weight,
			 uint32_t who);
void asked_each(const struct asked *a, asked_fn fn, void *ctx);

#endif
