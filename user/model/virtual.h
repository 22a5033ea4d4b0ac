/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Mapped address space by the stack that mapped it: which parts of the sampled VMAs are still
 * mapped, after all records of unmap, move and replace so far. Pure. It must not know which
 * pages are resident.
 */
#ifndef TARE_VIRTUAL_H
#define TARE_VIRTUAL_H

#include <glib.h>
#include <stdint.h>

struct virtual;

struct virtual *virtual_new(void);
void virtual_free(struct virtual *a); /* takes NULL */

/* Add a sample of the VMA [start, start + size) of address space `mm`; it stands for `bytes`
 * mapped bytes. `who` is a number that the caller chooses. */
void virtual_add(struct virtual *a, uint64_t mm, uint64_t start, uint64_t size, uint64_t bytes,
		 uint32_t who);
/* [start, end) was unmapped, or something else was mapped there. */
void virtual_unset(struct virtual *a, uint64_t mm, uint64_t start, uint64_t end);
/* mremap: what was at [from, from + size) is at [to, to + new_size) now. */
void virtual_move(struct virtual *a, uint64_t mm, uint64_t from, uint64_t size, uint64_t to,
		  uint64_t new_size);
/* The address space ended. */
void virtual_gone(struct virtual *a, uint64_t mm);

/* The callers' numbers `who` have changed: `now` gives the new one. */
void virtual_renumber(struct virtual *a, uint32_t (*now)(const void *ctx, uint32_t who),
		      const void *ctx);

/* Call `fn` for each part that is still mapped. A byte of it stands for `weight` bytes, since a
 * sample of a short VMA also stands for VMAs that were not sampled. */
typedef void (*virtual_fn)(void *ctx, uint64_t mm, uint64_t start, uint64_t end, double weight,
			   uint32_t who);
void virtual_each(const struct virtual *a, virtual_fn fn, void *ctx);
/* The same, of one address space. */
void virtual_each_of(const struct virtual *a, uint64_t mm, virtual_fn fn, void *ctx);

#endif
