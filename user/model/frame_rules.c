/* SPDX-License-Identifier: GPL-2.0-only */
#include "model/frame_rules.h"

#include <string.h>

#define LETTERS 256

extern const char frames_rules[];

struct frame_rule {
	char *module, *function; /* patterns */
	char *label;
};

struct frame_rules {
	GPtrArray *rules; /* struct frame_rule, in order of precedence */
	/* For each first byte of a function's name: indices of the rules that can match. */
	GArray *by_letter[LETTERS];
};

static void rule_free(gpointer rule)
{
	struct frame_rule *r = rule;

	if (!r) /* moved to another array */
		return;
	g_free(r->module);
	g_free(r->function);
	g_free(r->label);
	g_free(r);
}

/* Does the text match the pattern? `*` matches any text. */
static bool matches(const char *pattern, const char *text)
{
	const char *back = NULL, *from = NULL;

	while (*text)
		if (*pattern == '*') {
			back = ++pattern;
			from = text;
		} else if (*pattern == *text) {
			pattern++;
			text++;
		} else if (back) {
			pattern = back;
			text = ++from;
		} else {
			return false;
		}
	while (*pattern == '*')
		pattern++;
	return !*pattern;
}

static void index_rules(struct frame_rules *r)
{
	for (unsigned c = 0; c < LETTERS; c++)
		g_array_set_size(r->by_letter[c], 0);
	for (unsigned i = 0; i < r->rules->len; i++) {
		unsigned char first =
			(unsigned char)((const struct frame_rule *)r->rules->pdata[i])->function[0];

		for (unsigned c = 0; c < LETTERS; c++)
			if (first == '*' || first == c)
				g_array_append_val(r->by_letter[c], i);
	}
}

/* Parse "LABEL MODULE FUNCTION". NULL: not a rule. */
static struct frame_rule *parse(char *line)
{
	struct frame_rule *r;
	char *label, *module, *save = NULL;

	label = strtok_r(line, " \t", &save);
	module = label ? strtok_r(NULL, " \t", &save) : NULL;
	if (!module || !save || !*g_strstrip(save))
		return NULL;
	r = g_new(struct frame_rule, 1);
	*r = (struct frame_rule){ g_strdup(module), g_strdup(save), g_strdup(label) };
	return r;
}

unsigned frame_rules_add(struct frame_rules *r, const char *text)
{
	g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
	g_autoptr(GPtrArray) added = g_ptr_array_new_with_free_func(rule_free);

	for (unsigned i = 0; lines[i]; i++) {
		struct frame_rule *rule;
		char *line = g_strstrip(lines[i]);

		if (!*line || *line == '#')
			continue;
		rule = g_utf8_validate(line, -1, NULL) ? parse(line) : NULL;
		if (!rule)
			return i + 1;
		g_ptr_array_add(added, rule);
	}
	for (unsigned i = 0; i < added->len; i++)
		g_ptr_array_insert(r->rules, (int)i, g_steal_pointer(&added->pdata[i]));
	index_rules(r);
	return 0;
}

struct frame_rules *frame_rules_new(void)
{
	struct frame_rules *r = g_new0(struct frame_rules, 1);

	r->rules = g_ptr_array_new_with_free_func(rule_free);
	for (unsigned c = 0; c < LETTERS; c++)
		r->by_letter[c] = g_array_new(FALSE, FALSE, sizeof(unsigned));
	frame_rules_add(r, frames_rules);
	return r;
}

void frame_rules_free(struct frame_rules *r)
{
	if (!r)
		return;
	g_ptr_array_unref(r->rules);
	for (unsigned c = 0; c < LETTERS; c++)
		g_array_unref(r->by_letter[c]);
	g_free(r);
}

/* The first rule that matches; NULL: none. */
static const struct frame_rule *find_rule(const struct frame_rules *r, const char *module,
					  const char *function)
{
	const GArray *some = r->by_letter[(unsigned char)*function];

	for (unsigned i = 0; i < some->len; i++) {
		const struct frame_rule *rule = r->rules->pdata[g_array_index(some, unsigned, i)];

		if (matches(rule->function, function) && matches(rule->module, module))
			return rule;
	}
	return NULL;
}

/* Is the name "[module+0xaddress]", which stands for a function without a name? */
static bool is_nameless(const struct profile_frame *f)
{
	return *f->function == '[' && strstr(f->function, "+0x");
}

static void fold_frame(const struct frame_rules *r, bool unfolded, const char *module,
		       struct profile_frame *f)
{
	const char *slash = strrchr(module, '/');
	const struct frame_rule *rule = find_rule(r, slash ? slash + 1 : module, f->function);

	g_clear_pointer(&f->via, g_free);
	f->fold = FOLD_NOT;
	if (!rule && !unfolded && is_nameless(f))
		f->fold = FOLD_NAMELESS;
	if (!rule || !strcmp(rule->label, "!"))
		return;
	if (!strcmp(rule->label, "^"))
		f->fold = FOLD_BEGIN;
	else if (!unfolded)
		f->fold = FOLD_IN;
	if (f->fold != FOLD_IN)
		return;
	if (!strcmp(rule->label, "="))
		f->via = is_nameless(f) ? NULL :
					  g_strdup(f->function + strcspn(rule->function, "*"));
	else if (strcmp(rule->label, "-"))
		f->via = g_strdup(rule->label);
}

static struct profile_frame *frame_of(const struct profile *p, uint32_t node)
{
	const struct stack_node *n = &g_array_index(p->nodes, struct stack_node, node);

	return &g_array_index(p->frames, struct profile_frame, n->frame);
}

/* Find functions without a name that a frame with a label calls, or another such function, in the
 * same file. `parts`: a set of "MODULE FUNCTION". Are there more than before? */
static bool find_parts(const struct profile *p, GHashTable *parts)
{
	unsigned before = g_hash_table_size(parts);

	for (uint32_t i = 0; i < p->nodes->len; i++) {
		uint32_t parent = g_array_index(p->nodes, struct stack_node, i).parent;
		const struct profile_frame *f = frame_of(p, i), *up;

		if (f->fold != FOLD_NAMELESS || parent == NO_NODE)
			continue;
		up = frame_of(p, parent);
		if (up->fold == FOLD_IN && (up->via || is_nameless(up)) && up->module == f->module)
			g_hash_table_add(parts, g_strdup_printf("%u %s", f->module, f->function));
	}
	return g_hash_table_size(parts) > before;
}

/* Static functions of an allocator have no names in a program without symbols (PHP's
 * zend_mm_alloc_heap). They fold as the allocator does, also where the compiler has inlined the
 * function with a name into another caller. They get no label: several allocators share them. */
static void fold_parts(struct profile *p)
{
	g_autoptr(GHashTable) parts = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);

	while (find_parts(p, parts))
		for (unsigned i = 0; i < p->frames->len; i++) {
			struct profile_frame *f =
				&g_array_index(p->frames, struct profile_frame, i);
			g_autofree char *key = NULL;

			if (f->fold != FOLD_NAMELESS)
				continue;
			key = g_strdup_printf("%u %s", f->module, f->function);
			if (g_hash_table_contains(parts, key))
				f->fold = FOLD_IN;
		}
}

void frame_rules_apply(const struct frame_rules *r, struct profile *p, bool unfolded)
{
	for (unsigned i = 0; i < p->frames->len; i++) {
		struct profile_frame *f = &g_array_index(p->frames, struct profile_frame, i);

		if (!f->synthetic)
			fold_frame(r, unfolded, profile_module_path(p, f->module) ?: "", f);
	}
	fold_parts(p);
}

/* The end of a truncated stack: it is never the owner of memory. */
static bool is_truncated(const struct profile_frame *f)
{
	return f->synthetic && !strcmp(f->function, "[truncated]");
}

uint32_t frame_rules_owner(const struct profile *p, uint32_t node, const char **via)
{
	uint32_t outermost = NO_NODE, nameless = NO_NODE, module = NO_MODULE;

	*via = NULL;
	for (uint32_t at = node; at != NO_NODE;) {
		const struct stack_node *n = &g_array_index(p->nodes, struct stack_node, at);
		const struct profile_frame *f =
			&g_array_index(p->frames, struct profile_frame, n->frame);

		if (nameless != NO_NODE && f->module != module)
			return nameless;
		if (f->fold == FOLD_NOT && !is_truncated(f))
			return at;
		if (f->fold == FOLD_NAMELESS && nameless == NO_NODE) {
			nameless = at;
			module = f->module;
		}
		if (f->fold == FOLD_IN) {
			outermost = at;
			*via = f->via ?: *via;
		}
		at = n->parent;
	}
	if (nameless != NO_NODE)
		return nameless;
	*via = NULL;
	return outermost == NO_NODE ? node : outermost;
}
