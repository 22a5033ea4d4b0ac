/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The member "profile" of the JSON report: sampled stacks, in columns. Numbers are written
 * directly, because a JSON tree of 100,000 stacks would have millions of nodes.
 */
#include <string.h>

#include "model/profile.h"
#include "output/json/emit.h"
#include "output/json/sections.h"

/* Table of strings in order of first use. Rows refer to a string by its number. */
struct strings {
	GHashTable *numbers; /* string -> number + 1 */
	GPtrArray *list;
};

enum type {
	TYPE_INT,    /* int */
	TYPE_NUMBER, /* uint32_t; UINT32_MAX is written as -1: none */
	TYPE_COUNT,  /* uint64_t */
	TYPE_BYTES,  /* int64_t */
	TYPE_HEX,    /* uint64_t as text: JavaScript rounds numbers above 2^53 */
	TYPE_TEXT,   /* char *: its number in `strings`; NULL: -1 */
};

struct column {
	const char *name;
	size_t at;
	enum type type;
};

static int64_t string_number(struct strings *s, char *text)
{
	gpointer found;

	if (!text)
		return -1;
	found = g_hash_table_lookup(s->numbers, text);
	if (!found) {
		g_ptr_array_add(s->list, text);
		found = GUINT_TO_POINTER(s->list->len);
		g_hash_table_insert(s->numbers, text, found);
	}
	return (int64_t)GPOINTER_TO_UINT(found) - 1;
}

/* Faster than printf, which would take most of the time of a large report. */
static void append_number(GString *out, int64_t value)
{
	char digits[24], *at = digits + sizeof(digits);
	uint64_t rest = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;

	do {
		*--at = (char)('0' + rest % 10);
		rest /= 10;
	} while (rest);
	if (value < 0)
		*--at = '-';
	g_string_append_len(out, at, digits + sizeof(digits) - at);
}

static void append_value(GString *out, struct strings *s, const void *field, enum type type)
{
	uint32_t number;

	switch (type) {
	case TYPE_INT:
		append_number(out, *(const int *)field);
		break;
	case TYPE_NUMBER:
		number = *(const uint32_t *)field;
		append_number(out, number == UINT32_MAX ? -1 : (int64_t)number);
		break;
	case TYPE_COUNT:
		append_number(out, (int64_t)MIN(*(const uint64_t *)field, (uint64_t)INT64_MAX));
		break;
	case TYPE_BYTES:
		append_number(out, *(const int64_t *)field);
		break;
	case TYPE_HEX:
		g_string_append_printf(out, "\"0x%" G_GINT64_MODIFIER "x\"",
				       *(const uint64_t *)field);
		break;
	case TYPE_TEXT:
		append_number(out, string_number(s, *(char *const *)field));
		break;
	}
}

static void append_columns(GString *out, struct strings *s, const char *key, const GArray *rows,
			   const struct column *columns, unsigned n)
{
	size_t size = g_array_get_element_size((GArray *)rows);

	g_string_append_printf(out, ",\n\"%s\": {", key);
	for (unsigned c = 0; c < n; c++) {
		g_string_append_printf(out, "%s\"%s\": [", c ? ",\n " : "", columns[c].name);
		for (unsigned i = 0; i < rows->len; i++) {
			if (i)
				g_string_append_c(out, ',');
			append_value(out, s, rows->data + i * size + columns[c].at,
				     columns[c].type);
		}
		g_string_append_c(out, ']');
	}
}

#define COLUMN(type, of, name, field)                         \
	{                                                     \
		name, offsetof(struct of, field), TYPE_##type \
	}

static void append_frames(GString *out, struct strings *s, const struct profile *p)
{
	static const struct column columns[] = {
		COLUMN(TEXT, profile_frame, "function", function),
		COLUMN(TEXT, profile_frame, "file", file),
		COLUMN(INT, profile_frame, "line", line),
		COLUMN(NUMBER, profile_frame, "module", module),
		COLUMN(HEX, profile_frame, "address", address),
		COLUMN(TEXT, profile_frame, "via", via),
	};

	append_columns(out, s, "frames", p->frames, columns, G_N_ELEMENTS(columns));
	g_string_append(out, ",\n \"flags\": [");
	for (unsigned i = 0; i < p->frames->len; i++) {
		const struct profile_frame *f = &g_array_index(p->frames, struct profile_frame, i);

		if (i)
			g_string_append_c(out, ',');
		append_number(out, f->kernel | f->inlined << 1 | f->fallback << 2 |
					   f->synthetic << 3 | (int)f->fold << 4);
	}
	g_string_append(out, "]}");
}

static void append_nodes(GString *out, struct strings *s, const struct profile *p)
{
	static const struct column columns[] = {
		COLUMN(NUMBER, stack_node, "parent", parent),
		COLUMN(NUMBER, stack_node, "frame", frame),
	};

	append_columns(out, s, "nodes", p->nodes, columns, G_N_ELEMENTS(columns));
	g_string_append_c(out, '}');
}

static void append_entries(GString *out, struct strings *s, const struct profile *p)
{
	static const struct column columns[] = {
		COLUMN(NUMBER, profile_entry, "process", process),
		COLUMN(NUMBER, profile_entry, "task", task),
		COLUMN(NUMBER, profile_entry, "kind", kind),
		COLUMN(NUMBER, profile_entry, "cause", cause),
		COLUMN(NUMBER, profile_entry, "node", node),
		COLUMN(INT, profile_entry, "mapping", mapping),
		COLUMN(TEXT, profile_entry, "label", mapping_label),
		COLUMN(COUNT, profile_entry, "count", count),
		COLUMN(BYTES, profile_entry, "grown", bytes[SAMPLE_TYPE_GROWN]),
		COLUMN(BYTES, profile_entry, "live_peak", bytes[SAMPLE_TYPE_LIVE_PEAK]),
		COLUMN(BYTES, profile_entry, "live_end", bytes[SAMPLE_TYPE_LIVE_END]),
	};

	append_columns(out, s, "entries", p->entries, columns, G_N_ELEMENTS(columns));
	g_string_append_c(out, '}');
}

/* Null if not measured. An empty list means measured, and nothing mapped. */
static void append_virtual(GString *out, struct strings *s, const struct profile *p)
{
	static const struct column columns[] = {
		COLUMN(NUMBER, profile_virtual, "process", process),
		COLUMN(NUMBER, profile_virtual, "task", task),
		COLUMN(NUMBER, profile_virtual, "cause", cause),
		COLUMN(NUMBER, profile_virtual, "node", node),
		COLUMN(TEXT, profile_virtual, "label", mapping_label),
		COLUMN(COUNT, profile_virtual, "count", count),
		COLUMN(BYTES, profile_virtual, "bytes", bytes),
		COLUMN(BYTES, profile_virtual, "untouched", untouched),
	};

	json_emit_field(out, "virtual_why", json_text(p->virtual_why));
	json_emit_field(out, "untouched_why", json_text(p->untouched_why));
	if (p->virtual_why) {
		g_string_append(out, ",\n\"virtual\": null");
		return;
	}
	/* Without the last column, `untouched`, if it is not measured. */
	append_columns(out, s, "virtual", p->virtual, columns,
		       G_N_ELEMENTS(columns) - !!p->untouched_why);
	g_string_append_c(out, '}');
}

static void append_ticks(GString *out, struct strings *s, const struct profile *p)
{
	static const struct column columns[] = {
		COLUMN(NUMBER, profile_tick, "slot", slot),
		COLUMN(NUMBER, profile_tick, "entry", entry),
		COLUMN(COUNT, profile_tick, "in", in),
		COLUMN(COUNT, profile_tick, "out", out),
	};

	append_columns(out, s, "ticks", p->ticks, columns, G_N_ELEMENTS(columns));
	g_string_append(out, ",\n \"start_ns\": ");
	append_number(out, (int64_t)p->start_ns);
	g_string_append(out, ", \"slot_ns\": ");
	append_number(out, (int64_t)p->slot_ns);
	g_string_append_c(out, '}');
}

static void append_list(GString *out, const char *key, const char *const *names, unsigned n)
{
	json_t *array = json_array();

	for (unsigned i = 0; i < n; i++)
		json_array_append_new(array, json_text(names[i]));
	json_emit_field(out, key, array);
}

static json_t *json_modules(const struct profile *p)
{
	json_t *array = json_array();

	for (unsigned i = 0; i < p->modules->len; i++) {
		const struct profile_module *m =
			&g_array_index(p->modules, struct profile_module, i);
		json_t *one = json_object();

		json_set_string(one, "path", m->path);
		json_set_string(one, "build_id", m->build_id);
		json_array_append_new(array, one);
	}
	return array;
}

void json_emit_profile(GString *out, const struct profile *p)
{
	struct strings s = { g_hash_table_new(g_str_hash, g_str_equal), g_ptr_array_new() };

	g_string_append(out, ",\n\"profile\": {\"period\": ");
	append_number(out, (int64_t)p->period);
	g_string_append(out, ", \"mean_period\": ");
	append_number(out, (int64_t)(p->mean_period ? p->mean_period : p->period));
	append_list(out, "kinds", kind_name, TARE_KINDS);
	append_list(out, "mappings", mapping_name, MAPPINGS);
	append_list(out, "causes", (const char *const *)p->causes->pdata, p->causes->len);
	json_emit_field(out, "modules", json_modules(p));
	append_frames(out, &s, p);
	append_nodes(out, &s, p);
	append_entries(out, &s, p);
	append_virtual(out, &s, p);
	append_ticks(out, &s, p);
	append_list(out, "strings", (const char *const *)s.list->pdata, s.list->len);
	g_string_append_c(out, '}');
	g_ptr_array_unref(s.list);
	g_hash_table_unref(s.numbers);
}
