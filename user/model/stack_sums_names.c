/* SPDX-License-Identifier: GPL-2.0-only */
#include <string.h>

#include "base/text.h"
#include "model/stack_sums_impl.h"

#define TEXT_MOST 400 /* bytes of a name; C++ has longer ones */

const char *const sums_label_name[SUMS_LABELS] = { "comm", "thread", "container",
						   "pod",  "unit",   "kind" };

void sums_names_new(struct sums_names *n)
{
	const struct sums_who none = { .path = SUMS_NO_TEXT };

	n->texts = g_ptr_array_new_with_free_func(g_free);
	n->by_text = g_hash_table_new(g_str_hash, g_str_equal);
	n->functions = intern_new(sizeof(struct sums_function));
	n->addresses = g_array_new(FALSE, FALSE, sizeof(uint64_t));
	n->nodes = intern_new(sizeof(struct stack_node));
	n->hashes = g_array_new(FALSE, FALSE, sizeof(uint64_t));
	n->whos = intern_new(sizeof(struct sums_who));
	sums_text(n, "");
	intern_put(n->whos, &none);
}

void sums_names_free(struct sums_names *n)
{
	g_hash_table_unref(n->by_text);
	g_ptr_array_unref(n->texts);
	intern_free(n->functions);
	g_array_unref(n->addresses);
	intern_free(n->nodes);
	g_array_unref(n->hashes);
	intern_free(n->whos);
}

/* At most TEXT_MOST bytes, cut between characters. */
static char *short_text(const char *text)
{
	char *safe = text_printable(text);

	if (strlen(safe) > TEXT_MOST) {
		const char *end;

		safe[TEXT_MOST - strlen("…")] = 0;
		if (!g_utf8_validate(safe, -1, &end))
			safe[end - safe] = 0;
		strcat(safe, "…");
	}
	return safe;
}

uint32_t sums_text(struct sums_names *n, const char *text)
{
	g_autofree char *safe = short_text(text);
	gpointer known;

	if (g_hash_table_lookup_extended(n->by_text, safe, NULL, &known))
		return GPOINTER_TO_UINT(known);
	g_hash_table_insert(n->by_text, safe, GUINT_TO_POINTER(n->texts->len));
	g_ptr_array_add(n->texts, g_steal_pointer(&safe));
	return n->texts->len - 1;
}

/* splitmix64, by S. Vigna; good enough to tell 10^5 stacks apart. */
uint64_t sums_mix(uint64_t a, uint64_t b)
{
	uint64_t x = (a ^ (b + 0x9e3779b97f4a7c15ULL + (a << 6) + (a >> 2)));

	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9ULL;
	x = (x ^ x >> 27) * 0x94d049bb133111ebULL;
	return x ^ x >> 31;
}

static uint64_t hash_text(const struct sums_names *n, uint32_t number)
{
	const char *text = n->texts->pdata[number];
	uint64_t hash = 1;

	for (size_t len = strlen(text), i = 0; i < len; i += 8) {
		uint64_t word = 0;

		memcpy(&word, text + i, MIN(len - i, 8));
		hash = sums_mix(hash, word);
	}
	return hash;
}

uint32_t sums_function(struct sums_names *n, const struct sums_function *f)
{
	uint32_t number = intern_put(n->functions, f);
	uint64_t hash;

	if (number < n->addresses->len)
		return number;
	hash = sums_mix(sums_mix(hash_text(n, f->name), hash_text(n, f->module)),
			hash_text(n, f->file));
	hash = hash ? hash : 1;
	g_array_append_val(n->addresses, hash);
	return number;
}

uint32_t sums_push(struct sums_names *n, uint32_t parent, uint32_t function)
{
	struct stack_node node = { parent, function };
	uint32_t number = intern_put(n->nodes, &node);
	uint64_t hash;

	if (number < n->hashes->len)
		return number;
	hash = parent == NO_NODE ? 0 : g_array_index(n->hashes, uint64_t, parent);
	hash = sums_mix(hash, g_array_index(n->addresses, uint64_t, function));
	g_array_append_val(n->hashes, hash);
	return number;
}

uint64_t sums_hash(const struct sums_names *n, uint32_t node, uint32_t who)
{
	const struct sums_who *w = intern_key(n->whos, who);
	uint64_t hash = g_array_index(n->hashes, uint64_t, node);

	for (int i = 0; i < SUMS_LABELS; i++)
		hash = sums_mix(hash, hash_text(n, w->label[i]));
	return sums_mix(hash, hash_text(n, w->path));
}

static const char *last_part(const char *path)
{
	const char *slash = path ? strrchr(path, '/') : NULL;

	return slash && slash[1] ? slash + 1 : path;
}

/* No path of the machine: of files only their names. A Python function's name has its file's path
 * behind a colon. */
uint32_t sums_frame(struct sums_names *n, const struct profile *p, const struct profile_frame *f)
{
	struct sums_function function = { .file = sums_text(n, last_part(f->file)) };
	const char *name = f->function, *colon = NULL;
	g_autofree char *short_name = NULL;

	function.module = sums_text(n, last_part(profile_module_path(p, f->module)));
	if (g_str_has_prefix(name, PYTHON_NAME))
		colon = strchr(name + strlen(PYTHON_NAME), ':');
	if (colon) {
		short_name = g_strndup(name, (gsize)(colon - name));
		function.file = sums_text(n, last_part(colon + 1));
		name = short_name;
	}
	function.name = sums_text(n, *name ? name : "[?]");
	return sums_function(n, &function);
}

void stack_sums_stack(const struct stack_sums *s, uint32_t node, GArray *functions)
{
	g_array_set_size(functions, 0);
	while (node != NO_NODE) {
		const struct stack_node *at = intern_key(s->names.nodes, node);

		g_array_append_val(functions, at->frame);
		node = at->parent;
	}
}

const struct sums_function *stack_sums_function(const struct stack_sums *s, uint32_t number)
{
	return intern_key(s->names.functions, number);
}

uint64_t stack_sums_address(const struct stack_sums *s, uint32_t number)
{
	return g_array_index(s->names.addresses, uint64_t, number);
}

const char *stack_sums_text(const struct stack_sums *s, uint32_t number)
{
	return s->names.texts->pdata[number];
}

uint32_t stack_sums_label(const struct stack_sums *s, uint32_t who, enum sums_label label)
{
	return ((const struct sums_who *)intern_key(s->names.whos, who))->label[label];
}
