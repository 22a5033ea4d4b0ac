/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The symbols and the debug information of a module. libdwfl finds both: symbols are in .symtab,
 * .dynsym, the compressed .gnu_debugdata, and separate debug files; source.h reads the debug
 * information.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/search.h"
#include "symbol/gomodule.h"
#include "symbol/module_impl.h"
#include "symbol/source.h"

#define SYMBOLS_MOST (4u << 20)
/* In a file with a larger weight (weight.h), inlined functions are looked up only with --lines:
 * the whole debug information would be read, and take as much memory. */
#define WEIGHT_WITHOUT_LINES (UINT64_C(256) << 20)
#define PAGE_MOST 0x10000ULL
#define PAGE_LEAST 4096u
#define NAME_MOST 4096u
#define NAME_USUAL 128u

static int by_start(gconstpointer a, gconstpointer b)
{
	const struct symbol *x = a, *y = b;

	if (x->start != y->start)
		return x->start < y->start ? -1 : 1;
	/* The longest first. Then by name, so that the choice is the same in each run. */
	if (x->end != y->end)
		return x->end > y->end ? -1 : 1;
	return strcmp(x->name, y->name);
}

/* Callback for libdwfl. Without it libdwfl would map the file, see module_elf(). */
static int find_elf(Dwfl_Module *m, void **user, const char *name, Dwarf_Addr base, char **path,
		    Elf **elf)
{
	struct module *module = *user;
	int fd = module ? dup(module->fd) : -1;

	(void)m, (void)name, (void)base;
	if (fd < 0)
		return -1;
	*elf = module_elf(fd);
	*path = strdup(module->path ?: "?");
	return fd;
}

static void open_dwfl(struct module *m)
{
	static const Dwfl_Callbacks callbacks = {
		.find_elf = find_elf,
		.find_debuginfo = debugfile_find,
		.section_address = dwfl_offline_section_address,
		.debuginfo_path = &debugfile_path,
	};
	uint64_t start = UINT64_MAX, end = 0;
	void **user;

	for (unsigned i = 0; i < m->n_segments; i++) {
		const struct segment *s = &m->segments[i];

		start = MIN(start, s->address);
		end = MAX(end, s->address + s->size);
	}
	if (m->fd < 0 || start >= end || !module_same_weight(m))
		return;
	m->dwfl = dwfl_begin(&callbacks);
	if (!m->dwfl)
		return;
	dwfl_report_begin(m->dwfl);
	m->dwfl_module = dwfl_report_module(m->dwfl, m->path ?: "?", start & ~(PAGE_MOST - 1),
					    (end + PAGE_MOST - 1) & ~(PAGE_MOST - 1));
	if (m->dwfl_module) {
		dwfl_module_info(m->dwfl_module, &user, NULL, NULL, NULL, NULL, NULL, NULL);
		*user = m;
	}
	dwfl_report_end(m->dwfl, NULL, NULL);
	if (m->dwfl_module && !dwfl_module_getelf(m->dwfl_module, &m->bias))
		m->dwfl_module = NULL;
}

/* A string table in memory. */
struct strings {
	const char *start, *end;
};

static void add_strings(GArray *all, Elf *elf)
{
	Elf_Scn *scn = NULL;

	while (elf && (scn = elf_nextscn(elf, scn))) {
		Elf_Data *data;
		GElf_Shdr sh;

		if (!gelf_getshdr(scn, &sh) ||
		    (sh.sh_type != SHT_DYNSYM && sh.sh_type != SHT_SYMTAB))
			continue;
		data = elf_getdata(elf_getscn(elf, sh.sh_link), NULL);
		if (data && data->d_buf) {
			struct strings s = { data->d_buf, (char *)data->d_buf + data->d_size };

			g_array_append_val(all, s);
		}
	}
}

/* Copy a name from a string table whose end is not known: in a debug file, in .gnu_debugdata, or
 * found by the dynamic segment only. The name may lack its NUL, so it is read through the kernel,
 * which stops at memory that cannot be read. */
static const char *copy_name(struct module *m, const char *name)
{
	char piece[NAME_MOST + 1] = "";
	size_t have = 0;

	/* Read up to the end of a page: the next page may not be mapped. */
	while (have < NAME_MOST && !memchr(piece, '\0', have)) {
		size_t rest = PAGE_LEAST - ((uintptr_t)(name + have) & (PAGE_LEAST - 1));
		size_t n = MIN(MIN(rest, have ? NAME_MOST : NAME_USUAL), NAME_MOST - have);
		struct iovec to = { piece + have, n }, from = { (void *)(name + have), n };

		if (process_vm_readv(getpid(), &to, 1, &from, 1, 0) != (ssize_t)n)
			break;
		have += n;
	}
	piece[have] = '\0';
	if (!m->copied)
		m->copied = g_string_chunk_new(4096);
	return g_string_chunk_insert(m->copied, piece);
}

/* Check that a name ends in its string table; libdwfl checks only that it begins there. A hostile
 * file may lack the NUL. NULL: the name does not end. */
static const char *whole_name(struct module *m, const GArray *all, const char *name)
{
	for (unsigned i = 0; name && i < all->len; i++) {
		const struct strings *s = &g_array_index(all, struct strings, i);

		if (name >= s->start && name < s->end)
			return memchr(name, '\0', (size_t)(s->end - name)) ? name : NULL;
	}
	return name ? copy_name(m, name) : NULL;
}

static void add_symbol(GArray *symbols, const char *name, const GElf_Sym *sym, GElf_Addr at)
{
	int type = GELF_ST_TYPE(sym->st_info);
	struct symbol s = { at, at + sym->st_size, name };

	if (!name || !*name || sym->st_shndx == SHN_UNDEF || sym->st_shndx == SHN_ABS)
		return;
	if (type != STT_FUNC && type != STT_NOTYPE && type != STT_GNU_IFUNC)
		return;
	if (s.end < s.start)
		s.end = s.start;
	g_array_append_val(symbols, s);
}

/* For the vDSO, which libdwfl cannot open: it is in memory only. */
static void read_section_symbols(struct module *m)
{
	Elf_Scn *scn = NULL;

	while ((scn = elf_nextscn(m->elf, scn))) {
		Elf_Data *data;
		GElf_Shdr sh;

		if (!gelf_getshdr(scn, &sh) || sh.sh_type != SHT_DYNSYM || !sh.sh_entsize)
			continue;
		data = elf_getdata(scn, NULL);
		for (size_t i = 0; data && i < MIN(sh.sh_size / sh.sh_entsize, SYMBOLS_MOST); i++) {
			GElf_Sym sym;

			if (gelf_getsym(data, i, &sym))
				add_symbol(m->symbols, elf_strptr(m->elf, sh.sh_link, sym.st_name),
					   &sym, sym.st_value);
		}
	}
}

static void read_symbols(struct module *m)
{
	g_autoptr(GArray) strings = g_array_new(FALSE, FALSE, sizeof(struct strings));
	int n;

	m->symbols = g_array_new(FALSE, FALSE, sizeof(struct symbol));
	if (!m->dwfl)
		open_dwfl(m);
	n = m->dwfl_module ? dwfl_module_getsymtab(m->dwfl_module) : -1;
	if (n < 0) {
		read_section_symbols(m);
	} else {
		GElf_Addr bias;

		add_strings(strings, dwfl_module_getelf(m->dwfl_module, &bias));
	}
	for (int i = 0; i < MIN(n, (int)SYMBOLS_MOST); i++) {
		GElf_Sym sym;
		GElf_Addr at;
		const char *name =
			dwfl_module_getsym_info(m->dwfl_module, i, &sym, &at, NULL, NULL, NULL);

		add_symbol(m->symbols, whole_name(m, strings, name), &sym, at - m->bias);
	}
	g_array_sort(m->symbols, by_start);
}

static bool symbol_behind(const void *symbols, unsigned i, uint64_t address)
{
	return ((const struct symbol *)symbols)[i].start > address;
}

/* Look up the file's symbols. `sized`: the symbol has a size and covers the address. */
static const char *table_symbol(struct module *m, uint64_t address, uint64_t *offset, bool *sized)
{
	const struct symbol *s;
	unsigned low;

	if (!m->symbols)
		read_symbols(m);
	s = (const struct symbol *)m->symbols->data;
	low = search_first(m->symbols->len, symbol_behind, s, address);
	/* Of several symbols with the same start, use the first, which is the longest. */
	for (unsigned tries = 0; low-- > 0 && tries < 16; tries++) {
		while (low > 0 && s[low - 1].start == s[low].start)
			low--;
		if (s[low].end == s[low].start ? tries == 0 : address < s[low].end) {
			*offset = address - s[low].start;
			*sized = s[low].end != s[low].start;
			return s[low].name;
		}
	}
	return NULL;
}

/* A stripped Go program still has the table of the Go runtime. */
const char *module_symbol(struct module *m, uint64_t address, uint64_t *offset)
{
	bool sized = false;
	const char *name = table_symbol(m, address, offset, &sized), *go = NULL;

	if (!sized && gomodule(m))
		go = gopclntab_symbol(gomodule(m), address, offset);
	return go ?: name;
}

static struct source *open_source(struct module *m)
{
	Dwarf_Addr bias;
	Dwarf *dwarf;

	if (m->source || m->tried_source)
		return m->source;
	m->tried_source = true;
	if (!m->dwfl)
		open_dwfl(m);
	dwarf = m->dwfl_module ? dwfl_module_getdwarf(m->dwfl_module, &bias) : NULL;
	if (dwarf)
		m->source = source_new(dwarf, m->bias - bias);
	return m->source;
}

/* May the line program for an address be read? If the limit is reached, first free the line
 * programs of this file that were read before. */
static bool lines_fit(struct module *m, uint64_t address)
{
	uint64_t weight = source_weight(m->source, address);

	if (m->lines_left && weight > *m->lines_left) {
		module_names_free(m);
		if (!open_source(m))
			return false;
		weight = source_weight(m->source, address);
	}
	if (m->lines_left && weight > *m->lines_left)
		return false;
	m->lines_read += weight;
	if (m->lines_left)
		*m->lines_left -= weight;
	return true;
}

struct lineless {
	module_line_fn fn;
	void *ctx;
};

static void without_line(void *ctx, const char *function, const char *file, int line)
{
	const struct lineless *l = ctx;

	(void)file, (void)line;
	l->fn(l->ctx, function, NULL, 0);
}

unsigned module_lines(struct module *m, uint64_t address, bool lines, module_line_fn fn, void *ctx)
{
	struct lineless lineless = { fn, ctx };
	unsigned n = 0;

	if ((lines || m->weight <= WEIGHT_WITHOUT_LINES) && open_source(m)) {
		bool fit = lines && lines_fit(m, address);

		n = m->source ? source_find(m->source, address, fit, fn, ctx) : 0;
	}
	if (n || !gomodule(m))
		return n;
	if (lines)
		return gopclntab_lines(gomodule(m), address, fn, ctx);
	return gopclntab_lines(gomodule(m), address, without_line, &lineless);
}
