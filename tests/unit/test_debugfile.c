/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Debug files beside a program. Without a build ID they are found by checksum, which reads a
 * bounded number of bytes, whoever owns the files and however many programs name one. Reading
 * and summing are simulated: 4 GiB would take seconds.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>
#include <zlib.h>

static ssize_t made_up_pread(int fd, void *to, size_t size, off_t at);
static uLong made_up_crc32(uLong sum, const Bytef *data, uInt size);

#define pread made_up_pread
#define crc32 made_up_crc32
#include "user/symbol/debugfile.c"
#undef pread
#undef crc32

#include "tests/unit/files.h"

static off_t length; /* size of a simulated file; -1: a real file */
static uint64_t bytes_read;

static ssize_t made_up_pread(int fd, void *to, size_t size, off_t at)
{
	ssize_t n = length < 0 ? pread(fd, to, size, at) :
				 (ssize_t)MIN(size, (size_t)MAX(length - at, 0));

	bytes_read += (uint64_t)MAX(n, 0);
	return n;
}

static uLong made_up_crc32(uLong sum, const Bytef *data, uInt size)
{
	return length < 0 ? crc32(sum, data, size) : 7;
}

static int nonrss(const char *program, GElf_Word crc)
{
	struct module m = { .path = (char *)program, .inode = 1 };
	char *path = NULL;
	int fd = open_beside(&m, "", "x.debug", crc, &path);

	free(path);
	return fd;
}

/* Any bytes with the right checksum; none of them need be ELF. */
static void found_by_its_checksum(void **state)
{
	static const char text[] = "what the program names";
	g_autofree char *folder = new_folder(), *program = g_build_filename(folder, "x", NULL);
	g_autofree char *debug = g_build_filename(folder, "x.debug", NULL);
	GElf_Word crc = crc32(0, (const Bytef *)text, sizeof(text));
	int fd;

	(void)state;
	length = -1;
	assert_true(g_file_set_contents(debug, text, sizeof(text), NULL));
	assert_int_equal(nonrss(program, crc + 1), -1);
	fd = nonrss(program, crc);
	assert_true(fd >= 0);
	close(fd);
	/* Larger than the copy bound: it is not read. */
	assert_int_equal(truncate(debug, COPY_MOST + 1), 0);
	bytes_read = 0;
	assert_int_equal(nonrss(program, crc), -1);
	assert_int_equal(bytes_read, 0);
	remove_all(folder);
}

/* A file that grows while it is read is read up to the copy bound. */
static void bytes_read_of_one_file_are_bounded(void **state)
{
	(void)state;
	length = 1000;
	assert_true(crc_is(0, 7));
	assert_false(crc_is(0, 8));
	length = (off_t)1 << 50;
	bytes_read = 0;
	assert_false(crc_is(0, 7));
	assert_in_range(bytes_read, COPY_MOST, COPY_MOST + COPY_PIECE);
}

/* The bound on all files together. Beyond it no file is accepted, even if its checksum is
 * right. */
static void bytes_read_of_all_files_are_bounded(void **state)
{
	(void)state;
	length = COPY_MOST;
	for (unsigned i = 0; i < CRC_ALL / COPY_MOST; i++)
		crc_is(0, 7);
	length = 1000;
	bytes_read = 0;
	assert_false(crc_is(0, 7));
	assert_int_equal(bytes_read, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(found_by_its_checksum),
		cmocka_unit_test(bytes_read_of_one_file_are_bounded),
		cmocka_unit_test(
			bytes_read_of_all_files_are_bounded), /* last: the bound is used up */
	};

	return cmocka_run_group_tests_name("debugfile", tests, NULL, NULL);
}
