/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Functions and lines of a Go program, read from .gopclntab. The Go runtime itself needs this
 * table for tracebacks, so neither strip nor `-ldflags='-s -w'` removes it. The magic number
 * gives the layout: that of Go 1.16 (also 1.17), of 1.18 (also 1.19), or of 1.20 and later. See
 * src/debug/gosym/pclntab.go, src/runtime/symtab.go and src/cmd/link/internal/ld/pcln.go of
 * these versions.
 *
 * The file is hostile input: it is read in pieces of bounded size, every offset is checked
 * against the table's size, and every loop is bounded.
 */
#ifndef TARE_GOPCLNTAB_H
#define TARE_GOPCLNTAB_H

#include <stdbool.h>
#include <stdint.h>

struct gopclntab;

/* Where a table is. Addresses are those of the ELF file, before relocation. */
struct gopclntab_place {
	int fd; /* the caller owns it and keeps it open */
	uint64_t offset, size;
	uint64_t address; /* load address of the table */
	uint64_t text;    /* base of the function addresses, used if the table does not give it */
};

/* NULL: there is no table of a known layout. */
struct gopclntab *gopclntab_new(const struct gopclntab_place *place);
void gopclntab_free(struct gopclntab *t); /* takes NULL */

/* Set what only the program's moduledata has. `text`: as above; 0: unchanged. `gofunc`: file
 * offset of the trees of inlined calls; 0: not known. */
void gopclntab_tell(struct gopclntab *t, uint64_t text, uint64_t gofunc);
/* The address of the table of names; the search for moduledata needs it. */
uint64_t gopclntab_names(const struct gopclntab *t);
/* The layout: 16, 18 or 20, after the Go version that introduced it. */
unsigned gopclntab_layout(const struct gopclntab *t);

/* The name of the function at an address, valid until gopclntab_free(). `offset`: bytes from the
 * function's start to the address. NULL: no function is there. */
const char *gopclntab_symbol(struct gopclntab *t, uint64_t address, uint64_t *offset);

/* Call fn for each function at an address, the innermost inlined one first and the one that has
 * the code last. The table owns the strings. Returns the number of calls; 0: not known. */
typedef void (*gopclntab_line_fn)(void *ctx, const char *function, const char *file, int line);
unsigned gopclntab_lines(struct gopclntab *t, uint64_t address, gopclntab_line_fn fn, void *ctx);

/* Bytes between the stack pointer and the return address at an address, from the table pcsp,
 * which the Go runtime itself unwinds with. False: not known. */
bool gopclntab_frame(struct gopclntab *t, uint64_t address, int32_t *size);

#endif
