/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Functions and lines out of .gopclntab, in each layout; and tables that lie.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <sys/mman.h>
#include <unistd.h>

#include "symbol/gopclntab.h"
#include "tests/unit/go_table.h"

static int file_of(const GByteArray *table, const GByteArray *tree)
{
	int fd = memfd_create("go", MFD_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(pwrite(fd, table->data, table->len, 0), table->len);
	if (tree)
		assert_int_equal(pwrite(fd, tree->data, tree->len, GO_TREE), tree->len);
	return fd;
}

static struct gopclntab *open_table(int fd, uint64_t size)
{
	struct gopclntab_place place = { .fd = fd, .size = size, .address = 0x500000 };

	return gopclntab_new(&place);
}

static void note(void *ctx, const char *function, const char *file, int line)
{
	g_string_append_printf(ctx, "%s %s:%d;", function, file, line);
}

static void lines_are(struct gopclntab *t, uint64_t address, const char *expected)
{
	g_autoptr(GString) text = g_string_new(NULL);

	gopclntab_lines(t, address, note, text);
	assert_string_equal(text->str, expected);
}

static void symbol_is(struct gopclntab *t, uint64_t address, const char *name, uint64_t offset)
{
	uint64_t at = 0;

	assert_string_equal(gopclntab_symbol(t, address, &at), name);
	assert_int_equal(at, offset);
}

static void functions_and_lines(void **state)
{
	(void)state;
	for (enum go_layout layout = 0; layout < GO_LAYOUTS; layout++) {
		g_autoptr(GByteArray) table = go_table(layout), tree = go_tree(layout);
		int fd = file_of(table, tree);
		struct gopclntab *t = open_table(fd, table->len);
		uint64_t at;
		int32_t size;

		assert_non_null(t);
		assert_int_equal(gopclntab_layout(t), 16 + 2 * layout);
		symbol_is(t, GO_TEXT, "main.first", 0);
		symbol_is(t, GO_TEXT + 0x3f, "main.first", 0x3f);
		symbol_is(t, GO_TEXT + 0xbf, "main.second", 0x7f);
		assert_null(gopclntab_symbol(t, GO_TEXT - 1, &at));
		assert_null(gopclntab_symbol(t, GO_TEXT + 0xc0, &at));
		lines_are(t, GO_TEXT + 0x1f, "main.first /src/a.go:10;");
		lines_are(t, GO_TEXT + 0x20, "main.first /src/a.go:12;");
		lines_are(t, GO_TEXT + 0x45, "main.second /src/a.go:20;");
		assert_true(gopclntab_frame(t, GO_TEXT + 0x45, &size));
		assert_int_equal(size, 0);
		assert_true(gopclntab_frame(t, GO_TEXT + 0x55, &size));
		assert_int_equal(size, 24);
		/* Only the tree of inlined calls tells which function the line belongs to. */
		lines_are(t, GO_TEXT + 0x80, "");
		gopclntab_tell(t, 0, GO_TREE);
		if (layout != GO_116)
			lines_are(t, GO_TEXT + 0x80,
				  "main.inner /src/a.go:30;main.second /src/a.go:21;");
		gopclntab_free(t);
		close(fd);
	}
}

/* Each byte is changed in turn, and the table is cut at each size: nothing outside of it is read,
 * and all loops end. */
static void damaged(void **state)
{
	g_autoptr(GByteArray) table = go_table(GO_120), tree = go_tree(GO_120);

	(void)state;
	for (unsigned i = 0; i < table->len; i++)
		for (unsigned change = 0; change < 4; change++) {
			static const guint8 other[] = { 0xff, 0x80, 0x01 };
			g_autoptr(GByteArray) bad = g_byte_array_new();
			g_autoptr(GString) text = g_string_new(NULL);
			struct gopclntab *t;
			int fd;

			g_byte_array_append(bad, table->data, table->len);
			if (change < 3)
				bad->data[i] = other[change];
			fd = file_of(bad, tree);
			t = open_table(fd, change < 3 ? table->len : i);
			if (t)
				gopclntab_tell(t, 0, GO_TREE);
			for (uint64_t at = GO_TEXT; t && at < GO_TEXT + 0xc0; at += 0x10)
				gopclntab_lines(t, at, note, text);
			gopclntab_free(t);
			close(fd);
		}
}

/* A tree whose calls lead back to themselves. */
static void endless(void **state)
{
	g_autoptr(GByteArray) table = go_table(GO_120), tree = go_tree(GO_120);
	int fd;
	struct gopclntab *t;

	(void)state;
	tree->data[8] = 0x40;
	fd = file_of(table, tree);
	t = open_table(fd, table->len);
	gopclntab_tell(t, 0, GO_TREE);
	lines_are(t, GO_TEXT + 0x80, "");
	gopclntab_free(t);
	close(fd);
}

static void others(void **state)
{
	g_autoptr(GByteArray) table = go_table(GO_120);
	int fd;

	(void)state;
	table->data[0] = 0xfb; /* of Go 1.2 to 1.15 */
	fd = file_of(table, NULL);
	assert_null(open_table(fd, table->len));
	assert_null(open_table(fd, UINT64_MAX));
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(functions_and_lines),
		cmocka_unit_test(damaged),
		cmocka_unit_test(endless),
		cmocka_unit_test(others),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
