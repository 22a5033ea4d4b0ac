/* SPDX-License-Identifier: GPL-2.0-only */
#include "symbol/unwind.h"

#include <limits.h>
#include <string.h>

#include "bpf/calls.h"
#include "symbol/origin.h"
#include "symbol/rules.h"

#define CHAIN_MISSING 3 /* of the outermost frames, that the chain may not have */
/* For rules_by_code(): above all numbers of files and address spaces. */
#define CODE_OF_GO (UINT64_C(1) << 61)
#define CODE_OF_FILE (UINT64_C(1) << 62)
#define CODE_OF_SPACE (UINT64_C(1) << 63)
#define FIRST_MOST 64 /* bytes of the first function that its rules do not tell of */

struct unwinder {
	struct modules *modules;
	const struct arch_regs *arch;
	struct rules *rules;
	struct origins *origins;
	uint64_t room_space, room_start; /* whose room it is */
	uint32_t room;
	struct registers stack; /* without registers: of the walk at hand */
	struct frame frames[UNWIND_MOST];
	uint64_t pcs[UNWIND_MOST]; /* where each of them is at run time */
};

struct walk {
	struct registers now;
	const struct arch_regs *arch;
	bool inner;   /* nothing was called from this frame: the first, or a signal came */
	bool cloning; /* this frame is in the system call that makes a task */
	bool chained; /* the frame pointer is from a chain of them */
};

struct unwinder *unwinder_new(struct modules *modules, const struct arch_regs *arch)
{
	struct unwinder *u = g_new0(struct unwinder, 1);

	u->modules = modules;
	u->arch = arch;
	u->rules = rules_new(modules, arch);
	u->origins = origins_new(modules, arch);
	return u;
}

void unwinder_free(struct unwinder *u)
{
	if (!u)
		return;
	rules_free(u->rules);
	origins_free(u->origins);
	g_free(u);
}

void unwinder_forget(struct unwinder *u)
{
	rules_forget(u->rules);
	origins_forget(u->origins);
	u->room_start = 0;
}

unsigned unwinder_rules(const struct unwinder *u)
{
	return rules_count(u->rules);
}

static uint64_t pc_of(const struct walk *w)
{
	return w->now.reg[w->arch->pc];
}

static uint64_t sp_of(const struct walk *w)
{
	return w->now.reg[w->arch->sp];
}

static void set_register(struct walk *w, unsigned reg, uint64_t value)
{
	w->now.reg[reg] = value;
	w->now.has |= 1ULL << reg;
}

/* A return address: without its signature. */
static void set_pc(struct walk *w, uint64_t back)
{
	set_register(w, w->arch->pc, back & w->arch->code_bits);
}

/* Is there code before a return address? */
static bool is_code(const struct space *space, uint64_t back)
{
	const struct vma *r = space_find(space, back - 1);

	return r && r->code;
}

/* What a register was in the caller; `value` is set in any case. */
static bool restore_register(const struct unwinder *u, const struct saved *saved,
			     const struct registers *m, uint64_t cfa, uint64_t *value)
{
	int32_t offset = saved->offset;

	*value = 0;
	if (saved->how == AT_CFA) /* most are saved so */
		return registers_load(m, cfa + offset, value);

	switch (saved->how) {
	case IS_CFA:
		*value = cfa + offset;
		return true;
	case IN_REG:
		*value = m->reg[offset];
		return registers_has(m, offset);
	default:
		if (!rules_evaluate(u->rules, (uint32_t)offset, m, cfa, value))
			return false;
		return saved->how == IS_EXPR || registers_load(m, *value, value);
	}
}

enum step { STEP_ON, STEP_END, STEP_LOST };

/* The canonical frame address: what the caller's stack pointer is. */
static bool cfa_of(const struct unwinder *u, const struct rule *rule, const struct registers *m,
		   uint64_t *cfa)
{
	if (rule->cfa_reg == ARCH_REGS_MAX)
		return rules_evaluate(u->rules, rule->cfa_expr, m, 0, cfa);
	*cfa = m->reg[rule->cfa_reg] + rule->cfa_offset;
	return registers_has(m, rule->cfa_reg);
}

/* Outwards is upwards, but from a signal's own stack. Where calls push their return address
 * every frame is larger than nothing (but vfork() has taken its off the stack); where they
 * do not, the innermost may have none of the stack. */
static bool is_outwards(const struct walk *w, const struct rule *rule, uint64_t sp)
{
	bool none = w->arch->link == NO_REGISTER ? w->cloning : w->inner;

	return rule->signal || sp_of(w) >= sp + !none;
}

static enum step by_rule(const struct unwinder *u, const struct rule *rule, struct walk *w)
{
	const struct saved *saved = rules_saved(u->rules, rule);
	struct registers *m = &w->now;
	uint64_t cfa, value[ARCH_REGS_MAX], sp = sp_of(w), has = m->has & ~rule->lost;
	const struct arch_regs *arch = w->arch;

	if (rule->last)
		return STEP_END;
	if (!cfa_of(u, rule, m, &cfa))
		return STEP_LOST;
	/* All are computed from the registers as they were before. */
	for (int i = 0; i < rule->n_saved; i++) {
		if (restore_register(u, &saved[i], m, cfa, &value[i]))
			has |= 1ULL << saved[i].reg;
		else
			has &= ~(1ULL << saved[i].reg);
	}
	for (int i = 0; i < rule->n_saved; i++)
		m->reg[saved[i].reg] = value[i];
	m->has = has;
	w->chained = false;
	if (!rule->sets_sp || !registers_has(m, arch->sp))
		set_register(w, arch->sp, cfa);
	if (!registers_has(m, rule->ra))
		return STEP_LOST;
	set_pc(w, m->reg[rule->ra]);
	return is_outwards(w, rule, sp) ? STEP_ON : STEP_LOST;
}

/* x86's _init() and _fini() first move the stack by 8, then call (crti.S of glibc). */
static enum step by_init(struct walk *w, int behind)
{
	uint64_t at = sp_of(w) + (behind ? 8 : 0), back;

	if (!registers_load(&w->now, at, &back))
		return STEP_LOST;
	set_register(w, w->arch->sp, at + 8);
	set_pc(w, back);
	return STEP_ON;
}

/* glibc's clone() and clone3() have no rules from the system call on, for the child's
 * sake (cfi_endproc in clone.S): the caller's return address is where the call left it. */
static enum step by_clone(const struct space *space, struct walk *w)
{
	const struct arch_regs *arch = w->arch;
	bool pushed = arch->link == NO_REGISTER;
	uint64_t back;

	if (!pushed)
		back = w->now.reg[arch->link] & arch->code_bits;
	else if (!registers_load(&w->now, sp_of(w), &back))
		return STEP_LOST;
	if (!is_code(space, back))
		return STEP_LOST;
	set_register(w, arch->sp, sp_of(w) + (pushed ? 8 : 0));
	set_pc(w, back);
	return STEP_ON;
}

static enum step unwind_frame(struct unwinder *u, const struct space *space, struct walk *w,
			      struct frame *f);

/* True: the rule leads to a caller. */
static bool leads(struct unwinder *u, const struct space *space, const struct rule *rule,
		  struct walk *w)
{
	struct walk was = *w;

	if (rule->known && by_rule(u, rule, w) == STEP_ON && is_code(space, pc_of(w)) &&
	    origin_of(u->origins, space, pc_of(w)) != FROM_NOTHING) {
		w->chained = true; /* it ends with 0 if it is one */
		return true;
	}
	*w = was;
	return false;
}

/* By Go's own table, or what the code does until it returns. `address`: the module's own. */
static enum step by_code_in_file(struct unwinder *u, const struct space *space,
				 struct module *module, uint32_t file, uint64_t address, bool exact,
				 struct walk *w)
{
	struct code code = { module, 0 };

	if (module_is_go(module) &&
	    leads(u, space, rules_by_go(u->rules, module, CODE_OF_GO | file, address), w))
		return STEP_ON;
	return leads(u, space,
		     rules_by_code(u->rules, BY_RETURN, code_read, &code, CODE_OF_FILE | file,
				   address + !exact),
		     w) ?
		       STEP_ON :
		       STEP_LOST;
}

/* How much room the code of a range makes; 0: none that is known. It is looked for once. */
static uint32_t room_of(struct unwinder *u, const struct space *space, const struct vma *r)
{
	struct code code = { NULL, space->pid };

	if (u->room_space == space->id && u->room_start == r->start)
		return u->room;
	u->room_space = space->id;
	u->room_start = r->start;
	if (!returns_room(code_read, &code, r->start, r->end - r->start, &u->room))
		u->room = 0;
	return u->room;
}

/* Does the caller at `back`, whose stack begins at `sp`, have a caller itself? Of what is left
 * there from before it is not likely. */
static bool goes_on(struct unwinder *u, const struct space *space, uint64_t back, uint64_t sp)
{
	struct walk w = { .arch = u->arch, .now = u->stack };
	enum step next;
	struct frame f;

	set_register(&w, u->arch->sp, sp);
	set_pc(&w, back);
	next = unwind_frame(u, space, &w, &f);
	return next == STEP_END ||
	       (next == STEP_ON && !(f.flags & FRAME_FALLBACK) && is_code(space, pc_of(&w)) &&
		origin_of(u->origins, space, pc_of(&w)) == FROM_CALL);
}

/* Erlang's JIT comes back to the scheduler's stack: the return address stands above its room,
 * at one of the places that are rounded down to where the stack pointer is. */
static enum step by_room(struct unwinder *u, const struct space *space, const struct vma *r,
			 struct walk *w)
{
	uint64_t sp = sp_of(w), back, found = 0, at = 0;
	uint32_t room = 0;

	if (u->arch == &arch_regs_x86 && !(sp & 63))
		room = room_of(u, space, r);
	for (unsigned i = 8; room && i < 64; i += 16) {
		if (!registers_load(&w->now, sp + room + i, &back) || !is_code(space, back) ||
		    origin_of(u->origins, space, back) != FROM_CALL ||
		    !goes_on(u, space, back, sp + room + i + 8))
			continue;
		found = back; /* of two that go on, the outer called the inner */
		at = sp + room + i;
	}
	if (!found)
		return STEP_LOST;
	w->now.has = 0;
	set_register(w, u->arch->sp, at + 8);
	set_pc(w, found);
	return STEP_ON;
}

/* By how it was entered, or else what it does until it returns. */
static enum step by_code_in_none(struct unwinder *u, const struct space *space, const struct vma *r,
				 struct walk *w)
{
	struct code code = { NULL, space->pid };

	for (int way = BY_ENTRY; way >= BY_RETURN; way--)
		if (leads(u, space,
			  rules_by_code(u->rules, way, code_read, &code,
					CODE_OF_SPACE | space->id << 1 | way, pc_of(w)),
			  w))
			return STEP_ON;
	return by_room(u, space, r, w);
}

static enum step by_frame_pointer(struct unwinder *u, const struct space *space, struct walk *w)
{
	const struct arch_regs *arch = w->arch;
	struct registers *m = &w->now;
	uint64_t next, back, frame = m->reg[arch->fp];

	if (w->chained && !frame) /* by the ABI that is where it ends */
		return STEP_END;
	if (!registers_has(m, arch->fp) || frame & 7 || frame < sp_of(w) ||
	    !registers_load(m, frame + arch->frame_next, &next) ||
	    !registers_load(m, frame + arch->frame_back, &back))
		return STEP_LOST;
	if (!back)
		return STEP_END;
	back &= arch->code_bits;
	if (!is_code(space, back) || origin_of(u->origins, space, back) == FROM_NOTHING)
		return STEP_LOST;
	m->has = 0;
	set_register(w, arch->sp, frame + arch->frame_end);
	set_register(w, arch->fp, next);
	set_pc(w, back);
	w->chained = true;
	return STEP_ON;
}

/* What a signal interrupted: all of its registers stand in the frame that the kernel made. */
static enum step by_signal(struct walk *w)
{
	const struct arch_regs *arch = w->arch;
	struct registers was = w->now;

	for (int i = 0; i < (arch->signal_word ? arch->signal_words : arch->words); i++) {
		uint64_t at = sp_of(w) + arch->signal_at + 8 * (uint64_t)i;
		int reg = arch->signal_word ? arch->signal_word[i] : arch->word[i];

		if (reg == NO_REGISTER)
			continue;
		if (!registers_load(&w->now, at, &was.reg[reg]))
			return STEP_LOST;
		was.has |= 1ULL << reg;
	}
	w->now = was;
	w->inner = true;
	return STEP_ON;
}

/* Does a handler return here? To its first instruction, and nobody calls it. */
static bool is_signal(const struct arch_regs *arch, struct module *module, uint64_t address)
{
	uint64_t offset;
	const char *name = arch->signal_code ? module_symbol(module, address, &offset) : NULL;

	return name && !strcmp(name, arch->signal_code);
}

/* It was nobody's call: where its return address would be the stack began, give or take
 * what it pushed, and there is none. Go's first function is jumped to. */
static bool at_first(const struct space *space, const struct walk *w)
{
	uint64_t sp = sp_of(w);

	if (!space->start_stack || sp + FIRST_MOST < space->start_stack ||
	    sp > space->start_stack + 8)
		return false;
	return !is_code(space, pc_of(w));
}

/* Go's functions that nobody called on the stack that they are on: it begins there, or it was
 * switched to. What stands above is of something that is over. */
enum go_top { NO_TOP, GO_FIRST, GO_BEGIN, GO_SWITCH };

static enum go_top go_top(struct module *module, uint64_t address)
{
	static const struct {
		const char *name;
		enum go_top what;
	} tops[] = {
		{ "goexit", GO_BEGIN },       { "mstart", GO_BEGIN },
		{ "rt0_go", GO_FIRST },       { "mcall", GO_BEGIN },
		{ "systemstack", GO_SWITCH }, { "morestack", GO_SWITCH },
		{ "asmcgocall", GO_SWITCH },
	};
	uint64_t offset;
	const char *name = module_is_go(module) ? module_symbol(module, address, &offset) : NULL;

	if (!name || !g_str_has_prefix(name, "runtime."))
		return NO_TOP;
	name += strlen("runtime.");
	for (unsigned i = 0; i < G_N_ELEMENTS(tops); i++) {
		size_t n = strlen(tops[i].name);

		if (!strncmp(name, tops[i].name, n) && (!name[n] || !strcmp(name + n, ".abi0")))
			return tops[i].what;
	}
	return NO_TOP;
}

/* One frame out of `w`; and what it was. */
static enum step unwind_frame(struct unwinder *u, const struct space *space, struct walk *w,
			      struct frame *f)
{
	bool exact = w->inner;
	uint64_t at = pc_of(w) - !exact;
	const struct vma *r = space_find(space, at);
	const struct rule *rule = NULL;
	enum step next;
	bool known = false; /* the module has it */
	int init;
	struct module *module = r && r->file != NO_FILE ? modules_get(u->modules, r->file) : NULL;

	*f = (struct frame){ .address = at, .space = space->id, .file = NO_FILE };
	f->flags = exact ? FRAME_EXACT : 0;
	if (r && r->file != NO_FILE) {
		uint64_t address = module ? module_address(module, at - r->start + r->offset) : 0;

		f->file = r->file;
		f->space = 0;
		f->address = address ? address : at - r->start + r->offset;
		known = address;
		if (known)
			rule = rules_find(u->rules, module, r->file, address);
	}
	/* A program's and the dynamic linker's first instructions have no rules, or those
	 * of a function that was called, but stand where the stack began. */
	if (space->start_stack && sp_of(w) == space->start_stack)
		return STEP_END;
	if (known && !exact && (!rule->known || module_is_go(module)) &&
	    origin_of(u->origins, space, pc_of(w)) == FROM_SIGNAL) {
		f->address++;
		f->flags |= FRAME_EXACT;
		return by_signal(w);
	}
	if (known) {
		enum go_top top = go_top(module, f->address);

		if (top == GO_FIRST || (top != NO_TOP && !exact))
			return top == GO_SWITCH ? STEP_LOST : STEP_END;
	}
	if (rule && rule->known) {
		if (rule->signal && !exact) { /* nobody called it: it starts where it is */
			f->address++;
			f->flags |= FRAME_EXACT;
		}
		next = by_rule(u, rule, w);
		w->inner = rule->signal;
		return next == STEP_ON && at_first(space, w) ? STEP_END : next;
	}
	w->inner = false;
	if (module && is_signal(u->arch, module, f->address + !exact)) {
		f->address += !exact;
		f->flags |= FRAME_EXACT;
		return by_signal(w);
	}
	init = module && u->arch->link == NO_REGISTER ? module_in_init(module, f->address) : -1;
	if (init >= 0)
		return by_init(w, init);
	if (!r || !r->code)
		return STEP_LOST;
	if (w->cloning && by_clone(space, w) == STEP_ON)
		return STEP_ON;
	f->flags |= FRAME_FALLBACK;
	if ((known ? by_code_in_file(u, space, module, r->file, f->address, exact, w) :
		     by_code_in_none(u, space, r, w)) == STEP_ON)
		return STEP_ON;
	return by_frame_pointer(u, space, w);
}

/* The frame at a return address that the kernel found. False: it can be none. */
static bool chain_frame(struct unwinder *u, const struct space *space, uint64_t back,
			struct frame *f)
{
	const struct vma *r = space_find(space, back - 1);
	struct module *module = r && r->file != NO_FILE ? modules_get(u->modules, r->file) : NULL;
	uint64_t address = module ? module_address(module, back - 1 - r->start + r->offset) : 0;

	if (!r || !r->code || origin_of(u->origins, space, back) == FROM_NOTHING)
		return false;
	*f = (struct frame){
		.address = back - 1, .space = space->id, .file = NO_FILE, .flags = FRAME_FALLBACK
	};
	if (r->file != NO_FILE) {
		f->file = r->file;
		f->space = 0;
		f->address = address ? address : back - 1 - r->start + r->offset;
	}
	return true;
}

/* Behind which of the chain the stack goes on: it has the outermost frame or, where that one
 * was interrupted or made no frame of its own, one of those that it called. It may leave some
 * out, and has no others. */
static unsigned chain_place(const struct unwinder *u, const struct stack_top *top, unsigned n)
{
	for (unsigned missing = 0; missing < CHAIN_MISSING && missing < n; missing++)
		for (unsigned at = MIN(n - missing, top->n_chain); at-- > 0;)
			if (top->chain[at] == u->pcs[n - 1 - missing])
				return at;
	return UINT_MAX;
}

/* libc's functions that call main() and a thread's first function: what is above them has no
 * frame pointer. */
static bool is_beginning(struct unwinder *u, const struct frame *f)
{
	struct module *module = f->file != NO_FILE ? modules_get(u->modules, f->file) : NULL;
	uint64_t offset;
	const char *name = module ? module_symbol(module, f->address, &offset) : NULL;

	return name && (!strcmp(name, "start_thread") || !strcmp(name, "__libc_start_call_main"));
}

/* Go on from the outermost frame by the chain; up to where a goroutine or a thread began it is
 * whole. */
static void by_chain(struct unwinder *u, const struct space *space, const struct stack_top *top,
		     struct unwound *out)
{
	unsigned at = chain_place(u, top, out->n);

	if (at == UINT_MAX)
		return;
	for (at++; at < top->n_chain && out->n < UNWIND_MOST - 1; at++) {
		if (!chain_frame(u, space, top->chain[at], &u->frames[out->n]))
			return;
		out->fallback = true;
		u->pcs[out->n++] = top->chain[at];
	}
	out->complete = at == top->n_chain &&
			(origin_of(u->origins, space, u->pcs[out->n - 1]) == FROM_FIRST ||
			 is_beginning(u, &u->frames[out->n - 1]));
}

struct unwound unwind(struct unwinder *u, const struct space *space, const struct stack_top *top)
{
	const struct arch_regs *arch = u->arch;
	struct walk w = { .arch = arch, .inner = true, .cloning = top->cloning };
	struct unwound out = { .frames = u->frames };
	enum step next = STEP_ON;

	for (int i = 0; i < arch->words; i++)
		if (arch->word[i] != NO_REGISTER)
			set_register(&w, arch->word[i], top->words[i]);
	w.now.base = sp_of(&w);
	w.now.size = top->size;
	w.now.stack = top->stack;
	u->stack = w.now;
	u->stack.has = 0;
	while (next == STEP_ON && out.n < UNWIND_MOST - 1) {
		u->pcs[out.n] = pc_of(&w);
		next = unwind_frame(u, space, &w, &u->frames[out.n]);
		out.fallback |= u->frames[out.n].flags & FRAME_FALLBACK;
		out.n++;
		w.cloning = false;
		if (next == STEP_ON && !pc_of(&w))
			next = STEP_END;
	}
	out.complete = next == STEP_END;
	if (!out.complete && top->n_chain)
		by_chain(u, space, top, &out);
	if (!out.complete)
		u->frames[out.n++] = (struct frame){ .address = SYNTHETIC_TRUNCATED,
						     .file = NO_FILE,
						     .flags = FRAME_SYNTHETIC };
	return out;
}

struct unwound unwind_sample(struct unwinder *u, const struct space *space,
			     const struct tare_sample *sample, const void *stack)
{
	struct stack_top top = { .words = sample->regs,
				 .stack = stack,
				 .size = sample->stack,
				 .cloning = calls_clone(sample->cause) };

	if (sample->flags & TARE_SAMPLE_CHAIN) {
		top.chain = (const __u64 *)stack - TARE_CHAIN_FRAMES;
		top.n_chain = MIN(sample->chain, TARE_CHAIN_FRAMES);
	}
	return unwind(u, space, &top);
}
