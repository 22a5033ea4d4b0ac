/* SPDX-License-Identifier: GPL-2.0-only */
#include "symbol/origin.h"

#include <string.h>
#include <sys/uio.h>

#include "symbol/insn_x86.h"
#include "symbol/returns.h"

#define CALL_MOST 7       /* bytes of a call instruction, at most */
#define ORIGINS_MOST 4096 /* slots of the cache */
#define RESTORER 9        /* bytes of a signal trampoline, at most */
#define CODE_PAGE 4096u
#define ROOMS 256 /* slots of the cache of mappings */

struct origin_met {
	uint64_t address;
	uint32_t file;
	enum origin origin; /* FROM_UNKNOWN: the slot is free */
};

struct room {
	uint64_t space, start;
	uint32_t bytes;
};

struct origins {
	struct modules *modules;
	const struct arch_regs *arch;
	struct origin_met met[ORIGINS_MOST]; /* hash table; a collision replaces the old result */
	struct room rooms[ROOMS];            /* by start of the mapping, likewise */
};

struct origins *origins_new(struct modules *modules, const struct arch_regs *arch)
{
	struct origins *o = g_new0(struct origins, 1);

	o->modules = modules;
	o->arch = arch;
	return o;
}

void origins_free(struct origins *o)
{
	g_free(o);
}

void origins_forget(struct origins *o)
{
	memset(o->met, 0, sizeof(o->met));
	memset(o->rooms, 0, sizeof(o->rooms));
}

unsigned code_read(void *ctx, uint64_t address, void *to, unsigned n)
{
	const struct code *c = ctx;
	/* In a process, the next page may not be mapped. A part of the list that cannot be read
	 * in full may give no byte at all, so no part lies across the end of a page. */
	unsigned first = MIN(n, CODE_PAGE - (unsigned)(address % CODE_PAGE));
	struct iovec here = { to, n }, there[2] = {
		{ (void *)(uintptr_t)address, first },
		{ (void *)(uintptr_t)(address + first), MIN(n - first, CODE_PAGE) },
	};
	ssize_t got;

	if (c->module)
		return module_code(c->module, address, to, n);
	got = c->pid > 0 ? process_vm_readv(c->pid, &here, 1, there, n > first ? 2 : 1, 0) : 0;
	return got > 0 ? (unsigned)got : 0;
}

/* The first function of a goroutine returns to the second instruction of goexit(), a call; the
 * first one is a nop (FROM_FIRST). A signal handler returns to `mov $15,%eax; syscall`, which is
 * rt_sigreturn() (FROM_SIGNAL). */
static enum origin read_origin(struct code *code, uint64_t back)
{
	static const unsigned char restore[] = { 0x0f, 0x00, 0x00, 0x00, 0x0f, 0x05 };
	unsigned char at[CALL_MOST + RESTORER];
	const unsigned char *here = at + CALL_MOST;
	unsigned n = code_read(code, back - CALL_MOST, at, sizeof(at));

	if (n < CALL_MOST)
		return FROM_UNKNOWN;
	if (insn_ends_with_call(at, CALL_MOST))
		return FROM_CALL;
	if (n > CALL_MOST && here[-1] == 0x90 && here[0] == 0xe8)
		return FROM_FIRST;
	if (n == sizeof(at) && ((here[0] == 0xb8 && !memcmp(here + 1, restore, sizeof(restore))) ||
				(here[0] == 0x48 && here[1] == 0xc7 && here[2] == 0xc0 &&
				 !memcmp(here + 3, restore, sizeof(restore)))))
		return FROM_SIGNAL;
	return FROM_NOTHING;
}

/* Code that is in no file is not checked: interpreters push addresses that they jump to later, so
 * that no call is before them. */
enum origin origin_of(struct origins *o, const struct space *space, uint64_t back)
{
	const struct vma *r = space_find(space, back - 1);
	struct module *module = r && r->file != NO_FILE ? modules_get(o->modules, r->file) : NULL;
	uint64_t own = module ? module_address(module, back - r->start + r->offset) : 0;
	struct code code = { module, 0 };
	struct origin_met *met;

	if (o->arch != &arch_regs_x86 || !own)
		return FROM_UNKNOWN;
	met = &o->met[(own ^ r->file * 0x9e3779b1u) % ORIGINS_MOST];
	if (met->address != own || met->file != r->file || met->origin == FROM_UNKNOWN)
		*met = (struct origin_met){ own, r->file, read_origin(&code, own) };
	return met->origin;
}

uint32_t origin_room(struct origins *o, const struct space *space, const struct vma *r)
{
	struct room *room = &o->rooms[r->start / CODE_PAGE % ROOMS];
	struct code code = { NULL, space->pid };

	if (o->arch != &arch_regs_x86)
		return 0;
	if (room->space == space->id && room->start == r->start)
		return room->bytes;
	*room = (struct room){ space->id, r->start, 0 };
	if (!returns_room(code_read, &code, r->start, r->end - r->start, &room->bytes))
		room->bytes = 0;
	return room->bytes;
}
