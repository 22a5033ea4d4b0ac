/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Writes a small ELF file with given unwinding rules, and follows a stack through it.
 */
#ifndef TARE_FUZZ_ELF_H
#define TARE_FUZZ_ELF_H

#include <elf.h>

#include "symbol/unwind.h"
#include "tests/fuzz/fuzz.h"
#include "tests/unit/segments.h"

#define TEXT 0x1000 /* address of the code, in the file and loaded */
#define TEXT_SIZE 0x1000
#define FRAMES 0x2000 /* address of .eh_frame, in the file and loaded */
#define RULES_MOST 4096
#define STACK_AT 0x7fff0000u /* address of the copied part of the stack */
#define STACK_MOST 2048

static const char section_names[] = "\0.text\0.eh_frame\0.shstrtab";

struct small_elf {
	Elf64_Ehdr head;
	Elf64_Phdr segment[2];
	Elf64_Shdr section[4];
	char names[sizeof(section_names)];
	char pad[TEXT - sizeof(Elf64_Ehdr) - 2 * sizeof(Elf64_Phdr) - 4 * sizeof(Elf64_Shdr) -
		 sizeof(section_names)];
	char text[TEXT_SIZE];
	uint8_t rules[RULES_MOST];
};
_Static_assert(offsetof(struct small_elf, text) == TEXT, "text");
_Static_assert(offsetof(struct small_elf, rules) == FRAMES, "rules");

static inline void elf_fill(struct small_elf *e, const uint8_t *rules, size_t n)
{
	*e = (struct small_elf){
		.head = { .e_ident = { ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB,
				       EV_CURRENT },
			  .e_type = ET_DYN,
			  .e_machine = EM_X86_64,
			  .e_version = EV_CURRENT,
			  .e_phoff = offsetof(struct small_elf, segment),
			  .e_shoff = offsetof(struct small_elf, section),
			  .e_ehsize = sizeof(Elf64_Ehdr),
			  .e_phentsize = sizeof(Elf64_Phdr),
			  .e_phnum = 2,
			  .e_shentsize = sizeof(Elf64_Shdr),
			  .e_shnum = 4,
			  .e_shstrndx = 3 },
		.segment = { { PT_LOAD, PF_R | PF_X, TEXT, TEXT, TEXT, TEXT_SIZE, TEXT_SIZE, 4096 },
			     { PT_LOAD, PF_R, FRAMES, FRAMES, FRAMES, n, n, 4096 } },
		.section = { { 0 },
			     { .sh_name = 1,
			       .sh_type = SHT_PROGBITS,
			       .sh_flags = SHF_ALLOC | SHF_EXECINSTR,
			       .sh_addr = TEXT,
			       .sh_offset = TEXT,
			       .sh_size = TEXT_SIZE,
			       .sh_addralign = 16 },
			     { .sh_name = 7,
			       .sh_type = SHT_PROGBITS,
			       .sh_flags = SHF_ALLOC,
			       .sh_addr = FRAMES,
			       .sh_offset = FRAMES,
			       .sh_size = n,
			       .sh_addralign = 8 },
			     { .sh_name = 17,
			       .sh_type = SHT_STRTAB,
			       .sh_offset = offsetof(struct small_elf, names),
			       .sh_size = sizeof(section_names),
			       .sh_addralign = 1 } },
	};
	memcpy(e->names, section_names, sizeof(section_names));
	memcpy(e->rules, rules, n);
}

/* The file's bytes as a module with number 1. NULL if they are not an ELF file. */
static inline struct module *elf_open(struct modules *ms, int fd, const void *data, size_t size)
{
	g_autofree char *path = g_strdup_printf("/proc/self/fd/%d", fd);
	struct module_source source = { .file = 1, .path = path };

	must(!ftruncate(fd, 0));
	must(pwrite(fd, data, size, 0) == (ssize_t)size);
	return modules_open(ms, &source);
}

/* Maps its segments at the file's addresses, and a stack. */
static inline struct space *elf_space(const struct module *m)
{
	struct vma stack = { .start = STACK_AT,
			     .end = STACK_AT + 65536,
			     .file = NO_FILE,
			     .mapping = MAPPING_STACK };
	struct space *space = space_new(1);

	map_segments(space, m);
	space_set(space, &stack);
	return space;
}

/* Registers and stack are filled from the rest of the input. */
static inline void elf_unwind(struct unwinder *u, const struct space *space, uint64_t address,
			      struct input *in)
{
	struct tare_sample sample = { .cause = (uint32_t)input_number(in, 1) };
	g_autofree uint64_t *stack = NULL;
	struct unwound w;

	for (unsigned i = 0; i < TARE_REGS; i++)
		sample.regs[i] = STACK_AT + input_number(in, 2);
	sample.regs[ARCH_REG_PC] = address;
	sample.regs[ARCH_REG_SP] = STACK_AT;
	sample.stack = (uint32_t)MIN(in->left, STACK_MOST);
	stack = g_malloc(sample.stack + 1);
	input_bytes(in, stack, sample.stack);
	w = unwind_sample(u, space, &sample, stack);
	must(w.n > 0 && w.n <= UNWIND_MOST);
	must(w.complete || w.frames[w.n - 1].address == SYNTHETIC_TRUNCATED);
}

#endif
