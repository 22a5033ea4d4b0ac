/* SPDX-License-Identifier: GPL-2.0-only */
#include "symbol/insn_x86.h"

#include <string.h>

#define RSP 4
#define RBP 5
#define REX_W 8

/* The parts of an instruction, and the state of the decoder. */
struct parts {
	const unsigned char *code;
	unsigned n, at;           /* bytes that are readable, and that are decoded */
	uint8_t rex, map, opcode; /* opcode map: 0 one byte, 1 0F, 2 0F38, 3 0F3A */
	bool wide;                /* prefix 66: operands of 16 bits */
	bool vector;              /* VEX or EVEX */
	bool has_modrm;
	uint8_t mod, reg, rm;
	uint8_t base; /* base register of the memory operand; INSN_NO_REG: none, or an index too */
	int64_t disp, imm;
};

static bool next(struct parts *p, uint8_t *byte)
{
	if (p->at >= p->n || p->at >= INSN_MOST)
		return false;
	*byte = p->code[p->at++];
	return true;
}

/* A signed little-endian number of `size` bytes. */
static bool number(struct parts *p, unsigned size, int64_t *value)
{
	uint64_t raw = 0;

	for (unsigned i = 0; i < size; i++) {
		uint8_t byte;

		if (!next(p, &byte))
			return false;
		raw |= (uint64_t)byte << 8 * i;
	}
	*value = size && size < 8 ? (int64_t)(raw << (64 - 8 * size)) >> (64 - 8 * size) :
				    (int64_t)raw;
	return true;
}

static bool is_prefix(uint8_t byte)
{
	switch (byte) {
	case 0x26:
	case 0x2e:
	case 0x36:
	case 0x3e:
	case 0x64:
	case 0x65:
	case 0x66:
	case 0x67:
	case 0xf0:
	case 0xf2:
	case 0xf3:
		return true;
	default:
		return false;
	}
}

/* After a VEX or EVEX prefix (C5, C4, 62): the map and the opcode. */
static bool read_vector(struct parts *p, uint8_t first)
{
	unsigned more = first == 0xc5 ? 1 : first == 0xc4 ? 2 : 3;
	uint8_t byte = 0, map = 1;

	for (unsigned i = 0; i < more; i++) {
		if (!next(p, &byte))
			return false;
		if (!i && more > 1)
			map = byte & (more == 2 ? 0x1f : 7);
	}
	p->vector = true;
	p->map = map;
	return map >= 1 && map <= 3 && next(p, &p->opcode);
}

static bool read_opcode(struct parts *p)
{
	uint8_t byte;

	do {
		if (!next(p, &byte))
			return false;
		p->wide |= byte == 0x66;
	} while (is_prefix(byte));
	if ((byte & 0xf0) == 0x40) {
		p->rex = byte;
		if (!next(p, &byte))
			return false;
	}
	if (byte == 0xc5 || byte == 0xc4 || byte == 0x62)
		return read_vector(p, byte);
	if (byte != 0x0f) {
		p->opcode = byte;
		return true;
	}
	p->map = 1;
	if (!next(p, &byte))
		return false;
	if (byte == 0x38 || byte == 0x3a) {
		p->map = byte == 0x38 ? 2 : 3;
		return next(p, &p->opcode);
	}
	p->opcode = byte;
	return true;
}

/* Is the opcode invalid in 64-bit mode? */
static bool is_invalid(const struct parts *p)
{
	static const char none[] = "\x06\x07\x0e\x16\x17\x1e\x1f\x27\x2f\x37\x3f\x60\x61\x82"
				   "\x9a\xce\xd4\xd5\xd6\xea";

	return p->map == 0 && memchr(none, p->opcode, sizeof(none) - 1);
}

static bool has_modrm(const struct parts *p)
{
	uint8_t op = p->opcode;

	if (p->vector)
		return !(p->map == 1 && op == 0x77);
	if (p->map >= 2)
		return true;
	if (p->map == 1)
		return !((op >= 0x04 && op <= 0x0c && op != 0x0d) || op == 0x0e ||
			 (op >= 0x30 && op <= 0x37) || op == 0x77 || (op >= 0x80 && op <= 0x8f) ||
			 (op >= 0xa0 && op <= 0xa2) || (op >= 0xa8 && op <= 0xaa) || op >= 0xc8) ||
		       op >= 0xd0;
	if (op < 0x40)
		return (op & 7) < 4;
	return op == 0x63 || op == 0x69 || op == 0x6b || (op >= 0x80 && op <= 0x8f) || op == 0xc0 ||
	       op == 0xc1 || op == 0xc6 || op == 0xc7 || (op >= 0xd0 && op <= 0xd3) ||
	       (op >= 0xd8 && op <= 0xdf) || op == 0xf6 || op == 0xf7 || op >= 0xfe;
}

static bool read_modrm(struct parts *p)
{
	unsigned disp;
	uint8_t byte, sib;

	p->base = INSN_NO_REG;
	p->has_modrm = has_modrm(p);
	if (!p->has_modrm)
		return true;
	if (!next(p, &byte))
		return false;
	p->mod = byte >> 6;
	p->reg = (byte >> 3 & 7) | (p->rex & 4) << 1;
	p->rm = byte & 7;
	if (p->mod == 3) {
		p->rm |= (p->rex & 1) << 3;
		return true;
	}
	disp = p->mod == 1 ? 1 : p->mod == 2 ? 4 : 0;
	if (p->rm == 4) {
		if (!next(p, &sib))
			return false;
		if ((sib & 7) == 5 && !p->mod)
			disp = 4;
		else if ((sib >> 3 & 7) == 4 && !(p->rex & 2))
			p->base = (sib & 7) | (p->rex & 1) << 3;
	} else if (p->rm == 5 && !p->mod) {
		disp = 4; /* relative to the end of the instruction */
	} else {
		p->base = p->rm | (p->rex & 1) << 3;
	}
	return number(p, disp, &p->disp);
}

/* Bytes of the immediate operand of a one-byte opcode. */
static unsigned imm_one(const struct parts *p)
{
	unsigned usual = p->wide ? 2 : 4;
	uint8_t op = p->opcode;

	if (op < 0x40)
		return (op & 7) == 4 ? 1 : (op & 7) == 5 ? usual : 0;
	if (op >= 0xb8 && op <= 0xbf)
		return p->rex & REX_W ? 8 : usual;
	if ((op >= 0x70 && op <= 0x7f) || (op >= 0xb0 && op <= 0xb7) || (op >= 0xe0 && op <= 0xe7))
		return 1;
	switch (op) {
	case 0x6a:
	case 0x6b:
	case 0x80:
	case 0x83:
	case 0xa8:
	case 0xc0:
	case 0xc1:
	case 0xc6:
	case 0xcd:
	case 0xeb:
		return 1;
	case 0x68:
	case 0x69:
	case 0x81:
	case 0xa9:
	case 0xc7:
		return usual;
	case 0xe8:
	case 0xe9:
		return 4;
	case 0xa0:
	case 0xa1:
	case 0xa2:
	case 0xa3:
		return 8;
	case 0xc2:
	case 0xca:
		return 2;
	case 0xc8:
		return 3;
	case 0xf6:
		return p->reg % 8 < 2;
	case 0xf7:
		return p->reg % 8 < 2 ? usual : 0;
	default:
		return 0;
	}
}

static unsigned imm_size(const struct parts *p)
{
	static const uint8_t one[] = { 0x0f, 0x70, 0x71, 0x72, 0x73, 0xa4,
				       0xac, 0xba, 0xc2, 0xc4, 0xc5, 0xc6 };

	if (p->map == 0)
		return imm_one(p);
	if (p->map == 1 && !p->vector && p->opcode >= 0x80 && p->opcode <= 0x8f)
		return 4;
	if (p->map == 1)
		return memchr(one, p->opcode, sizeof(one)) ? 1 : 0;
	return p->map == 3;
}

static void set(struct insn *insn, enum insn_kind kind, uint8_t reg, int64_t value)
{
	insn->kind = kind;
	insn->reg = reg;
	insn->value = value;
}

/* Opcodes 81 and 83: arithmetic with an immediate operand. */
static void arithmetic(const struct parts *p, struct insn *insn)
{
	int op = p->reg % 8;

	if (p->mod != 3 || p->rm != RSP || op == 7)
		return;
	if (p->rex & REX_W && op == 0)
		set(insn, INSN_ADD_SP, RSP, p->imm);
	else if (p->rex & REX_W && op == 5)
		set(insn, INSN_ADD_SP, RSP, -p->imm);
	else
		insn->kind = INSN_LOSE_SP;
}

/* Opcode 8D: lea. */
static void address(const struct parts *p, struct insn *insn)
{
	if (p->reg == RSP && p->base == RSP)
		set(insn, INSN_ADD_SP, RSP, p->disp);
	else if (p->reg == RSP && p->base == RBP)
		set(insn, INSN_SP_FROM_FP, RSP, p->disp);
	else if (p->reg == RSP)
		insn->kind = INSN_LOSE_SP;
	else if (p->reg == RBP && p->base == RSP)
		set(insn, INSN_FP_FROM_SP, RBP, p->disp);
}

/* Opcodes 89 and 8B: mov between `to` and `from`, both registers, or from memory. */
static void move(const struct parts *p, struct insn *insn)
{
	bool load = p->opcode == 0x8b;
	uint8_t to = load ? p->reg : p->rm, from = load ? p->rm : p->reg;

	if (p->mod == 3 && to == RSP)
		set(insn, from == RBP ? INSN_SP_FROM_FP : INSN_LOSE_SP, RSP, 0);
	else if (p->mod == 3 && to == RBP && from == RSP)
		set(insn, INSN_FP_FROM_SP, RBP, 0);
	else if (load && p->mod != 3 && p->reg == RSP)
		insn->kind = INSN_LOSE_SP;
	else if (load && p->mod != 3 && p->base == RSP && p->rex & REX_W)
		set(insn, INSN_LOAD, p->reg, p->disp);
}

/* Opcode FF. */
static void indirect(const struct parts *p, struct insn *insn)
{
	switch (p->reg % 8) {
	case 4:
		/* A RIP-relative memory operand: a PLT stub or a tail call. */
		insn->kind = p->mod == 0 && p->rm == 5 ? INSN_JUMP_MEMORY : INSN_JUMP_ANY;
		return;
	case 5:
		insn->kind = INSN_STOP;
		return;
	case 6:
		insn->kind = INSN_PUSH;
		return;
	default:
		if (p->mod == 3 && p->rm == RSP && p->reg % 8 < 2)
			insn->kind = INSN_LOSE_SP;
	}
}

/* Does the instruction write the stack pointer, as register `rm` or `reg` of its ModRM byte? */
static bool writes_sp(const struct parts *p)
{
	uint8_t op = p->opcode;

	if (op < 0x38 && (op & 7) == 1)
		return p->mod == 3 && p->rm == RSP;
	if ((op < 0x38 && (op & 7) == 3) || op == 0x63 || op == 0x69 || op == 0x6b)
		return p->reg == RSP;
	if (op == 0x87)
		return p->reg == RSP || (p->mod == 3 && p->rm == RSP);
	return op == 0xc7 && p->mod == 3 && p->rm == RSP;
}

static void one_byte(const struct parts *p, struct insn *insn)
{
	uint8_t op = p->opcode, reg = (op & 7) | (p->rex & 1) << 3;

	if (op >= 0x50 && op <= 0x57)
		insn->kind = INSN_PUSH;
	else if (op >= 0x58 && op <= 0x5f)
		set(insn, reg == RSP ? INSN_LOSE_SP : INSN_POP, reg, 0);
	else if ((op >= 0x70 && op <= 0x7f) || (op >= 0xe0 && op <= 0xe3))
		set(insn, INSN_BRANCH, INSN_NO_REG, p->imm);
	else if (op >= 0xb8 && op <= 0xbf && reg == RSP)
		insn->kind = INSN_LOSE_SP;
	else if (p->has_modrm && writes_sp(p))
		insn->kind = INSN_LOSE_SP;
	else
		switch (op) {
		case 0x68:
		case 0x6a:
		case 0x9c:
			insn->kind = INSN_PUSH;
			break;
		case 0x8f:
		case 0x9d:
			set(insn, INSN_POP, INSN_NO_REG, 0);
			break;
		case 0x81:
		case 0x83:
			arithmetic(p, insn);
			break;
		case 0x89:
		case 0x8b:
			move(p, insn);
			break;
		case 0x8d:
			address(p, insn);
			break;
		case 0xc2:
		case 0xc3:
			insn->kind = INSN_RETURN;
			break;
		case 0xc8:
			insn->kind = INSN_LOSE_SP;
			break;
		case 0xc9:
			insn->kind = INSN_LEAVE;
			break;
		case 0xe9:
		case 0xeb:
			set(insn, INSN_JUMP, INSN_NO_REG, p->imm);
			break;
		case 0xff:
			indirect(p, insn);
			break;
		case 0xca:
		case 0xcb:
		case 0xcc:
		case 0xcf:
		case 0xf4:
			insn->kind = INSN_STOP;
			break;
		default:
			break;
		}
}

static void two_bytes(const struct parts *p, struct insn *insn)
{
	uint8_t op = p->opcode;

	if (op >= 0x80 && op <= 0x8f)
		set(insn, INSN_BRANCH, INSN_NO_REG, p->imm);
	else if (op == 0x0b || op == 0xb9 || op == 0xff || op == 0x07 || op == 0x35)
		insn->kind = INSN_STOP; /* ud2, ud1, ud0, sysret, sysexit */
	else if (op == 0xa0 || op == 0xa8)
		insn->kind = INSN_PUSH;
	else if (op == 0xa1 || op == 0xa9)
		set(insn, INSN_POP, INSN_NO_REG, 0);
	else if (op >= 0x40 && op <= 0x4f && p->reg == RSP)
		insn->kind = INSN_LOSE_SP;
}

bool insn_read(const unsigned char *code, unsigned n, struct insn *insn)
{
	struct parts p = { .code = code, .n = n };

	*insn = (struct insn){ .kind = INSN_OTHER, .reg = INSN_NO_REG };
	if (!read_opcode(&p) || is_invalid(&p) || !read_modrm(&p) ||
	    !number(&p, imm_size(&p), &p.imm))
		return false;
	insn->size = p.at;
	if (p.vector)
		return true;
	if (p.map == 0)
		one_byte(&p, insn);
	else if (p.map == 1)
		two_bytes(&p, insn);
	return true;
}

bool insn_ends_with_call(const unsigned char *code, unsigned n)
{
	if (n >= 5 && code[n - 5] == 0xe8)
		return true;
	/* FF /2, a call through a register or memory: 2 to 7 bytes. */
	for (unsigned size = 2; size <= 7 && size <= n; size++) {
		const unsigned char *at = code + n - size;
		struct insn insn;

		if (at[0] == 0xff && (at[1] >> 3 & 7) == 2 && insn_read(at, size, &insn) &&
		    insn.size == size)
			return true;
	}
	return false;
}
