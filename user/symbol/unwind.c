/* SPDX-License-Identifier: GPL-2.0-only */
#include "symbol/unwind.h"

#include <dwarf.h>
#include <elfutils/libdw.h>
#include <stdlib.h>
#include <string.h>

#include "base/intern.h"

#define REGS 17 /* DWARF's numbers on x86-64: 0 to 15, and 16 the return address */
#define RBP 6
#define RSP 7
#define RIP 16
#define DEPTH 32     /* of an expression's stack */
#define EXPR_MOST 64 /* operations of one: compilers write ten */
#define RULES_MOST 32768
#define FIRST_MOST 64 /* bytes of the first function that its rules do not tell of */

/* What struct pt_regs has at each place, in DWARF's numbers; -1: nothing of use. */
static const int reg_of[TARE_REGS] = {
	15, 14, 13, 12, RBP, 3, 11, 10, 9, 8, 0, 2, 1, 4, 5, -1, RIP, -1, -1, RSP, -1,
};

enum how { SAME, UNDEFINED, AT_CFA, IS_CFA, AT_EXPR, IS_EXPR, IN_REG, BAD };

struct rule {
	bool known;  /* else there is none for this address */
	bool signal; /* a signal's frame: its caller stands at an instruction, not behind a call */
	uint8_t cfa_reg; /* CFA = reg + offset; REGS: by expression */
	uint8_t how[REGS];
	uint8_t changed[REGS]; /* those that are not SAME */
	uint8_t n_changed;
	int32_t cfa_offset;
	int32_t offset[REGS]; /* AT_CFA, IS_CFA; IN_REG: the register; EXPR: index in exprs */
	uint32_t cfa_expr;
};

struct expr {
	Dwarf_Op *ops;
	size_t n;
	bool value;
};

struct rule_key {
	uint64_t address;
	uint64_t file;
};

struct unwinder {
	struct modules *modules;
	struct intern *keys; /* struct rule_key */
	GArray *rules;       /* struct rule, by the number of its key */
	GArray *exprs;       /* struct expr; simple ones are not here */
	struct frame frames[UNWIND_MOST];
};

struct machine {
	uint64_t reg[REGS];
	uint32_t has; /* bit by register */
	uint64_t base, size;
	const unsigned char *stack;
	bool cloning; /* this frame is in the system call that makes a task */
	bool chained; /* the frame pointer is from a chain of them */
};

static void expr_clear(gpointer e)
{
	g_free(((struct expr *)e)->ops);
}

struct unwinder *unwinder_new(struct modules *modules)
{
	struct unwinder *u = g_new0(struct unwinder, 1);

	u->modules = modules;
	u->keys = intern_new(sizeof(struct rule_key));
	u->rules = g_array_new(FALSE, TRUE, sizeof(struct rule));
	u->exprs = g_array_new(FALSE, TRUE, sizeof(struct expr));
	g_array_set_clear_func(u->exprs, expr_clear);
	return u;
}

void unwinder_free(struct unwinder *u)
{
	if (!u)
		return;
	intern_free(u->keys);
	g_array_unref(u->rules);
	g_array_unref(u->exprs);
	g_free(u);
}

void unwinder_forget(struct unwinder *u)
{
	intern_free(u->keys);
	u->keys = intern_new(sizeof(struct rule_key));
	g_array_set_size(u->rules, 0);
	g_array_set_size(u->exprs, 0);
}

unsigned unwinder_rules(const struct unwinder *u)
{
	return u->rules->len;
}

static bool load(const struct machine *m, uint64_t at, uint64_t *value)
{
	if (at < m->base || m->size < 8 || at - m->base > m->size - 8)
		return false;
	memcpy(value, m->stack + (at - m->base), 8);
	return true;
}

/* A copy: where libdw made up the operations they go with the frame. */
static uint32_t add_expr(struct unwinder *u, const Dwarf_Op *ops, size_t n)
{
	struct expr e = { g_memdup2(ops, n * sizeof(*ops)), n,
			  n && ops[n - 1].atom == DW_OP_stack_value };

	g_array_append_val(u->exprs, e);
	return u->exprs->len - 1;
}

static bool fits(Dwarf_Word offset)
{
	return (int64_t)offset >= INT32_MIN && (int64_t)offset <= INT32_MAX;
}

/* One register's rule. libdw says "undefined" by no operations at all, "same" by
 * no array of them, and simple rules in the array that it is given. */
static void reg_rule(struct unwinder *u, struct rule *rule, Dwarf_Frame *frame, int reg)
{
	Dwarf_Op mem[3], *ops = NULL;
	size_t n = 0;

	rule->how[reg] = BAD;
	if (dwarf_frame_register(frame, reg, mem, &ops, &n))
		return;
	if (!n) {
		rule->how[reg] = ops ? UNDEFINED : SAME;
		return;
	}
	if (ops != mem) {
		if (n > EXPR_MOST)
			return;
		rule->how[reg] = n && ops[n - 1].atom == DW_OP_stack_value ? IS_EXPR : AT_EXPR;
		rule->offset[reg] = add_expr(u, ops, n);
		return;
	}
	if (ops[0].atom == DW_OP_call_frame_cfa) {
		bool plus = n > 1 && ops[1].atom == DW_OP_plus_uconst;

		if (plus && !fits(ops[1].number))
			return;
		rule->offset[reg] = plus ? (int32_t)ops[1].number : 0;
		rule->how[reg] = ops[n - 1].atom == DW_OP_stack_value ? IS_CFA : AT_CFA;
	} else if (n == 1 && ops[0].atom >= DW_OP_reg0 && ops[0].atom <= DW_OP_reg16) {
		rule->how[reg] = IN_REG;
		rule->offset[reg] = ops[0].atom - DW_OP_reg0;
	} else if (n == 1 && ops[0].atom == DW_OP_regx && ops[0].number < REGS) {
		rule->how[reg] = IN_REG;
		rule->offset[reg] = ops[0].number;
	}
}

static bool cfa_rule(struct unwinder *u, struct rule *rule, Dwarf_Frame *frame)
{
	Dwarf_Op *ops;
	size_t n;

	if (dwarf_frame_cfa(frame, &ops, &n) || !n)
		return false;
	if (n == 1 && ops[0].atom == DW_OP_bregx && ops[0].number < REGS && fits(ops[0].number2)) {
		rule->cfa_reg = ops[0].number;
		rule->cfa_offset = ops[0].number2;
	} else if (n == 1 && ops[0].atom >= DW_OP_breg0 && ops[0].atom <= DW_OP_breg16 &&
		   fits(ops[0].number)) {
		rule->cfa_reg = ops[0].atom - DW_OP_breg0;
		rule->cfa_offset = ops[0].number;
	} else {
		if (n > EXPR_MOST)
			return false;
		rule->cfa_reg = REGS;
		rule->cfa_expr = add_expr(u, ops, n);
	}
	return true;
}

static void make_rule(struct unwinder *u, struct rule *rule, struct module *module,
		      uint64_t address)
{
	Dwarf_Frame *frame = NULL;
	Dwarf_Addr start, end;

	for (int debug = 0; debug < 2 && !frame; debug++) {
		Dwarf_CFI *cfi = module_cfi(module, debug);

		if (cfi && dwarf_cfi_addrframe(cfi, address, &frame))
			frame = NULL;
	}
	if (!frame)
		return;
	dwarf_frame_info(frame, &start, &end, &rule->signal);
	rule->known = cfa_rule(u, rule, frame);
	for (int reg = 0; reg < REGS && rule->known; reg++) {
		reg_rule(u, rule, frame, reg);
		if (rule->how[reg] != SAME)
			rule->changed[rule->n_changed++] = reg;
	}
	free(frame);
}

static const struct rule *rule_of(struct unwinder *u, struct module *module, uint32_t file,
				  uint64_t address)
{
	struct rule_key key = { address, file };
	uint32_t number;

	if (u->rules->len >= RULES_MOST)
		unwinder_forget(u);
	number = intern_put(u->keys, &key);
	if (number == u->rules->len) {
		struct rule rule = { 0 };

		make_rule(u, &rule, module, address);
		g_array_append_val(u->rules, rule);
	}
	return &g_array_index(u->rules, struct rule, number);
}

static bool compute(uint8_t atom, uint64_t a, uint64_t b, uint64_t *out)
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
static bool push_value(const struct machine *m, const Dwarf_Op *op, uint64_t cfa, uint64_t *out)
{
	uint8_t atom = op->atom;

	if (atom >= DW_OP_lit0 && atom <= DW_OP_lit31)
		*out = atom - DW_OP_lit0;
	else if (atom >= DW_OP_breg0 && atom <= DW_OP_breg16 && m->has & 1u << (atom - DW_OP_breg0))
		*out = m->reg[atom - DW_OP_breg0] + op->number;
	else if (atom == DW_OP_bregx && op->number < REGS && m->has & 1u << op->number)
		*out = m->reg[op->number] + op->number2;
	else if (atom == DW_OP_call_frame_cfa)
		*out = cfa;
	else if (atom == DW_OP_addr || (atom >= DW_OP_const1u && atom <= DW_OP_consts))
		*out = op->number;
	else
		return false;
	return true;
}

/* The few operations that occur in CFI (PLT, signal frames, realigned stacks). */
static bool evaluate(const struct machine *m, const struct expr *e, uint64_t cfa, uint64_t *result)
{
	uint64_t s[DEPTH];
	unsigned n = 0;

	for (size_t i = 0; i < e->n; i++) {
		const Dwarf_Op *op = &e->ops[i];

		if (n >= DEPTH - 1)
			return false;
		if (push_value(m, op, cfa, &s[n])) {
			n++;
		} else if (op->atom == DW_OP_stack_value || op->atom == DW_OP_nop) {
			continue;
		} else if (!n) {
			return false;
		} else if (op->atom == DW_OP_plus_uconst) {
			s[n - 1] += op->number;
		} else if (op->atom == DW_OP_deref) {
			if (!load(m, s[n - 1], &s[n - 1]))
				return false;
		} else if (op->atom == DW_OP_dup) {
			s[n] = s[n - 1];
			n++;
		} else if (n < 2 || !compute(op->atom, s[n - 2], s[n - 1], &s[n - 2])) {
			return false;
		} else {
			n--;
		}
	}
	*result = n ? s[n - 1] : 0;
	return n;
}

/* What a register was in the caller; `value` is set in any case. */
static bool restore(const struct unwinder *u, const struct rule *rule, const struct machine *m,
		    uint64_t cfa, int reg, uint64_t *value)
{
	const struct expr *e;
	int32_t offset = rule->offset[reg];

	*value = 0;
	if (rule->how[reg] == AT_CFA) /* most are saved so */
		return load(m, cfa + offset, value);

	switch (rule->how[reg]) {
	case SAME:
		*value = m->reg[reg];
		return m->has & 1u << reg;
	case IS_CFA:
		*value = cfa + offset;
		return true;
	case IN_REG:
		*value = m->reg[offset];
		return m->has & 1u << offset;
	case AT_EXPR:
	case IS_EXPR:
		e = &g_array_index(u->exprs, struct expr, offset);
		if (!evaluate(m, e, cfa, value))
			return false;
		return e->value || load(m, *value, value);
	default: /* UNDEFINED, BAD */
		return false;
	}
}

enum step { STEP_ON, STEP_END, STEP_LOST };

/* The canonical frame address: what the caller's stack pointer is. */
static bool cfa_of(const struct unwinder *u, const struct rule *rule, const struct machine *m,
		   uint64_t *cfa)
{
	if (rule->cfa_reg == REGS)
		return evaluate(m, &g_array_index(u->exprs, struct expr, rule->cfa_expr), 0, cfa);
	*cfa = m->reg[rule->cfa_reg] + rule->cfa_offset;
	return m->has & 1u << rule->cfa_reg;
}

static enum step by_rule(const struct unwinder *u, const struct rule *rule, struct machine *m)
{
	uint64_t cfa, value[REGS], sp = m->reg[RSP];
	uint32_t has = m->has;

	if (rule->how[RIP] == UNDEFINED)
		return STEP_END;
	if (!cfa_of(u, rule, m, &cfa))
		return STEP_LOST;
	/* All are computed from the registers as they were before. */
	for (int i = 0; i < rule->n_changed; i++) {
		int reg = rule->changed[i];

		if (restore(u, rule, m, cfa, reg, &value[i]))
			has |= 1u << reg;
		else
			has &= ~(1u << reg);
	}
	for (int i = 0; i < rule->n_changed; i++)
		m->reg[rule->changed[i]] = value[i];
	m->has = has;
	m->chained = false;
	if (rule->how[RSP] == SAME || !(m->has & 1u << RSP)) {
		m->reg[RSP] = cfa;
		m->has |= 1u << RSP;
	}
	if (!(m->has & 1u << RIP))
		return STEP_LOST;
	/* Outwards is upwards, but from a signal's own stack. vfork() has taken its return
	 * address off the stack. */
	if (!rule->signal && m->reg[RSP] < sp + !m->cloning)
		return STEP_LOST;
	return STEP_ON;
}

/* _init() and _fini() first move the stack by 8, then call (crti.S of glibc). */
static enum step by_init(struct machine *m, int behind)
{
	uint64_t at = m->reg[RSP] + (behind ? 8 : 0);

	if (!load(m, at, &m->reg[RIP]))
		return STEP_LOST;
	m->reg[RSP] = at + 8;
	return STEP_ON;
}

/* glibc's clone() and clone3() have no rules from the system call on, for the child's
 * sake (cfi_endproc in clone.S): the caller's return address is on top of its stack. */
static enum step by_clone(const struct space *space, struct machine *m)
{
	const struct range *r;
	uint64_t back;

	if (!load(m, m->reg[RSP], &back))
		return STEP_LOST;
	r = space_find(space, back - 1);
	if (!r || !r->code)
		return STEP_LOST;
	m->reg[RSP] += 8;
	m->reg[RIP] = back;
	return STEP_ON;
}

static enum step by_frame_pointer(const struct space *space, struct machine *m)
{
	uint64_t next, back, frame = m->reg[RBP];
	const struct range *r;

	if (m->chained && !frame) /* by the ABI that is where it ends */
		return STEP_END;
	if (!(m->has & 1u << RBP) || frame & 7 || frame < m->reg[RSP] || !load(m, frame, &next) ||
	    !load(m, frame + 8, &back))
		return STEP_LOST;
	if (!back)
		return STEP_END;
	r = space_find(space, back - 1);
	if (!r || !r->code)
		return STEP_LOST;
	m->reg[RSP] = frame + 16;
	m->reg[RBP] = next;
	m->reg[RIP] = back;
	m->has = 1u << RSP | 1u << RBP | 1u << RIP;
	m->chained = true;
	return STEP_ON;
}

/* It was nobody's call: where its return address would be the stack began, give or take
 * what it pushed, and there is none. Go's first function is jumped to. */
static bool at_first(const struct space *space, const struct machine *m)
{
	const struct range *r;

	if (!space->start_stack || m->reg[RSP] + FIRST_MOST < space->start_stack ||
	    m->reg[RSP] > space->start_stack + 8)
		return false;
	r = space_find(space, m->reg[RIP] - 1);
	return !r || !r->code;
}

/* One frame out of `m`; and what it was. */
static enum step step(struct unwinder *u, const struct space *space, struct machine *m, bool exact,
		      struct frame *f, bool *signal)
{
	uint64_t at = m->reg[RIP] - !exact;
	const struct range *r = space_find(space, at);
	const struct rule *rule = NULL;
	enum step next;
	int init;
	struct module *module = r && r->file != NO_FILE ? modules_get(u->modules, r->file) : NULL;

	*signal = false;
	*f = (struct frame){ .address = at, .space = space->id, .file = NO_FILE };
	f->flags = exact ? FRAME_EXACT : 0;
	if (r && r->file != NO_FILE) {
		uint64_t address = module ? module_address(module, at - r->start + r->offset) : 0;

		f->file = r->file;
		f->space = 0;
		f->address = address ? address : at - r->start + r->offset;
		if (address)
			rule = rule_of(u, module, r->file, address);
	}
	/* A program's and the dynamic linker's first instructions have no rules, or those
	 * of a function that was called, but stand where the stack began. */
	if (space->start_stack && m->reg[RSP] == space->start_stack)
		return STEP_END;
	if (rule && rule->known) {
		*signal = rule->signal;
		if (rule->signal && !exact) { /* nobody called it: it starts where it is */
			f->address++;
			f->flags |= FRAME_EXACT;
		}
		next = by_rule(u, rule, m);
		return next == STEP_ON && at_first(space, m) ? STEP_END : next;
	}
	init = module ? module_in_init(module, f->address) : -1;
	if (init >= 0)
		return by_init(m, init);
	if (!r || !r->code)
		return STEP_LOST;
	if (m->cloning && by_clone(space, m) == STEP_ON)
		return STEP_ON;
	f->flags |= FRAME_GUESS;
	return by_frame_pointer(space, m);
}

/* clone, fork, vfork, clone3 (syscall_64.tbl). */
static bool is_clone(uint32_t cause)
{
	return (cause >= 56 && cause <= 58) || cause == 435;
}

struct unwound unwind(struct unwinder *u, const struct space *space,
		      const struct tare_sample *sample, const void *stack)
{
	struct machine m = { .base = sample->regs[19], .size = sample->stack, .stack = stack };
	struct unwound out = { .frames = u->frames };
	enum step next = STEP_ON;
	bool exact = true;

	for (int i = 0; i < TARE_REGS; i++)
		if (reg_of[i] >= 0)
			m.reg[reg_of[i]] = sample->regs[i];
	m.has = (1u << REGS) - 1;
	m.cloning = is_clone(sample->cause);
	while (next == STEP_ON && out.n < UNWIND_MOST - 1) {
		next = step(u, space, &m, exact, &u->frames[out.n], &exact);
		out.guessed |= u->frames[out.n].flags & FRAME_GUESS;
		out.n++;
		m.cloning = false;
		if (next == STEP_ON && !m.reg[RIP])
			next = STEP_END;
	}
	out.complete = next == STEP_END;
	if (!out.complete)
		u->frames[out.n++] = (struct frame){ .address = MARK_TRUNCATED,
						     .file = NO_FILE,
						     .flags = FRAME_MARK };
	return out;
}
