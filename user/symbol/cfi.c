/* SPDX-License-Identifier: GPL-2.0-only */
#include "symbol/cfi.h"

#include <dwarf.h>
#include <glib.h>
#include <string.h>

#include "base/search.h"
#include "symbol/bytes.h"

#define LETTERS_MOST 16         /* of an augmentation string; compilers write up to 5 */
#define INSTRUCTIONS_MOST 65536 /* of an entry; a hostile one may fill a whole section */
#define REMEMBERED 16           /* depth of the stack of DW_CFA_remember_state; compilers use 1 */
#define DWARF64 0xffffffffU     /* in place of a length: a length of 8 bytes follows */
#define OPCODE_MASK 0xc0        /* opcodes with an operand in the low bits of the same byte */
#define POINTER_FORMAT 0x0f     /* in DW_EH_PE_*: size and signedness */
#define POINTER_RELATIVE 0x70   /* in DW_EH_PE_*: the base address */
#define NEGATE_RA_WITH_PC 0x2c  /* DW_CFA_AARCH64_negate_ra_state_with_pc: newer than dwarf.h */

/* A CIE: what many functions have in common. */
struct common {
	uint64_t code_unit;
	int64_t data_unit;
	uint64_t ra;      /* register with the return address */
	uint8_t pointers; /* encoding of addresses, DW_EH_PE_* */
	bool sized;       /* augmentation data begins with its size */
	bool signal;
	struct bytes program; /* instructions */
};

/* An FDE: the entry of one function. */
struct entry {
	struct common common;
	uint64_t start, size; /* of the function's code */
	struct bytes program; /* instructions */
};

/* Read the header of the entry at an offset. `body`: the rest of the entry. `cie`: offset of the
 * CIE of an FDE. `next`: offset of the next entry. False: malformed, or the end of the section.
 * An id of 0 (.eh_frame) or all ones (.debug_frame) is a CIE. */
static bool read_head(const struct cfi_section *s, size_t offset, struct bytes *body, bool *is_cie,
		      size_t *cie, size_t *next)
{
	struct bytes b = { s->data + MIN(offset, s->size), s->data + s->size, false };
	uint64_t length = bytes_number(&b, 4), id, none;
	unsigned wide = 4;
	size_t at;

	if (length == DWARF64) {
		wide = 8;
		length = bytes_number(&b, 8);
	}
	if (b.bad || !length || length > bytes_left(&b)) /* 0 ends the section */
		return false;
	b.end = b.at + length;
	*next = (size_t)(b.end - s->data);
	at = (size_t)(b.at - s->data);
	id = bytes_number(&b, wide);
	none = s->eh ? 0 : wide == 8 ? ~0ULL : DWARF64;
	*is_cie = id == none;
	*cie = s->eh ? at - id : id; /* .eh_frame: relative to the id, backwards */
	*body = b;
	return !b.bad && (*is_cie || *cie < s->size);
}

/* Read an encoded address. `s`: the section that it may be relative to; NULL: ignore the base. */
static uint64_t read_pointer(struct bytes *b, uint8_t encoding, const struct cfi_section *s)
{
	uint64_t base = 0;

	if (encoding == DW_EH_PE_omit || encoding & DW_EH_PE_indirect)
		bytes_fail(b);
	if (s && (encoding & POINTER_RELATIVE) == DW_EH_PE_pcrel)
		base = s->address + (uint64_t)(b->at - s->data);
	else if (s && encoding & POINTER_RELATIVE)
		bytes_fail(b);
	switch (encoding & POINTER_FORMAT) {
	case DW_EH_PE_absptr:
	case DW_EH_PE_udata8:
	case DW_EH_PE_sdata8:
		return base + bytes_number(b, 8);
	case DW_EH_PE_udata4:
		return base + bytes_number(b, 4);
	case DW_EH_PE_sdata4:
		return base + (uint64_t)bytes_signed(b, 4);
	case DW_EH_PE_udata2:
		return base + bytes_number(b, 2);
	case DW_EH_PE_sdata2:
		return base + (uint64_t)bytes_signed(b, 2);
	case DW_EH_PE_uleb128:
		return base + bytes_uleb(b);
	case DW_EH_PE_sleb128:
		return base + (uint64_t)bytes_sleb(b);
	default:
		bytes_fail(b);
		return 0;
	}
}

/* Read the augmentation data: each letter of the augmentation string stands for a field. Data
 * without a leading size cannot be skipped, so it is refused. */
static void read_augmentation(struct bytes *b, const char *letters, struct common *c)
{
	struct bytes data = { 0 };

	c->sized = *letters == 'z';
	if (c->sized) {
		uint64_t size = bytes_uleb(b);

		data.at = bytes_skip(b, size);
		data.end = b->at;
	} else if (*letters) {
		bytes_fail(b);
	}
	if (b->bad)
		return;
	for (const char *l = letters + c->sized; *l; l++) {
		if (*l == 'R') {
			c->pointers = (uint8_t)bytes_number(&data, 1);
		} else if (*l == 'L') {
			bytes_number(&data, 1);
		} else if (*l == 'P') {
			uint8_t encoding = (uint8_t)bytes_number(&data, 1);

			/* The personality routine is only skipped: its base does not matter. */
			read_pointer(&data, encoding & POINTER_FORMAT, NULL);
		} else if (*l == 'S') {
			c->signal = true;
		} else if (*l != 'B' && *l != 'G') { /* arm64: B key, memory tagging; no data */
			break;                       /* unknown: ignore the rest of the data */
		}
	}
	if (data.bad)
		bytes_fail(b);
}

static bool read_common(const struct cfi_section *s, size_t offset, struct common *c)
{
	const char *letters, *end;
	struct bytes b;
	size_t cie, next;
	uint64_t version;
	bool is_cie;

	if (!read_head(s, offset, &b, &is_cie, &cie, &next) || !is_cie)
		return false;
	*c = (struct common){ .pointers = DW_EH_PE_absptr };
	version = bytes_number(&b, 1);
	letters = (const char *)b.at;
	end = memchr(letters, 0, MIN(bytes_left(&b), LETTERS_MOST));
	if ((version != 1 && version != 3 && version != 4) || !end)
		return false;
	bytes_skip(&b, (uint64_t)(end - letters) + 1);
	if (version == 4 && (bytes_number(&b, 1) != 8 || bytes_number(&b, 1)))
		return false; /* supported: 64-bit addresses without segments */
	c->code_unit = bytes_uleb(&b);
	c->data_unit = bytes_sleb(&b);
	c->ra = version == 1 ? bytes_number(&b, 1) : bytes_uleb(&b);
	read_augmentation(&b, letters, c);
	c->program = b;
	return !b.bad;
}

/* Read the FDE at an offset. False: not an FDE, or malformed. */
static bool read_entry(const struct cfi_section *s, size_t offset, struct entry *e, size_t *next)
{
	struct bytes b;
	size_t cie;
	bool is_cie;

	if (!read_head(s, offset, &b, &is_cie, &cie, next) || is_cie ||
	    !read_common(s, cie, &e->common))
		return false;
	e->start = read_pointer(&b, e->common.pointers, s);
	e->size = read_pointer(&b, e->common.pointers & POINTER_FORMAT, NULL);
	if (e->common.sized)
		bytes_skip(&b, bytes_uleb(&b));
	e->program = b;
	return !b.bad;
}

/* State of the interpreter of CFI instructions. */
struct cfi_program {
	const struct common *common;
	/* The row after the CIE's instructions, for DW_CFA_restore; NULL while they run. */
	const struct cfi_row *initial;
	struct cfi_row *row;
	struct cfi_row remembered[REMEMBERED];
	unsigned n_remembered;
	struct bytes b;
	const struct cfi_section *section;
	unsigned regs;
	uint64_t at, until; /* addresses: of the current row, and of the wanted row */
};

/* Rules of registers that the unwinder does not track (vector registers) are dropped. */
static void set_rule(struct cfi_program *m, uint64_t reg, enum cfi_how how, int64_t offset)
{
	if (reg < m->regs)
		m->row->reg[reg] = (struct cfi_rule){ .how = (uint8_t)how, .offset = offset };
}

static struct cfi_rule read_expr(struct cfi_program *m, enum cfi_how how)
{
	struct cfi_rule rule = { .how = (uint8_t)how };

	rule.expr_size = bytes_uleb(&m->b);
	rule.expr = bytes_skip(&m->b, rule.expr_size);
	return rule;
}

static void set_expr(struct cfi_program *m, enum cfi_how how)
{
	uint64_t reg = bytes_uleb(&m->b);
	struct cfi_rule rule = read_expr(m, how);

	if (reg < m->regs)
		m->row->reg[reg] = rule;
}

static void set_cfa(struct cfi_program *m, uint64_t reg, int64_t offset)
{
	if (reg >= m->regs)
		bytes_fail(&m->b);
	m->row->cfa =
		(struct cfi_rule){ .how = CFI_REGISTER, .reg = (uint8_t)reg, .offset = offset };
}

/* An instruction that changes only the register or only the offset of the CFA: the current rule
 * must have both. */
static bool has_cfa(struct cfi_program *m)
{
	if (m->row->cfa.how != CFI_REGISTER)
		bytes_fail(&m->b);
	return !m->b.bad;
}

static int64_t data_units(const struct cfi_program *m, uint64_t n)
{
	return (int64_t)(n * (uint64_t)m->common->data_unit);
}

static void restore_rule(struct cfi_program *m, uint64_t reg)
{
	if (!m->initial)
		bytes_fail(&m->b);
	else if (reg < m->regs)
		m->row->reg[reg] = m->initial->reg[reg];
}

static void remember(struct cfi_program *m)
{
	if (m->n_remembered == REMEMBERED)
		bytes_fail(&m->b);
	else
		m->remembered[m->n_remembered++] = *m->row;
}

static void recall(struct cfi_program *m)
{
	if (!m->n_remembered)
		bytes_fail(&m->b);
	else
		*m->row = m->remembered[--m->n_remembered];
}

static void run_cfa(struct cfi_program *m, uint8_t op)
{
	uint64_t reg;

	switch (op) {
	case DW_CFA_def_cfa:
		reg = bytes_uleb(&m->b);
		set_cfa(m, reg, (int64_t)bytes_uleb(&m->b));
		break;
	case DW_CFA_def_cfa_sf:
		reg = bytes_uleb(&m->b);
		set_cfa(m, reg, data_units(m, (uint64_t)bytes_sleb(&m->b)));
		break;
	case DW_CFA_def_cfa_register:
		if (has_cfa(m))
			set_cfa(m, bytes_uleb(&m->b), m->row->cfa.offset);
		break;
	case DW_CFA_def_cfa_offset:
		if (has_cfa(m))
			m->row->cfa.offset = (int64_t)bytes_uleb(&m->b);
		break;
	case DW_CFA_def_cfa_offset_sf:
		if (has_cfa(m))
			m->row->cfa.offset = data_units(m, (uint64_t)bytes_sleb(&m->b));
		break;
	case DW_CFA_def_cfa_expression:
		m->row->cfa = read_expr(m, CFI_IS_EXPR);
		break;
	default: /* an unknown instruction has an unknown length */
		bytes_fail(&m->b);
	}
}

static void run_register(struct cfi_program *m, uint8_t op)
{
	uint64_t reg = bytes_uleb(&m->b);

	switch (op) {
	case DW_CFA_offset_extended:
		set_rule(m, reg, CFI_AT_CFA, data_units(m, bytes_uleb(&m->b)));
		break;
	case DW_CFA_offset_extended_sf:
		set_rule(m, reg, CFI_AT_CFA, data_units(m, (uint64_t)bytes_sleb(&m->b)));
		break;
	case DW_CFA_GNU_negative_offset_extended:
		set_rule(m, reg, CFI_AT_CFA, data_units(m, -bytes_uleb(&m->b)));
		break;
	case DW_CFA_val_offset:
		set_rule(m, reg, CFI_IS_CFA, data_units(m, bytes_uleb(&m->b)));
		break;
	case DW_CFA_val_offset_sf:
		set_rule(m, reg, CFI_IS_CFA, data_units(m, (uint64_t)bytes_sleb(&m->b)));
		break;
	case DW_CFA_register:
		set_rule(m, reg, CFI_REGISTER, (int64_t)bytes_uleb(&m->b));
		break;
	case DW_CFA_restore_extended:
		restore_rule(m, reg);
		break;
	case DW_CFA_undefined:
		set_rule(m, reg, CFI_UNDEFINED, 0);
		break;
	default: /* DW_CFA_same_value */
		set_rule(m, reg, CFI_SAME, 0);
	}
}

static void advance(struct cfi_program *m, uint64_t units)
{
	m->at += units * m->common->code_unit;
}

static void run_other(struct cfi_program *m, uint8_t op)
{
	switch (op) {
	case DW_CFA_nop:
	case DW_CFA_GNU_window_save: /* arm64: toggles the signing of the return address */
	case NEGATE_RA_WITH_PC:
		break;
	case DW_CFA_GNU_args_size:
		bytes_uleb(&m->b);
		break;
	case DW_CFA_set_loc:
		m->at = read_pointer(&m->b, m->common->pointers, m->section);
		break;
	case DW_CFA_advance_loc1:
		advance(m, bytes_number(&m->b, 1));
		break;
	case DW_CFA_advance_loc2:
		advance(m, bytes_number(&m->b, 2));
		break;
	case DW_CFA_advance_loc4:
		advance(m, bytes_number(&m->b, 4));
		break;
	case DW_CFA_remember_state:
		remember(m);
		break;
	case DW_CFA_restore_state:
		recall(m);
		break;
	case DW_CFA_expression:
		set_expr(m, CFI_AT_EXPR);
		break;
	case DW_CFA_val_expression:
		set_expr(m, CFI_IS_EXPR);
		break;
	default:
		run_cfa(m, op);
	}
}

static void run_one(struct cfi_program *m)
{
	uint8_t op = (uint8_t)bytes_number(&m->b, 1), low = op & (uint8_t)~OPCODE_MASK;

	switch (op & OPCODE_MASK) {
	case DW_CFA_advance_loc:
		advance(m, low);
		return;
	case DW_CFA_offset:
		set_rule(m, low, CFI_AT_CFA, data_units(m, bytes_uleb(&m->b)));
		return;
	case DW_CFA_restore:
		restore_rule(m, low);
		return;
	default:
		break;
	}
	switch (op) {
	case DW_CFA_offset_extended:
	case DW_CFA_offset_extended_sf:
	case DW_CFA_GNU_negative_offset_extended:
	case DW_CFA_val_offset:
	case DW_CFA_val_offset_sf:
	case DW_CFA_register:
	case DW_CFA_restore_extended:
	case DW_CFA_undefined:
	case DW_CFA_same_value:
		run_register(m, op);
		break;
	default:
		run_other(m, op);
	}
}

/* Run the instructions up to the row of `until`. False: malformed. */
static bool run(struct cfi_program *m, const struct bytes *program)
{
	m->b = *program;
	m->n_remembered = 0;
	for (unsigned i = 0; bytes_left(&m->b) && m->at <= m->until; i++) {
		if (i == INSTRUCTIONS_MOST)
			return false;
		run_one(m);
	}
	return !m->b.bad;
}

/* The rules of registers without an instruction: a callee-saved register is unchanged, the stack
 * pointer of the caller is the CFA, others are lost. */
static void row_init(struct cfi_row *row, const struct arch_regs *arch)
{
	memset(row, 0, sizeof(*row));
	for (unsigned i = 0; i < arch->regs; i++)
		row->reg[i].how = arch->kept >> i & 1 ? CFI_SAME : CFI_UNDEFINED;
	row->reg[arch->sp].how = CFI_IS_CFA;
}

bool cfi_row(const struct cfi_section *s, const struct arch_regs *arch, uint64_t address,
	     cfi_find_fn find, const void *ctx, struct cfi_row *row)
{
	struct cfi_program m = { .row = row, .section = s, .regs = arch->regs };
	struct cfi_row initial;
	struct entry e;
	size_t offset, next;

	if (!find(ctx, address, &offset) || !read_entry(s, offset, &e, &next) ||
	    address - e.start >= e.size)
		return false;
	row_init(row, arch);
	row->ra = e.common.ra;
	row->signal = e.common.signal;
	m.common = &e.common;
	m.until = ~0ULL; /* run all of the CIE's instructions */
	if (!run(&m, &e.common.program))
		return false;
	initial = *row;
	m.initial = &initial;
	m.at = e.start;
	m.until = address;
	return run(&m, &e.program);
}

struct indexed {
	uint64_t start;
	size_t offset;
};

struct cfi_index {
	GArray *entries; /* struct indexed, by address */
};

static int by_start(const void *a, const void *b)
{
	const struct indexed *x = a, *y = b;

	return x->start < y->start ? -1 : x->start > y->start;
}

struct cfi_index *cfi_index_new(const struct cfi_section *s)
{
	struct cfi_index *index = g_new0(struct cfi_index, 1);
	size_t next, cie;
	struct bytes body;
	bool is_cie;

	index->entries = g_array_new(FALSE, FALSE, sizeof(struct indexed));
	for (size_t at = 0; read_head(s, at, &body, &is_cie, &cie, &next); at = next) {
		struct entry e;
		size_t unused;

		if (!is_cie && read_entry(s, at, &e, &unused) && e.size) {
			struct indexed new = { e.start, at };

			g_array_append_val(index->entries, new);
		}
	}
	g_array_sort(index->entries, by_start);
	return index;
}

void cfi_index_free(struct cfi_index *index)
{
	if (!index)
		return;
	g_array_unref(index->entries);
	g_free(index);
}

static bool starts_after(const void *ctx, unsigned i, uint64_t address)
{
	const struct cfi_index *index = ctx;

	return g_array_index(index->entries, struct indexed, i).start > address;
}

bool cfi_index_find(const void *ctx, uint64_t address, size_t *offset)
{
	const struct cfi_index *index = ctx;
	unsigned after = search_first(index->entries->len, starts_after, index, address);

	if (!after)
		return false;
	*offset = g_array_index(index->entries, struct indexed, after - 1).offset;
	return true;
}
