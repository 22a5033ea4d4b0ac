/* SPDX-License-Identifier: GPL-2.0-only */
#include "symbol/unwind.h"

#include <limits.h>
#include <string.h>

#include "bpf/calls.h"
#include "symbol/origin.h"
#include "symbol/rules.h"

#define CHAIN_MISSING 3 /* outermost frames that are looked for in the chain */
/* Keys for rules_by_code(). The high bits differ from all numbers of files. */
#define CODE_OF_GO (UINT64_C(1) << 61)
#define CODE_OF_FILE (UINT64_C(1) << 62)
#define CODE_OF_SPACE (UINT64_C(1) << 63)
#define FIRST_MOST 64 /* bytes that the first function may push without an unwind rule */

struct unwinder {
	struct modules *modules;
	const struct arch_regs *arch;
	struct rules *rules;
	struct origins *origins;
	struct registers stack; /* the stack that is being unwound, without registers */
	struct frame frames[UNWIND_MOST];
	uint64_t pcs[UNWIND_MOST]; /* run-time address of each frame */
};

/* The state of an unwind. */
struct walk {
	struct registers now;
	const struct arch_regs *arch;
	bool inner;   /* this frame made no call: it is the innermost, or was interrupted */
	bool cloning; /* this frame is in the system call that creates a task */
	bool chained; /* the frame pointer came from a list of frames, which ends with 0 */
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

/* Set the pc to a return address without its signature and tags. */
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

/* The value of a register in the caller. False: not known. `value` is written in any case. */
static bool restore_register(const struct unwinder *u, const struct saved *saved,
			     const struct registers *m, uint64_t cfa, uint64_t *value)
{
	int32_t offset = saved->offset;

	*value = 0;
	if (saved->how == AT_CFA) /* the most frequent case */
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

/* Compute the canonical frame address (CFA): usually the caller's stack pointer. */
static bool cfa_of(const struct unwinder *u, const struct rule *rule, const struct registers *m,
		   uint64_t *cfa)
{
	if (rule->cfa_reg == ARCH_REGS_MAX)
		return rules_evaluate(u->rules, rule->cfa_expr, m, 0, cfa);
	*cfa = m->reg[rule->cfa_reg] + rule->cfa_offset;
	return registers_has(m, rule->cfa_reg);
}

/* Is the caller's stack pointer above `sp`, that of the frame? A signal frame may be on another
 * stack. The stack pointers may be equal only if the frame has nothing on the stack: where calls
 * push the return address, this is vfork(), which pops it; elsewhere, the innermost frame. */
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
	/* Compute all values before any register is changed. */
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

/* _init() and _fini() of x86-64 have no rules. Their first instruction subtracts 8 from the stack
 * pointer (crti.S of glibc). `behind`: offset of the address in the function. */
static enum step by_init(struct walk *w, int behind)
{
	uint64_t at = sp_of(w) + (behind ? 8 : 0), back;

	if (!registers_load(&w->now, at, &back))
		return STEP_LOST;
	set_register(w, w->arch->sp, at + 8);
	set_pc(w, back);
	return STEP_ON;
}

/* glibc's clone() and clone3() have no rules from the system call on, because the child has no
 * caller (cfi_endproc in clone.S). The return address is where the call put it. */
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

/* Apply a rule that is a guess. False: it does not lead to a credible caller, and `w` is
 * unchanged. */
static bool try_rule(struct unwinder *u, const struct space *space, const struct rule *rule,
		     struct walk *w)
{
	struct walk was = *w;

	if (rule->known && by_rule(u, rule, w) == STEP_ON && is_code(space, pc_of(w)) &&
	    origin_of(u->origins, space, pc_of(w)) != FROM_NOTHING) {
		w->chained = true; /* the frame pointer may come from a list; it ends with 0 */
		return true;
	}
	*w = was;
	return false;
}

/* A frame in a file without unwind rules: use Go's table, or follow the instructions to a return.
 * `address`: in the file. `exact`: the instruction itself, not one before a return address. */
static enum step by_code_in_file(struct unwinder *u, const struct space *space,
				 struct module *module, uint32_t file, uint64_t address, bool exact,
				 struct walk *w)
{
	struct code code = { module, 0 };

	if (module_is_go(module) &&
	    try_rule(u, space, rules_by_go(u->rules, module, CODE_OF_GO | file, address), w))
		return STEP_ON;
	return try_rule(u, space,
			rules_by_code(u->rules, BY_RETURN, code_read, &code, CODE_OF_FILE | file,
				      address + !exact),
			w) ?
		       STEP_ON :
		       STEP_LOST;
}

/* Can the caller with return address `back` and stack pointer `sp` be unwound too? If `back` is
 * only a stale word on the stack, this is unlikely. */
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

/* Code of Erlang's JIT that called C: the stack pointer is the scheduler's, rounded down, see
 * returns_room(). The return address is above the reserved bytes, at one of four positions. */
static enum step by_room(struct unwinder *u, const struct space *space, const struct vma *r,
			 struct walk *w)
{
	uint64_t sp = sp_of(w), back, found = 0, at = 0;
	uint32_t room = 0;

	if (!(sp & 63))
		room = origin_room(u->origins, space, r);
	for (unsigned i = 8; room && i < 64; i += 16) {
		if (!registers_load(&w->now, sp + room + i, &back) || !is_code(space, back) ||
		    origin_of(u->origins, space, back) != FROM_CALL ||
		    !goes_on(u, space, back, sp + room + i + 8))
			continue;
		found = back; /* of several candidates, the outermost */
		at = sp + room + i;
	}
	if (!found)
		return STEP_LOST;
	w->now.has = 0;
	set_register(w, u->arch->sp, at + 8);
	set_pc(w, found);
	return STEP_ON;
}

/* Code of Erlang's JIT, on the stack of an Erlang process or, for by_room(), of a scheduler. */
static enum step by_erlang(struct unwinder *u, const struct space *space, const struct vma *r,
			   struct walk *w)
{
	struct code code = { NULL, space->pid };
	const struct rule *rule;

	rule = rules_by_code(u->rules, BY_ERLANG, code_read, &code,
			     CODE_OF_SPACE | space->id << 2 | BY_ERLANG, pc_of(w));
	if (rule->last)
		return STEP_END;
	if (!try_rule(u, space, rule, w))
		return by_room(u, space, r, w);
	w->chained =
		false; /* without +JPperf, there are no frame pointers, and this one is stale */
	return STEP_ON;
}

/* Code in no file: use by_erlang(), a HotSpot method's entry or the instructions to a return. */
static enum step by_code_in_none(struct unwinder *u, const struct space *space, const struct vma *r,
				 struct walk *w)
{
	struct code code = { NULL, space->pid };

	if (origin_room(u->origins, space, r))
		return by_erlang(u, space, r, w);
	for (int way = BY_ENTRY; way >= BY_RETURN; way--)
		if (try_rule(u, space,
			     rules_by_code(u->rules, way, code_read, &code,
					   CODE_OF_SPACE | space->id << 2 | way, pc_of(w)),
			     w))
			return STEP_ON;
	return STEP_LOST;
}

static enum step by_frame_pointer(struct unwinder *u, const struct space *space, struct walk *w)
{
	const struct arch_regs *arch = w->arch;
	struct registers *m = &w->now;
	uint64_t next, back, frame = m->reg[arch->fp];

	if (w->chained && !frame) /* by the ABI, 0 ends the list of frames */
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

/* Go on with the code that a signal interrupted: the signal frame has all of its registers. */
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

/* Is this address in the kernel's signal trampoline, which a signal handler returns to? */
static bool is_signal(const struct arch_regs *arch, struct module *module, uint64_t address)
{
	uint64_t offset;
	const char *name = arch->signal_code ? module_symbol(module, address, &offset) : NULL;

	return name && !strcmp(name, arch->signal_code);
}

/* Was the frame that was just left the program's first function? Then the stack began here, within
 * FIRST_MOST bytes, and no return address is there. Go's first function has rules as if called. */
static bool at_first(const struct space *space, const struct walk *w)
{
	uint64_t sp = sp_of(w);

	if (!space->start_stack || sp + FIRST_MOST < space->start_stack ||
	    sp > space->start_stack + 8)
		return false;
	return !is_code(space, pc_of(w));
}

/* Functions of Go's runtime without a caller on their stack: it begins with them (GO_FIRST: at the
 * program's start; GO_BEGIN), or they switched to it (GO_SWITCH). Words above them are stale. */
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

/* Describe the current frame in `f`, and move `w` to its caller. */
static enum step unwind_frame(struct unwinder *u, const struct space *space, struct walk *w,
			      struct frame *f)
{
	bool exact = w->inner;
	uint64_t at = pc_of(w) - !exact;
	const struct vma *r = space_find(space, at);
	const struct rule *rule = NULL;
	enum step next;
	bool known = false; /* the address is in code of the module */
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
	/* The first instructions of a program and of the dynamic linker have no rules, or rules as
	 * if they were called. But the stack pointer is where the stack began. */
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
		if (rule->signal && !exact) { /* no call is before a trampoline: pc is exact */
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
	next = known ? by_code_in_file(u, space, module, r->file, f->address, exact, w) :
		       by_code_in_none(u, space, r, w);
	if (next != STEP_LOST)
		return next;
	return by_frame_pointer(u, space, w);
}

/* The frame at a return address from the chain. False: it cannot be a return address. */
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

/* The index of the chain's address for the outermost frame that was unwound; UINT_MAX: none. The
 * chain may lack frames that were interrupted or have no frame pointer, but has no additional
 * ones. So if it lacks the outermost frame, the frames that this one called are tried. */
static unsigned chain_place(const struct unwinder *u, const struct stack_top *top, unsigned n)
{
	for (unsigned missing = 0; missing < CHAIN_MISSING && missing < n; missing++)
		for (unsigned at = MIN(n - missing, top->n_chain); at-- > 0;)
			if (top->chain[at] == u->pcs[n - 1 - missing])
				return at;
	return UINT_MAX;
}

/* Is it the libc function that calls main() or the first function of a thread? The functions that
 * call these two have no frame pointer, so a chain ends here. */
static bool is_beginning(struct unwinder *u, const struct frame *f)
{
	struct module *module = f->file != NO_FILE ? modules_get(u->modules, f->file) : NULL;
	uint64_t offset;
	const char *name = module ? module_symbol(module, f->address, &offset) : NULL;

	return name && (!strcmp(name, "start_thread") || !strcmp(name, "__libc_start_call_main"));
}

/* Append frames from the chain. The stack is complete if the chain reaches the start of a
 * goroutine or a thread. */
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
