/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The sections of a module that have unwind rules, and the lookup of the rules of an address.
 */
#include <string.h>

#include "base/search.h"
#include "symbol/module_impl.h"

/* Word `which` of entry i of the table in .eh_frame_hdr, as an address: 0 is the start of a
 * function, 1 is its entry (FDE). Both are s32, relative to .eh_frame_hdr. */
static uint64_t header_address(const struct module *m, uint32_t i, unsigned which)
{
	int32_t offset;

	memcpy(&offset, m->starts + (size_t)i * 8 + (size_t)which * 4, sizeof(offset));
	return m->starts_base + (uint64_t)offset;
}

static bool starts_after(const void *m, unsigned i, uint64_t address)
{
	return header_address(m, i, 0) > address;
}

uint64_t module_function(const struct module *m, uint64_t address)
{
	unsigned after = search_first(m->n_starts, starts_after, m, address);

	return after ? header_address(m, after - 1, 0) : 0;
}

static bool header_find(const void *ctx, uint64_t address, size_t *offset)
{
	const struct module *m = ctx;
	unsigned after = search_first(m->n_starts, starts_after, m, address);

	if (!after)
		return false;
	*offset = header_address(m, after - 1, 1) - m->eh_frame.section.address;
	return true;
}

/* Find a section by its name; NULL: there is none. */
static Elf_Scn *find_section(Elf *elf, const char *name, GElf_Shdr *header)
{
	Elf_Scn *scn = NULL;
	size_t names;

	if (elf_getshdrstrndx(elf, &names))
		return NULL;
	while ((scn = elf_nextscn(elf, scn))) {
		const char *found;

		if (!gelf_getshdr(scn, header) || header->sh_type == SHT_NOBITS)
			continue;
		found = elf_strptr(elf, names, header->sh_name);
		if (found && !strcmp(found, name))
			return scn;
	}
	return NULL;
}

static void set_section(struct unwind_table *t, const Elf_Data *data, uint64_t address, bool eh)
{
	if (data && data->d_buf)
		t->section = (struct cfi_section){ data->d_buf, data->d_size, address, eh };
}

/* For a file without section headers: .eh_frame is taken from the address in .eh_frame_hdr up to
 * the end of its segment. */
static void read_loaded(struct module *m)
{
	for (unsigned i = 0; m->eh_frame_at && i < m->n_segments; i++) {
		const struct segment *s = &m->segments[i];
		uint64_t behind = m->eh_frame_at - s->address;

		if (m->eh_frame_at < s->address || behind >= s->file_size)
			continue;
		set_section(&m->eh_frame,
			    elf_getdata_rawchunk(m->elf, (int64_t)(s->offset + behind),
						 s->file_size - behind, ELF_T_BYTE),
			    m->eh_frame_at, true);
		return;
	}
}

static void read_eh_frame(struct module *m)
{
	struct unwind_table *t = &m->eh_frame;
	GElf_Shdr header;
	Elf_Scn *scn = find_section(m->elf, ".eh_frame", &header);

	if (scn)
		set_section(t, elf_rawdata(scn, NULL), header.sh_addr, true);
	else
		read_loaded(m);
	if (t->section.data && (!m->n_starts || m->eh_frame_at != t->section.address))
		t->index = cfi_index_new(&t->section);
}

static void read_debug_frame(struct module *m)
{
	struct unwind_table *t = &m->debug_frame;
	GElf_Shdr header;
	Elf_Scn *scn = find_section(m->elf, ".debug_frame", &header);

	if (!scn || !module_same_weight(m))
		return;
	if (header.sh_flags & SHF_COMPRESSED && elf_compress(scn, 0, 0) < 0)
		return;
	set_section(t, elf_rawdata(scn, NULL), header.sh_addr, false);
	if (t->section.data)
		t->index = cfi_index_new(&t->section);
}

static bool table_row(struct module *m, const struct unwind_table *t, const struct arch_regs *arch,
		      uint64_t address, struct cfi_row *row)
{
	cfi_find_fn find = t->index ? cfi_index_find : header_find;
	const void *ctx = t->index ? (const void *)t->index : m;

	return t->section.data && cfi_row(&t->section, arch, address, find, ctx, row);
}

bool module_cfi_row(struct module *m, const struct arch_regs *arch, uint64_t address,
		    struct cfi_row *row)
{
	if (m->machine != arch->elf)
		return false;
	if (!m->eh_frame.read) {
		m->eh_frame.read = true;
		read_eh_frame(m);
	}
	if (table_row(m, &m->eh_frame, arch, address, row))
		return true;
	if (!m->debug_frame.read) {
		m->debug_frame.read = true;
		read_debug_frame(m);
	}
	return table_row(m, &m->debug_frame, arch, address, row);
}
