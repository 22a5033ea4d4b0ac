/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Names: demangled, of the kernel, of perf maps; and files that are not what they
 * seem: every reader takes any bytes.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "symbol/kernel.h"
#include "symbol/module.h"
#include "symbol/naming.h"
#include "symbol/perfmap.h"
#include "symbol/unwind.h"

static char *write_file(const char *text, size_t size)
{
	char *path = g_strdup("/tmp/tare-symbol-XXXXXX");
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, size), size);
	close(fd);
	return path;
}

static void demangled(void **state)
{
	static const char *const names[][2] = {
		{ "_ZN3foo3barIiEEvT_", "foo::bar" },
		{ "_ZN4core3fmt5Write9write_fmt17h0123456789abcdefE",
		  "core::fmt::Write::write_fmt" },
		{ "_RNvC6_123foo3bar", "123foo::bar" },
		{ "main", "main" },
		{ "_Z", "_Z" },
	};
	g_autofree char *deep = g_strnfill(8192, 'N'), *same = NULL;

	(void)state;
	for (unsigned i = 0; i < G_N_ELEMENTS(names); i++) {
		g_autofree char *name = naming_demangle(names[i][0]);

		assert_non_null(strstr(name, names[i][1]));
	}
	memcpy(deep, "_Z", 2);
	same = naming_demangle(deep);
	assert_string_equal(same, deep);
}

static void kernel(void **state)
{
	static const char text[] = "ffffffff81000000 T _text\nffffffff81000100 t two\n"
				   "0000000000000000 T zero\nnonsense\nffffffff81000050 D data\n"
				   "ffffffff81000080 T one\t[module]\n";
	g_autofree char *path = write_file(text, sizeof(text) - 1);
	const uint64_t at[] = { 0xffffffff80000000, 0xffffffff81000060, 0xffffffff810000ff,
				0xffffffff81000100, 0xffffffff82000000 };
	g_autoptr(GPtrArray) names = kernel_names(path, at, 5);

	(void)state;
	assert_null(names->pdata[0]);
	assert_string_equal(names->pdata[1], "_text");
	assert_string_equal(names->pdata[2], "one");
	assert_string_equal(names->pdata[3], "two");
	assert_string_equal(names->pdata[4], "two");
	unlink(path);
}

static void perf_maps(void **state)
{
	static const char text[] = "1000 100 old name\n1000 80 new\nzz\n5000 0 empty\n"
				   "ffffffffffffffff 10 wraps\n2000 10 last";
	g_autofree char *path = write_file(text, sizeof(text) - 1), *link = NULL;
	struct perfmap *m = perfmap_read(path);

	(void)state;
	assert_non_null(m);
	assert_string_equal(perfmap_find(m, 0x1000), "new");
	assert_string_equal(perfmap_find(m, 0x10ff), "old name");
	assert_null(perfmap_find(m, 0x1100));
	assert_null(perfmap_find(m, 0x5000));
	assert_string_equal(perfmap_find(m, 0x200f), "last");
	perfmap_free(m);
	link = g_strconcat(path, ".link", NULL);
	assert_int_equal(symlink(path, link), 0);
	assert_null(perfmap_read(link)); /* not where it says it is */
	unlink(link);
	unlink(path);
}

static void look_at(const char *path)
{
	struct modules *ms = modules_new();
	struct module_source source = { .file = 1, .path = path };
	struct module *m = modules_open(ms, &source);
	struct unwinder *u = unwinder_new(ms);
	struct space *space = space_new(1);
	struct tare_sample sample = { .stack = 256 };
	uint64_t stack[32] = { 0 }, offset;
	unsigned n;

	if (m) {
		const struct segment *seg = module_segments(m, &n);

		for (unsigned i = 0; i < n; i++) {
			struct range r = { seg[i].address,
					   seg[i].address + MIN(seg[i].size, 1 << 24),
					   seg[i].offset,
					   1,
					   0,
					   PLACE_FILE,
					   seg[i].code };

			space_set(space, &r);
		}
		for (unsigned i = 0; i < n; i++)
			for (uint64_t at = 0; at < MIN(seg[i].size, 20000); at += 97) {
				sample.regs[16] = seg[i].address + at;
				sample.regs[19] = 0x7fff0000;
				unwind(u, space, &sample, stack);
				module_symbol(m, seg[i].address + at, &offset);
				module_function(m, seg[i].address + at);
			}
	}
	space_free(space);
	unwinder_free(u);
	modules_free(ms);
}

/* A real file with bytes changed at random. */
static void hostile_elf(void **state)
{
	g_autofree char *whole = NULL;
	gsize size;

	(void)state;
	srandom(20261124);
	assert_true(g_file_get_contents("/bin/true", &whole, &size, NULL));
	look_at("/bin/true");
	for (int round = 0; round < 150; round++) {
		g_autofree char *copy = g_memdup2(whole, size), *path = NULL;
		size_t cut = round % 5 ? size : random() % size;

		for (int k = 0; k < 1 + round % 60; k++)
			copy[(round % 3 ? random() : random() % 1024) % size] = random();
		path = write_file(copy, cut);
		look_at(path);
		unlink(path);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(demangled),
		cmocka_unit_test(kernel),
		cmocka_unit_test(perf_maps),
		cmocka_unit_test(hostile_elf),
	};

	return cmocka_run_group_tests_name("symbol", tests, NULL, NULL);
}
