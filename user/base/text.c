/* SPDX-License-Identifier: GPL-2.0-only */
#include "base/text.h"

#include <errno.h>
#include <signal.h>
#include <string.h>

/* How many zero-width marks may stand on one letter: enough for every living
 * script, too few to paint over the neighbouring lines. */
#define MARKS_MAX 2

static void append_escape(GString *out, gunichar c)
{
	if (c == '\n')
		g_string_append(out, "\\n");
	else if (c == '\t')
		g_string_append(out, "\\t");
	else if (c == 0x1b)
		g_string_append(out, "\\e");
	else if (c < 0x80)
		g_string_append_printf(out, "\\x%02x", c);
	else if (c <= 0xffff)
		g_string_append_printf(out, "\\u%04x", c);
	else
		g_string_append_printf(out, "\\U%08x", c);
}

static bool is_hostile(gunichar c)
{
	switch (g_unichar_type(c)) {
	case G_UNICODE_CONTROL:
	case G_UNICODE_FORMAT:
	case G_UNICODE_UNASSIGNED:
	case G_UNICODE_PRIVATE_USE:
	case G_UNICODE_SURROGATE:
	case G_UNICODE_LINE_SEPARATOR:
	case G_UNICODE_PARAGRAPH_SEPARATOR:
		return true;
	default:
		return false;
	}
}

char *text_printable(const char *s)
{
	GString *out = g_string_new(NULL);
	unsigned marks = MARKS_MAX; /* an accent at the start would be drawn on tare's own text */

	for (s = s ? s : ""; *s;) {
		gunichar c = g_utf8_get_char_validated(s, -1);

		if (c >= (gunichar)-2) {
			g_string_append_printf(out, "\\x%02x", (unsigned char)*s++);
			marks = 0;
			continue;
		}
		marks = g_unichar_iszerowidth(c) ? marks + 1 : 0;
		if (is_hostile(c) || marks > MARKS_MAX)
			append_escape(out, c);
		else
			g_string_append_unichar(out, c);
		s = g_utf8_next_char(s);
	}
	return g_string_free(out, FALSE);
}

char *text_utf8(const char *s, size_t len)
{
	return g_utf8_make_valid(s ? s : "", s ? (gssize)len : 0);
}

static size_t char_width(gunichar c)
{
	if (g_unichar_iszerowidth(c))
		return 0;
	return g_unichar_iswide(c) ? 2 : 1;
}

size_t text_width(const char *s)
{
	size_t width = 0;

	for (; *s; s = g_utf8_next_char(s))
		width += char_width(g_utf8_get_char(s));
	return width;
}

char *text_fit(const char *s, size_t width)
{
	size_t used = 0;
	const char *p, *cut = s;

	for (p = s; *p; p = g_utf8_next_char(p)) {
		used += char_width(g_utf8_get_char(p));
		if (used > width)
			break;
		if (used < width)
			cut = g_utf8_next_char(p);
	}
	if (!*p)
		return g_strdup(s);
	if (!width)
		return g_strdup("");
	return g_strdup_printf("%.*s…", (int)(cut - s), s);
}

/* The number of bytes at the beginning of `s` that fit into `width` columns. */
static size_t head_bytes(const char *s, size_t width)
{
	size_t used = 0;
	const char *p = s;

	for (; *p; p = g_utf8_next_char(p)) {
		used += char_width(g_utf8_get_char(p));
		if (used > width)
			break;
	}
	return (size_t)(p - s);
}

/* The longest end of `s` that fits into `width` columns. */
static const char *tail_of(const char *s, size_t width)
{
	size_t used = 0;
	const char *p = s + strlen(s);

	while (p > s) {
		const char *before = g_utf8_prev_char(p);

		used += char_width(g_utf8_get_char(before));
		if (used > width)
			break;
		p = before;
	}
	return p;
}

/* The length of `s` without the parameters of a C++ function and the text after them, which are
 * its least useful part. */
static size_t without_parameters(const char *s)
{
	size_t n = strlen(s), depth = 0;

	if (s[0] == '[' || !n || (s[n - 1] != ')' && !g_str_has_suffix(s, ") const")))
		return n;
	for (size_t i = n; i-- > 1;) {
		depth += s[i] == ')';
		if (s[i] == '(' && !--depth)
			return i;
	}
	return n;
}

static size_t text_width_of(const char *s, size_t bytes)
{
	g_autofree char *part = g_strndup(s, bytes);

	return text_width(part);
}

/* The beginning of `s`, "…", and the text from `keep` on, which is cut again if it is too long. */
static char *keep_window(const char *s, size_t width, size_t keep)
{
	size_t head = head_bytes(s, width / 4);
	size_t room = width - text_width_of(s, head) - 1;
	g_autofree char *rest = text_fit(s + keep, room);

	return g_strdup_printf("%.*s…%s", (int)head, s, rest);
}

/* The width of a place like "file.c:12 " at the beginning of `s`; 0: there is none. */
static size_t place_width(const char *s)
{
	const char *space = strchr(s, ' '), *colon;

	if (!space)
		return 0;
	colon = g_strrstr_len(s, space - s, ":");
	if (!colon || colon + 1 == space ||
	    strspn(colon + 1, "0123456789") != (size_t)(space - colon - 1))
		return 0;
	return text_width_of(s, (size_t)(space + 1 - s));
}

char *text_shorten(const char *s, size_t width, size_t keep)
{
	const char *plus = s[0] == '[' ? strstr(s, "+0x") : NULL, *tail;
	size_t plain = without_parameters(s), head;

	if (text_width(s) <= width)
		return g_strdup(s);
	if (plain < strlen(s)) {
		g_autofree char *name = g_strndup(s, plain);

		return text_shorten(name, width, keep < plain ? keep : 0);
	}
	if (width < 8)
		return text_fit(s, width);
	if (plus && text_width(plus) + 2 <= width) {
		head = head_bytes(s, width - 1 - text_width(plus));
		return g_strdup_printf("%.*s…%s", (int)head, s, plus);
	}
	head = place_width(s);
	head = head_bytes(s, head && head <= width * 2 / 3 ? head : (width - 1) / 3);
	tail = tail_of(s, width - 1 - text_width_of(s, head));
	/* Show some bytes before `keep` too, so that the reader can find it in the full text. */
	keep = keep < 4 ? 0 : keep - 4;
	while (keep && (s[keep] & 0xc0) == 0x80)
		keep--;
	if (keep > head && s + keep < tail)
		return keep_window(s, width, keep);
	return g_strdup_printf("%.*s…%s", (int)head, s, tail);
}

/* Three significant digits of v, which is below 1024. */
static void append_three(GString *out, double v)
{
	int decimals = v < 9.995 ? 2 : v < 99.95 ? 1 : 0;

	g_string_append_printf(out, "%.*f", decimals, v);
}

char *text_size(int64_t bytes)
{
	static const char *const unit[] = { "KiB", "MiB", "GiB", "TiB", "PiB", "EiB" };
	uint64_t n = bytes < 0 ? -(uint64_t)bytes : (uint64_t)bytes;
	GString *out = g_string_new(bytes < 0 ? "-" : "");
	double v = (double)n / 1024;
	unsigned u = 0;

	if (!n) {
		g_string_append(out, "0");
	} else if (n < 1024) {
		g_string_append_printf(out, "%u B", (unsigned)n);
	} else {
		/* 1023.5 would be shown as 1024 */
		for (; v >= 1023.5 && u + 1 < G_N_ELEMENTS(unit); u++)
			v /= 1024;
		append_three(out, v);
		g_string_append_printf(out, " %s", unit[u]);
	}
	return g_string_free(out, FALSE);
}

char *text_duration(uint64_t ns)
{
	static const char *const unit[] = { "µs", "ms", "s" };
	double v = (double)ns / 1e3;
	GString *out;
	unsigned u = 0;
	uint64_t s;

	if (!ns)
		return g_strdup("0 s");
	if (ns < 1000)
		return g_strdup_printf("%u ns", (unsigned)ns);
	if (ns < 59950000000) {
		out = g_string_new(NULL);
		for (; v >= 999.5 && u + 1 < G_N_ELEMENTS(unit); u++)
			v /= 1e3;
		append_three(out, v);
		g_string_append_printf(out, " %s", unit[u]);
		return g_string_free(out, FALSE);
	}
	s = ns / 1000000000 + (ns % 1000000000 >= 500000000);
	if (s < 3600)
		return g_strdup_printf("%u min %02u s", (unsigned)(s / 60), (unsigned)(s % 60));
	s = s / 60 + (s % 60 >= 30);
	return g_strdup_printf("%" G_GUINT64_FORMAT " h %02u min", s / 60, (unsigned)(s % 60));
}

char *text_count(uint64_t n)
{
	g_autofree char *digits = g_strdup_printf("%" G_GUINT64_FORMAT, n);
	size_t left = strlen(digits);
	GString *out = g_string_new(NULL);

	for (const char *d = digits; *d; d++, left--) {
		if (d != digits && left % 3 == 0)
			g_string_append_c(out, ',');
		g_string_append_c(out, *d);
	}
	return g_string_free(out, FALSE);
}

struct unit {
	const char *name;
	uint64_t factor;
};

/* Parse digits[.digits][unit]; the unit's case does not matter. */
static int parse_scaled(const char *s, const struct unit *units, uint64_t *result)
{
	unsigned __int128 value = 0, scale = 1;
	const char *first = s;
	bool fraction = false;

	for (; g_ascii_isdigit(*s) || (*s == '.' && !fraction && s != first); s++) {
		if (*s == '.') {
			fraction = true;
			continue;
		}
		/* Digits beyond 10^-9 of the unit are ignored. */
		if (fraction && scale >= 1000000000)
			continue;
		if (value > UINT64_MAX)
			return -ERANGE;
		value = value * 10 + (unsigned)(*s - '0');
		scale *= fraction ? 10 : 1;
	}
	if (s == first || s[-1] == '.')
		return -EINVAL;
	for (; units->name; units++) {
		if (g_ascii_strcasecmp(s, units->name))
			continue;
		/* No overflow of 128 bits: value is below 2^64 x 10, the factor at most 2^60. */
		value = value * units->factor / scale;
		if (value > UINT64_MAX)
			return -ERANGE;
		*result = (uint64_t)value;
		return 0;
	}
	return -EINVAL;
}

int text_parse_size(const char *s, uint64_t *bytes)
{
	static const struct unit units[] = {
		{ "", 1 },
		{ "B", 1 },
		{ "K", 1ULL << 10 },
		{ "KB", 1ULL << 10 },
		{ "KiB", 1ULL << 10 },
		{ "M", 1ULL << 20 },
		{ "MB", 1ULL << 20 },
		{ "MiB", 1ULL << 20 },
		{ "G", 1ULL << 30 },
		{ "GB", 1ULL << 30 },
		{ "GiB", 1ULL << 30 },
		{ "T", 1ULL << 40 },
		{ "TB", 1ULL << 40 },
		{ "TiB", 1ULL << 40 },
		{ NULL, 0 },
	};

	return parse_scaled(s, units, bytes);
}

int text_parse_duration(const char *s, uint64_t *ns)
{
	static const struct unit units[] = {
		{ "", 1000000000 },     { "ns", 1 },
		{ "us", 1000 },         { "µs", 1000 },
		{ "ms", 1000000 },      { "s", 1000000000 },
		{ "m", 60000000000 },   { "min", 60000000000 },
		{ "h", 3600000000000 }, { NULL, 0 },
	};

	return parse_scaled(s, units, ns);
}

/* Edit distance in bytes: insert, delete, replace, swap of two neighbours. */
static size_t edit_distance(const char *a, const char *b)
{
	size_t la = strlen(a), lb = strlen(b), width = lb + 1;
	g_autofree size_t *d = g_new(size_t, (la + 1) * width);

	for (size_t i = 0; i <= la; i++) {
		for (size_t j = 0; j <= lb; j++) {
			size_t *at = &d[i * width + j];

			if (!i || !j) {
				*at = i + j;
				continue;
			}
			*at = at[-(ssize_t)width - 1] + (a[i - 1] != b[j - 1]);
			*at = MIN(*at, at[-1] + 1);
			*at = MIN(*at, at[-(ssize_t)width] + 1);
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				*at = MIN(*at, at[-2 * (ssize_t)width - 2] + 1);
		}
	}
	return d[la * width + lb];
}

const char *text_nearest(const char *word, const char *const *candidates)
{
	size_t len = strlen(word), limit = MAX(len / 3, len > 1 ? 1 : 0);
	const char *best = NULL;
	size_t best_distance = limit + 1;

	for (; *candidates; candidates++) {
		size_t other = strlen(*candidates), distance;

		if (MAX(len, other) - MIN(len, other) > limit)
			continue;
		distance = edit_distance(word, *candidates);
		if (distance < best_distance) {
			best = *candidates;
			best_distance = distance;
		}
	}
	return best;
}

char *text_signal(int signal)
{
	const char *name = sigabbrev_np(signal);

	return name ? g_strdup_printf("SIG%s", name) : g_strdup_printf("signal %d", signal);
}
