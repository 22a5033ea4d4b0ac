/* SPDX-License-Identifier: GPL-2.0-only
 *
 * base/mappings: sums of /proc/PID/smaps by name, also where a file's name looks like a field.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/mappings.h"

#define MIB (1 << 20)

static GArray *parse(const char *text)
{
	FILE *f = fmemopen((void *)(uintptr_t)text, strlen(text), "r");
	GArray *sums = mappings_parse(f);

	fclose(f);
	return sums;
}

static void mappings_of_a_name_are_one(void **state)
{
	g_autoptr(GArray)
		sums = parse("00400000-00402000 r-xp 00000000 fd:00 12   /usr/bin/prog\n"
			     "Size:                  8 kB\n"
			     "Rss:                   4 kB\n"
			     "Swap:                  0 kB\n"
			     "VmFlags: rd ex\n"
			     "00602000-00603000 rw-p 00002000 fd:00 12   /usr/bin/prog\n"
			     "Rss:                   4 kB\n"
			     "7f0000000000-7f0000100000 rw-p 00000000 00:00 0 \n"
			     "Rss:                 100 kB\n"
			     "Swap:                 12 kB\n"
			     "7f0000200000-7f0000201000 r--s 00000000 fd:00 13   /Rss: 9 kB\n"
			     "Rss:                   0 kB\n");
	const struct mapping *m = (const void *)sums->data;

	(void)state;
	assert_int_equal(sums->len, 3);
	assert_string_equal(m[0].name, "[anon]");
	assert_int_equal(m[0].size, MIB);
	assert_int_equal(m[0].rss, 100 << 10);
	assert_int_equal(m[0].swap, 12 << 10);
	assert_string_equal(m[1].name, "/usr/bin/prog");
	assert_int_equal(m[1].size, 0x3000);
	assert_int_equal(m[1].rss, 8 << 10);
	assert_string_equal(m[2].name, "/Rss: 9 kB");
	assert_int_equal(m[2].rss, 0);
}

/* 10,000 names, and lines of another form. */
static void the_number_of_names_is_bounded(void **state)
{
	GString *text = g_string_new("Rss: 4 kB\nnonsense\n");
	g_autoptr(GArray) sums = NULL;
	int64_t rss = 0;

	(void)state;
	for (unsigned i = 0; i < 10000; i++)
		g_string_append_printf(text, "%x000-%x000 r--p 0 00:00 0 /f%u\nRss: 4 kB\n", i + 1,
				       i + 2, i);
	sums = parse(text->str);
	assert_true(sums->len <= 4097);
	for (unsigned i = 0; i < sums->len; i++)
		rss += g_array_index(sums, struct mapping, i).rss;
	assert_int_equal(rss, 10000 * 4096);
	assert_string_equal(g_array_index(sums, struct mapping, 0).name, "[others]");
	g_string_free(text, TRUE);
}

static void a_real_process(void **state)
{
	char *memory =
		mmap(NULL, 16 * MIB, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	g_autoptr(GArray) sums = NULL;
	int64_t rss = 0;

	(void)state;
	assert_true(memory != MAP_FAILED);
	memset(memory, 1, 16 * MIB);
	sums = mappings_read(getpid());
	assert_non_null(sums);
	for (unsigned i = 0; i < sums->len; i++)
		if (!strcmp(g_array_index(sums, struct mapping, i).name, "[anon]"))
			rss = g_array_index(sums, struct mapping, i).rss;
	assert_true(rss >= 16 * MIB);
	munmap(memory, 16 * MIB);
	assert_null(mappings_read(0x3fffffff));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(mappings_of_a_name_are_one),
		cmocka_unit_test(the_number_of_names_is_bounded),
		cmocka_unit_test(a_real_process),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
