/* SPDX-License-Identifier: GPL-2.0-only */
#include "output/metrics/writer.h"

#include <inttypes.h>

#include "base/text.h"

static const char *suffix_of(enum metrics_kind kind)
{
	return kind == METRIC_COUNTER ? "_total" : kind == METRIC_INFO ? "_info" : "";
}

void metrics_family(struct metrics_writer *w, enum metrics_kind kind, const char *prefix,
		    const char *name, const char *unit, const char *help)
{
	static const char *const types[] = {
		[METRIC_GAUGE] = "gauge", [METRIC_COUNTER] = "counter", [METRIC_INFO] = "info"
	};
	bool open = w->format == METRICS_OPENMETRICS;
	/* In 0.0.4 a family has the name of its samples, and there is no type "info". */
	const char *suffix = open ? "" : suffix_of(kind);
	const char *type = !open && kind == METRIC_INFO ? "gauge" : types[kind];

	w->kind = kind;
	w->prefix = prefix;
	w->name = name;
	g_string_append_printf(w->out, "# HELP %s%s%s %s\n", prefix, name, suffix, help);
	g_string_append_printf(w->out, "# TYPE %s%s%s %s\n", prefix, name, suffix, type);
	if (open && unit)
		g_string_append_printf(w->out, "# UNIT %s%s %s\n", prefix, name, unit);
}

static void append_escaped(GString *out, const char *value)
{
	for (const char *s = value; *s; s++) {
		if (*s == '\\' || *s == '"')
			g_string_append_c(out, '\\');
		if (*s == '\n')
			g_string_append(out, "\\n");
		else
			g_string_append_c(out, *s);
	}
}

void metrics_label(GString *labels, const char *key, const char *value)
{
	if (!value || !*value)
		return;
	if (labels->len)
		g_string_append_c(labels, ',');
	g_string_append(labels, key);
	g_string_append(labels, "=\"");
	append_escaped(labels, value);
	g_string_append_c(labels, '"');
}

static void sample(const struct metrics_writer *w, const char *labels, const char *key,
		   const char *value)
{
	GString *out = w->out;

	g_string_append(out, w->prefix);
	g_string_append(out, w->name);
	g_string_append(out, suffix_of(w->kind));
	if (*labels || key) {
		g_string_append_c(out, '{');
		g_string_append(out, labels);
		if (key) {
			if (*labels)
				g_string_append_c(out, ',');
			g_string_append(out, key);
			g_string_append(out, "=\"");
			append_escaped(out, value);
			g_string_append_c(out, '"');
		}
		g_string_append_c(out, '}');
	}
	g_string_append_c(out, ' ');
}

void metrics_int(const struct metrics_writer *w, const char *labels, const char *key,
		 const char *value, int64_t n)
{
	sample(w, labels, key, value);
	g_string_append_printf(w->out, "%" PRId64 "\n", n);
}

void metrics_count(const struct metrics_writer *w, const char *labels, const char *key,
		   const char *value, uint64_t n)
{
	sample(w, labels, key, value);
	g_string_append_printf(w->out, "%" PRIu64 "\n", n);
}

void metrics_seconds(const struct metrics_writer *w, const char *labels, uint64_t ns)
{
	sample(w, labels, NULL, NULL);
	g_string_append_printf(w->out, "%" PRIu64 ".%09" PRIu64 "\n", ns / 1000000000,
			       ns % 1000000000);
}

void metrics_end(struct metrics_writer *w)
{
	if (w->format == METRICS_OPENMETRICS)
		g_string_append(w->out, "# EOF\n");
}
