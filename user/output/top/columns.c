/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Columns of `tare top`: which fit, their titles, and a row's cells. Columns have fixed widths:
 * figures stay where they are from one tick to the next. Only the name takes the room that is left.
 */
#include "output/top/top.h"

#include <math.h>
#include <string.h>

#include "base/text.h"
#include "output/table/paint.h"

#define NAME_LEAST 20  /* columns */
#define NAME_NARROW 10 /* on a terminal of less than NARROW */
#define NARROW 60
#define DEPTH_MOST 6 /* deeper rows are indented like these */

static const struct spec {
	const char *name, *title;
	unsigned width;
	bool right;
	unsigned worth; /* the least is left out first */
} specs[TOP_COLUMNS] = {
	[TOP_PID] = { "pid", "PID", 7, true, 100 },
	[TOP_OWNER] = { "owner", "OWNER", 8, false, 60 },
	[TOP_GROWTH] = { "growth", "GROWTH/s", 10, true, 98 },
	[TOP_WEIGHT] = { "weight", "WEIGHT", 9, true, 97 },
	[TOP_USER] = { "user", "USER", 9, true, 65 },
	[TOP_KERNEL] = { "kernel", "KERNEL", 8, true, 90 },
	[TOP_IN] = { "in", "IN/s", 8, true, 80 },
	[TOP_OUT] = { "out", "OUT/s", 8, true, 70 },
	[TOP_FAULTS] = { "faults", "FAULTS/s", 8, true, 55 },
	[TOP_THREADS] = { "threads", "THREADS", 7, true, 50 },
	[TOP_CAUSE] = { "cause", "CAUSE", 10, false, 85 },
	[TOP_UNIT] = { "unit", "UNIT", 16, false, 75 },
	[TOP_NAME] = { "name", "NAME", NAME_LEAST, false, 99 },
};

bool top_columns_parse(struct top_columns *c, const char *list, char **wrong)
{
	g_auto(GStrv) words = g_strsplit(list, ",", -1);

	*c = (struct top_columns){ 0 };
	for (char **word = words; *word; word++) {
		unsigned i = 0;

		while (i < TOP_COLUMNS && strcmp(*word, specs[i].name))
			i++;
		if (i == TOP_COLUMNS) {
			*wrong = g_strdup(*word);
			return false;
		}
		for (unsigned j = 0; j < c->n; j++)
			if (c->column[j] == i) {
				*wrong = g_strdup(*word);
				return false;
			}
		c->column[c->n++] = i;
	}
	return c->n > 0;
}

char *top_columns_names(void)
{
	GString *names = g_string_new(NULL);

	for (unsigned i = 0; i < TOP_COLUMNS; i++)
		g_string_append_printf(names, "%s%s",
				       !i                   ? "" :
				       i == TOP_COLUMNS - 1 ? " or " :
							      ", ",
				       specs[i].name);
	return g_string_free(names, FALSE);
}

struct top_columns top_columns_fit(unsigned width)
{
	struct top_columns c = { .n = TOP_COLUMNS };
	unsigned used = 0;

	for (unsigned i = 0; i < TOP_COLUMNS; i++) {
		c.column[i] = i;
		used += specs[i].width + (i ? 1 : 0);
	}
	if (width < NARROW)
		used -= NAME_LEAST - NAME_NARROW;
	while (used > width && c.n > 1) {
		unsigned least = 0;

		for (unsigned i = 1; i < c.n; i++)
			if (specs[c.column[i]].worth < specs[c.column[least]].worth)
				least = i;
		used -= specs[c.column[least]].width + 1;
		memmove(&c.column[least], &c.column[least + 1],
			(c.n - least - 1) * sizeof(c.column[0]));
		c.n--;
	}
	return c;
}

enum top_column top_column_of(enum live_sort sort)
{
	for (unsigned i = 0; i < TOP_COLUMNS; i++)
		if (!strcmp(specs[i].name, live_sort_name[sort]))
			return i;
	return TOP_COLUMNS;
}

static struct top_columns columns_of(const struct top_look *look)
{
	return look->columns.n ? look->columns : top_columns_fit(look->style.width);
}

enum top_column top_column_at(const struct top_look *look, unsigned at)
{
	struct top_columns c = columns_of(look);
	unsigned end = 0;

	for (unsigned i = 0; i < c.n; i++) {
		end += specs[c.column[i]].width + (i ? 1 : 0);
		if (at < end || i == c.n - 1)
			return c.column[i];
	}
	return TOP_COLUMNS;
}

enum live_sort top_sort_of(enum top_column column)
{
	for (unsigned sort = 0; sort < LIVE_SORTS; sort++)
		if (top_column_of(sort) == column)
			return sort;
	return LIVE_SORTS;
}

/* Append a cell. The last column is not padded. */
static void add_cell(GString *out, const struct top_look *look, const struct top_columns *c,
		     unsigned i, enum paint how, const char *text)
{
	const struct spec *spec = &specs[c->column[i]];
	unsigned width = spec->width, used = 0, pad;
	g_autofree char *fit = NULL;

	for (unsigned j = 0; j < i; j++)
		used += specs[c->column[j]].width + 1;
	if (i == c->n - 1)
		width = look->style.width > used ? look->style.width - used : 1;
	/* Units of one kind differ at their end. */
	fit = c->column[i] == TOP_UNIT ? text_shorten(text, width, 0) : text_fit(text, width);
	pad = width - MIN(width, (unsigned)text_width(fit));
	if (i)
		g_string_append_c(out, ' ');
	if (spec->right && (i < c->n - 1 || pad))
		paint_spaces(out, i == c->n - 1 ? spec->width - MIN(spec->width,
								    (unsigned)text_width(fit)) :
						  pad);
	paint(out, &look->style, how, fit);
	if (!spec->right && i < c->n - 1)
		paint_spaces(out, pad);
}

static void end_line(GString *out)
{
	while (out->len && out->str[out->len - 1] == ' ')
		g_string_truncate(out, out->len - 1);
	g_string_append_c(out, '\n');
}

void top_titles(GString *out, const struct top_look *look)
{
	struct top_columns c = columns_of(look);
	enum top_column sorted = top_column_of(look->query.sort);

	for (unsigned i = 0; i < c.n; i++)
		add_cell(out, look, &c, i, c.column[i] == sorted ? BOLD : DIM,
			 c.column[i] == TOP_PID && look->query.group ? "PROCS" :
								       specs[c.column[i]].title);
	end_line(out);
}

static char *size_text(double bytes, bool is_signed)
{
	int64_t whole = (int64_t)llround(bytes);
	g_autofree char *size = text_size(whole);

	if (!whole)
		return g_strdup(CELL_ZERO);
	return g_strdup_printf("%s%s", is_signed && whole > 0 ? "+" : "", size);
}

static char *growth_text(const struct live_row *r, const struct top_look *look)
{
	g_autofree char *size = size_text(r->rate[look->query.window].growth, true);

	return g_strconcat(r->lasting ? "▲" : "", size, NULL);
}

static char *count_text(double n)
{
	if (n > 0 && n < 0.95)
		return g_strdup("<1");
	if (n < 0.5)
		return g_strdup(CELL_ZERO);
	return n < 99999.5 ? g_strdup_printf("%.0f", n) :
	       n < 1e7     ? g_strdup_printf("%.0fk", n / 1e3) :
			     g_strdup_printf("%.0fM", n / 1e6);
}

static char *name_text(const struct live_row *r)
{
	g_autofree char *name = text_printable(r->name && *r->name ? r->name : "?");

	if (!r->depth)
		return g_steal_pointer(&name);
	return g_strdup_printf("%*s%s %s", 2 * (int)(MIN(r->depth, DEPTH_MOST) - 1), "",
			       r->tid ? "·" : "└", name);
}

static char *unit_text(const struct live_row *r)
{
	g_autofree char *unit = live_unit(r->cgroup);

	return text_printable(unit);
}

static char *owner_text(const struct live_row *r, const struct top_look *look)
{
	const char *name = r->uid == LIVE_NO_UID ? NULL : look->owner_name(r->uid);

	if (r->uid == LIVE_NO_UID)
		return g_strdup("?");
	return name ? text_printable(name) : g_strdup_printf("%u", r->uid);
}

static bool is_rate(enum top_column column)
{
	return column == TOP_GROWTH || column == TOP_IN || column == TOP_OUT ||
	       column == TOP_FAULTS;
}

static char *cell_text(const struct live_row *r, enum top_column column,
		       const struct top_look *look)
{
	const struct live_rate *rate = &r->rate[look->query.window];

	if (look->first && is_rate(column))
		return g_strdup(CELL_UNKNOWN);
	switch (column) {
	case TOP_PID:
		return g_strdup_printf("%d", r->tid ? r->tid : r->pid ? r->pid : (int)r->processes);
	case TOP_OWNER:
		return owner_text(r, look);
	case TOP_GROWTH:
		return growth_text(r, look);
	case TOP_WEIGHT:
		return size_text((double)live_weight(r), false);
	case TOP_USER:
		return size_text((double)r->now.user, false);
	case TOP_KERNEL:
		return size_text((double)r->now.kernel, false);
	case TOP_IN:
		return size_text(rate->in, false);
	case TOP_OUT:
		return size_text(rate->out, false);
	case TOP_FAULTS:
		return count_text(rate->faults);
	case TOP_THREADS:
		return r->tid ? g_strdup("") : g_strdup_printf("%u", r->threads);
	case TOP_CAUSE:
		return r->cause == LIVE_NO_CAUSE ? g_strdup("") : look->cause_name(r->cause);
	case TOP_UNIT:
		return unit_text(r);
	default:
		return name_text(r);
	}
}

static enum paint cell_paint(const struct live_row *r, enum top_column column, const char *text,
			     const struct top_look *look)
{
	double growth = r->rate[look->query.window].growth;

	if (!strcmp(text, CELL_ZERO) || !strcmp(text, CELL_UNKNOWN))
		return DIM;
	if (column != TOP_GROWTH)
		return column == TOP_CAUSE || column == TOP_UNIT ? DIM : PLAIN;
	return r->lasting ? BAD : growth > 0 ? WARN : GOOD;
}

void top_row(GString *out, const struct live_row *r, const struct top_look *look)
{
	struct top_columns c = columns_of(look);

	for (unsigned i = 0; i < c.n; i++) {
		g_autofree char *text = cell_text(r, c.column[i], look);

		add_cell(out, look, &c, i, cell_paint(r, c.column[i], text, look), text);
	}
	end_line(out);
}

void top_round(GString *out, const struct live_total *t, const GArray *rows, unsigned most,
	       const struct top_look *look)
{
	top_head(out, t, look, TOP_HEAD_LINES);
	top_titles(out, look);
	for (unsigned i = 0; i < rows->len && (!most || i < most); i++)
		top_row(out, &g_array_index(rows, struct live_row, i), look);
	g_string_append_c(out, '\n');
}

/* Characters that tare prints, and what stands for them. */
void top_to_ascii(GString *text)
{
	static const char *const like[][2] = {
		{ "…", "~" }, { "·", "." }, { "━", "-" }, { "└", "`" }, { "±", "~" }, { "█", "#" },
		{ "▓", "=" }, { "▒", "+" }, { "░", "-" }, { "▪", "k" }, { "▁", "_" }, { "▂", "." },
		{ "▃", "." }, { "▄", "-" }, { "▅", "-" }, { "▆", "=" }, { "▇", "#" }, { "µ", "u" },
		{ "│", "|" }, { "▲", "!" }, { "←", "<" }, { "→", ">" },
	};
	g_autofree char *from = g_strdup(text->str);

	g_string_truncate(text, 0);
	for (const char *p = from; *p; p = g_utf8_next_char(p)) {
		const char *as = "?";

		if (!(*p & 0x80)) {
			g_string_append_c(text, *p);
			continue;
		}
		for (unsigned i = 0; i < G_N_ELEMENTS(like); i++)
			if (g_str_has_prefix(p, like[i][0]))
				as = like[i][1];
		g_string_append(text, as);
	}
}
