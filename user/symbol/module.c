/* SPDX-License-Identifier: GPL-2.0-only */
#include "symbol/module.h"

#include <elfutils/libdwelf.h>
#include <elfutils/libdwfl.h>
#include <fcntl.h>
#include <gelf.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/log.h"
#include "base/proc.h"
#include "base/regular.h"
#include "symbol/gomodule.h"
#include "symbol/module_impl.h"
#include "symbol/source.h"
#include "symbol/weight.h"

#define INIT_MOST 64 /* bytes of _init() and of _fini(), at most */
#define SEGMENTS_MOST 64
#define INTERPRETER_MOST 4096

void module_names_free(struct module *m)
{
	g_clear_pointer(&m->source, source_free);
	m->tried_source = false;
	if (m->lines_left)
		*m->lines_left += m->lines_read;
	m->lines_read = 0;
	g_clear_pointer(&m->symbols, g_array_unref);
	g_clear_pointer(&m->copied, g_string_chunk_free);
	g_clear_pointer(&m->dwfl, dwfl_end);
	m->dwfl_module = NULL;
	g_clear_pointer(&m->go, gopclntab_free);
	m->tried_go = false;
}

void module_free(gpointer p)
{
	struct module *m = p;

	if (!m)
		return;
	module_names_free(m);
	cfi_index_free(m->eh_frame.index);
	cfi_index_free(m->debug_frame.index);
	if (m->elf)
		elf_end(m->elf);
	if (m->fd >= 0)
		close(m->fd);
	g_free(m->path);
	g_free(m->interpreter);
	g_free(m);
}

/* The bytes of a segment in the file; NULL: not readable. Owned by m->elf. */
static const char *read_piece(struct module *m, const GElf_Phdr *ph, size_t *size)
{
	Elf_Data *data =
		elf_getdata_rawchunk(m->elf, (int64_t)ph->p_offset, ph->p_filesz, ELF_T_BYTE);

	*size = data ? data->d_size : 0;
	return data ? data->d_buf : NULL;
}

static void read_interpreter(struct module *m, const GElf_Phdr *ph)
{
	size_t size;
	const char *path = ph->p_filesz <= INTERPRETER_MOST ? read_piece(m, ph, &size) : NULL;

	if (!path || m->interpreter) /* of several PT_INTERP, the kernel uses the first */
		return;
	m->interpreter = g_strndup(path, size);
}

static void read_entries(struct module *m, const GElf_Phdr *ph)
{
	Elf_Data *data = elf_getdata_rawchunk(m->elf, ph->p_offset, ph->p_filesz, ELF_T_DYN);
	GElf_Dyn dyn;

	for (int i = 0; data && gelf_getdyn(data, i, &dyn) && dyn.d_tag != DT_NULL; i++) {
		if (dyn.d_tag == DT_INIT)
			m->entries[0] = dyn.d_un.d_ptr;
		if (dyn.d_tag == DT_FINI)
			m->entries[1] = dyn.d_un.d_ptr;
	}
}

/* Read .eh_frame_hdr (LSB core, 10.6.2): version, three encodings, address of .eh_frame, number
 * of entries, table. Supports only the encodings that all linkers use. */
static void read_starts(struct module *m, const GElf_Phdr *ph)
{
	static const unsigned char usual[4] = { 1, 0x1b, 0x03, 0x3b };
	size_t size;
	const char *raw = read_piece(m, ph, &size);
	int32_t frame;
	uint32_t n;

	if (!raw || size < 12)
		return;
	memcpy(&frame, raw + 4, sizeof(frame));
	memcpy(&n, raw + 8, sizeof(n));
	if (memcmp(raw, usual, sizeof(usual)) || n > (size - 12) / 8)
		return;
	m->starts = (const unsigned char *)raw + 12;
	m->starts_base = ph->p_vaddr;
	m->n_starts = n;
	m->eh_frame_at = ph->p_vaddr + 4 + (uint64_t)frame; /* relative to the field, byte 4 */
}

static void read_segments(struct module *m)
{
	GElf_Ehdr header;
	size_t n;

	if (!gelf_getehdr(m->elf, &header) || elf_getphdrnum(m->elf, &n))
		return;
	if (header.e_ident[EI_CLASS] == ELFCLASS64 && header.e_ident[EI_DATA] == ELFDATA2LSB)
		m->machine = header.e_machine;
	for (size_t i = 0; i < MIN(n, SEGMENTS_MOST); i++) {
		GElf_Phdr ph;

		if (!gelf_getphdr(m->elf, i, &ph))
			continue;
		if (ph.p_type == PT_INTERP)
			read_interpreter(m, &ph);
		if (ph.p_type == PT_DYNAMIC)
			read_entries(m, &ph);
		if (ph.p_type == PT_GNU_EH_FRAME)
			read_starts(m, &ph);
		if (ph.p_type != PT_LOAD)
			continue;
		m->segments[m->n_segments++] = (struct segment){
			ph.p_vaddr, ph.p_offset, ph.p_filesz, ph.p_memsz, ph.p_flags & PF_X,
		};
		if (header.e_phoff >= ph.p_offset && header.e_phoff - ph.p_offset < ph.p_filesz)
			m->headers = ph.p_vaddr + header.e_phoff - ph.p_offset;
	}
}

void module_id(Elf *elf, char id[65])
{
	const void *bytes;
	ssize_t n = elf ? dwelf_elf_gnu_build_id(elf, &bytes) : 0;

	*id = '\0';
	for (ssize_t i = 0; i < MIN(n, 32); i++)
		snprintf(id + 2 * i, 3, "%02x", ((const unsigned char *)bytes)[i]);
}

/* libelf reads the file in pieces and does not map it: the owner of the file may truncate it at
 * any time, and access to a mapping would then kill tare (SIGBUS). */
Elf *module_elf(int fd)
{
	return elf_begin(fd, ELF_C_READ, NULL);
}

bool module_same_weight(const struct module *m)
{
	return m->fd < 0 || weight_of(m->fd) <= m->weight;
}

struct module *module_new(Elf *elf, int fd, const char *path)
{
	struct module *m = g_new0(struct module, 1);

	m->fd = fd;
	m->elf = elf;
	m->path = g_strdup(path);
	if (elf && elf_kind(elf) == ELF_K_ELF) {
		read_segments(m);
		module_id(elf, m->build_id);
		return m;
	}
	module_free(m);
	return NULL;
}

/* Open a path as the process sees it: no link and no ".." leaves the process's root. */
static int open_in_root(pid_t pid, const char *path, struct stat *st)
{
	g_autofree char *root = g_strdup_printf("/proc/%d/root", pid);
	struct open_how how = { .flags = O_PATH | O_CLOEXEC,
				.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS };
	int dir = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC), found;

	if (dir < 0)
		return -errno;
	found = (int)syscall(SYS_openat2, dir, path, &how, sizeof(how));
	close(dir);
	return found < 0 ? -errno : regular_open_found(found, st);
}

/* Check that `fd` is the file with the source's inode. If not, close it and return -1. */
static int check_inode(int fd, const struct stat *st, const struct module_source *s)
{
	if (fd < 0 || !s->inode || st->st_ino == s->inode)
		return fd;
	close(fd);
	return -1;
}

static int open_source(const struct module_source *s)
{
	g_autofree char *mapped = NULL;
	struct stat st;
	int fd = -1;

	if (s->end)
		mapped = g_strdup_printf("/proc/%d/map_files/%" G_GINT64_MODIFIER
					 "x-%" G_GINT64_MODIFIER "x",
					 s->pid, s->start, s->end);
	else if (s->inode)
		mapped = g_strdup_printf("/proc/%d/exe", s->pid);
	if (mapped)
		fd = check_inode(regular_open(mapped, &st), &st, s);
	if (fd < 0 && s->path && s->path[0] == '/')
		fd = check_inode(open_in_root(s->pid, s->path, &st), &st, s);
	if (fd < 0 && s->path && s->path[0] == '/')
		fd = check_inode(regular_open(s->path, &st), &st, s);
	return fd;
}

/* Warns only once: a program may map any number of such files. */
static void warn_heavy(const char *path)
{
	static bool warned;

	if (!warned)
		log_warn("%s: the sections of this file would need too much memory: symbols and "
			 "unwind rules of such files are not read",
			 path ?: "?");
	warned = true;
}

struct module *module_open(const struct module_source *source, uint64_t room)
{
	int fd = open_source(source);
	uint64_t weight = fd < 0 ? 0 : weight_of(fd);
	struct module *m;
	struct stat st;

	if (fd < 0)
		return NULL;
	if (weight > room) {
		warn_heavy(source->path);
		close(fd);
		return NULL;
	}
	m = module_new(module_elf(fd), fd, source->path);
	if (m)
		m->weight = weight;
	if (m && !fstat(fd, &st)) {
		m->inode = st.st_ino;
		m->dev = proc_dev(st.st_dev);
	}
	return m;
}

const struct segment *module_segments(const struct module *m, unsigned *n)
{
	*n = m->n_segments;
	return m->segments;
}

const char *module_interpreter(const struct module *m)
{
	return m->interpreter;
}

uint64_t module_headers(const struct module *m)
{
	return m->headers;
}

const char *module_build_id(const struct module *m)
{
	return m->build_id;
}

uint64_t module_address(const struct module *m, uint64_t offset)
{
	for (unsigned i = 0; i < m->n_segments; i++) {
		const struct segment *s = &m->segments[i];

		if (s->code && offset >= s->offset && offset - s->offset < s->file_size)
			return s->address + offset - s->offset;
	}
	return 0;
}

unsigned module_code(const struct module *m, uint64_t address, void *to, unsigned n)
{
	for (unsigned i = 0; m->fd >= 0 && i < m->n_segments; i++) {
		const struct segment *s = &m->segments[i];
		uint64_t at = address - s->address;
		ssize_t got;

		if (!s->code || address < s->address || at >= s->file_size)
			continue;
		got = pread(m->fd, to, MIN(n, s->file_size - at), (off_t)(s->offset + at));
		return got > 0 ? (unsigned)got : 0;
	}
	return 0;
}

int module_in_init(const struct module *m, uint64_t address)
{
	for (unsigned i = 0; i < G_N_ELEMENTS(m->entries); i++)
		if (m->entries[i] && address >= m->entries[i] &&
		    address - m->entries[i] < INIT_MOST)
			return (int)(address - m->entries[i]);
	return -1;
}
