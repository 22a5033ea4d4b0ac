/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Unwind rules for code that has none: follow the instructions from an address to the next
 * return, and see where the return address is on the stack. x86-64 only. It must not know where
 * the code comes from.
 *
 * Bounds: STEPS_MOST instructions and BRANCHES_MOST branches; beyond them the result is "not
 * found". The result is a guess, since the path to the return may be one that the program never
 * takes. The caller must check that a call is before the return address.
 */
#ifndef TARE_RETURNS_H
#define TARE_RETURNS_H

#include <stdbool.h>
#include <stdint.h>

/* Copies `n` bytes of code at `address`; returns the number of bytes copied. */
typedef unsigned (*code_fn)(void *ctx, uint64_t address, void *to, unsigned n);

#define RETURNS_REGS 16 /* numbers as instructions encode them: 4 is rsp, 5 is rbp */

/* Where the return address and saved registers are. Offsets in bytes, from the frame pointer if
 * `by_fp`, else from the stack pointer. */
struct returns {
	bool by_fp;
	int64_t offset;           /* of the return address */
	uint32_t saved;           /* bit by register: the path restores it from the stack */
	int64_t at[RETURNS_REGS]; /* offset of the saved register */
	uint32_t lost;            /* bit by register: restored from an unknown address */
};

/* Memory for a search; one is enough for all searches, one after another. */
struct returns_search;
struct returns_search *returns_new(void);
void returns_free(struct returns_search *s); /* takes NULL */

/* Follow the code from `address` to a return. False: none found. */
bool returns_find(struct returns_search *s, code_fn code, void *ctx, uint64_t address,
		  struct returns *found);

/* The same for a method compiled by HotSpot (Java), from the instructions at its entry: some
 * methods have no return, because they leave by a trap. False: no such entry before `address`. */
bool returns_by_entry(code_fn code, void *ctx, uint64_t address, struct returns *found);

/* The same for code of Erlang's JIT, which may also leave by a jump to a function of another
 * module: `jmp *N(base,%r12,8)`. In OTP's erts/emulator/beam/jit/x86/beam_asm.hpp, r12 is
 * active_code_ix, the index into the addresses of each function; no other jump uses it. */
bool returns_find_erlang(struct returns_search *s, code_fn code, void *ctx, uint64_t address,
			 struct returns *found);

/* Is this the code that an Erlang process returns to in the end (erts_beamasm:normal_exit)? Its
 * address is the first word of each process's stack, see erl_create_process() in OTP's
 * erts/emulator/beam/erl_process.c. Only this code stores EXC_NORMAL in the process. */
bool returns_erlang_end(code_fn code, void *ctx, uint64_t address);

/* The bytes that Erlang's JIT reserves on a scheduler's stack before it rounds the stack pointer
 * down to a multiple of 64. Erlang processes run on stacks of their own; to call C, the JIT
 * switches back to the rounded stack pointer. Searches the `size` bytes of JIT code from `start`
 * on for the instructions that do this. False: not found. */
bool returns_room(code_fn code, void *ctx, uint64_t start, uint64_t size, uint32_t *room);

#endif
