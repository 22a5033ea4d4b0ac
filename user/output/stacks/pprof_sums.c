/* SPDX-License-Identifier: GPL-2.0-only */
#include "output/stacks/pprof_sums.h"

#include "output/stacks/pprof_pack.h"

#define VALUES 4
#define MAPPING_FIRST "[all processes]" /* pprof shows the first mapping as what was profiled */

struct type {
	const char *name, *unit;
};

static const struct type user_type[VALUES] = {
	{ "alloc_objects", "count" },
	{ "alloc_space", "bytes" },
	{ "inuse_objects", "count" },
	{ "inuse_space", "bytes" },
};
static const struct type kernel_type[] = {
	{ "kernel_alloc_space", "bytes" },
	{ "kernel_space", "bytes" },
};

struct writer {
	struct stack_sums *s;
	const struct pprof_head *head;
	GString *out;
	GHashTable *texts;     /* text -> number in the string table */
	GHashTable *functions; /* number in `s` -> id; of its location too */
	GHashTable *mappings;  /* text number in `s` -> id */
	GArray *stack;         /* uint32_t */
	GArray *ids;           /* uint64_t */
};

static int64_t text_number(struct writer *w, const char *text)
{
	Pprof__Profile part = PPROF__PROFILE__INIT;
	char *table[] = { (char *)text };
	gpointer known;

	if (g_hash_table_lookup_extended(w->texts, text, NULL, &known))
		return GPOINTER_TO_UINT(known);
	part.n_string_table = 1;
	part.string_table = table;
	pprof_pack(w->out, &part);
	g_hash_table_insert(w->texts, (gpointer)text,
			    GUINT_TO_POINTER(g_hash_table_size(w->texts)));
	return g_hash_table_size(w->texts) - 1;
}

static void emit_type(struct writer *w, const struct type *t)
{
	Pprof__ValueType type = PPROF__VALUE_TYPE__INIT, *types[] = { &type };
	Pprof__Profile part = PPROF__PROFILE__INIT;

	type.type = text_number(w, t->name);
	type.unit = text_number(w, t->unit);
	part.n_sample_type = 1;
	part.sample_type = types;
	pprof_pack(w->out, &part);
}

static void emit_comment(struct writer *w, const char *text)
{
	Pprof__Profile part = PPROF__PROFILE__INIT;
	int64_t number = text_number(w, text);

	part.n_comment = 1;
	part.comment = &number;
	pprof_pack(w->out, &part);
}

static void emit_head(struct writer *w)
{
	const struct pprof_head *h = w->head;
	Pprof__ValueType type = PPROF__VALUE_TYPE__INIT;
	Pprof__Profile part = PPROF__PROFILE__INIT;

	if (h->kernel)
		for (unsigned i = 0; i < G_N_ELEMENTS(kernel_type); i++)
			emit_type(w, &kernel_type[i]);
	else
		for (unsigned i = 0; i < VALUES; i++)
			emit_type(w, &user_type[i]);
	type.type = text_number(w, "space");
	type.unit = text_number(w, "bytes");
	part.period_type = &type;
	part.period = (int64_t)h->period;
	part.time_nanos = h->time_ns;
	part.duration_nanos = h->duration_ns;
	part.default_sample_type = text_number(w, h->kernel ? "kernel_space" : "inuse_space");
	pprof_pack(w->out, &part);
	for (const char *const *c = h->comments; c && *c; c++)
		emit_comment(w, *c);
}

/* All functions have names here, or will never have one: nobody need look for them in files. */
static uint64_t emit_mapping(struct writer *w, const char *name)
{
	Pprof__Mapping map = PPROF__MAPPING__INIT, *maps[] = { &map };
	Pprof__Profile part = PPROF__PROFILE__INIT;

	map.id = g_hash_table_size(w->mappings) + 1;
	map.filename = text_number(w, name);
	map.has_functions = true;
	part.n_mapping = 1;
	part.mapping = maps;
	pprof_pack(w->out, &part);
	return map.id;
}

static uint64_t mapping_of(struct writer *w, uint32_t module)
{
	gpointer key = GUINT_TO_POINTER(module), known;

	if (module == SUMS_NO_TEXT)
		return 0;
	known = g_hash_table_lookup(w->mappings, key);
	if (!known) {
		known = GSIZE_TO_POINTER(emit_mapping(w, stack_sums_text(w->s, module)));
		g_hash_table_insert(w->mappings, key, known);
	}
	return GPOINTER_TO_SIZE(known);
}

/* The id of the location of a function; the function has the same. */
static uint64_t location_of(struct writer *w, uint32_t number)
{
	const struct sums_function *f = stack_sums_function(w->s, number);
	Pprof__Function function = PPROF__FUNCTION__INIT, *functions[] = { &function };
	Pprof__Line line = PPROF__LINE__INIT, *lines[] = { &line };
	Pprof__Location location = PPROF__LOCATION__INIT, *locations[] = { &location };
	Pprof__Profile part = PPROF__PROFILE__INIT;
	gpointer key = GUINT_TO_POINTER(number), known;

	known = g_hash_table_lookup(w->functions, key);
	if (known)
		return GPOINTER_TO_SIZE(known);
	function.id = line.function_id = location.id = g_hash_table_size(w->functions) + 1;
	function.name = function.system_name = text_number(w, stack_sums_text(w->s, f->name));
	function.filename = text_number(w, stack_sums_text(w->s, f->file));
	location.mapping_id = mapping_of(w, f->module);
	location.address = stack_sums_address(w->s, number);
	location.n_line = 1;
	location.line = lines;
	part.n_function = part.n_location = 1;
	part.function = functions;
	part.location = locations;
	pprof_pack(w->out, &part);
	g_hash_table_insert(w->functions, key, GSIZE_TO_POINTER(location.id));
	return location.id;
}

static unsigned fill_values(const struct writer *w, const struct sums_row *row, int64_t *value)
{
	uint64_t page = w->head->page_size;
	int64_t held = (int64_t)row->held, grown = (int64_t)row->grown;

	if (w->head->kernel) {
		value[0] = grown;
		value[1] = held;
		return G_N_ELEMENTS(kernel_type);
	}
	value[0] = (int64_t)(row->grown / page);
	value[1] = grown;
	value[2] = (int64_t)((row->held + page - 1) / page);
	value[3] = held;
	return VALUES;
}

static void emit_row(struct writer *w, const struct sums_row *row)
{
	Pprof__Label label[SUMS_LABELS], *labels[SUMS_LABELS];
	Pprof__Sample sample = PPROF__SAMPLE__INIT, *samples[] = { &sample };
	Pprof__Profile part = PPROF__PROFILE__INIT;
	int64_t value[VALUES];

	stack_sums_stack(w->s, row->node, w->stack);
	g_array_set_size(w->ids, w->stack->len);
	for (unsigned i = 0; i < w->stack->len; i++)
		g_array_index(w->ids, uint64_t, i) =
			location_of(w, g_array_index(w->stack, uint32_t, i));
	for (int i = 0; i < SUMS_LABELS; i++) {
		uint32_t text = stack_sums_label(w->s, row->who, i);
		Pprof__Label *l = &label[sample.n_label];

		if (text == SUMS_NO_TEXT)
			continue;
		pprof__label__init(l);
		l->key = text_number(w, sums_label_name[i]);
		l->str = text_number(w, stack_sums_text(w->s, text));
		labels[sample.n_label++] = l;
	}
	sample.n_location_id = w->ids->len;
	sample.location_id = (uint64_t *)(void *)w->ids->data;
	sample.n_value = fill_values(w, row, value);
	sample.value = value;
	sample.label = labels;
	part.n_sample = 1;
	part.sample = samples;
	pprof_pack(w->out, &part);
}

GString *pprof_sums_plain(struct stack_sums *s, const struct sums_query *q,
			  const struct pprof_head *head)
{
	g_autoptr(GHashTable) texts = g_hash_table_new(g_str_hash, g_str_equal);
	g_autoptr(GHashTable) functions = g_hash_table_new(NULL, NULL);
	g_autoptr(GHashTable) mappings = g_hash_table_new(NULL, NULL);
	g_autoptr(GArray) stack = g_array_new(FALSE, FALSE, sizeof(uint32_t));
	g_autoptr(GArray) ids = g_array_new(FALSE, FALSE, sizeof(uint64_t));
	g_autoptr(GArray) rows = stack_sums_rows(s, q);
	struct writer w = {
		s, head, g_string_new(NULL), texts, functions, mappings, stack, ids,
	};

	text_number(&w, "");
	emit_head(&w);
	g_hash_table_insert(mappings, GUINT_TO_POINTER(UINT32_MAX),
			    GSIZE_TO_POINTER(emit_mapping(&w, MAPPING_FIRST)));
	for (unsigned i = 0; i < rows->len; i++)
		emit_row(&w, &g_array_index(rows, struct sums_row, i));
	return w.out;
}

GString *pprof_sums(struct stack_sums *s, const struct sums_query *q, const struct pprof_head *head,
		    size_t most)
{
	GString *plain = pprof_sums_plain(s, q, head), *out;

	while (plain->len > most && stack_sums_count(s)) {
		g_string_free(plain, TRUE);
		stack_sums_shrink(s);
		plain = pprof_sums_plain(s, q, head);
	}
	out = pprof_gzip(plain,
			 1); /* the session waits: 4 MiB take 30 ms, with -6 four times as long */
	g_string_free(plain, TRUE);
	return out;
}
