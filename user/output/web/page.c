/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Puts JSON into an HTML page. It must not know the page or the meaning of the JSON.
 */
#include "output/web/page.h"

#include <glib.h>
#include <string.h>

#define DATA "@TARE_DATA@"

/* U+2028 and U+2029 (E2 80 A8, E2 80 A9) are line ends in old versions of JavaScript. */
static gssize separator(const char *s, size_t left)
{
	if (left < 3 || memcmp(s, "\xe2\x80", 2) != 0)
		return -1;
	return s[2] == '\xa8' ? 8 : s[2] == '\xa9' ? 9 : -1;
}

/* These characters occur in JSON only inside strings, where \uNNNN means the same. */
static void append_escaped(GString *out, const char *json, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		char c = json[i];
		gssize end = separator(json + i, len - i);

		if (end >= 0) {
			g_string_append_printf(out, "\\u202%zd", end);
			i += 2;
		} else if (c == '<' || c == '>' || c == '&') {
			g_string_append_printf(out, "\\u%04x", c);
		} else if (c) { /* JSON has no NUL; HTML would turn it into U+FFFD */
			g_string_append_c(out, c);
		}
	}
}

char *page_fill(const char *page, const char *json, size_t len)
{
	const char *data = strstr(page, DATA);
	GString *out = g_string_sized_new(strlen(page) + len + len / 8);

	g_assert(data); /* build.mjs checks that it is there */
	g_string_append_len(out, page, data - page);
	append_escaped(out, json, len);
	g_string_append(out, data + strlen(DATA));
	return g_string_free(out, FALSE);
}
