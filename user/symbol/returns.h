/* SPDX-License-Identifier: GPL-2.0-only
 *
 * How code that has no rules gets back to its caller: followed by its instructions up to the
 * next return. x86-64 only. It must not know where the code comes from.
 *
 * Bounds: so many instructions and branches (returns.c); what is not found by then is not
 * known. Nor is anything checked here: code may be reached that never runs from there, so
 * the caller looks whether there is a call before the address that it would return to.
 */
#ifndef TARE_RETURNS_H
#define TARE_RETURNS_H

#include <stdbool.h>
#include <stdint.h>

/* Copies `n` bytes of code at `address`; returns how many there are. */
typedef unsigned (*code_fn)(void *ctx, uint64_t address, void *to, unsigned n);

#define RETURNS_REGS 16 /* as in instructions: 4 is rsp, 5 rbp */

/* The return address stands at the stack pointer, or frame pointer, plus `offset`. */
struct returns {
	bool by_fp;
	int64_t offset;
	uint32_t saved;           /* bit by register: it was saved and is loaded on the way */
	int64_t at[RETURNS_REGS]; /* from where, likewise */
	uint32_t lost;            /* likewise: it is not what it was, and nobody knows more */
};

/* Room for it, that is used again and again. */
struct returns_search;
struct returns_search *returns_new(void);
void returns_free(struct returns_search *s); /* takes NULL */

bool returns_find(struct returns_search *s, code_fn code, void *ctx, uint64_t address,
		  struct returns *found);

/* The same by what a method of HotSpot did when it was entered: some have no return, as they
 * leave by a trap. */
bool returns_by_entry(code_fn code, void *ctx, uint64_t address, struct returns *found);

/* How much room Erlang's JIT makes on the stack of its schedulers, once, before it rounds the
 * stack pointer down to 64 bytes: it runs processes on other stacks, and comes back there to
 * call what is not Erlang's. Looked for in the `size` bytes of its code from `start` on. */
bool returns_room(code_fn code, void *ctx, uint64_t start, uint64_t size, uint32_t *room);

#endif
