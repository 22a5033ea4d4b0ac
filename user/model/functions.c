/* SPDX-License-Identifier: GPL-2.0-only */
#include "model/functions.h"

#include <string.h>

/* Fill `functions`. Returns the function of each frame: frames of one function differ only in their
 * addresses. Free with g_free(). */
static uint32_t *name_all(const struct profile *p, GArray *functions)
{
	g_autoptr(GHashTable) known = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	uint32_t *of = g_new(uint32_t, p->frames->len + 1);

	for (unsigned i = 0; i < p->frames->len; i++) {
		const struct profile_frame *f = &g_array_index(p->frames, struct profile_frame, i);
		struct function new = { .name = f->function,
					.module = profile_module_path(p, f->module) };
		g_autofree char *key = g_strdup_printf("%u %s", f->module, f->function);
		gpointer number;

		if (!g_hash_table_lookup_extended(known, key, NULL, &number)) {
			number = GUINT_TO_POINTER(functions->len);
			g_array_append_val(functions, new);
			g_hash_table_insert(known, g_steal_pointer(&key), number);
		}
		of[i] = GPOINTER_TO_UINT(number);
	}
	return of;
}

/* Does the function say why the memory was needed? Not if it only starts a thread, or has no
 * name. */
static bool tells_who(const struct function *f)
{
	static const char *const beginnings[] = { "_start", "__libc_start", "start_thread",
						  "clone",  "__clone",      "__GI___clone" };

	for (unsigned i = 0; i < G_N_ELEMENTS(beginnings); i++)
		if (g_str_has_prefix(f->name, beginnings[i]))
			return false;
	return *f->name && *f->name != '[';
}

/* A Python function, by the prefix of its name. */
static bool is_python(const struct function *f)
{
	return g_str_has_prefix(f->name, PYTHON_NAME);
}

/* The caller that had a node's function take memory: the innermost Python function above it, or
 * else the nearest function of another module. UINT32_MAX: none. */
static uint32_t caller_of(const struct profile *p, const GArray *functions, const uint32_t *of,
			  const struct stack_node *node)
{
	const struct function *callee = &g_array_index(functions, struct function, of[node->frame]);
	uint32_t first = UINT32_MAX;

	for (uint32_t at = is_python(callee) ? NO_NODE : node->parent; at != NO_NODE;) {
		const struct stack_node *n = &g_array_index(p->nodes, struct stack_node, at);
		const struct function *f = &g_array_index(functions, struct function, of[n->frame]);

		if (is_python(f))
			return of[n->frame];
		if (first == UINT32_MAX && g_strcmp0(f->module, callee->module) && tells_who(f))
			first = of[n->frame];
		at = n->parent;
	}
	return first;
}

/* `calls`: callee and caller -> bytes. */
static void add_call(GHashTable *calls, uint32_t callee, uint32_t caller, int64_t bytes)
{
	gpointer key = GSIZE_TO_POINTER((gsize)callee << 32 | caller);
	int64_t *sum = g_hash_table_lookup(calls, key);

	if (!sum) {
		sum = g_new0(int64_t, 1);
		g_hash_table_insert(calls, key, sum);
	}
	*sum += bytes;
}

/* Set each function's caller: the one with most bytes; of equal ones the first by name. */
static void choose_callers(GArray *functions, GHashTable *calls)
{
	g_autofree int64_t *most = g_new0(int64_t, functions->len + 1);
	GHashTableIter iter;
	gpointer key, sum;

	g_hash_table_iter_init(&iter, calls);
	while (g_hash_table_iter_next(&iter, &key, &sum)) {
		uint32_t callee = GPOINTER_TO_SIZE(key) >> 32;
		struct function *f = &g_array_index(functions, struct function, callee);
		const char *name =
			g_array_index(functions, struct function, (uint32_t)GPOINTER_TO_SIZE(key))
				.name;
		int64_t bytes = *(int64_t *)sum;

		if (bytes < most[callee] || (bytes == most[callee] && strcmp(name, f->caller) > 0))
			continue;
		most[callee] = bytes;
		f->caller = name;
	}
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

GArray *functions_of(const struct profile *p, enum sample_type by)
{
	GArray *functions = g_array_new(FALSE, TRUE, sizeof(struct function));
	g_autofree uint32_t *of = name_all(p, functions);
	g_autoptr(GHashTable) calls = g_hash_table_new_full(NULL, NULL, NULL, g_free);
	/* By function: 1 + the last entry with it on the stack; 0: none. */
	g_autofree uint32_t *seen = g_new0(uint32_t, functions->len + 1);

	for (unsigned i = 0; i < p->entries->len; i++) {
		const struct profile_entry *e = &g_array_index(p->entries, struct profile_entry, i);
		bool innermost = true;

		if (e->node != NO_NODE && e->bytes[by] > 0) {
			const struct stack_node *n =
				&g_array_index(p->nodes, struct stack_node, e->node);
			uint32_t caller = caller_of(p, functions, of, n);

			if (caller != UINT32_MAX)
				add_call(calls, of[n->frame], caller, e->bytes[by]);
		}
		for (uint32_t at = e->node; at != NO_NODE; innermost = false) {
			const struct stack_node *n =
				&g_array_index(p->nodes, struct stack_node, at);
			struct function *f =
				&g_array_index(functions, struct function, of[n->frame]);

			for (int k = 0; k < SAMPLE_TYPES; k++) {
				f->self[k] += innermost ? e->bytes[k] : 0;
				f->total[k] += seen[of[n->frame]] == i + 1 ? 0 : e->bytes[k];
			}
			f->count += innermost ? e->count : 0;
			seen[of[n->frame]] = i + 1;
			at = n->parent;
		}
	}
	choose_callers(functions, calls);
	g_array_sort_with_data(functions, by_self, GINT_TO_POINTER(by));
	return functions;
}
