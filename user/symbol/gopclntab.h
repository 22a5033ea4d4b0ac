/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Functions and lines of a Go program out of .gopclntab, which the runtime itself needs for
 * its tracebacks: no strip and no `-ldflags='-s -w'` removes it. Layouts of Go 1.16 (16, 17),
 * 1.18 (18, 19) and 1.20 (since then), by their magic numbers: src/debug/gosym/pclntab.go,
 * src/runtime/symtab.go and src/cmd/link/internal/ld/pcln.go of each.
 *
 * The file is hostile input: it is read piece by piece, every offset is checked against the
 * table's size, and every loop is bounded.
 */
#ifndef TARE_GOPCLNTAB_H
#define TARE_GOPCLNTAB_H

#include <stdbool.h>
#include <stdint.h>

struct gopclntab;

/* Where a table is. All addresses are the file's own. */
struct gopclntab_place {
	int fd; /* stays the caller's, and open */
	uint64_t offset, size;
	uint64_t address; /* that it is loaded at */
	uint64_t text;    /* where functions' addresses begin, where the table does not say */
};

/* NULL: that is no table of a known layout. */
struct gopclntab *gopclntab_new(const struct gopclntab_place *place);
void gopclntab_free(struct gopclntab *t); /* takes NULL */

/* What only the program's moduledata tells: 0 is not known. `text`: as above. `gofunc`: where
 * the trees of inlined calls begin, as an offset in the file. */
void gopclntab_tell(struct gopclntab *t, uint64_t text, uint64_t gofunc);
/* The address of the table of names, by which moduledata is found; and the layout: 16, 18
 * or 20. */
uint64_t gopclntab_names(const struct gopclntab *t);
unsigned gopclntab_layout(const struct gopclntab *t);

/* The function at an address: its name, the table's until gopclntab_free(), and how far behind
 * its start that is. NULL: there is none. */
const char *gopclntab_symbol(struct gopclntab *t, uint64_t address, uint64_t *offset);

/* Call for each source place at an address, innermost (inlined) first; the last is the
 * function itself. Strings are the table's. Returns how many: 0 where it is not known. */
typedef void (*gopclntab_line_fn)(void *ctx, const char *function, const char *file, int line);
unsigned gopclntab_lines(struct gopclntab *t, uint64_t address, gopclntab_line_fn fn, void *ctx);

/* How far the stack pointer is below where the function's caller had it, without the return
 * address: by pcsp, the runtime's own rule for unwinding. False: not known. */
bool gopclntab_frame(struct gopclntab *t, uint64_t address, int32_t *size);

#endif
