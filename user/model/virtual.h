/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Address space, by who mapped it: which parts of the sampled VMAs
 * are still mapped, while the records that unmap, move and replace them come by. Pure.
 * It must not know what lies in memory.
 */
#ifndef TARE_VIRTUAL_H
#define TARE_VIRTUAL_H

#include <glib.h>
#include <stdint.h>

struct virtual;

struct virtual *virtual_new(void);
void virtual_free(struct virtual *a); /* takes NULL */

/* A sample that stands for `bytes` mapped, of the VMA [start, start + size) of the
 * address space. `who` is the caller's number. */
void virtual_add(struct virtual *a, uint64_t mm, uint64_t start, uint64_t size, uint64_t bytes,
		 uint32_t who);
/* Something else lies in [start, end) now, or nothing. */
void virtual_unset(struct virtual *a, uint64_t mm, uint64_t start, uint64_t end);
/* mremap: what was at [from, from + size) is at [to, to + new_size) now. */
void virtual_move(struct virtual *a, uint64_t mm, uint64_t from, uint64_t size, uint64_t to,
		  uint64_t new_size);
void virtual_gone(struct virtual *a, uint64_t mm);

/* Those who mapped it have new numbers. */
void virtual_renumber(struct virtual *a, uint32_t (*now)(const void *ctx, uint32_t who),
		      const void *ctx);

/* Each part that is still mapped. A byte of it stands for `weight` bytes: a VMA shorter
 * than a period is sampled so much more seldom. */
typedef void (*virtual_fn)(void *ctx, uint64_t mm, uint64_t start, uint64_t end, double weight,
			   uint32_t who);
void virtual_each(const struct virtual *a, virtual_fn fn, void *ctx);

#endif
