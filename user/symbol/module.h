/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The ELF files that a workload runs, opened while they can be: their segments, the
 * rules for unwinding, and their symbols. A file is hostile input: rules are read by cfi.h,
 * the rest by libelf and libdw, and what makes no sense is as if it was not there.
 *
 * Bounds: so many are open at a time (MODULES_OPEN, or an eighth of what this process may
 * open); of more the one that was used least lately is closed, and opened again by its path
 * when it is asked for. Symbol tables beyond SYMBOLS_KEPT go with modules_trim(). What is
 * known of a file goes when nothing refers to it (modules_drop).
 */
#ifndef TARE_MODULE_H
#define TARE_MODULE_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "symbol/cfi.h"

struct module;
struct modules;

struct modules *modules_new(void);
void modules_free(struct modules *m); /* takes NULL */

/* Where a file may be found: the mapping of a live process first, then its path
 * there and here. Only what has the inode is taken (0: any). */
struct module_source {
	uint32_t file; /* number that it goes by */
	uint32_t dev;  /* as the kernel has it */
	uint64_t inode;
	const char *path;
	pid_t pid;
	uint64_t start, end; /* mapped there in pid; 0: use its executable */
};
/* Opened once by its number; NULL when it could not be, which is remembered too. */
struct module *modules_open(struct modules *m, const struct module_source *source);
struct module *modules_get(struct modules *m, uint32_t file);
/* Forget it: the number will be another's. */
void modules_drop(struct modules *m, uint32_t file);
/* Symbols that were read, beyond some, go; they are read again when they are asked for. */
void modules_trim(struct modules *m);
/* How many are open. */
unsigned modules_count(const struct modules *m);
/* The kernel's own page of code, as this process has it. */
struct module *modules_vdso(struct modules *m, uint32_t file, uint64_t *size);

/* A loaded segment, as its program header says. */
struct segment {
	uint64_t address, offset, file_size, size;
	bool code;
};
const struct segment *module_segments(const struct module *m, unsigned *n);
const char *module_interpreter(const struct module *m); /* path, or NULL */
uint64_t module_headers(const struct module *m);        /* address of the program headers, or 0 */
/* "" when there is none. Hexadecimal. */
const char *module_build_id(const struct module *m);
/* Address in the file's own terms of what is at this offset; 0: not loaded. */
uint64_t module_address(const struct module *m, uint64_t offset);

/* Copies `n` bytes of its code from an address on; returns how many there are. */
unsigned module_code(const struct module *m, uint64_t address, void *to, unsigned n);

/* Is it Go's? Its functions switch stacks. */
bool module_is_go(struct module *m);
/* How far the stack pointer is below the return address, by Go's own table. */
bool module_go_frame(struct module *m, uint64_t address, int32_t *size);

/* In the file's _init or _fini, which crti.o makes without rules: how far behind its
 * first instruction; -1: elsewhere. */
int module_in_init(const struct module *m, uint64_t address);
/* Where the function at an address starts, by .eh_frame_hdr; 0: not known. */
uint64_t module_function(const struct module *m, uint64_t address);

/* Symbol at an address (the file's own terms): its name, not demangled, and how far
 * behind its start. NULL: none covers it. Tables are read at the first call; with
 * those of separate debug files where they are installed. */
const char *module_symbol(struct module *m, uint64_t address, uint64_t *offset);

/* Call for each function at an address, innermost first: what is inlined, then the one that
 * is there, by DWARF. `function`: its name, not demangled, or NULL; `file` and `line`, where
 * `lines`: of the innermost the address's, of others the next inner one's call; or NULL and
 * 0. Returns how many; 0: there is none, or it is too large to be read without `lines`. */
typedef void (*module_line_fn)(void *ctx, const char *function, const char *file, int line);
unsigned module_lines(struct module *m, uint64_t address, bool lines, module_line_fn fn, void *ctx);

/* The unwinding rules of an address, by .eh_frame, or else by .debug_frame. False: none. */
bool module_cfi_row(struct module *m, const struct arch_regs *machine, uint64_t address,
		    struct cfi_row *row);

#endif
