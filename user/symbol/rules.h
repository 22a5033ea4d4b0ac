/* SPDX-License-Identifier: GPL-2.0-only
 *
 * What .eh_frame and .debug_frame say of an address: how the caller's registers follow from
 * those at hand. Read by cfi.h and kept by address. It must not know where registers
 * and stack come from, nor what is done with a frame.
 *
 * Bounds: rules are kept for so many addresses (RULES_MOST, 100 bytes each), then all are
 * looked up anew.
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

/* One register that is not the same in the caller. */
struct saved {
	uint8_t reg, how;
	int32_t offset; /* AT_CFA, IS_CFA; IN_REG: the register; EXPR: number of it */
};

struct rule {
	bool known;   /* else there is none for this address */
	bool signal;  /* a signal's frame: its caller stands at an instruction, not behind a call */
	bool last;    /* nobody called it: the return address is undefined */
	bool sets_sp; /* one of what is saved is the stack pointer */
	uint8_t ra;   /* the register that has the return address in the end */
	uint8_t cfa_reg; /* CFA = reg + offset; ARCH_REGS_MAX: by expression */
	uint8_t n_saved;
	int32_t cfa_offset;
	uint32_t cfa_expr, saved; /* numbers of the expression, of the first that is saved */
	uint64_t lost;            /* bit by register: not known in the caller */
};

struct rules;

struct rules *rules_new(struct modules *modules, const struct arch_regs *arch);
void rules_free(struct rules *r); /* takes NULL */
void rules_forget(struct rules *r);
unsigned rules_count(const struct rules *r);

/* Until the next call. */
const struct rule *rules_find(struct rules *r, struct module *module, uint32_t file,
			      uint64_t address);
/* The same of code that has none, by its instructions (symbol/returns.h): up to its return, or by
 * how it was entered. `code` reads it; `from` is a number of where it is, and of the way, that
 * no file has. Only of x86-64; else none is known. */
enum code_way { BY_RETURN, BY_ENTRY };
const struct rule *rules_by_code(struct rules *r, enum code_way way, code_fn code, void *ctx,
				 uint64_t from, uint64_t address);
/* The same of Go's code, by the runtime's own table. */
const struct rule *rules_by_go(struct rules *r, struct module *module, uint64_t from,
			       uint64_t address);
/* The first of the rule's; NULL: no rule has any. */
const struct saved *rules_saved(const struct rules *r, const struct rule *rule);

/* Registers and a piece of stack, as they are in one frame. */
struct registers {
	uint64_t reg[ARCH_REGS_MAX];
	uint64_t has; /* bit by register */
	uint64_t base, size;
	const unsigned char *stack;
};

static inline bool registers_has(const struct registers *m, unsigned reg)
{
	return m->has >> reg & 1;
}

/* A word of the stack. */
bool registers_load(const struct registers *m, uint64_t at, uint64_t *value);

/* Of an expression. False: it can't be had. */
bool rules_evaluate(const struct rules *r, uint32_t expr, const struct registers *m, uint64_t cfa,
		    uint64_t *value);

#endif
