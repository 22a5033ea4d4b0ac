/* SPDX-License-Identifier: GPL-2.0-only */
#include "symbol/rules.h"

#include <dwarf.h>
#include <string.h>

#include "base/intern.h"
#include "bpf/abi.h"
#include "symbol/bytes.h"

#define DEPTH 32      /* values on the stack of an expression, at most */
#define EXPR_MOST 256 /* bytes of an expression, at most; compilers write about 30 */
#define RULES_MOST 32768

/* A DWARF expression. */
struct expr {
	uint8_t *bytes; /* a copy */
	size_t size;
	bool from_cfa; /* the CFA is on the stack at the start (DWARF 5, 6.4.2.3) */
};

struct rule_key {
	uint64_t address;
	uint64_t file;
};

struct rules {
	struct modules *modules;
	const struct arch_regs *arch;
	struct intern *keys; /* struct rule_key -> number */
	GArray *rules;       /* struct rule, by the number of its key */
	GArray *saved;       /* struct saved, of all rules */
	GArray *exprs;       /* struct expr, by number */
	struct returns_search *returns;
};

static void expr_clear(gpointer e)
{
	g_free(((struct expr *)e)->bytes);
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
	r->returns = returns_new();
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
	returns_free(r->returns);
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

/* Is the word at `offset` in a piece of the copied stack that may not have been read? BPF copies
 * a stack in pieces of 4 KiB (bpf/sample.bpf.h) and leaves zeros for a page that was never touched
 * or is swapped out. The piece with the stack pointer is always read. */
static bool may_be_unread(const struct registers *m, uint64_t offset)
{
	uint64_t piece = ((m->base + offset) & ~(uint64_t)(TARE_STACK_PIECE - 1)) - m->base;

	if (piece > offset) /* it begins below the stack pointer */
		return false;
	for (uint64_t i = piece; i < MIN(piece + TARE_STACK_PIECE, m->size); i++)
		if (m->stack[i])
			return false;
	return true;
}

bool registers_load(const struct registers *m, uint64_t at, uint64_t *value)
{
	if (at < m->base || m->size < 8 || at - m->base > m->size - 8)
		return false;
	memcpy(value, m->stack + (at - m->base), 8);
	return *value || !may_be_unread(m, at - m->base);
}

static bool can_keep(const struct cfi_rule *expr)
{
	return expr->expr_size && expr->expr_size <= EXPR_MOST;
}

static uint32_t add_expr(struct rules *r, const struct cfi_rule *rule, bool from_cfa)
{
	struct expr e = { g_memdup2(rule->expr, rule->expr_size), rule->expr_size, from_cfa };

	g_array_append_val(r->exprs, e);
	return r->exprs->len - 1;
}

static bool fits_offset(int64_t offset)
{
	return offset >= INT32_MIN && offset <= INT32_MAX;
}

/* False: this rule is not supported, and the register is treated as undefined. */
static bool save_register(struct rules *r, unsigned reg, const struct cfi_rule *rule,
			  struct saved *saved)
{
	static const uint8_t hows[] = {
		[CFI_AT_CFA] = AT_CFA,   [CFI_IS_CFA] = IS_CFA,   [CFI_REGISTER] = IN_REG,
		[CFI_AT_EXPR] = AT_EXPR, [CFI_IS_EXPR] = IS_EXPR,
	};

	*saved = (struct saved){ .reg = (uint8_t)reg,
				 .how = hows[rule->how],
				 .offset = (int32_t)rule->offset };
	if (rule->how == CFI_REGISTER)
		return rule->offset >= 0 && rule->offset < r->arch->regs;
	if (rule->how != CFI_AT_EXPR && rule->how != CFI_IS_EXPR)
		return fits_offset(rule->offset);
	if (!can_keep(rule))
		return false;
	saved->offset = (int32_t)add_expr(r, rule, true);
	return true;
}

static bool cfa_rule(struct rules *r, struct rule *rule, const struct cfi_rule *cfa)
{
	if (cfa->how == CFI_REGISTER) {
		rule->cfa_reg = cfa->reg;
		rule->cfa_offset = (int32_t)cfa->offset;
		return fits_offset(cfa->offset);
	}
	if (cfa->how != CFI_IS_EXPR || !can_keep(cfa))
		return false;
	rule->cfa_reg = ARCH_REGS_MAX;
	rule->cfa_expr = add_expr(r, cfa, false);
	return true;
}

static void reg_rules(struct rules *r, struct rule *rule, const struct cfi_row *row)
{
	const struct arch_regs *arch = r->arch;

	rule->saved = r->saved->len;
	for (unsigned reg = 0; reg < arch->regs; reg++) {
		const struct cfi_rule *how = &row->reg[reg];
		struct saved saved;

		if ((reg == arch->pc && reg != rule->ra) || how->how == CFI_SAME)
			continue; /* the caller's pc comes from rule->ra */
		if (how->how == CFI_UNDEFINED || !save_register(r, reg, how, &saved)) {
			rule->lost |= 1ULL << reg;
			rule->last |= how->how == CFI_UNDEFINED && reg == rule->ra;
			continue;
		}
		rule->sets_sp |= reg == arch->sp;
		rule->n_saved++;
		g_array_append_val(r->saved, saved);
	}
}

static void make_rule(struct rules *r, struct rule *rule, struct module *module, uint64_t address)
{
	struct cfi_row row;

	if (!module_cfi_row(module, r->arch, address, &row) || row.ra >= r->arch->regs)
		return;
	rule->ra = (uint8_t)row.ra;
	rule->signal = row.signal;
	rule->known = cfa_rule(r, rule, &row.cfa);
	if (rule->known)
		reg_rules(r, rule, &row);
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

/* From the register numbers in x86-64 instructions to DWARF's. */
static const uint8_t dwarf_number[RETURNS_REGS] = { 0, 2, 1,  3,  7,  6,  4,  5,
						    8, 9, 10, 11, 12, 13, 14, 15 };
/* Caller-saved registers, by DWARF number: rax, rcx, rdx, rsi, rdi, r8 to r11. */
#define X86_NOT_KEPT (0x37u | 0xfu << 8)

static void save(struct rules *r, struct rule *rule, uint8_t reg, int64_t offset)
{
	struct saved saved = { .reg = reg, .how = AT_CFA, .offset = (int32_t)offset };

	g_array_append_val(r->saved, saved);
	rule->n_saved++;
}

static void make_code_rule(struct rules *r, struct rule *rule, const struct returns *back)
{
	const struct arch_regs *arch = r->arch;
	int64_t cfa = back->offset + 8;

	if (!fits_offset((uint64_t)cfa))
		return;
	rule->known = true;
	rule->ra = arch->pc;
	rule->cfa_reg = back->by_fp ? arch->fp : arch->sp;
	rule->cfa_offset = (int32_t)cfa;
	rule->saved = r->saved->len;
	rule->lost = X86_NOT_KEPT;
	save(r, rule, arch->pc, -8);
	for (unsigned i = 0; i < RETURNS_REGS; i++) {
		bool known = back->saved >> i & 1 && fits_offset((uint64_t)(back->at[i] - cfa));

		if (known)
			save(r, rule, dwarf_number[i], back->at[i] - cfa);
		else if ((back->lost | back->saved) >> i & 1)
			rule->lost |= 1ULL << dwarf_number[i];
	}
}

/* The rule with this key. `new`: the cache had none, and the rule is empty. */
static struct rule *rule_of(struct rules *r, uint64_t from, uint64_t address, bool *new)
{
	struct rule_key key = { address, from };
	const struct rule none = { 0 };
	uint32_t number;

	if (r->rules->len >= RULES_MOST)
		rules_forget(r);
	number = intern_put(r->keys, &key);
	*new = number == r->rules->len;
	if (*new)
		g_array_append_val(r->rules, none);
	return &g_array_index(r->rules, struct rule, number);
}

static bool find_way(struct rules *r, enum code_way way, code_fn code, void *ctx, uint64_t address,
		     struct returns *back)
{
	switch (way) {
	case BY_ENTRY:
		return returns_by_entry(code, ctx, address, back);
	case BY_ERLANG:
		return returns_find_erlang(r->returns, code, ctx, address, back);
	default:
		return returns_find(r->returns, code, ctx, address, back);
	}
}

const struct rule *rules_by_code(struct rules *r, enum code_way way, code_fn code, void *ctx,
				 uint64_t from, uint64_t address)
{
	bool new;
	struct rule *rule = rule_of(r, from, address, &new);
	struct returns back;

	if (!new || r->arch != &arch_regs_x86)
		return rule;
	if (way == BY_ERLANG && returns_erlang_end(code, ctx, address))
		rule->known = rule->last = true;
	else if (find_way(r, way, code, ctx, address, &back))
		make_code_rule(r, rule, &back);
	return rule;
}

/* A Go function with a frame saves the frame pointer directly below the return address. */
const struct rule *rules_by_go(struct rules *r, struct module *module, uint64_t from,
			       uint64_t address)
{
	bool new;
	struct rule *rule = rule_of(r, from, address, &new);
	struct returns back = { 0 };
	int32_t size;

	if (!new || r->arch != &arch_regs_x86 || !module_go_frame(module, address, &size))
		return rule;
	back.offset = size;
	if (size >= 8) {
		back.saved = 1u << 5; /* rbp */
		back.at[5] = size - 8;
	}
	make_code_rule(r, rule, &back);
	return rule;
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

/* DW_OP_breg0 to DW_OP_breg31 and DW_OP_bregx: a register plus an offset. */
static bool push_register(const struct rules *r, const struct registers *m, uint64_t reg,
			  struct bytes *b, uint64_t *out)
{
	int64_t offset = bytes_sleb(b);

	if (reg >= r->arch->regs || !registers_has(m, (unsigned)reg))
		return false;
	*out = m->reg[reg] + (uint64_t)offset;
	return true;
}

static bool push_constant(uint8_t op, struct bytes *b, uint64_t *out)
{
	switch (op) {
	case DW_OP_addr:
	case DW_OP_const8u:
	case DW_OP_const8s:
		*out = bytes_number(b, 8);
		return true;
	case DW_OP_const1u:
		*out = bytes_number(b, 1);
		return true;
	case DW_OP_const1s:
		*out = (uint64_t)bytes_signed(b, 1);
		return true;
	case DW_OP_const2u:
		*out = bytes_number(b, 2);
		return true;
	case DW_OP_const2s:
		*out = (uint64_t)bytes_signed(b, 2);
		return true;
	case DW_OP_const4u:
		*out = bytes_number(b, 4);
		return true;
	case DW_OP_const4s:
		*out = (uint64_t)bytes_signed(b, 4);
		return true;
	case DW_OP_constu:
		*out = bytes_uleb(b);
		return true;
	case DW_OP_consts:
		*out = (uint64_t)bytes_sleb(b);
		return true;
	default:
		return false;
	}
}

/* An operation that puts one value on the stack. */
static bool push_value(const struct rules *r, const struct registers *m, uint8_t op,
		       struct bytes *b, uint64_t cfa, uint64_t *out)
{
	if (op >= DW_OP_lit0 && op <= DW_OP_lit31)
		*out = op - DW_OP_lit0;
	else if (op >= DW_OP_breg0 && op <= DW_OP_breg31)
		return push_register(r, m, op - DW_OP_breg0, b, out);
	else if (op == DW_OP_bregx)
		return push_register(r, m, bytes_uleb(b), b, out);
	else if (op == DW_OP_call_frame_cfa)
		*out = cfa;
	else
		return push_constant(op, b, out);
	return true;
}

/* Only the operations that occur in CFI (of PLTs, signal frames, realigned stacks). */
bool rules_evaluate(const struct rules *r, uint32_t expr, const struct registers *m, uint64_t cfa,
		    uint64_t *value)
{
	const struct expr *e = &g_array_index(r->exprs, struct expr, expr);
	struct bytes b = { e->bytes, e->bytes + e->size, false };
	uint64_t s[DEPTH] = { cfa };
	unsigned n = e->from_cfa;

	while (bytes_left(&b)) {
		uint8_t op = (uint8_t)bytes_number(&b, 1);

		if (n >= DEPTH - 1)
			return false;
		if (push_value(r, m, op, &b, cfa, &s[n])) {
			n++;
		} else if (op == DW_OP_nop) {
			continue;
		} else if (!n) {
			return false;
		} else if (op == DW_OP_plus_uconst) {
			s[n - 1] += bytes_uleb(&b);
		} else if (op == DW_OP_deref) {
			if (!registers_load(m, s[n - 1], &s[n - 1]))
				return false;
		} else if (op == DW_OP_dup) {
			s[n] = s[n - 1];
			n++;
		} else if (n < 2 || !compute_op(op, s[n - 2], s[n - 1], &s[n - 2])) {
			return false;
		} else {
			n--;
		}
	}
	*value = n ? s[n - 1] : 0;
	return n && !b.bad;
}
