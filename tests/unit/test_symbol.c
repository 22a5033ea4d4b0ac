/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Names: demangled, of the kernel, and of perf maps, which may hold any bytes.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "symbol/jits.h"
#include "symbol/kernel.h"
#include "symbol/naming.h"
#include "symbol/perfmap.h"
#include "tests/unit/files.h"

static void names_are_demangled(void **state)
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

static void kernel_symbols_are_named(void **state)
{
	static const char text[] = "ffffffff81000000 T _text\nffffffff81000100 t two\n"
				   "0000000000000000 T zero\nnonsense\nffffffff81000050 D data\n"
				   "ffffffff81000080 T one\t[module]\n";
	g_autofree char *path = write_file(text, sizeof(text) - 1);
	const uint64_t at[] = { 0xffffffff80000000, 0xffffffff81000060, 0xffffffff810000ff,
				0xffffffff81000100, 0xffffffff82000000 };
	g_autoptr(GArray) addresses = g_array_new(FALSE, FALSE, sizeof(uint64_t));
	struct kernel *k = kernel_new();

	(void)state;
	for (int i = 4; i >= 0; i--)
		g_array_append_val(addresses, at[i]);
	kernel_learn(k, path, addresses);
	assert_null(kernel_name(k, at[0]));
	assert_string_equal(kernel_name(k, at[1]), "_text");
	assert_string_equal(kernel_name(k, at[2]), "one");
	assert_string_equal(kernel_name(k, at[3]), "two");
	assert_string_equal(kernel_name(k, at[4]), "two");
	unlink(path);
	/* Other addresses of the same functions: the file is not read again. */
	assert_string_equal(kernel_name(k, 0xffffffff81000010), "_text");
	assert_string_equal(kernel_name(k, 0xffffffff81000080), "one");
	kernel_learn(k, path, addresses);
	assert_string_equal(kernel_name(k, at[4]), "two");
	assert_null(kernel_name(k, at[4] + 1)); /* far past the start: the code there may change */
	kernel_free(k);
}

static const char *name_at(const struct perfmap *m, uint64_t address)
{
	uint64_t start = 0;
	const char *name = perfmap_find(m, address, &start);

	assert_true(!name || start <= address);
	return name;
}

static void append(int fd, const char *text)
{
	assert_int_equal(lseek(fd, 0, SEEK_END) >= 0, 1);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
}

static void perf_map_is_read(void **state)
{
	static const char text[] = "1000 100 old name\n1000 80 new\nzz\n5000 0 empty\n"
				   "ffffffffffffffff 10 wraps\n2000 10 last";
	g_autofree char *path = write_file(text, sizeof(text) - 1);
	int fd = open(path, O_RDWR | O_CLOEXEC);
	struct perfmap *m = perfmap_new();

	(void)state;
	perfmap_update(m, fd, UINT64_MAX, false);
	assert_string_equal(name_at(m, 0x1000), "new");
	assert_string_equal(name_at(m, 0x10ff), "old name");
	assert_null(name_at(m, 0x1100));
	assert_null(name_at(m, 0xfff));
	assert_null(name_at(m, 0x5000));
	assert_null(name_at(m, 0x2000)); /* its line is incomplete */
	append(fd, "ing\n2004 4 within\n");
	perfmap_update(m, fd, UINT64_MAX, false);
	assert_string_equal(name_at(m, 0x2003), "lasting");
	assert_string_equal(name_at(m, 0x2004), "within");
	assert_string_equal(name_at(m, 0x2008), "lasting");
	assert_string_equal(name_at(m, 0x200f), "lasting");
	append(fd, "3000 8 end");
	perfmap_update(m, fd, UINT64_MAX, true);
	assert_string_equal(name_at(m, 0x3007), "end");
	perfmap_free(m);
	close(fd);
	unlink(path);
}

/* The map is rewritten, shorter or longer: all of it is read, and names that it lacks now
 * stay. */
static void rewritten_perf_map_is_read_again(void **state)
{
	static const char text[] = "1000 10 one\n2000 10 two\n3000 10 three\n";
	static const char longer[] = "2000 10 second\n9000 10 nine\n8000 10 eight\n7000 10 seven\n";
	g_autofree char *path = write_file(text, sizeof(text) - 1);
	int fd = open(path, O_RDWR | O_CLOEXEC);
	struct perfmap *m = perfmap_new();

	(void)state;
	perfmap_update(m, fd, UINT64_MAX, false);
	assert_int_equal(ftruncate(fd, 0), 0);
	append(fd, longer);
	perfmap_update(m, fd, UINT64_MAX, false);
	assert_string_equal(name_at(m, 0x2000), "second");
	assert_string_equal(name_at(m, 0x9000), "nine");
	assert_string_equal(name_at(m, 0x1000), "one");
	assert_int_equal(ftruncate(fd, 0), 0);
	append(fd, "1000 10 first\n");
	perfmap_update(m, fd, UINT64_MAX, false);
	assert_string_equal(name_at(m, 0x1000), "first");
	assert_int_equal(perfmap_update(m, fd, UINT64_MAX, false), 0);
	perfmap_free(m);
	close(fd);
	unlink(path);
}

/* Lines longer than the read buffer, no newlines at all, and too many entries. */
static void perf_map_of_any_size(void **state)
{
	g_autoptr(GString) text = g_string_new("1000 10 ");
	g_autofree char *path = NULL;
	struct perfmap *m = perfmap_new();
	int fd;

	(void)state;
	for (int i = 0; i < 300000; i++)
		g_string_append_c(text, 'n');
	g_string_append(text, "\n2000 10 next\n3000 10 ");
	for (int i = 0; i < 60000; i++)
		g_string_append_c(text, 'm');
	g_string_append(text, "\n4000 10 last\n");
	path = write_file(text->str, text->len);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	assert_int_equal(perfmap_update(m, fd, UINT64_MAX, true), text->len);
	assert_null(name_at(m, 0x1000));
	assert_string_equal(name_at(m, 0x2000), "next");
	assert_int_equal(strlen(name_at(m, 0x3000)), 1024);
	assert_string_equal(name_at(m, 0x4000), "last");
	assert_int_equal(perfmap_dropped(m), 0);
	perfmap_free(m);
	m = perfmap_new();
	assert_in_range(perfmap_update(m, fd, 1000, true), 1000, 1000 + (64 << 10));
	assert_int_equal(perfmap_dropped(m), 1);
	perfmap_free(m);
	close(fd);
	unlink(path);
}

/* Any bytes, and ranges that overlap in every way: the newest entry is always found. */
static void random_perf_map_finds_the_newest(void **state)
{
	static char newest[4096];
	struct perfmap *m = perfmap_new();
	g_autoptr(GString) text = g_string_new(NULL);
	g_autofree char *path = NULL;
	int fd;

	(void)state;
	srandom(20261125);
	memset(newest, 0, sizeof(newest));
	for (int i = 0; i < 5000; i++) {
		unsigned start = random() % 4000, size = random() % (i % 9 ? 90 : 3000);

		if (i % 50 == 0)
			for (int k = random() % 300; k-- > 0;)
				g_string_append_c(text, (char)(128 + random() % 128));
		g_string_append_printf(text, "%s%x %x %c\n", i % 50 ? "" : "\n", start, size,
				       'A' + i % 26);
		for (unsigned at = start; at < start + size && at < sizeof(newest); at++)
			newest[at] = (char)('A' + i % 26);
	}
	path = write_file(text->str, text->len);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	perfmap_update(m, fd, UINT64_MAX, true);
	for (unsigned at = 0; at < sizeof(newest); at++) {
		const char *name = name_at(m, at);

		assert_int_equal(name ? *name : 0, newest[at]);
	}
	perfmap_free(m);
	close(fd);
	unlink(path);
}

static bool is_accepted(int dir, pid_t pid, uid_t owner, int64_t since)
{
	int fd = jits_open_map(dir, pid, &owner, 1, since);

	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

/* Any user can write to /tmp. */
static void map_of_another_user_is_refused(void **state)
{
	g_autofree char *root = new_folder(), *tmp = NULL, *map = NULL;
	g_autofree char *other = NULL, *outside = write_file("1 1 x\n", 6);
	int64_t now = g_get_real_time() * 1000, second = 1000000000;
	int dir;

	(void)state;
	tmp = g_strconcat(root, "/tmp", NULL);
	map = g_strconcat(tmp, "/perf-77.map", NULL);
	other = g_strconcat(root, "/elsewhere", NULL);
	assert_int_equal(mkdir(tmp, 0755), 0);
	dir = open(root, O_PATH | O_CLOEXEC);
	assert_false(is_accepted(dir, 77, getuid(), 0));
	assert_true(g_file_set_contents(map, "1 1 x\n", 6, NULL));
	assert_true(is_accepted(dir, 77, getuid(), 0));
	assert_true(is_accepted(dir, 77, getuid(), now));
	assert_false(is_accepted(dir, 78, getuid(), 0));
	assert_false(is_accepted(dir, 77, getuid(), now + 2 * second)); /* an older process's */
	assert_true(is_accepted(dir, 77, getuid() + 1, 0) == !getuid());
	if (!getuid()) {
		assert_int_equal(chown(map, 4711, 4711), 0);
		assert_true(is_accepted(dir, 77, 4711, 0));
		assert_false(is_accepted(dir, 77, 4712, 0));
		/* Another user's link to a file of root's. */
		assert_int_equal(chown(map, 0, 0), 0);
		assert_true(is_accepted(dir, 77, 4711, 0));
		assert_int_equal(link(map, other), 0);
		assert_false(is_accepted(dir, 77, 4711, 0));
		assert_int_equal(unlink(other), 0);
	}
	unlink(map);
	assert_int_equal(symlink(outside, map), 0);
	assert_false(is_accepted(dir, 77, getuid(), 0));
	unlink(map);
	assert_int_equal(mkfifo(map, 0600), 0);
	assert_false(is_accepted(dir, 77, getuid(), 0));
	unlink(map);
	/* /tmp may be a link itself: it is resolved in the process's root. */
	rmdir(tmp);
	assert_int_equal(symlink("/elsewhere", tmp), 0);
	assert_int_equal(mkdir(other, 0755), 0);
	g_free(map);
	map = g_strconcat(other, "/perf-77.map", NULL);
	assert_true(g_file_set_contents(map, "1 1 x\n", 6, NULL));
	assert_true(is_accepted(dir, 77, getuid(), 0));
	remove_all(root);
	unlink(outside);
	close(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_are_demangled),
		cmocka_unit_test(kernel_symbols_are_named),
		cmocka_unit_test(perf_map_is_read),
		cmocka_unit_test(rewritten_perf_map_is_read_again),
		cmocka_unit_test(perf_map_of_any_size),
		cmocka_unit_test(random_perf_map_finds_the_newest),
		cmocka_unit_test(map_of_another_user_is_refused),
	};

	return cmocka_run_group_tests_name("symbol", tests, NULL, NULL);
}
