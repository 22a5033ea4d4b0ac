/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Reads the headers without libelf: libelf allocates memory for as many sections as a header
 * claims.
 */
#include "symbol/weight.h"

#include <elf.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SECTIONS_MOST 65536
#define SEGMENTS_MOST 4096
#define XZ_MOST (64 << 20)         /* bytes of a decompressed .xz section, at most */
#define CHUNKS_MOST 100000         /* LZMA2 chunks; xz makes chunks of up to 64 KiB */
#define WEIGHT_32_MOST (256 << 20) /* bytes of a 32-bit file; its headers are not read */

static bool read_at(int fd, void *to, size_t size, uint64_t at)
{
	return at <= INT64_MAX && pread(fd, to, size, (off_t)at) == (ssize_t)size;
}

static uint64_t add_bounded(uint64_t a, uint64_t b)
{
	return a + b < a ? UINT64_MAX : a + b;
}

/* The decompressed size of the LZMA2 stream at *at, from the sizes in its chunk headers; the
 * decoder relies on these too. Moves *at to the end of the stream. */
static uint64_t lzma2_weight(int fd, uint64_t *at, unsigned *chunks)
{
	uint64_t sum = 0;
	unsigned char c[6];

	while (++*chunks <= CHUNKS_MOST && sum <= XZ_MOST && read_at(fd, c, sizeof(c), *at)) {
		if (!c[0]) {
			++*at;
			return sum;
		}
		if (c[0] < 0x80) { /* an uncompressed chunk */
			uint64_t size = ((unsigned)c[1] << 8 | c[2]) + 1;

			sum += size;
			*at += 3 + size;
		} else {
			sum += ((c[0] & 0x1fu) << 16 | (unsigned)c[1] << 8 | c[2]) + 1;
			*at += (c[0] >= 0xc0 ? 6 : 5) + ((unsigned)c[3] << 8 | c[4]) + 1;
		}
	}
	return *chunks > CHUNKS_MOST ? UINT64_MAX : sum;
}

/* The decompressed size of a section that is an .xz file, such as .gnu_debugdata; 0: not .xz.
 * A few hundred KiB can decompress to gigabytes. */
static uint64_t xz_weight(int fd, const Elf64_Shdr *s)
{
	static const unsigned char magic[] = { 0xfd, '7', 'z', 'X', 'Z', 0 };
	unsigned char head[8], block;
	uint64_t at = s->sh_offset, sum = 0;
	unsigned chunks = 0, check;

	if (s->sh_size < sizeof(head) || !read_at(fd, head, sizeof(head), at) ||
	    memcmp(head, magic, sizeof(magic)))
		return 0;
	check = head[7] & 0xf; /* type of the checksum after each block: 0, 4, 8, 16 … bytes */
	check = check ? 4u << (check - 1) / 3 : 0;
	at += 12;
	while (sum <= XZ_MOST && read_at(fd, &block, 1, at) && block) {
		uint64_t begin = at += (block + 1u) * 4;

		sum = add_bounded(sum, lzma2_weight(fd, &at, &chunks));
		at = begin + ((at - begin + 3) & ~3ULL) + check;
	}
	return sum > XZ_MOST ? UINT64_MAX : sum;
}

static uint64_t section_weight(int fd, const Elf64_Shdr *s)
{
	Elf64_Chdr compressed;

	if (s->sh_type == SHT_NOBITS)
		return 0;
	if (s->sh_flags & SHF_COMPRESSED &&
	    read_at(fd, &compressed, sizeof(compressed), s->sh_offset))
		return add_bounded(s->sh_size, compressed.ch_size);
	return add_bounded(s->sh_size, xz_weight(fd, s));
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
		if (read_at(fd, &s, sizeof(s), add_bounded(head->e_shoff, i * sizeof(s))))
			sum = add_bounded(sum, section_weight(fd, &s));
	return sum;
}

/* PT_LOAD segments are not read as a whole, only the small segments that describe them. */
static uint64_t segments_weight(int fd, const Elf64_Ehdr *head)
{
	uint64_t sum = 0;
	Elf64_Phdr p;

	if (head->e_phnum > SEGMENTS_MOST)
		return UINT64_MAX;
	for (uint64_t i = 0; i < head->e_phnum; i++)
		if (read_at(fd, &p, sizeof(p), add_bounded(head->e_phoff, i * sizeof(p))) &&
		    p.p_type != PT_LOAD && p.p_type != PT_TLS && p.p_type != PT_GNU_RELRO)
			sum = add_bounded(sum, p.p_filesz);
	return sum;
}

uint64_t weight_of(int fd)
{
	Elf64_Ehdr head;
	struct stat st;

	if (!read_at(fd, &head, sizeof(head), 0) || memcmp(head.e_ident, ELFMAG, SELFMAG))
		return 0;
	if (head.e_ident[EI_DATA] != ELFDATA2LSB) /* no supported architecture is big-endian */
		return UINT64_MAX;
	if (head.e_ident[EI_CLASS] != ELFCLASS64)
		return fstat(fd, &st) || st.st_size > WEIGHT_32_MOST ? UINT64_MAX :
								       (uint64_t)st.st_size;
	return add_bounded(sections_weight(fd, &head), segments_weight(fd, &head));
}
