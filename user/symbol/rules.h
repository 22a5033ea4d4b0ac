/* SPDX-License-Identifier: GPL-2.0-only
 *
 * A cache of unwind rules by address: how to compute the caller's registers from those of a
 * frame. The rules come from .eh_frame and .debug_frame (cfi.h), from the code itself
 * (returns.h), or from Go's table. It must not know where registers and stack come from, nor
 * what a frame is used for.
 *
 * Bounds: at most RULES_MOST rules of about 100 bytes; then the cache is emptied.
 */
#ifndef TARE_RULES_H
#define TARE_RULES_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "symbol/arch_regs.h"
#include "symbol/module.h"
#include "symbol/returns.h"

enum how { AT_CFA, IS_CFA, AT_EXPR, IS_EXPR, IN_REG };

/* How to restore one register of the caller. */
struct saved {
	uint8_t reg, how;
	/* AT_CFA, IS_CFA: bytes from the CFA; IN_REG: a register; AT_EXPR, IS_EXPR: number of
	 * an expression. */
	int32_t offset;
};

struct rule {
	bool known;      /* false: there is no rule for this address */
	bool signal;     /* a signal frame: its caller was interrupted and did not make a call */
	bool last;       /* the outermost frame: the return address is undefined */
	bool sets_sp;    /* the stack pointer is among the saved registers */
	uint8_t ra;      /* after the rule is applied, this register has the return address */
	uint8_t cfa_reg; /* CFA = reg + cfa_offset; ARCH_REGS_MAX: use cfa_expr */
	uint8_t n_saved;
	int32_t cfa_offset;
	uint32_t cfa_expr; /* number of an expression */
	uint32_t saved;    /* number of the first of its struct saved */
	uint64_t lost;     /* bit by register: not known in the caller */
};

struct rules;

struct rules *rules_new(struct modules *modules, const struct arch_regs *arch);
void rules_free(struct rules *r);   /* takes NULL */
void rules_forget(struct rules *r); /* empties the cache: files were renumbered */
unsigned rules_count(const struct rules *r);

/* The rule of an address in a file; its `known` is false if there is none. Rules that this and
 * the next two functions return are valid until the next call of any of them. */
const struct rule *rules_find(struct rules *r, struct module *module, uint32_t file,
			      uint64_t address);
/* A rule for code without unwind rules, from its instructions (returns.h): BY_RETURN follows
 * them to a return, BY_ENTRY looks for the entry of a HotSpot method, BY_ERLANG is for code of
 * Erlang's JIT: also its jumps to other modules, and the end of a process's stack (`last`).
 * `code` and `ctx` read the code. `from` is the cache's key for the source of the code and the
 * way; it must differ from all file numbers. Not known on architectures other than x86-64. */
enum code_way { BY_RETURN, BY_ENTRY, BY_ERLANG };
const struct rule *rules_by_code(struct rules *r, enum code_way way, code_fn code, void *ctx,
				 uint64_t from, uint64_t address);
/* A rule for Go code, from the runtime's table. `from`: as above. */
const struct rule *rules_by_go(struct rules *r, struct module *module, uint64_t from,
			       uint64_t address);
/* The array of a rule's n_saved saved registers; NULL: no rule has any. */
const struct saved *rules_saved(const struct rules *r, const struct rule *rule);

/* The registers of one frame, and the copied part of the stack. */
struct registers {
	uint64_t reg[ARCH_REGS_MAX];
	uint64_t has;        /* bit by register: its value is known */
	uint64_t base, size; /* address and bytes of `stack` */
	const unsigned char *stack;
};

static inline bool registers_has(const struct registers *m, unsigned reg)
{
	return m->has >> reg & 1;
}

/* Read the word at a stack address. False: it is not in the copied part, or its page could not be
 * read (never touched, or swapped out). */
bool registers_load(const struct registers *m, uint64_t at, uint64_t *value);

/* Evaluate an expression. False: it is malformed, or needs a value that is not known. */
bool rules_evaluate(const struct rules *r, uint32_t expr, const struct registers *m, uint64_t cfa,
		    uint64_t *value);

#endif
