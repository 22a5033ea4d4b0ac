/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The fields of a module, and functions that only user/symbol calls.
 */
#ifndef TARE_MODULE_IMPL_H
#define TARE_MODULE_IMPL_H

#include <elfutils/libdw.h>
#include <elfutils/libdwfl.h>

#include "symbol/cfi.h"
#include "symbol/module.h"

struct symbol {
	uint64_t start, end; /* end == start: no size given */
	const char *name;    /* in the file, which stays open */
};

/* A section of unwind rules; section.data is NULL if the file has none. */
struct unwind_table {
	bool read;
	struct cfi_section section;
	struct cfi_index *index; /* NULL: .eh_frame_hdr is used instead */
};

struct module {
	Elf *elf;
	int fd;
	char *path, *interpreter;
	uint16_t machine; /* EM_*; 0: the file is not 64-bit little-endian */
	uint32_t dev;
	uint64_t inode, headers;
	uint64_t weight;             /* bytes, see weight.h; taken when the file was opened */
	uint64_t entries[2];         /* DT_INIT, DT_FINI; 0: none */
	const unsigned char *starts; /* table of .eh_frame_hdr: pairs of s32, sorted by address */
	uint64_t starts_base;        /* these are relative to this address */
	uint32_t n_starts;
	uint64_t eh_frame_at; /* address of .eh_frame, from .eh_frame_hdr; 0: not known */
	char build_id[65];
	struct segment segments[64];
	unsigned n_segments;
	struct unwind_table eh_frame, debug_frame;
	/* names.c owns these. */
	Dwfl *dwfl;
	Dwfl_Module *dwfl_module;
	GElf_Addr bias;       /* libdwfl's addresses minus the file's */
	GStringChunk *copied; /* copies of names, see copy_name(); NULL: none */
	GArray *symbols;      /* struct symbol, by address; NULL: not read yet */
	struct source *source;
	bool tried_source;
	uint64_t lines_read;  /* bytes of line programs of this module in memory */
	uint64_t *lines_left; /* bytes that all modules together may still read; NULL: no limit */
	struct gopclntab *go; /* gomodule.c owns it; NULL: none, or not looked for yet */
	bool tried_go;
};

/* Open the file of a source. NULL: it cannot be opened, is no ELF file, or may take more than
 * `room` bytes of memory (weight.h). */
struct module *module_open(const struct module_source *source, uint64_t room);
/* Takes ownership of `elf` and `fd`. `fd`: -1 for an ELF image in memory. NULL: no ELF file, and
 * both are closed. */
struct module *module_new(Elf *elf, int fd, const char *path);
void module_free(gpointer m); /* takes NULL */

/* Open an ELF file; NULL: none. The caller frees it with elf_end(), and keeps owning `fd`. */
Elf *module_elf(int fd);
/* Free symbols and lines. They are read again when they are needed. */
void module_names_free(struct module *m);
/* Is its weight at most what it was when the file was opened? */
bool module_same_weight(const struct module *m);
/* Write the build ID in hexadecimal to `id`; "": none. */
void module_id(Elf *elf, char id[65]);

/* Callbacks for libdwfl; the user data of its modules is a struct module. */
extern char *debugfile_path;
int debugfile_find(Dwfl_Module *dm, void **user, const char *name, Dwarf_Addr base,
		   const char *file, const char *link, GElf_Word crc, char **path);

#endif
