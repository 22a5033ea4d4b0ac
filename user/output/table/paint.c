/* SPDX-License-Identifier: GPL-2.0-only */
#include "output/table/paint.h"

#include <math.h>
#include <string.h>

#include "base/text.h"

void paint(GString *out, const struct table_style *style, enum paint how, const char *text)
{
	static const char *const code[] = {
		[BOLD] = "\033[1m",  [DIM] = "\033[2m",  [GOOD] = "\033[32m",
		[WARN] = "\033[33m", [BAD] = "\033[31m",
	};

	if (!style->colour || how == PLAIN || !*text)
		g_string_append(out, text);
	else
		g_string_append_printf(out, "%s%s\033[0m", code[how], text);
}

void paint_spaces(GString *out, unsigned n)
{
	g_string_append_printf(out, "%*s", (int)n, "");
}

/* Number of bytes of `s` that fit on a line of `width` columns. */
static size_t line_length(const char *s, unsigned width)
{
	g_autofree char *fit = NULL;
	const char *blank;

	if (text_width(s) <= width)
		return strlen(s);
	fit = text_fit(s, width);
	*strrchr(fit, *"…") = '\0'; /* cut at the ellipsis that text_fit() added */
	blank = strrchr(fit, ' ');
	return blank && blank != fit ? (size_t)(blank - fit) : strlen(fit);
}

void paint_wrapped(GString *out, const struct table_style *style, enum paint how, unsigned indent,
		   const char *text)
{
	unsigned width = MAX(style->width, indent + 20) - indent;

	for (bool first = true; first || *text; first = false) {
		size_t len = line_length(text, width);
		g_autofree char *line = g_strndup(text, len);

		if (!first)
			paint_spaces(out, indent);
		paint(out, style, how, line);
		g_string_append_c(out, '\n');
		text += len;
		while (*text == ' ')
			text++;
	}
}

void paint_head(GString *out, const struct table_style *style, const char *tool, const char *what,
		const char *right)
{
	unsigned fixed = (unsigned)(strlen("--   -  --") + strlen(tool));
	g_autofree char *end = text_fit(right, style->width / 3);
	unsigned room = style->width - fixed - (unsigned)text_width(end);
	g_autofree char *fit = text_fit(what, room);

	paint(out, style, DIM, "━━ ");
	paint(out, style, BOLD, tool);
	paint(out, style, BOLD, fit);
	g_string_append_c(out, ' ');
	for (unsigned n = room - (unsigned)text_width(fit) + 2; n--;)
		g_string_append(out, "━");
	g_string_append_c(out, ' ');
	g_string_append(out, end);
	paint(out, style, DIM, " ━━");
	g_string_append_c(out, '\n');
}

void paint_labelled(GString *out, const struct table_style *style, unsigned margin,
		    const char *label, enum paint how, const char *text)
{
	g_autofree char *safe = text_printable(text);

	if (!*safe)
		return;
	paint(out, style, BOLD, label);
	g_string_append_printf(out, "%*s", (int)margin - (int)text_width(label), "");
	paint_wrapped(out, style, how, margin, safe);
}

void add_difference(GString *out, const char *what, const char *before, const char *after)
{
	if (g_strcmp0(before, after))
		g_string_append_printf(out, "%s%s %s → %s", out->len ? "; " : "", what,
				       before ? before : CELL_UNKNOWN,
				       after ? after : CELL_UNKNOWN);
}

char *bar(double share, unsigned cells)
{
	static const char *const part[] = { "", "▏", "▎", "▍", "▌", "▋", "▊", "▉" };
	unsigned eighths;
	GString *out = g_string_new(NULL);

	share = CLAMP(share, 0, 1);
	eighths = (unsigned)lround(share * cells * 8);
	if (!eighths && share > 0)
		eighths = 1;
	for (unsigned i = 0; i < eighths / 8; i++)
		g_string_append(out, "█");
	g_string_append(out, part[eighths % 8]);
	return g_string_free(out, FALSE);
}
