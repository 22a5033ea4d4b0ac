/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Finds .gopclntab in a file, and the runtime's moduledata, which has two more addresses: where
 * the Go code begins (with cgo, not the start of .text), and where the trees of inlined calls
 * are. A stripped file has no symbol for moduledata. It is found by its first two words: the
 * address of the table, and that of the table's names (struct moduledata of
 * src/runtime/symtab.go). In a PIE these words are relocations.
 */
#include "symbol/gomodule.h"

#include <string.h>
#include <unistd.h>

#define PIECE 65536u
#define DATA_MOST (64u << 20) /* bytes of data to search for moduledata */
#define WORD 8u

/* Offsets in struct moduledata, in words. */
enum { M_HEADER, M_NAMES, M_TEXT = 22, M_GOFUNC_118 = 38, M_GOFUNC_120 = 40 };

static uint64_t offset_of(const struct module *m, uint64_t address)
{
	for (unsigned i = 0; i < m->n_segments; i++) {
		const struct segment *s = &m->segments[i];

		if (address >= s->address && address - s->address < s->file_size)
			return s->offset + (address - s->address);
	}
	return 0;
}

/* A loaded section whose name ends with `name`: the table is .gopclntab or
 * .data.rel.ro.gopclntab. NULL: there is none. */
static Elf_Scn *find_section(const struct module *m, const char *name, GElf_Shdr *sh)
{
	Elf_Scn *scn = NULL;
	size_t names;

	if (elf_getshdrstrndx(m->elf, &names))
		return NULL;
	while ((scn = elf_nextscn(m->elf, scn))) {
		const char *is = gelf_getshdr(scn, sh) ? elf_strptr(m->elf, names, sh->sh_name) :
							 NULL;

		if (is && g_str_has_suffix(is, name) && sh->sh_type != SHT_NOBITS &&
		    sh->sh_flags & SHF_ALLOC)
			return scn;
	}
	return NULL;
}

/* Called with each word of the data, or each word that a relocation puts at an address. True:
 * stop. */
typedef bool (*word_fn)(void *ctx, uint64_t address, uint64_t word);

static bool each_relocation(struct module *m, word_fn fn, void *ctx)
{
	Elf_Scn *scn = NULL;

	while ((scn = elf_nextscn(m->elf, scn))) {
		GElf_Shdr sh;
		Elf64_Rela piece[PIECE / sizeof(Elf64_Rela)];

		if (!gelf_getshdr(scn, &sh) || sh.sh_type != SHT_RELA)
			continue;
		for (uint64_t at = 0; at < MIN(sh.sh_size, DATA_MOST); at += sizeof(piece)) {
			ssize_t n = pread(m->fd, piece, MIN(sizeof(piece), sh.sh_size - at),
					  (off_t)(sh.sh_offset + at));

			for (unsigned i = 0; n > 0 && i < (size_t)n / sizeof(piece[0]); i++)
				if (fn(ctx, piece[i].r_offset, (uint64_t)piece[i].r_addend))
					return true;
			if (n < (ssize_t)sizeof(piece))
				break;
		}
	}
	return false;
}

static bool each_word(struct module *m, word_fn fn, void *ctx)
{
	uint64_t searched = 0;

	for (unsigned i = 0; i < m->n_segments; i++) {
		const struct segment *s = &m->segments[i];
		uint64_t piece[PIECE / WORD];

		if (s->code)
			continue;
		for (uint64_t at = 0; at < s->file_size && searched < DATA_MOST;
		     at += PIECE, searched += PIECE) {
			ssize_t n = pread(m->fd, piece, MIN(PIECE, s->file_size - at),
					  (off_t)(s->offset + at));

			for (unsigned k = 0; n > 0 && k < (size_t)n / WORD; k++)
				if (fn(ctx, s->address + at + k * WORD, piece[k]))
					return true;
			if (n < (ssize_t)PIECE)
				break;
		}
	}
	return false;
}

/* Search for the beginning of moduledata: the words `table` and `names`, one after the other. */
struct beginning {
	uint64_t table, names;
	uint64_t candidate; /* where the word `table` was last seen */
	uint64_t found;     /* address of moduledata; 0: not found yet */
};

static bool is_beginning(void *ctx, uint64_t address, uint64_t word)
{
	struct beginning *b = ctx;

	if (word == b->names && b->candidate && address == b->candidate + WORD)
		b->found = b->candidate;
	if (word == b->table)
		b->candidate = address;
	return b->found;
}

/* Search for two words of moduledata by their addresses. */
struct wanted {
	uint64_t text_at, gofunc_at, text, gofunc;
};

static bool take_wanted(void *ctx, uint64_t address, uint64_t word)
{
	struct wanted *w = ctx;

	if (address == w->text_at)
		w->text = word;
	if (address == w->gofunc_at)
		w->gofunc = word;
	return false;
}

static uint64_t word_of(const struct module *m, uint64_t address)
{
	uint64_t offset = offset_of(m, address), word = 0;

	return offset && pread(m->fd, &word, sizeof(word), (off_t)offset) == sizeof(word) ? word :
											    0;
}

static void read_moduledata(struct module *m, struct gopclntab *t, uint64_t table)
{
	struct beginning b = { .table = table, .names = gopclntab_names(t) };
	struct wanted w = { 0 };
	bool relocated = each_relocation(m, is_beginning, &b);

	if (!relocated && !each_word(m, is_beginning, &b))
		return;
	w.text_at = b.found + M_TEXT * WORD;
	if (gopclntab_layout(t) > 16) /* up to 1.17 each function points to its own tree */
		w.gofunc_at = b.found + (gopclntab_layout(t) < 20 ? M_GOFUNC_118 : M_GOFUNC_120) *
						(uint64_t)WORD;
	if (relocated) {
		each_relocation(m, take_wanted, &w);
	} else {
		w.text = word_of(m, w.text_at);
		w.gofunc = w.gofunc_at ? word_of(m, w.gofunc_at) : 0;
	}
	gopclntab_tell(t, offset_of(m, w.text) ? w.text : 0, offset_of(m, w.gofunc));
}

static struct gopclntab *open_table(struct module *m)
{
	struct gopclntab_place place = { .fd = m->fd };
	struct gopclntab *t;
	GElf_Shdr sh;

	if (m->fd < 0 || gelf_getclass(m->elf) != ELFCLASS64 || !find_section(m, ".gopclntab", &sh))
		return NULL;
	place.offset = sh.sh_offset;
	place.size = sh.sh_size;
	place.address = sh.sh_addr;
	if (find_section(m, ".text", &sh))
		place.text = sh.sh_addr;
	t = gopclntab_new(&place);
	if (t)
		read_moduledata(m, t, place.address);
	return t;
}

struct gopclntab *gomodule(struct module *m)
{
	if (!m->tried_go)
		m->go = open_table(m);
	m->tried_go = true;
	return m->go;
}

bool module_is_go(struct module *m)
{
	return gomodule(m);
}

bool module_go_frame(struct module *m, uint64_t address, int32_t *size)
{
	return gomodule(m) && gopclntab_frame(m->go, address, size);
}
