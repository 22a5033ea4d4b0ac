/* SPDX-License-Identifier: GPL-2.0-only
 *
 * output/page, output/bench_html: data in an HTML page cannot leave their element, and can be
 * read back unchanged.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <glib.h>
#include <jansson.h>
#include <string.h>

#include "output/bench/html.h"
#include "output/web/page.h"

#define assert_filled(json, expected)                                                      \
	do {                                                                               \
		g_autofree char *page_ = page_fill("a @TARE_DATA@ b", json, strlen(json)); \
		assert_string_equal(page_, "a " expected " b");                            \
	} while (0)

static void plain_data_stay(void **state)
{
	(void)state;
	assert_filled("", "");
	assert_filled("{\"a\": [1, null, \"é 😀\"]}", "{\"a\": [1, null, \"é 😀\"]}");
}

static void data_cannot_end_their_element(void **state)
{
	(void)state;
	assert_filled("\"</script>\"", "\"\\u003c/script\\u003e\"");
	assert_filled("\"<!--<script>\"", "\"\\u003c!--\\u003cscript\\u003e\"");
	assert_filled("\"-->&amp;\"", "\"--\\u003e\\u0026amp;\"");
	assert_filled("\"]]>\"", "\"]]\\u003e\"");
}

static void line_separators_are_escaped(void **state)
{
	(void)state;
	assert_filled("\"\u2028 \u2029\"", "\"\\u2028 \\u2029\"");
	assert_filled("\"\u2027\u202e\u20ac\"", "\"\u2027\u202e\u20ac\"");
	/* A sequence that the end cuts off stays as it is. */
	assert_filled("\xe2\x80", "\xe2\x80");
}

static void only_the_first_mark_is_replaced(void **state)
{
	(void)state;
	assert_filled("\"@TARE_DATA@\"", "\"@TARE_DATA@\"");
}

static void length_counts_not_the_nul(void **state)
{
	g_autofree char *cut = page_fill("@TARE_DATA@", "12345", 3);
	g_autofree char *nul = page_fill("@TARE_DATA@", "1\0002", 3);

	(void)state;
	assert_string_equal(cut, "123");
	assert_string_equal(nul, "12");
}

static const char *between(const char *html, const char *from, const char *to, size_t *len)
{
	const char *start = strstr(html, from);
	const char *end;

	assert_non_null(start);
	start += strlen(from);
	end = strstr(start, to);
	assert_non_null(end);
	*len = (size_t)(end - start);
	return start;
}

static void report_holds_the_same_data(void **state)
{
	static const char json[] = "{\"rows\": [{\"title\": \"</ScRiPt><script>alert(1)</script>"
				   "<!-- \u2028\"}], \"n\": 1.5}";
	g_autofree char *html = bench_html(json, strlen(json));
	size_t len;
	const char *data = between(html, "id=\"data\">", "</script>", &len);
	json_t *in = json_loads(json, 0, NULL), *out = json_loadb(data, len, 0, NULL);

	(void)state;
	assert_non_null(out);
	assert_true(json_equal(in, out));
	assert_null(memchr(data, '<', len));
	json_decref(in);
	json_decref(out);
}

static void report_has_a_strict_policy(void **state)
{
	g_autofree char *html = bench_html("{}", 2);
	size_t len;
	const char *policy = between(html, "Content-Security-Policy\" content=\"", "\"", &len);
	g_autofree char *text = g_strndup(policy, len);

	(void)state;
	assert_true(g_str_has_prefix(text, "default-src 'none'; script-src 'sha256-"));
	assert_null(strstr(text, "unsafe"));
	assert_null(strstr(text, "http"));
	assert_null(strstr(text, "*"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(plain_data_stay),
		cmocka_unit_test(data_cannot_end_their_element),
		cmocka_unit_test(line_separators_are_escaped),
		cmocka_unit_test(only_the_first_mark_is_replaced),
		cmocka_unit_test(length_counts_not_the_nul),
		cmocka_unit_test(report_holds_the_same_data),
		cmocka_unit_test(report_has_a_strict_policy),
	};

	return cmocka_run_group_tests_name("page", tests, NULL, NULL);
}
