/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Data into a page. It must not know which page, nor what the data are.
 */
#include "output/web/page.h"

#include <glib.h>
#include <string.h>

#define DATA "@TARE_DATA@"

/* U+2028 and U+2029, E2 80 A8 and A9, end a line for old readers of JavaScript. */
static gssize separator(const char *s, size_t left)
{
	if (left < 3 || memcmp(s, "\xe2\x80", 2) != 0)
		return -1;
	return s[2] == '\xa8' ? 8 : s[2] == '\xa9' ? 9 : -1;
}

/* JSON has none of these outside of its strings, and in them \uNNNN is the same. */
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
		} else if (c) { /* JSON has no NUL; HTML would make U+FFFD of it */
			g_string_append_c(out, c);
		}
	}
}

char *page_fill(const char *page, const char *json, size_t len)
{
	const char *data = strstr(page, DATA);
	GString *out = g_string_sized_new(strlen(page) + len + len / 8);

	g_assert(data); /* build.mjs saw to it */
	g_string_append_len(out, page, data - page);
	append_escaped(out, json, len);
	g_string_append(out, data + strlen(DATA));
	return g_string_free(out, FALSE);
}
