/* SPDX-License-Identifier: GPL-2.0-only */
#include "output/fields.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "base/text.h"

static void add_field(struct fields *f, const char *value)
{
	if (f->begun)
		g_string_append_c(f->out, ',');
	f->begun = true;
	g_string_append(f->out, value);
}

/* Spreadsheets skip leading blanks, and also accept the full-width forms of = + - @. */
static bool is_formula(const char *s)
{
	gunichar c;

	while (*s == ' ')
		s++;
	c = g_utf8_get_char(s);
	return c && (strchr("=+-@", (int)(c < 0x80 ? c : 'x')) || c == 0xff1d || c == 0xff0b ||
		     c == 0xff0d || c == 0xff20);
}

void fields_text(struct fields *f, const char *text)
{
	g_autofree char *safe = text_printable(text), *quoted = NULL;
	g_auto(GStrv) part = NULL;
	const char *mark = is_formula(safe) ? "'" : "";

	if (strpbrk(safe, "\",")) {
		part = g_strsplit(safe, "\"", -1);
		g_free(safe);
		safe = g_strjoinv("\"\"", part);
		quoted = g_strdup_printf("\"%s%s\"", mark, safe);
	} else {
		quoted = g_strconcat(mark, safe, NULL);
	}
	add_field(f, quoted);
}

void fields_int(struct fields *f, int64_t v)
{
	g_autofree char *text = g_strdup_printf("%" PRId64, v);

	add_field(f, v == FIELD_UNKNOWN ? "" : text);
}

void fields_real(struct fields *f, double v, const char *format)
{
	char text[G_ASCII_DTOSTR_BUF_SIZE + 320];

	add_field(f, isfinite(v) ? g_ascii_formatd(text, sizeof(text), format, v) : "");
}

void fields_blank(struct fields *f, unsigned n)
{
	while (n--)
		add_field(f, "");
}

void fields_end(struct fields *f)
{
	g_string_append(f->out, "\r\n");
	f->begun = false;
}
