/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The VMAs of an address space after all records so far: which kind of mapping is at an address,
 * and its name. Pure. It knows of a file only its number.
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
	bool missed;  /* samples_keep() did not find it among the live ones */
	bool known;   /* VMAs from before the first record are in `vmas` too */
	GArray *vmas; /* struct vma, by address, not overlapping */
	bool shared;  /* `vmas` is shared with another space; copied before a change */
	uint64_t start_stack, start_brk, brk;
};

struct space *space_new(uint64_t id);
void space_free(gpointer s); /* takes NULL */

/* Add a VMA; it replaces whatever was there. */
void space_set(struct space *s, const struct vma *r);
void space_unset(struct space *s, uint64_t start, uint64_t end);
/* mremap: [from, from + size) is moved to [to, to + new_size). */
void space_move(struct space *s, uint64_t from, uint64_t size, uint64_t to, uint64_t new_size);
void space_name(struct space *s, uint64_t start, uint64_t end, uint32_t name);
void space_code(struct space *s, uint64_t start, uint64_t end);
void space_copy(struct space *to, struct space *from);
void space_clear(struct space *s); /* removes all VMAs */
/* `r`, one of its VMAs, is the stack of the thread with this name. */
void space_stack(struct space *s, const struct vma *r, uint32_t name);

/* The VMA at an address; NULL: none is known. Valid until the next change. */
const struct vma *space_find(const struct space *s, uint64_t address);
/* The kind of mapping at an address. Includes the heap and the first stack, of which there are no
 * records. */
enum mapping_kind space_mapping(const struct space *s, uint64_t address);

#endif
