/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Decodes x86-64 instructions: their length, and their effect on the stack pointer as far as the
 * instruction alone shows it. Pure: no state, no I/O. It must not know about unwinding.
 *
 * Intel 64 and IA-32 Architectures Software Developer's Manual, volume 2, appendix A.
 */
#ifndef TARE_INSN_X86_H
#define TARE_INSN_X86_H

#include <stdbool.h>
#include <stdint.h>

#define INSN_MOST 15 /* bytes of an instruction */

enum insn_kind {
	INSN_OTHER, /* does not change the stack pointer; also a call, since its callee returns */
	INSN_PUSH,
	INSN_POP,        /* into reg; INSN_NO_REG: into memory */
	INSN_ADD_SP,     /* sp += value */
	INSN_SP_FROM_FP, /* sp = fp + value */
	INSN_FP_FROM_SP, /* fp = sp + value */
	INSN_LOAD,       /* reg = word at sp + value */
	INSN_LEAVE,
	INSN_LOSE_SP,     /* sets the stack pointer to an unknown value */
	INSN_JUMP,        /* to the end of the instruction + value */
	INSN_BRANCH,      /* conditional jump, to the same target */
	INSN_JUMP_MEMORY, /* to the address stored at a fixed address, as PLT stubs do */
	INSN_JUMP_ANY,    /* to an address from a register, or stored at a computed address */
	INSN_RETURN,
	INSN_STOP, /* no known successor: a trap, a far jump, a return from the kernel */
};

#define INSN_NO_REG 255

struct insn {
	enum insn_kind kind;
	unsigned size;
	uint8_t reg; /* number as instructions encode it: 4 is rsp, 5 is rbp */
	int64_t value;
};

/* Decode the instruction at `code`, of which `n` bytes are readable. False: not an instruction,
 * or not all of it is readable. */
bool insn_read(const unsigned char *code, unsigned n, struct insn *insn);

/* Do these n bytes end with a call instruction? 7 bytes are enough for any call. */
bool insn_ends_with_call(const unsigned char *code, unsigned n);

#endif
