/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Instructions of x86-64: how long each is, and what it does to the stack pointer, as far as
 * that can be told from it alone. Pure. It must not know why anybody asks.
 *
 * Intel 64 and IA-32 Architectures Software Developer's Manual, volume 2, appendix A.
 */
#ifndef TARE_INSN_X86_H
#define TARE_INSN_X86_H

#include <stdbool.h>
#include <stdint.h>

#define INSN_MOST 15 /* bytes */

enum insn_kind {
	INSN_OTHER, /* leaves the stack pointer as it is; a call too, when it has returned */
	INSN_PUSH,
	INSN_POP,        /* into reg; INSN_NO_REG: memory */
	INSN_ADD_SP,     /* value */
	INSN_SP_FROM_FP, /* sp = fp + value */
	INSN_FP_FROM_SP, /* fp = sp + value */
	INSN_LOAD,       /* reg = word at sp + value */
	INSN_LEAVE,
	INSN_LOSE_SP,     /* sets the stack pointer to who knows what */
	INSN_JUMP,        /* by value from its end */
	INSN_BRANCH,      /* likewise, or not */
	INSN_JUMP_MEMORY, /* to where a word says that stands at a fixed address */
	INSN_JUMP_ANY,    /* to where a register says */
	INSN_RETURN,
	INSN_STOP, /* nothing goes on here: a trap, or where nothing is to be jumped to */
};

#define INSN_NO_REG 255

struct insn {
	enum insn_kind kind;
	unsigned size;
	uint8_t reg; /* as in instructions: 4 is rsp, 5 rbp */
	int64_t value;
};

/* The one that begins at `code`, of which `n` bytes are there. False: none does. */
bool insn_read(const unsigned char *code, unsigned n, struct insn *insn);

/* Do these bytes end with a call? `n`: how many there are; 7 are enough. */
bool insn_ends_with_call(const unsigned char *code, unsigned n);

#endif
