/* SPDX-License-Identifier: GPL-2.0-only */
#include "output/formats.h"

#include <string.h>

/* Take ownership without a copy, because a text can have megabytes. GLib 2.78 has this as
 * g_string_new_take(). */
static GString *string_take(char *text)
{
	GString *s = g_string_new(NULL);

	g_free(s->str);
	s->str = text;
	s->len = strlen(text);
	s->allocated_len = s->len + 1;
	return s;
}

static GString *render_table(const struct report *r, const struct format_style *style)
{
	return string_take(table_render(r, &style->table));
}

static GString *render_json(const struct report *r, const struct format_style *style)
{
	(void)style;
	return string_take(json_render(r));
}

static GString *render_folded(const struct report *r, const struct format_style *style)
{
	return string_take(folded_render(r, r->profile, style->sample_type));
}

static GString *render_pprof(const struct report *r, const struct format_style *style)
{
	(void)style;
	return pprof_render(r);
}

static GString *render_speedscope(const struct report *r, const struct format_style *style)
{
	(void)style;
	return speedscope_render(r);
}

static GString *render_html(const struct report *r, const struct format_style *style)
{
	(void)style;
	return html_render(r);
}

static GString *render_csv(const struct report *r, const struct format_style *style)
{
	(void)style;
	return csv_render(r);
}

/* Matched in order: .speedscope.json must come before .json. */
const struct format formats[] = {
	{ .name = "table", .suffix = ".txt", .render = render_table },
	{ .name = "folded", .suffix = ".folded", .stacks = true, .render = render_folded },
	{ .name = "pprof",
	  .suffix = ".pb.gz",
	  .stacks = true,
	  .binary = true,
	  .render = render_pprof },
	{
		.name = "speedscope",
		.suffix = ".speedscope.json",
		.stacks = true,
		.render = render_speedscope,
	},
	{ .name = "json", .suffix = ".json", .render = render_json },
	{ .name = "html", .suffix = ".html", .wants_stacks = true, .render = render_html },
	{ .name = "csv", .suffix = ".csv", .render = render_csv },
	{ .name = NULL },
};

const struct format *format_named(const char *name)
{
	const struct format *f = formats;

	while (f->name && strcmp(f->name, name))
		f++;
	return f->name ? f : NULL;
}

const struct format *format_of_file(const char *path)
{
	const struct format *f = formats;

	while (f->name && !(f->suffix && g_str_has_suffix(path, f->suffix)))
		f++;
	return f->name ? f : NULL;
}

char *format_names(void)
{
	GString *names = g_string_new(NULL);

	for (const struct format *f = formats; f->name; f++)
		g_string_append_printf(names, "%s%s",
				       f == formats ? "" :
				       f[1].name    ? ", " :
						      " or ",
				       f->name);
	return g_string_free(names, FALSE);
}
