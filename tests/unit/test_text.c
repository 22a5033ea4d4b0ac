/* SPDX-License-Identifier: GPL-2.0-only
 *
 * base/text: hostile names made harmless; sizes and times, printed and parsed.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "base/text.h"

#define assert_text(call, expected)                   \
	do {                                          \
		g_autofree char *text_ = (call);      \
		assert_string_equal(text_, expected); \
	} while (0)

static void printable_leaves_letters(void **state)
{
	(void)state;
	assert_text(text_printable("worker-1"), "worker-1");
	assert_text(text_printable("naïve 日本語 😀"), "naïve 日本語 😀");
	assert_text(text_printable("cafe\u0301"), "cafe\u0301");
	assert_text(text_printable(""), "");
	assert_text(text_printable(NULL), "");
}

static void printable_escapes_controls(void **state)
{
	(void)state;
	assert_text(text_printable("\033[31m"), "\\e[31m");
	assert_text(text_printable("a\nb\tc\rd"), "a\\nb\\tc\\x0dd");
	assert_text(text_printable("\x01\x7f"), "\\x01\\x7f");
	/* C1: U+009B is a control sequence introducer of its own. */
	assert_text(text_printable("\xc2\x9b"
				   "31m"),
		    "\\u009b31m");
	assert_text(text_printable("\xc2\x85"), "\\u0085");
}

static void printable_escapes_what_is_not_seen(void **state)
{
	static const gunichar hidden[] = {
		0x200e, 0x200f, 0x202a, 0x202b, 0x202c, 0x202d, 0x202e, 0x2066,
		0x2067, 0x2068, 0x2069, 0x200b, 0x200c, 0x200d, 0x2060, 0xfeff,
		0x00ad, 0x2028, 0x2029, 0xe000, 0x0378, 0xfff9,
	};

	(void)state;
	for (unsigned i = 0; i < G_N_ELEMENTS(hidden); i++) {
		char utf8[8] = "x";
		g_autofree char *expected = g_strdup_printf("x\\u%04x", hidden[i]);

		utf8[1 + g_unichar_to_utf8(hidden[i], utf8 + 1)] = '\0';
		assert_text(text_printable(utf8), expected);
	}
	assert_text(text_printable("\U000e0041"), "\\U000e0041");
	assert_text(text_printable("\U0010ffff"), "\\U0010ffff");
}

static void printable_escapes_invalid_bytes(void **state)
{
	(void)state;
	assert_text(text_printable("a\xff\xfe"), "a\\xff\\xfe");
	assert_text(text_printable("\xc3("), "\\xc3(");
	/* Overlong, a surrogate, and cut at the end, as a comm of 15 bytes may be. */
	assert_text(text_printable("\xc0\xaf"), "\\xc0\\xaf");
	assert_text(text_printable("\xed\xa0\x80"), "\\xed\\xa0\\x80");
	assert_text(text_printable("ab\xe6\x97"), "ab\\xe6\\x97");
}

static void printable_limits_combining_marks(void **state)
{
	(void)state;
	assert_text(text_printable("\u0301x"), "\\u0301x");
	assert_text(text_printable("x\u0301\u0302\u0303\u0304y\u0301"),
		    "x\u0301\u0302\\u0303\\u0304y\u0301");
}

static void utf8_replaces_invalid_bytes_only(void **state)
{
	(void)state;
	assert_text(text_utf8("a\xff"
			      "b\033\n",
			      5),
		    "a\uFFFDb\033\n");
	assert_text(text_utf8("日本", strlen("日本")), "日本");
	assert_text(text_utf8("ab\xe6\x97", 4), "ab\uFFFD\uFFFD");
	assert_text(text_utf8("abc", 2), "ab");
	assert_text(text_utf8(NULL, 0), "");
}

static void width_counts_columns(void **state)
{
	(void)state;
	assert_int_equal(text_width(""), 0);
	assert_int_equal(text_width("abc"), 3);
	assert_int_equal(text_width("µs …"), 4);
	assert_int_equal(text_width("日本"), 4);
	assert_int_equal(text_width("e\u0301"), 1);
	assert_int_equal(text_width("█▏▁"), 3);
}

static void fit_cuts_at_columns(void **state)
{
	(void)state;
	assert_text(text_fit("abcdef", 6), "abcdef");
	assert_text(text_fit("abcdef", 5), "abcd…");
	assert_text(text_fit("abcdef", 1), "…");
	assert_text(text_fit("abcdef", 0), "");
	assert_text(text_fit("", 0), "");
	/* A wide character is not cut in two. */
	assert_text(text_fit("日本語", 4), "日…");
	assert_text(text_fit("日本語", 5), "日本…");
	assert_text(text_fit("e\u0301e\u0301e\u0301", 2), "e\u0301…");
	for (size_t width = 0; width < 9; width++) {
		g_autofree char *fit = text_fit("日a本b語c", width);

		assert_true(text_width(fit) <= width);
	}
}

static void size_has_three_digits(void **state)
{
	(void)state;
	assert_text(text_size(0), "0");
	assert_text(text_size(1), "1 B");
	assert_text(text_size(1023), "1023 B");
	assert_text(text_size(1024), "1.00 KiB");
	assert_text(text_size(12 * 1024), "12.0 KiB");
	assert_text(text_size(1536 * 1024), "1.50 MiB");
	assert_text(text_size(2LL << 30), "2.00 GiB");
	assert_text(text_size(1000 * 1024), "1000 KiB");
	assert_text(text_size(-4096), "-4.00 KiB");
	assert_text(text_size(INT64_MAX), "8.00 EiB");
	assert_text(text_size(INT64_MIN), "-8.00 EiB");
}

static void size_rounds_into_the_next_unit(void **state)
{
	(void)state;
	assert_text(text_size((1 << 20) - 1), "1.00 MiB");
	assert_text(text_size(10235), "10.0 KiB"); /* 9.995 */
	assert_text(text_size(102340), "99.9 KiB");
	assert_text(text_size(102399), "100 KiB");
}

static void duration_has_its_units(void **state)
{
	(void)state;
	assert_text(text_duration(0), "0 s");
	assert_text(text_duration(7), "7 ns");
	assert_text(text_duration(350000), "350 µs");
	assert_text(text_duration(12300000), "12.3 ms");
	assert_text(text_duration(999999999), "1.00 s");
	assert_text(text_duration(4560000000), "4.56 s");
	assert_text(text_duration(59949000000), "59.9 s");
	assert_text(text_duration(59960000000), "1 min 00 s");
	assert_text(text_duration(200000000000), "3 min 20 s");
	assert_text(text_duration(3599600000000), "1 h 00 min");
	assert_text(text_duration(7500000000000), "2 h 05 min");
	assert_text(text_duration(UINT64_MAX), "5124095 h 35 min");
}

static void count_has_commas(void **state)
{
	(void)state;
	assert_text(text_count(0), "0");
	assert_text(text_count(999), "999");
	assert_text(text_count(1000), "1,000");
	assert_text(text_count(1234567), "1,234,567");
	assert_text(text_count(UINT64_MAX), "18,446,744,073,709,551,615");
}

static uint64_t size_of(const char *s)
{
	uint64_t n = 1;

	assert_int_equal(text_parse_size(s, &n), 0);
	return n;
}

static void sizes_are_parsed(void **state)
{
	static const char *const bad[] = { "",      "k",  "-1",  "+1",   " 1",    "1 k", "1x",
					   "1KiBs", "1.", ".5k", "0x10", "1.2.3", "1e3" };
	uint64_t n = 77;

	(void)state;
	assert_int_equal(size_of("0"), 0);
	assert_int_equal(size_of("4096"), 4096);
	assert_int_equal(size_of("4k"), 4096);
	assert_int_equal(size_of("64KiB"), 65536);
	assert_int_equal(size_of("1MiB"), 1 << 20);
	assert_int_equal(size_of("1mb"), 1 << 20);
	assert_int_equal(size_of("2G"), 2ULL << 30);
	assert_int_equal(size_of("1.5M"), 3 << 19);
	assert_int_equal(size_of("18446744073709551615"), UINT64_MAX);
	for (unsigned i = 0; i < G_N_ELEMENTS(bad); i++)
		assert_int_equal(text_parse_size(bad[i], &n), -EINVAL);
	assert_int_equal(text_parse_size("18446744073709551616", &n), -ERANGE);
	assert_int_equal(text_parse_size("99999999999999999999999999999999999999999", &n), -ERANGE);
	assert_int_equal(text_parse_size("16777216T", &n), -ERANGE);
	assert_int_equal(n, 77);
}

static uint64_t duration_of(const char *s)
{
	uint64_t n = 1;

	assert_int_equal(text_parse_duration(s, &n), 0);
	return n;
}

static void durations_are_parsed(void **state)
{
	uint64_t n;

	(void)state;
	assert_int_equal(duration_of("100ms"), 100000000);
	assert_int_equal(duration_of("2s"), 2000000000);
	assert_int_equal(duration_of("2"), 2000000000);
	assert_int_equal(duration_of("1.5s"), 1500000000);
	assert_int_equal(duration_of("3m"), 180000000000);
	assert_int_equal(duration_of("1h"), 3600000000000);
	assert_int_equal(duration_of("250us"), 250000);
	assert_int_equal(duration_of("250µs"), 250000);
	assert_int_equal(duration_of("5ns"), 5);
	assert_int_equal(duration_of("0.0000000001s"), 0);
	assert_int_equal(text_parse_duration("", &n), -EINVAL);
	assert_int_equal(text_parse_duration("s", &n), -EINVAL);
	assert_int_equal(text_parse_duration("1d", &n), -EINVAL);
	assert_int_equal(text_parse_duration("-1s", &n), -EINVAL);
	assert_int_equal(text_parse_duration("99999999999h", &n), -ERANGE);
}

static void nearest_name_for_typing_errors(void **state)
{
	static const char *const commands[] = { "run", "attach", "doctor", "report", "help", NULL };
	static const char *const none[] = { NULL };

	(void)state;
	assert_string_equal(text_nearest("atach", commands), "attach");
	assert_string_equal(text_nearest("attahc", commands), "attach");
	assert_string_equal(text_nearest("rn", commands), "run");
	assert_string_equal(text_nearest("urn", commands), "run");
	assert_string_equal(text_nearest("docter", commands), "doctor");
	assert_string_equal(text_nearest("report", commands), "report");
	assert_null(text_nearest("banana", commands));
	assert_null(text_nearest("x", commands));
	assert_null(text_nearest("", commands));
	assert_null(text_nearest("run", none));
}

/* What tells names apart stays. */
static void shortened(void **state)
{
	static const struct {
		const char *text;
		size_t width, keep;
		const char *want;
	} cases[] = {
		{ "short", 8, 0, "short" },
		{ "[libsqlite3.so.0.8.6+0xa74f0]", 20, 0, "[libsqlite…+0xa74f0]" },
		{ "[x+0x7fff12345678]", 18, 0, "[x+0x7fff12345678]" },
		{ "[very_long_name+0x7fff12345678]", 20, 0, "[ve…+0x7fff12345678]" },
		{ "known::Store<char>::grow(unsigned long, int) const", 24, 0,
		  "known::Store<char>::grow" },
		{ "sqlite3InsertBuiltinFuncs", 16, 0, "sqlit…iltinFuncs" },
		{ "py30.py:9 parse.<locals>.<listcomp>", 24, 0, "py30.py:9 …s>.<listcomp>" },
		{ "very_long_file_name.py:123 f", 20, 0, "very_l…name.py:123 f" },
		/* The text from offset 15 on is what differs from another text. */
		{ "sqlite3_common_one_and_the_same_end", 20, 15, "sqlit…mon_one_and_t…" },
		{ "cut", 2, 0, "c…" },
		{ "", 0, 0, "" },
	};

	(void)state;
	for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autofree char *got = text_shorten(cases[i].text, cases[i].width, cases[i].keep);

		assert_string_equal(got, cases[i].want);
	}
	for (size_t width = 0; width < 40; width++)
		for (size_t keep = 0; keep < 40; keep++) {
			g_autofree char *wide = text_shorten(
				"日本語 [a(b)+0xffff] größe 日本語 (日本)", width, keep);

			assert_true(g_utf8_validate(wide, -1, NULL));
			assert_true(text_width(wide) <= width);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(shortened),
		cmocka_unit_test(printable_leaves_letters),
		cmocka_unit_test(printable_escapes_controls),
		cmocka_unit_test(printable_escapes_what_is_not_seen),
		cmocka_unit_test(printable_escapes_invalid_bytes),
		cmocka_unit_test(printable_limits_combining_marks),
		cmocka_unit_test(utf8_replaces_invalid_bytes_only),
		cmocka_unit_test(width_counts_columns),
		cmocka_unit_test(fit_cuts_at_columns),
		cmocka_unit_test(size_has_three_digits),
		cmocka_unit_test(size_rounds_into_the_next_unit),
		cmocka_unit_test(duration_has_its_units),
		cmocka_unit_test(count_has_commas),
		cmocka_unit_test(sizes_are_parsed),
		cmocka_unit_test(durations_are_parsed),
		cmocka_unit_test(nearest_name_for_typing_errors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
