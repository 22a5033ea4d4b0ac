/* SPDX-License-Identifier: GPL-2.0-only
 *
 * What a module is made of; for user/symbol only.
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

/* A section of unwinding rules; without data: it is not there. */
struct unwind_table {
	bool read;
	struct cfi_section section;
	struct cfi_index *index; /* NULL: .eh_frame_hdr's table serves */
};

struct module {
	Elf *elf;
	int fd;
	char *path, *interpreter;
	uint16_t machine; /* EM_*; 0: not of 64 bits and little-endian */
	uint32_t dev;
	uint64_t inode, headers;
	uint64_t weight;             /* weight.h, when it was opened */
	uint64_t entries[2];         /* DT_INIT, DT_FINI; 0: none */
	const unsigned char *starts; /* .eh_frame_hdr's table: pairs of s32, by address */
	uint64_t starts_base;        /* what they are relative to */
	uint32_t n_starts;
	uint64_t eh_frame_at; /* address of .eh_frame, by .eh_frame_hdr; 0: not known */
	char build_id[65];
	struct segment segments[64];
	unsigned n_segments;
	struct unwind_table eh_frame, debug_frame;
	/* names.c's */
	Dwfl *dwfl;
	Dwfl_Module *dwfl_module;
	GElf_Addr bias;       /* its addresses less the file's */
	GStringChunk *copied; /* names that would not stay; NULL: none */
	GArray *symbols;      /* struct symbol, by address; NULL: not read yet */
	struct source *source;
	bool asked_source;
	uint64_t lines_read;  /* bytes of line programs */
	uint64_t *lines_left; /* of all modules: how many more may be read; NULL: any */
	struct gopclntab *go; /* gomodule.c's; NULL: none, or it was not asked for */
	bool asked_go;
};

/* Opens the file of a source if it weighs `room` (weight.h) at most; NULL: it does not, or
 * is no code. `fd` of module_new(): -1, there is none. */
struct module *module_open(const struct module_source *source, uint64_t room);
struct module *module_new(Elf *elf, int fd, const char *path);
void module_free(gpointer m); /* takes NULL */
/* Its symbols go; they can be read again. */

Elf *module_elf(int fd);
/* Forget symbols and lines, until they are asked for again. */
void module_names_free(struct module *m);
/* Is it no heavier now than when it was opened? */
bool module_same_weight(const struct module *m);
/* Its build ID into struct module's build_id; "" where there is none. */
void module_id(Elf *elf, char id[65]);

/* For libdwfl, whose modules have a struct module as user data. */
extern char *debugfile_path;
int debugfile_find(Dwfl_Module *dm, void **user, const char *name, Dwarf_Addr base,
		   const char *file, const char *link, GElf_Word crc, char **path);

#endif
