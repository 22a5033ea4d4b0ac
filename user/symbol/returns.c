/* SPDX-License-Identifier: GPL-2.0-only */
#include "symbol/returns.h"

#include <glib.h>
#include <string.h>

#include "symbol/insn_x86.h"

#define STEPS_MOST 20000   /* instructions of a search: about a millisecond */
#define BRANCHES_MOST 512  /* branches that wait to be followed */
#define VISITED_MOST 32768 /* slots of a hash table: a power of two, more than STEPS_MOST */
#define PIECE 256          /* bytes of code to read at once */

#define ENTRY 15               /* bytes of the entry of a HotSpot method, at most */
#define METHOD_MOST (64 << 10) /* bytes of code to search */
#define ROOM 11                /* bytes of the two instructions that reserve stack */

#define EXIT_WITHIN 80   /* bytes from the start of Erlang's normal_exit */
#define EXC_NORMAL 0x441 /* OTP's erts/emulator/beam/error.h */

#define RSP 4
#define RBP 5

/* Callee-saved registers: rbx, rbp, r12 to r15. */
#define KEPT (1u << 3 | 1u << 5 | 0xfu << 12)

/* The symbolic value of a register: the stack pointer or the frame pointer at the start of the
 * search, plus offset in bytes; or another value (FROM_OTHER), which is not tracked. */
enum base { FROM_OTHER, FROM_SP, FROM_FP };
struct value {
	enum base base;
	int64_t offset;
};

/* A path through the code. */
struct path {
	uint64_t pc;
	struct value sp, fp;
	uint32_t saved;                /* bit by register: the path restored it from the stack */
	struct value at[RETURNS_REGS]; /* from this stack address */
};

struct returns_search {
	code_fn code;
	void *ctx;
	uint64_t first;
	bool erlang; /* the code is of Erlang's JIT */
	unsigned steps;
	struct path waiting[BRANCHES_MOST];
	unsigned n;
	uint64_t visited[VISITED_MOST]; /* hash table of addresses; 0: free */
	uint16_t used[STEPS_MOST + 1];  /* the slots of `visited` in use, to clear them */
	unsigned n_used;
	unsigned char piece[PIECE];
	uint64_t piece_at;
	unsigned piece_size;
};

/* Add an address to those that were visited. False: it was visited before. */
static bool visit(struct returns_search *s, uint64_t pc)
{
	unsigned at = (unsigned)(pc * 0x9e3779b97f4a7c15ULL >> 40) % VISITED_MOST;

	while (s->visited[at] && s->visited[at] != pc)
		at = (at + 1) % VISITED_MOST;
	if (s->visited[at])
		return false;
	s->visited[at] = pc;
	s->used[s->n_used++] = (uint16_t)at;
	return true;
}

static bool read_insn(struct returns_search *s, uint64_t pc, struct insn *insn)
{
	static const unsigned char endbr64[] = { 0xf3, 0x0f, 0x1e, 0xfa };
	unsigned at;

	if (pc < s->piece_at || pc - s->piece_at + INSN_MOST > s->piece_size) {
		s->piece_at = pc;
		s->piece_size = s->code(s->ctx, pc, s->piece, PIECE);
	}
	at = (unsigned)(pc - s->piece_at);
	if (at >= s->piece_size)
		return false;
	/* Another function begins here: the one before it ends with a call that never returns. */
	if (pc != s->first && s->piece_size - at >= sizeof(endbr64) &&
	    !memcmp(s->piece + at, endbr64, sizeof(endbr64)))
		return false;
	return insn_read(s->piece + at, s->piece_size - at, insn);
}

static struct value plus(struct value v, int64_t offset)
{
	if (__builtin_add_overflow(v.offset, offset, &v.offset))
		v.base = FROM_OTHER;
	return v;
}

/* A callee-saved register is loaded from a stack address. The last load before the return is the
 * one that restores the caller's value. */
static void load(struct path *p, uint8_t reg, struct value at)
{
	if (reg >= RETURNS_REGS || !(KEPT >> reg & 1))
		return;
	p->saved |= 1u << reg;
	p->at[reg] = at;
}

static void leave(struct path *p)
{
	p->sp = p->fp;
	load(p, RBP, p->sp);
	p->fp.base = FROM_OTHER;
	p->sp = plus(p->sp, 8);
}

/* Apply the effect of an instruction to the tracked registers. */
static void apply(struct path *p, const struct insn *insn)
{
	switch (insn->kind) {
	case INSN_PUSH:
		p->sp = plus(p->sp, -8);
		break;
	case INSN_POP:
		load(p, insn->reg, p->sp);
		if (insn->reg == RBP)
			p->fp.base = FROM_OTHER;
		p->sp = plus(p->sp, 8);
		break;
	case INSN_ADD_SP:
		p->sp = plus(p->sp, insn->value);
		break;
	case INSN_SP_FROM_FP:
		p->sp = plus(p->fp, insn->value);
		break;
	case INSN_FP_FROM_SP:
		p->fp = plus(p->sp, insn->value);
		break;
	case INSN_LOAD:
		load(p, insn->reg, plus(p->sp, insn->value));
		if (insn->reg == RBP)
			p->fp.base = FROM_OTHER;
		break;
	case INSN_LEAVE:
		leave(p);
		break;
	case INSN_LOSE_SP:
		p->sp.base = FROM_OTHER;
		break;
	default:
		break;
	}
}

static void queue_branch(struct returns_search *s, const struct path *p, uint64_t pc)
{
	if (s->n >= BRANCHES_MOST)
		return;
	s->waiting[s->n] = *p;
	s->waiting[s->n++].pc = pc;
}

/* Erlang's JIT puts the words of the next function's name after the last call of a function that
 * never returns. The first of these words is 0, and the JIT generates no such instruction. */
static bool is_erlang_data(const unsigned char *code)
{
	return !code[0] && !code[1];
}

/* Is it `jmp *N(base,%r12,8)`? */
static bool is_erlang_jump(const unsigned char *code)
{
	return (code[0] & 0xfe) == 0x42 && code[1] == 0xff && (code[2] & 0x3f) == 0x24 &&
	       code[3] >> 3 == (3 << 3 | 4);
}

/* Follow one path. True: it reaches a return, and `p` is the state just before the return. */
static bool path_follow(struct returns_search *s, struct path *p)
{
	struct insn insn;

	while (s->steps++ < STEPS_MOST && visit(s, p->pc) && read_insn(s, p->pc, &insn)) {
		const unsigned char *code = s->piece + (p->pc - s->piece_at);

		if (s->erlang && insn.size >= 2 && is_erlang_data(code))
			return false;
		p->pc += insn.size;
		switch (insn.kind) {
		case INSN_RETURN:
		case INSN_JUMP_MEMORY: /* a tail call: the callee returns to our caller */
			return p->sp.base != FROM_OTHER;
		case INSN_JUMP_ANY:
			return s->erlang && insn.size >= 4 && p->sp.base == FROM_SP &&
			       is_erlang_jump(code);
		case INSN_STOP:
			return false;
		case INSN_JUMP:
			p->pc += (uint64_t)insn.value;
			break;
		case INSN_BRANCH:
			queue_branch(s, p, p->pc + (uint64_t)insn.value);
			break;
		default:
			apply(p, &insn);
		}
	}
	return false;
}

static void set_returns(const struct path *p, struct returns *found)
{
	*found = (struct returns){ .by_fp = p->sp.base == FROM_FP, .offset = p->sp.offset };
	for (unsigned reg = 0; reg < RETURNS_REGS; reg++) {
		if (!(p->saved >> reg & 1))
			continue;
		if (p->at[reg].base == p->sp.base) {
			found->saved |= 1u << reg;
			found->at[reg] = p->at[reg].offset;
		} else {
			found->lost |= 1u << reg;
		}
	}
}

bool returns_room(code_fn code, void *ctx, uint64_t start, uint64_t size, uint32_t *room)
{
	/* sub $room,%rsp; and $-64,%rsp */
	static const unsigned char sub[] = { 0x48, 0x81, 0xec }, and[] = { 0x48, 0x83, 0xe4, 0xc0 };
	unsigned char piece[PIECE + ROOM];

	for (uint64_t at = 0; at < MIN(size, METHOD_MOST); at += PIECE) {
		unsigned n = code(ctx, start + at, piece, sizeof(piece));

		for (unsigned i = 0; i + ROOM <= n; i++) {
			if (memcmp(piece + i, sub, sizeof(sub)) ||
			    memcmp(piece + i + sizeof(sub) + sizeof(*room), and, sizeof(and)))
				continue;
			memcpy(room, piece + i + sizeof(sub), sizeof(*room));
			return true;
		}
	}
	return false;
}

/* The bytes of an instruction that stores a value in the process, at an offset from r13 of 1 or 4
 * bytes; 0: it is another instruction. `wide`: movq with 4 bytes of value, else movb. */
static unsigned stores(const unsigned char *code, unsigned n, bool wide, uint32_t value)
{
	unsigned size = wide ? sizeof(value) : 1, at;

	if (n < 3 || code[0] != (wide ? 0x49 : 0x41) || code[1] != (wide ? 0xc7 : 0xc6) ||
	    (code[2] != 0x45 && code[2] != 0x85))
		return 0;
	at = code[2] == 0x45 ? 4 : 7;
	return at + size <= n && !memcmp(code + at, &value, size) ? at + size : 0;
}

/* freason = EXC_NORMAL; arity = 0 (8 bytes; 1 byte in OTP 29); mov %r13,%rdi; mov $am_normal,%esi.
 * Offsets in struct process and the code before this differ between versions. */
bool returns_erlang_end(code_fn code, void *ctx, uint64_t address)
{
	static const unsigned char arguments[] = { 0x4c, 0x89, 0xef, 0xbe };
	unsigned char piece[EXIT_WITHIN];
	unsigned n = code(ctx, address, piece, sizeof(piece));

	for (unsigned at = 0; at < n; at++) {
		unsigned reason = stores(piece + at, n - at, true, EXC_NORMAL), next = at + reason;
		unsigned arity = reason ? stores(piece + next, n - next, true, 0) : 0;

		if (reason && !arity)
			arity = stores(piece + next, n - next, false, 0);
		next += arity;
		if (arity && next + sizeof(arguments) <= n &&
		    !memcmp(piece + next, arguments, sizeof(arguments)))
			return true;
	}
	return false;
}

struct returns_search *returns_new(void)
{
	return g_new0(struct returns_search, 1);
}

void returns_free(struct returns_search *s)
{
	g_free(s);
}

static void begin(struct returns_search *s, code_fn code, void *ctx, uint64_t address)
{
	struct path p = { .pc = address, .sp = { FROM_SP, 0 }, .fp = { FROM_FP, 0 } };

	while (s->n_used)
		s->visited[s->used[--s->n_used]] = 0;
	s->code = code;
	s->ctx = ctx;
	s->first = address;
	s->erlang = false;
	s->steps = s->piece_size = s->n = 0;
	queue_branch(s, &p, address);
}

/* Is the entry of a HotSpot method here? It tests for a stack overflow by a write far below the
 * stack pointer, saves rbp and reserves stack: `mov %eax,-N(%rsp); push %rbp; sub $room,%rsp`. */
static bool is_entry(const unsigned char *code, int32_t *room)
{
	static const unsigned char touch[] = { 0x89, 0x84, 0x24 }, keep[] = { 0x55, 0x48 };

	if (memcmp(code, touch, sizeof(touch)) || code[6] != 0xff ||
	    memcmp(code + 7, keep, sizeof(keep)) || code[10] != 0xec)
		return false;
	if (code[9] == 0x83)
		*room = (int8_t)code[11];
	else
		memcpy(room, code + 11, sizeof(*room));
	return (code[9] == 0x83 || code[9] == 0x81) && *room >= 0;
}

bool returns_by_entry(code_fn code, void *ctx, uint64_t address, struct returns *found)
{
	unsigned char piece[PIECE + ENTRY];
	int32_t room;

	for (uint64_t back = PIECE; back <= METHOD_MOST; back += PIECE) {
		unsigned n = code(ctx, address - back, piece, sizeof(piece));

		if (n < PIECE) /* code() stops at the end of a page */
			n += code(ctx, address - back + n, piece + n, sizeof(piece) - n);
		if (n < sizeof(piece))
			return false;
		for (unsigned at = PIECE; at-- > 0;) {
			/* Skip an entry that is not complete at `address`. */
			if (!is_entry(piece + at, &room) || address - back + at + ENTRY > address)
				continue;
			*found = (struct returns){ .offset = room + 8, .saved = 1u << RBP };
			found->at[RBP] = room;
			return true;
		}
	}
	return false;
}

static bool find(struct returns_search *s, struct returns *found)
{
	/* Continue with the last branch: it is the nearest. */
	while (s->n && s->steps < STEPS_MOST) {
		struct path p = s->waiting[--s->n];

		if (path_follow(s, &p)) {
			set_returns(&p, found);
			return true;
		}
	}
	return false;
}

bool returns_find(struct returns_search *s, code_fn code, void *ctx, uint64_t address,
		  struct returns *found)
{
	begin(s, code, ctx, address);
	return find(s, found);
}

bool returns_find_erlang(struct returns_search *s, code_fn code, void *ctx, uint64_t address,
			 struct returns *found)
{
	begin(s, code, ctx, address);
	s->erlang = true;
	return find(s, found);
}
