/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The ELF files that a workload runs: their segments, unwind rules and symbols. A file is opened
 * as soon as code of it is mapped, since it may be deleted later. A file is hostile input: cfi.h
 * reads the unwind rules, libelf and libdw read the rest, and malformed parts are ignored.
 *
 * Bounds: at most MODULES_OPEN files are open, or an eighth of this process's limit. Beyond that
 * the least recently used file is closed, and reopened by its path when it is needed.
 * modules_trim() frees symbol tables beyond SYMBOLS_KEPT. modules_drop() frees all that is known
 * of a file, once nothing refers to its number.
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

/* Where to look for a file, in this order: the mapping of a live process; `path` in the root of
 * that process; `path` in our root. A file with another inode is not used. */
struct module_source {
	uint32_t file;  /* number of the file */
	uint32_t dev;   /* in the kernel's encoding */
	uint64_t inode; /* 0: any */
	const char *path;
	pid_t pid;
	uint64_t start, end; /* the mapping in `pid`; 0: use the executable of `pid` */
};
/* The module with number source->file; the first call opens the file. NULL: it could not be
 * opened, and will not be tried again. The modules own the result. */
struct module *modules_open(struct modules *m, const struct module_source *source);
/* The module with this number, reopened if necessary; NULL: unknown, or cannot be opened. */
struct module *modules_get(struct modules *m, uint32_t file);
/* Forget a module: another file will get its number. */
void modules_drop(struct modules *m, uint32_t file);
/* Free symbol tables and lines beyond the bounds. They are read again when they are needed. */
void modules_trim(struct modules *m);
/* Keep at most so many files open; before the first is. */
void modules_limit(struct modules *m, unsigned most);
/* Close all files; they are opened again when they are needed. */
void modules_close(struct modules *m);
/* The number of open files. */
unsigned modules_count(const struct modules *m);
/* The vDSO, as mapped in this process. `size`: its bytes; 0: there is none. */
struct module *modules_vdso(struct modules *m, uint32_t file, uint64_t *size);

/* A PT_LOAD segment. `address`: in the ELF file, before relocation. */
struct segment {
	uint64_t address, offset, file_size, size;
	bool code;
};
const struct segment *module_segments(const struct module *m, unsigned *n);
/* Below, an address is one in the ELF file, before relocation. */
const char *module_interpreter(const struct module *m); /* path, or NULL */
uint64_t module_headers(const struct module *m);        /* address of the program headers, or 0 */
/* The build ID in hexadecimal; "": none. */
const char *module_build_id(const struct module *m);
/* The address of the code at a file offset; 0: no code is loaded from there. */
uint64_t module_address(const struct module *m, uint64_t offset);

/* Copy `n` bytes of code at an address. Returns the number of bytes copied: fewer at the end of
 * a segment, 0 outside of code. */
unsigned module_code(const struct module *m, uint64_t address, void *to, unsigned n);

/* Is it a Go program? Functions of Go's runtime switch stacks. */
bool module_is_go(struct module *m);
/* As gopclntab_frame(): bytes between the stack pointer and the return address. */
bool module_go_frame(struct module *m, uint64_t address, int32_t *size);

/* The offset in bytes of an address in _init or _fini, which crti.o defines without unwind
 * rules; -1: the address is in neither. */
int module_in_init(const struct module *m, uint64_t address);
/* The start of the function at an address, from .eh_frame_hdr; 0: not known. */
uint64_t module_function(const struct module *m, uint64_t address);

/* The symbol at an address: its mangled name, valid until modules_trim(). `offset`: bytes from
 * its start to the address. NULL: no symbol covers the address. The first call reads the symbol
 * tables, including those of installed separate debug files. */
const char *module_symbol(struct module *m, uint64_t address, uint64_t *offset);

/* Call fn for each function at an address by DWARF: inlined ones from the innermost outwards,
 * then the one that has the code. `function`: its mangled name, or NULL. `file` and `line`: the
 * line of the address for the innermost, the line of the inlined call for the others; NULL and 0
 * without `lines` or if not known. Returns the number of calls; 0: not known, or the debug
 * information is too large to be read without `lines`. */
typedef void (*module_line_fn)(void *ctx, const char *function, const char *file, int line);
unsigned module_lines(struct module *m, uint64_t address, bool lines, module_line_fn fn, void *ctx);

/* The unwind rules of an address, from .eh_frame or else .debug_frame. False: there are none. */
bool module_cfi_row(struct module *m, const struct arch_regs *arch, uint64_t address,
		    struct cfi_row *row);

#endif
