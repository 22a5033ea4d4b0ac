/* SPDX-License-Identifier: GPL-2.0-only */
#include "model/functions.h"

#include <string.h>

#include "model/frame_rules.h"

uint32_t *functions_number(const struct profile *p, GArray *functions, unsigned *n)
{
	g_autoptr(GHashTable) known = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	uint32_t *of = g_new(uint32_t, p->frames->len + 1);

	*n = 0;
	for (unsigned i = 0; i < p->frames->len; i++) {
		const struct profile_frame *f = &g_array_index(p->frames, struct profile_frame, i);
		struct function new = { .name = f->function,
					.module = profile_module_path(p, f->module) };
		g_autofree char *key = g_strdup_printf("%u %s", f->module, f->function);
		gpointer number;

		if (!g_hash_table_lookup_extended(known, key, NULL, &number)) {
			number = GUINT_TO_POINTER(*n);
			*n += 1;
			if (functions)
				g_array_append_val(functions, new);
			g_hash_table_insert(known, g_steal_pointer(&key), number);
		}
		of[i] = GPOINTER_TO_UINT(number);
	}
	return of;
}

/* Can the frame be shown as a caller? It must have a name. One that is folded without a label (an
 * interpreter's loop) is better than none. */
static bool can_be_caller(const struct profile_frame *f)
{
	return (f->fold == FOLD_NOT || (f->fold == FOLD_IN && !f->via)) && !f->synthetic &&
	       *f->function && *f->function != '[';
}

/* Is it the name of a Python function, in the form of CPython's perf maps? */
static bool is_python(const char *name)
{
	return g_str_has_prefix(name, PYTHON_NAME);
}

/* Is a Python function part of the standard library or of an installed package? The user wants to
 * see which of their own functions called it. */
static bool is_library(const char *name)
{
	static const char *const parts[] = { "/lib/python3", "/site-packages/", "/dist-packages/",
					     ":<frozen " };

	for (unsigned i = 0; i < G_N_ELEMENTS(parts); i++)
		if (strstr(name, parts[i]))
			return true;
	return false;
}

/* Context of the pass over all entries. */
struct summing {
	const struct profile *p;
	GArray *functions;
	const uint32_t *of;  /* each frame's function */
	GHashTable *choices; /* struct choice, which is its own key */
	enum sample_type by;
};

static const struct profile_frame *frame_at(const struct profile *p, uint32_t node)
{
	const struct stack_node *n = &g_array_index(p->nodes, struct stack_node, node);

	return &g_array_index(p->frames, struct profile_frame, n->frame);
}

static uint32_t parent_of(const struct profile *p, uint32_t node)
{
	return g_array_index(p->nodes, struct stack_node, node).parent;
}

static uint32_t function_at(const struct summing *s, uint32_t node)
{
	return s->of[g_array_index(s->p->nodes, struct stack_node, node).frame];
}

/* The caller of a node's function on its stack, see struct function; NO_NODE: none. */
static uint32_t caller_of(const struct summing *s, uint32_t node)
{
	uint32_t callee = function_at(s, node), other = NO_NODE, same = NO_NODE;
	uint32_t library = NO_NODE, loop = NO_NODE;
	const struct profile_frame *f = frame_at(s->p, node);

	for (uint32_t at = parent_of(s->p, node); at != NO_NODE; at = parent_of(s->p, at)) {
		const struct profile_frame *up = frame_at(s->p, at);

		if (!can_be_caller(up) || function_at(s, at) == callee)
			continue;
		if (up->fold == FOLD_IN) {
			if (loop == NO_NODE && up->module == f->module)
				loop = at;
			continue;
		}
		if (is_python(up->function) && !is_library(up->function))
			return at;
		if (library == NO_NODE && is_python(up->function))
			library = at;
		if (other == NO_NODE && up->module != f->module)
			other = at;
		if (same == NO_NODE)
			same = at;
	}
	if (library != NO_NODE)
		return library;
	if (other != NO_NODE)
		return other;
	return same == NO_NODE ? loop : same;
}

/* The line, via and caller of a function are those with most of its bytes. So bytes are summed for
 * each candidate. */
enum about { ABOUT_LINE, ABOUT_VIA, ABOUT_CALLER };

/* A candidate, and its bytes. */
struct choice {
	uint32_t function;
	enum about about;
	const char *name, *file; /* name: the label, or the caller's name; NULL: none */
	int line;
	int64_t bytes;
};

static guint choice_hash(gconstpointer choice)
{
	const struct choice *c = choice;

	return c->function * 31 + (guint)c->about + (guint)c->line * 7 +
	       (c->name ? g_str_hash(c->name) : 0) + (c->file ? g_str_hash(c->file) : 0);
}

static gboolean choice_equal(gconstpointer a, gconstpointer b)
{
	const struct choice *x = a, *y = b;

	return x->function == y->function && x->about == y->about && x->line == y->line &&
	       !g_strcmp0(x->name, y->name) && !g_strcmp0(x->file, y->file);
}

static void choice_add(const struct summing *s, struct choice c, int64_t bytes)
{
	struct choice *known = g_hash_table_lookup(s->choices, &c);

	if (!known) {
		known = g_memdup2(&c, sizeof(c));
		g_hash_table_add(s->choices, known);
	}
	known->bytes += bytes;
}

/* By function and kind of candidate; then the largest first; then by name, so that the choice does
 * not depend on the order in the hash table. */
static int by_function_and_bytes(gconstpointer a, gconstpointer b)
{
	const struct choice *x = *(struct choice *const *)a, *y = *(struct choice *const *)b;

	if (x->function != y->function)
		return x->function < y->function ? -1 : 1;
	if (x->about != y->about)
		return x->about < y->about ? -1 : 1;
	if (x->bytes != y->bytes)
		return x->bytes > y->bytes ? -1 : 1;
	if (g_strcmp0(x->name, y->name))
		return g_strcmp0(x->name, y->name);
	return g_strcmp0(x->file, y->file) ?: x->line - y->line;
}

static void apply_choice(struct function *f, const struct choice *c)
{
	switch (c->about) {
	case ABOUT_LINE:
		f->file = c->file;
		f->line = c->line;
		break;
	case ABOUT_VIA:
		f->via = c->name;
		break;
	case ABOUT_CALLER:
		f->caller = c->name;
		f->caller_file = c->file;
		f->caller_line = c->line;
		break;
	}
}

static void apply_choices(const struct summing *s)
{
	g_autoptr(GPtrArray) all = g_ptr_array_new();
	const struct choice *before = NULL;
	GHashTableIter iter;
	gpointer choice;

	g_hash_table_iter_init(&iter, s->choices);
	while (g_hash_table_iter_next(&iter, &choice, NULL))
		g_ptr_array_add(all, choice);
	g_ptr_array_sort(all, by_function_and_bytes);
	for (unsigned i = 0; i < all->len; i++) {
		const struct choice *c = all->pdata[i];

		if (!before || before->function != c->function || before->about != c->about)
			apply_choice(&g_array_index(s->functions, struct function, c->function), c);
		before = c;
	}
}

/* Add bytes of the function at `node` to its candidates for line, via and caller. */
static void add_choices(const struct summing *s, uint32_t node, const char *via, int64_t bytes)
{
	const struct profile_frame *f = frame_at(s->p, node);
	struct choice c = { .function = function_at(s, node), .about = ABOUT_LINE };
	uint32_t caller = caller_of(s, node);

	c.file = f->file;
	c.line = f->line;
	choice_add(s, c, bytes);
	c = (struct choice){ .function = c.function, .about = ABOUT_VIA, .name = via };
	choice_add(s, c, bytes);
	if (caller == NO_NODE)
		return;
	f = frame_at(s->p, caller);
	c = (struct choice){ c.function, ABOUT_CALLER, f->function, f->file, f->line, 0 };
	choice_add(s, c, bytes);
}

/* Python's qualified name without ".<locals>": make_rows.<listcomp>. It tells nothing, and it
 * pushes the function's name out of a narrow column. */
static char *python_title(const char *name, gsize len)
{
	g_autofree char *whole = g_strndup(name, len);
	g_auto(GStrv) parts = g_strsplit(whole, ".<locals>", -1);

	return g_strjoinv("", parts);
}

char *function_title(const char *name, const char *file, int line)
{
	g_autofree char *plain = NULL;
	const char *slash;

	if (is_python(name)) {
		const char *from = name + strlen(PYTHON_NAME), *colon = strchr(from, ':');

		if (colon && colon[1]) {
			plain = python_title(from, (gsize)(colon - from));
			name = plain;
			file = colon + 1;
		}
	}
	if (!file)
		return g_strdup(name);
	slash = strrchr(file, '/');
	file = slash && slash[1] ? slash + 1 : file;
	return line > 0 ? g_strdup_printf("%s:%d %s", file, line, name) :
			  g_strdup_printf("%s %s", file, name);
}

static int by_self(gconstpointer a, gconstpointer b, gpointer sample_type)
{
	const struct function *x = a, *y = b;
	int64_t sx = x->self[GPOINTER_TO_INT(sample_type)],
		sy = y->self[GPOINTER_TO_INT(sample_type)];

	if (sx != sy)
		return sx > sy ? -1 : 1;
	sx = x->total[GPOINTER_TO_INT(sample_type)];
	sy = y->total[GPOINTER_TO_INT(sample_type)];
	if (sx != sy)
		return sx > sy ? -1 : 1;
	return strcmp(x->name, y->name);
}

/* Add entry i to the sums of its functions. seen[f]: the last entry with function f, plus one, so
 * that recursion counts once in `total`. */
static void add_entry(const struct summing *s, uint32_t i, uint32_t *seen)
{
	const struct profile_entry *e = &g_array_index(s->p->entries, struct profile_entry, i);
	const char *via;
	uint32_t owner;
	struct function *f;

	if (e->node == NO_NODE)
		return;
	owner = frame_rules_owner(s->p, e->node, &via);
	f = &g_array_index(s->functions, struct function, function_at(s, owner));
	f->count += e->count;
	for (int k = 0; k < SAMPLE_TYPES; k++)
		f->self[k] += e->bytes[k];
	if (e->bytes[s->by] > 0)
		add_choices(s, owner, via, e->bytes[s->by]);
	for (uint32_t at = e->node; at != NO_NODE; at = parent_of(s->p, at)) {
		uint32_t number = function_at(s, at);

		f = &g_array_index(s->functions, struct function, number);
		for (int k = 0; k < SAMPLE_TYPES; k++)
			f->total[k] += seen[number] == i + 1 ? 0 : e->bytes[k];
		seen[number] = i + 1;
	}
}

GArray *functions_of(const struct profile *p, enum sample_type by)
{
	GArray *functions = g_array_new(FALSE, TRUE, sizeof(struct function));
	unsigned n;
	g_autofree uint32_t *of = functions_number(p, functions, &n);
	g_autofree uint32_t *seen = g_new0(uint32_t, n + 1);
	g_autoptr(GHashTable)
		choices = g_hash_table_new_full(choice_hash, choice_equal, g_free, NULL);
	struct summing s = { p, functions, of, choices, by };

	for (unsigned i = 0; i < p->entries->len; i++)
		add_entry(&s, i, seen);
	apply_choices(&s);
	g_array_sort_with_data(functions, by_self, GINT_TO_POINTER(by));
	return functions;
}
