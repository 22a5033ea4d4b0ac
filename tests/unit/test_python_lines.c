/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Lines of Python code, by the tables that each version's own compiler made of
 *
 *     def f(a):
 *         x = 1
 *         for i in a:
 *             g(
 *                 i)
 *         return x
 *
 * and what dis.findlinestarts() and co_lines() of that version say of them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <glib.h>

#include "bpf/abi_python.h"
#include "symbol/python_lines.h"

static const uint8_t of_38[] = { 0, 1, 4, 1, 8, 1, 2, 1, 2, 0xff, 6, 2 };
static const uint8_t of_310[] = { 4, 1, 8, 1, 2, 1, 2, 1, 6, 0xff, 4, 2 };
static const uint8_t of_313[] = { 0x80, 0x00, 0xd8, 0x08, 0x09, 0x80, 0x41, 0xdb, 0x0d,
				  0x0e, 0x88, 0x01, 0xdc, 0x08, 0x09, 0xd8, 0x0c, 0x0d,
				  0xf6, 0x03, 0x01, 0x09, 0x0f, 0xf1, 0x03, 0x00, 0x0e,
				  0x0f, 0xf0, 0x06, 0x00, 0x0c, 0x0d, 0x80, 0x48 };

/* The lines of instructions 0, 1, 2 … as digits. */
static void lines_are(uint32_t form, const uint8_t *table, size_t size, const char *want)
{
	for (uint32_t unit = 0; want[unit]; unit++)
		assert_int_equal(python_line(form, 1, table, size, unit), want[unit] - '0');
}

static void as_python_says(void **state)
{
	(void)state;
	lines_are(TARE_PYTHON_INCREMENTS, of_38, sizeof(of_38), "2233334544466");
	lines_are(TARE_PYTHON_RANGES, of_310, sizeof(of_310), "22333345444660");
	lines_are(TARE_PYTHON_ENTRIES, of_313, sizeof(of_313), "12233333444445444444433660");
}

static void no_line(void **state)
{
	static const uint8_t vma[] = { 2, 0x80, 2, 1 }, entry[] = { 0xf8, 0xd8, 0 };

	(void)state;
	lines_are(TARE_PYTHON_RANGES, vma, sizeof(vma), "02");
	lines_are(TARE_PYTHON_ENTRIES, entry, sizeof(entry), "02");
	lines_are(0, of_313, sizeof(of_313), "0");
	lines_are(TARE_PYTHON_ENTRIES + 1, of_313, sizeof(of_313), "0");
}

/* A table of any bytes and any size gives a line within bounds, or 0. */
static void any_bytes(void **state)
{
	uint8_t table[64];

	(void)state;
	for (unsigned seed = 0; seed < 5000; seed++) {
		g_autoptr(GRand) rand = g_rand_new_with_seed(seed);
		size_t size = g_rand_int_range(rand, 0, sizeof(table));

		for (unsigned i = 0; i < size; i++)
			table[i] = (uint8_t)g_rand_int(rand);
		for (uint32_t form = 0; form < 5; form++) {
			int line = python_line(form, g_rand_int(rand), table, size,
					       g_rand_int_range(rand, 0, 200));

			assert_in_range(line, 0, 1 << 24);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(as_python_says),
		cmocka_unit_test(no_line),
		cmocka_unit_test(any_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
