/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Call frame information: what one file's .eh_frame or .debug_frame says of an address, as
 * DWARF 5, 6.4, and the LSB's core specification, 10.6, define it. It must not know where
 * registers and stack come from.
 *
 * A file is hostile input, and libdw is not made for that here: it reads beyond an entry's
 * end, and one instruction makes it allocate 2 GiB. So these tables are read by our own code:
 * every read is checked against the section, and no instruction allocates anything.
 */
#ifndef TARE_CFI_H
#define TARE_CFI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "symbol/arch_regs.h"

/* A section, and where it is loaded. Its bytes stay as long as what is made of it. */
struct cfi_section {
	const uint8_t *data;
	size_t size;
	uint64_t address;
	bool eh; /* .eh_frame; else .debug_frame */
};

/* Where an address's entry (FDE) is in its section; false: there is none. */
typedef bool (*cfi_find_fn)(const void *ctx, uint64_t address, size_t *offset);

enum cfi_how {
	CFI_UNDEFINED, /* lost */
	CFI_SAME,
	CFI_AT_CFA,   /* stands at CFA + offset */
	CFI_IS_CFA,   /* is CFA + offset */
	CFI_REGISTER, /* is in register `offset` */
	CFI_AT_EXPR,  /* stands where the expression says */
	CFI_IS_EXPR,  /* is what the expression says */
};

/* How to have one register of the caller; of the CFA: CFI_REGISTER or CFI_IS_EXPR. */
struct cfi_rule {
	uint8_t how;
	uint8_t reg; /* the CFA's register; what it is more is `offset` */
	int64_t offset;
	const uint8_t *expr; /* in the section */
	size_t expr_size;
};

/* What holds at one address. */
struct cfi_row {
	struct cfi_rule cfa;
	struct cfi_rule reg[ARCH_REGS_MAX];
	uint64_t ra; /* the register that has the return address in the end */
	bool signal; /* the frame of a signal's handler */
};

/* The row of an address. False: the section has none, or it makes no sense. */
bool cfi_row(const struct cfi_section *s, const struct arch_regs *machine, uint64_t address,
	     cfi_find_fn find, const void *ctx, struct cfi_row *row);

/* All entries of a section, by address, where no table of the file's has them. */
struct cfi_index;
struct cfi_index *cfi_index_new(const struct cfi_section *s);
void cfi_index_free(struct cfi_index *index); /* takes NULL */
bool cfi_index_find(const void *index, uint64_t address, size_t *offset);

#endif
