/* SPDX-License-Identifier: GPL-2.0-only */
#include "symbol/rules.h"

#include <dwarf.h>
#include <elfutils/libdw.h>
#include <stdlib.h>
#include <string.h>

#include "base/intern.h"

#define DEPTH 32     /* of an expression's stack */
#define EXPR_MOST 64 /* operations of one: compilers write ten */
#define RULES_MOST 32768

struct expr {
	Dwarf_Op *ops;
	size_t n;
	bool value;
};

struct rule_key {
	uint64_t address;
	uint64_t file;
};

struct rules {
	struct modules *modules;
	const struct arch_regs *arch;
	struct intern *keys; /* struct rule_key */
	GArray *rules;       /* struct rule, by the number of its key */
	GArray *saved;       /* struct saved */
	GArray *exprs;       /* struct expr; simple ones are not here */
};

static void expr_clear(gpointer e)
{
	g_free(((struct expr *)e)->ops);
}

struct rules *rules_new(struct modules *modules, const struct arch_regs *arch)
{
	struct rules *r = g_new0(struct rules, 1);

	r->modules = modules;
	r->arch = arch;
	r->keys = intern_new(sizeof(struct rule_key));
	r->rules = g_array_new(FALSE, TRUE, sizeof(struct rule));
	r->saved = g_array_new(FALSE, TRUE, sizeof(struct saved));
	r->exprs = g_array_new(FALSE, TRUE, sizeof(struct expr));
	g_array_set_clear_func(r->exprs, expr_clear);
	return r;
}

void rules_free(struct rules *r)
{
	if (!r)
		return;
	intern_free(r->keys);
	g_array_unref(r->rules);
	g_array_unref(r->saved);
	g_array_unref(r->exprs);
	g_free(r);
}

void rules_forget(struct rules *r)
{
	intern_free(r->keys);
	r->keys = intern_new(sizeof(struct rule_key));
	g_array_set_size(r->rules, 0);
	g_array_set_size(r->saved, 0);
	g_array_set_size(r->exprs, 0);
}

unsigned rules_count(const struct rules *r)
{
	return r->rules->len;
}

const struct saved *rules_saved(const struct rules *r, const struct rule *rule)
{
	return r->saved->len ? &g_array_index(r->saved, struct saved, rule->saved) : NULL;
}

bool registers_load(const struct registers *m, uint64_t at, uint64_t *value)
{
	if (at < m->base || m->size < 8 || at - m->base > m->size - 8)
		return false;
	memcpy(value, m->stack + (at - m->base), 8);
	return true;
}

/* A copy: where libdw made up the operations they go with the frame. */
static uint32_t add_expr(struct rules *r, const Dwarf_Op *ops, size_t n)
{
	struct expr e = { g_memdup2(ops, n * sizeof(*ops)), n,
			  n && ops[n - 1].atom == DW_OP_stack_value };

	g_array_append_val(r->exprs, e);
	return r->exprs->len - 1;
}

static bool fits_offset(Dwarf_Word offset)
{
	return (int64_t)offset >= INT32_MIN && (int64_t)offset <= INT32_MAX;
}

/* The register of DW_OP_reg0 and its like, of the 32 from `first` on, or of the one that has
 * an operand for it; NO_REGISTER: another operation. */
static int reg_of(const struct rules *r, const Dwarf_Op *op, uint8_t first, uint8_t by_number)
{
	uint64_t reg = ARCH_REGS_MAX;

	if (op->atom >= first && op->atom < first + 32)
		reg = op->atom - first;
	else if (op->atom == by_number)
		reg = op->number;
	return reg < r->arch->regs ? (int)reg : NO_REGISTER;
}

enum verdict { SAME, LOST, SAVED };

/* One register's rule. libdw says "undefined" by no operations at all, "same" by no array of
 * them, and simple rules in the array that it is given. `undefined`: it said so. */
static enum verdict reg_rule(struct rules *r, Dwarf_Frame *frame, int reg, struct saved *saved,
			     bool *undefined)
{
	Dwarf_Op mem[3], *ops = NULL;
	size_t n = 0;
	int in;

	*undefined = false;
	if (dwarf_frame_register(frame, reg, mem, &ops, &n))
		return LOST;
	if (!n) {
		*undefined = ops;
		return ops ? LOST : SAME;
	}
	saved->reg = (uint8_t)reg;
	if (ops != mem) {
		if (n > EXPR_MOST)
			return LOST;
		saved->how = ops[n - 1].atom == DW_OP_stack_value ? IS_EXPR : AT_EXPR;
		saved->offset = (int32_t)add_expr(r, ops, n);
		return SAVED;
	}
	if (ops[0].atom == DW_OP_call_frame_cfa) {
		bool plus = n > 1 && ops[1].atom == DW_OP_plus_uconst;

		if (plus && !fits_offset(ops[1].number))
			return LOST;
		saved->offset = plus ? (int32_t)ops[1].number : 0;
		saved->how = ops[n - 1].atom == DW_OP_stack_value ? IS_CFA : AT_CFA;
		return SAVED;
	}
	in = n == 1 ? reg_of(r, ops, DW_OP_reg0, DW_OP_regx) : NO_REGISTER;
	saved->how = IN_REG;
	saved->offset = in;
	return in == NO_REGISTER ? LOST : SAVED;
}

static bool cfa_rule(struct rules *r, struct rule *rule, Dwarf_Frame *frame)
{
	Dwarf_Op *ops;
	Dwarf_Word offset;
	size_t n;
	int reg;

	if (dwarf_frame_cfa(frame, &ops, &n) || !n)
		return false;
	reg = n == 1 ? reg_of(r, ops, DW_OP_breg0, DW_OP_bregx) : NO_REGISTER;
	offset = ops[0].atom == DW_OP_bregx ? ops[0].number2 : ops[0].number;
	if (reg != NO_REGISTER && fits_offset(offset)) {
		rule->cfa_reg = (uint8_t)reg;
		rule->cfa_offset = (int32_t)offset;
		return true;
	}
	if (n > EXPR_MOST)
		return false;
	rule->cfa_reg = ARCH_REGS_MAX;
	rule->cfa_expr = add_expr(r, ops, n);
	return true;
}

/* The registers' rules, one after the other. */
static void reg_rules(struct rules *r, struct rule *rule, Dwarf_Frame *frame)
{
	const struct arch_regs *arch = r->arch;

	rule->saved = r->saved->len;
	for (int reg = 0; reg < arch->regs; reg++) {
		struct saved saved = { 0 };
		bool undefined;
		enum verdict v;

		if (reg == arch->pc && reg != rule->ra)
			continue; /* it follows from another */
		v = reg_rule(r, frame, reg, &saved, &undefined);
		if (v == LOST)
			rule->lost |= 1ULL << reg;
		if (v != SAVED) {
			rule->last |= undefined && reg == rule->ra;
			continue;
		}
		rule->sets_sp |= reg == arch->sp;
		rule->n_saved++;
		g_array_append_val(r->saved, saved);
	}
}

static void make_rule(struct rules *r, struct rule *rule, struct module *module, uint64_t address)
{
	Dwarf_Frame *frame = NULL;
	Dwarf_Addr start, end;
	int ra;

	for (int debug = 0; debug < 2 && !frame; debug++) {
		Dwarf_CFI *cfi = module_cfi(module, debug);

		if (cfi && dwarf_cfi_addrframe(cfi, address, &frame))
			frame = NULL;
	}
	if (!frame)
		return;
	ra = dwarf_frame_info(frame, &start, &end, &rule->signal);
	rule->ra = (uint8_t)ra;
	rule->known = ra >= 0 && ra < r->arch->regs && cfa_rule(r, rule, frame);
	if (rule->known)
		reg_rules(r, rule, frame);
	free(frame);
}

const struct rule *rules_find(struct rules *r, struct module *module, uint32_t file,
			      uint64_t address)
{
	struct rule_key key = { address, file };
	uint32_t number;

	if (r->rules->len >= RULES_MOST)
		rules_forget(r);
	number = intern_put(r->keys, &key);
	if (number == r->rules->len) {
		struct rule rule = { 0 };

		make_rule(r, &rule, module, address);
		g_array_append_val(r->rules, rule);
	}
	return &g_array_index(r->rules, struct rule, number);
}

static bool compute_op(uint8_t atom, uint64_t a, uint64_t b, uint64_t *out)
{
	switch (atom) {
	case DW_OP_plus:
		*out = a + b;
		return true;
	case DW_OP_minus:
		*out = a - b;
		return true;
	case DW_OP_mul:
		*out = a * b;
		return true;
	case DW_OP_and:
		*out = a & b;
		return true;
	case DW_OP_or:
		*out = a | b;
		return true;
	case DW_OP_xor:
		*out = a ^ b;
		return true;
	case DW_OP_shl:
		*out = b < 64 ? a << b : 0;
		return true;
	case DW_OP_shr:
		*out = b < 64 ? a >> b : 0;
		return true;
	case DW_OP_eq:
		*out = a == b;
		return true;
	case DW_OP_ne:
		*out = a != b;
		return true;
	case DW_OP_lt:
		*out = (int64_t)a < (int64_t)b;
		return true;
	case DW_OP_le:
		*out = (int64_t)a <= (int64_t)b;
		return true;
	case DW_OP_gt:
		*out = (int64_t)a > (int64_t)b;
		return true;
	case DW_OP_ge:
		*out = (int64_t)a >= (int64_t)b;
		return true;
	default:
		return false;
	}
}

/* An operation that puts one value on the stack. */
static bool push_value(const struct rules *r, const struct registers *m, const Dwarf_Op *op,
		       uint64_t cfa, uint64_t *out)
{
	int reg = reg_of(r, op, DW_OP_breg0, DW_OP_bregx);
	uint8_t atom = op->atom;

	if (atom >= DW_OP_lit0 && atom <= DW_OP_lit31)
		*out = atom - DW_OP_lit0;
	else if (reg != NO_REGISTER && registers_has(m, reg))
		*out = m->reg[reg] + (atom == DW_OP_bregx ? op->number2 : op->number);
	else if (atom == DW_OP_call_frame_cfa)
		*out = cfa;
	else if (atom == DW_OP_addr || (atom >= DW_OP_const1u && atom <= DW_OP_consts))
		*out = op->number;
	else
		return false;
	return true;
}

/* The few operations that occur in CFI (PLT, signal frames, realigned stacks). */
bool rules_evaluate(const struct rules *r, uint32_t expr, const struct registers *m, uint64_t cfa,
		    uint64_t *value, bool *is_value)
{
	const struct expr *e = &g_array_index(r->exprs, struct expr, expr);
	uint64_t s[DEPTH];
	unsigned n = 0;

	for (size_t i = 0; i < e->n; i++) {
		const Dwarf_Op *op = &e->ops[i];

		if (n >= DEPTH - 1)
			return false;
		if (push_value(r, m, op, cfa, &s[n])) {
			n++;
		} else if (op->atom == DW_OP_stack_value || op->atom == DW_OP_nop) {
			continue;
		} else if (!n) {
			return false;
		} else if (op->atom == DW_OP_plus_uconst) {
			s[n - 1] += op->number;
		} else if (op->atom == DW_OP_deref) {
			if (!registers_load(m, s[n - 1], &s[n - 1]))
				return false;
		} else if (op->atom == DW_OP_dup) {
			s[n] = s[n - 1];
			n++;
		} else if (n < 2 || !compute_op(op->atom, s[n - 2], s[n - 1], &s[n - 2])) {
			return false;
		} else {
			n--;
		}
	}
	*value = n ? s[n - 1] : 0;
	*is_value = e->value;
	return n;
}
