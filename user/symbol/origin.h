/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Checks a possible return address by the code around it: is there a call before it? Only on
 * x86-64; the result on other architectures is "unknown". Results for code in files are cached
 * in a table of fixed size.
 */
#ifndef TARE_ORIGIN_H
#define TARE_ORIGIN_H

#include "model/space.h"
#include "symbol/arch_regs.h"
#include "symbol/module.h"

/* Where to read a frame's code: in its file or, for code that is in no file, in the process. The
 * process may be gone, or may have replaced the code. */
struct code {
	const struct module *module; /* NULL: the process */
	pid_t pid;
};
/* A code_fn (returns.h) whose context is a struct code. */
unsigned code_read(void *code, uint64_t address, void *to, unsigned n);

enum origin {
	FROM_UNKNOWN, /* the code is in no file, cannot be read, or is not x86-64 */
	FROM_CALL,    /* a call is before the address */
	FROM_FIRST,   /* no call, but the first function of a goroutine returns there */
	FROM_SIGNAL,  /* no call, but a signal handler returns there */
	FROM_NOTHING, /* no call: not a return address */
};

struct origins;

struct origins *origins_new(struct modules *modules, const struct arch_regs *arch);
void origins_free(struct origins *o); /* takes NULL */
/* Clear the cache: files were renumbered. */
void origins_forget(struct origins *o);

/* returns_room() (returns.h) of the code in a mapping of a process, cached; 0: it is not code of
 * Erlang's JIT. */
uint32_t origin_room(struct origins *o, const struct space *space, const struct vma *r);
/* `back`: a possible return address in the process, after relocation. */
enum origin origin_of(struct origins *o, const struct space *space, uint64_t back);

#endif
