/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Looked at by hand, before libelf is let at the file: libelf itself takes memory for as
 * many sections as the header says.
 */
#include "symbol/weight.h"

#include <elf.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SECTIONS_MOST 65536
#define SEGMENTS_MOST 4096
#define WEIGHT_32_MOST (256 << 20) /* bytes of a file of 32 bits, which is not looked into */

static bool read_at(int fd, void *to, size_t size, uint64_t at)
{
	return at <= INT64_MAX && pread(fd, to, size, (off_t)at) == (ssize_t)size;
}

static uint64_t plus(uint64_t a, uint64_t b)
{
	return a + b < a ? UINT64_MAX : a + b;
}

static uint64_t section_weight(int fd, const Elf64_Shdr *s)
{
	Elf64_Chdr compressed;

	if (s->sh_type == SHT_NOBITS)
		return 0;
	if (s->sh_flags & SHF_COMPRESSED &&
	    read_at(fd, &compressed, sizeof(compressed), s->sh_offset))
		return plus(s->sh_size, compressed.ch_size);
	return s->sh_size;
}

static uint64_t sections_weight(int fd, const Elf64_Ehdr *head)
{
	uint64_t n = head->e_shnum, sum = 0;
	Elf64_Shdr s;

	if (!head->e_shoff)
		return 0;
	if (!n && read_at(fd, &s, sizeof(s), head->e_shoff))
		n = s.sh_size;
	if (n > SECTIONS_MOST)
		return UINT64_MAX;
	for (uint64_t i = 1; i < n; i++)
		if (read_at(fd, &s, sizeof(s), plus(head->e_shoff, i * sizeof(s))))
			sum = plus(sum, section_weight(fd, &s));
	return sum;
}

/* What is loaded is not read, but for the parts that tell of it. */
static uint64_t segments_weight(int fd, const Elf64_Ehdr *head)
{
	uint64_t sum = 0;
	Elf64_Phdr p;

	if (head->e_phnum > SEGMENTS_MOST)
		return UINT64_MAX;
	for (uint64_t i = 0; i < head->e_phnum; i++)
		if (read_at(fd, &p, sizeof(p), plus(head->e_phoff, i * sizeof(p))) &&
		    p.p_type != PT_LOAD && p.p_type != PT_TLS && p.p_type != PT_GNU_RELRO)
			sum = plus(sum, p.p_filesz);
	return sum;
}

uint64_t weight_of(int fd)
{
	Elf64_Ehdr head;
	struct stat st;

	if (!read_at(fd, &head, sizeof(head), 0) || memcmp(head.e_ident, ELFMAG, SELFMAG))
		return 0;
	if (head.e_ident[EI_DATA] != ELFDATA2LSB) /* of another machine */
		return UINT64_MAX;
	if (head.e_ident[EI_CLASS] != ELFCLASS64)
		return fstat(fd, &st) || st.st_size > WEIGHT_32_MOST ? UINT64_MAX :
								       (uint64_t)st.st_size;
	return plus(sections_weight(fd, &head), segments_weight(fd, &head));
}
