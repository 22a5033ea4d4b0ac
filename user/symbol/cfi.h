/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Call frame information (CFI): the unwind rules of an address in a file's .eh_frame or
 * .debug_frame. Format: DWARF 5, section 6.4, and LSB core specification, section 10.6. It must
 * not know where registers and stack come from.
 *
 * The file is hostile input. libdw's CFI code is not safe for it: libdw reads beyond the end of
 * an entry, and a single instruction can make it allocate 2 GiB. So this is our own reader:
 * every read is checked against the section, and no instruction allocates memory.
 */
#ifndef TARE_CFI_H
#define TARE_CFI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "symbol/arch_regs.h"

/* A section, and the address that it is loaded at. The owner of the bytes keeps them as long as
 * any row or index made from the section is used. */
struct cfi_section {
	const uint8_t *data;
	size_t size;
	uint64_t address;
	bool eh; /* .eh_frame; else .debug_frame */
};

/* Find the offset in the section of the entry (FDE) for an address; false: there is none. */
typedef bool (*cfi_find_fn)(const void *ctx, uint64_t address, size_t *offset);

enum cfi_how {
	CFI_UNDEFINED, /* the value is lost */
	CFI_SAME,      /* the value is unchanged */
	CFI_AT_CFA,    /* the value is in memory at CFA + offset */
	CFI_IS_CFA,    /* the value is CFA + offset */
	CFI_REGISTER,  /* the value is in register `offset` */
	CFI_AT_EXPR,   /* the value is in memory at the expression's result */
	CFI_IS_EXPR,   /* the value is the expression's result */
};

/* How to restore one register of the caller. The rule of the CFA is CFI_REGISTER or
 * CFI_IS_EXPR. */
struct cfi_rule {
	uint8_t how;
	uint8_t reg; /* of the CFA's rule: CFA = reg + offset */
	int64_t offset;
	const uint8_t *expr; /* in the section */
	size_t expr_size;
};

/* The rules that are valid at one address. */
struct cfi_row {
	struct cfi_rule cfa;
	struct cfi_rule reg[ARCH_REGS_MAX];
	uint64_t ra; /* after the rules are applied, this register has the return address */
	bool signal; /* this is a signal frame */
};

/* Fill the row of an address. False: the section has none, or its entry is malformed. */
bool cfi_row(const struct cfi_section *s, const struct arch_regs *arch, uint64_t address,
	     cfi_find_fn find, const void *ctx, struct cfi_row *row);

/* All entries of a section, sorted by address: for a file without a usable .eh_frame_hdr. */
struct cfi_index;
struct cfi_index *cfi_index_new(const struct cfi_section *s);
void cfi_index_free(struct cfi_index *index); /* takes NULL */
bool cfi_index_find(const void *index, uint64_t address, size_t *offset);

#endif
