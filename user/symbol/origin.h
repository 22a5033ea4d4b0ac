/* SPDX-License-Identifier: GPL-2.0-only
 *
 * What stands before a return address, by the code there: of x86-64; elsewhere nobody knows.
 * What is in files is kept, as much as has room in a table of fixed size.
 */
#ifndef TARE_ORIGIN_H
#define TARE_ORIGIN_H

#include "model/space.h"
#include "symbol/arch_regs.h"
#include "symbol/module.h"

/* Where a frame's code is read from: its file or, of code in none, the process, which may be
 * gone, or run other code there by now. */
struct code {
	const struct module *module; /* NULL: the process */
	pid_t pid;
};
/* A code_fn, of a struct code. */
unsigned code_read(void *code, uint64_t address, void *to, unsigned n);

enum origin {
	FROM_WHO_KNOWS,
	FROM_CALL,
	FROM_FIRST,  /* none, but Go's first functions return there */
	FROM_SIGNAL, /* none, but a signal's handler returns there */
	FROM_NOTHING,
};

struct origins;

struct origins *origins_new(struct modules *modules, const struct arch_regs *machine);
void origins_free(struct origins *o); /* takes NULL */
/* Files have other numbers. */
void origins_forget(struct origins *o);

/* Of a run-time address. */
enum origin origin_of(struct origins *o, const struct space *space, uint64_t back);

#endif
