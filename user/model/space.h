/* SPDX-License-Identifier: GPL-2.0-only
 *
 * An address space's VMAs as of now, while the records that change them come by
 * in their order: what lies at an address, and what it is called. Pure. It must
 * not know files beyond a number.
 */
#ifndef TARE_SPACE_H
#define TARE_SPACE_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

enum mapping_kind {
	MAPPING_UNKNOWN,
	MAPPING_ANON,
	MAPPING_HEAP,
	MAPPING_STACK,
	MAPPING_FILE,
	MAPPING_SHM,
	MAPPING_JIT, /* code without a file */
	MAPPING_URING,
	MAPPING_VDSO,
	MAPPINGS,
};

#define NO_FILE UINT32_MAX

struct vma {
	uint64_t start, end;
	uint64_t offset; /* in the file */
	uint32_t file;   /* number of the file, or NO_FILE */
	uint32_t name;   /* number of [anon:name]; MAPPING_STACK: of the thread's name; 0: none */
	enum mapping_kind mapping;
	bool code;
};

struct space {
	uint64_t id, proc;
	uint32_t pid;
	bool missed;  /* it was not among those that live */
	bool known;   /* its VMAs from before the first record are there too */
	GArray *vmas; /* struct vma, by address, not overlapping */
	bool shared;  /* the VMAs are another's too, until one of them changes */
	uint64_t start_stack, start_brk, brk;
};

struct space *space_new(uint64_t id);
void space_free(gpointer s); /* takes NULL */

/* The VMA replaces whatever was there. */
void space_set(struct space *s, const struct vma *r);
void space_unset(struct space *s, uint64_t start, uint64_t end);
/* mremap: what was at [from, from + size) is at [to, to + new_size) now. */
void space_move(struct space *s, uint64_t from, uint64_t size, uint64_t to, uint64_t new_size);
void space_name(struct space *s, uint64_t start, uint64_t end, uint32_t name);
void space_code(struct space *s, uint64_t start, uint64_t end);
void space_copy(struct space *to, struct space *from);
void space_clear(struct space *s); /* nothing is there any more */
/* `r`, one of its VMAs, is the stack of a thread. */
void space_stack(struct space *s, const struct vma *r, uint32_t name);

/* NULL: nothing known there. Valid until the next change. */
const struct vma *space_find(const struct space *s, uint64_t address);
/* What lies there, the heap and the first stack, which no record tells of, included. */
enum mapping_kind space_mapping(const struct space *s, uint64_t address);

#endif
