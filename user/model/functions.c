/* SPDX-License-Identifier: GPL-2.0-only */
#include "model/functions.h"

#include <string.h>

/* Frames of one function differ in their addresses. Returns each frame's function. */
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

static int by_self(gconstpointer a, gconstpointer b, gpointer picture)
{
	const struct function *x = a, *y = b;
	int64_t sx = x->self[GPOINTER_TO_INT(picture)], sy = y->self[GPOINTER_TO_INT(picture)];

	if (sx != sy)
		return sx > sy ? -1 : 1;
	sx = x->total[GPOINTER_TO_INT(picture)];
	sy = y->total[GPOINTER_TO_INT(picture)];
	if (sx != sy)
		return sx > sy ? -1 : 1;
	return strcmp(x->name, y->name);
}

GArray *functions_of(const struct profile *p, enum picture by)
{
	GArray *functions = g_array_new(FALSE, TRUE, sizeof(struct function));
	g_autofree uint32_t *of = name_all(p, functions);
	g_autofree uint32_t *seen = g_new0(uint32_t, functions->len + 1); /* entry + 1 */

	for (unsigned i = 0; i < p->entries->len; i++) {
		const struct profile_entry *e = &g_array_index(p->entries, struct profile_entry, i);
		bool innermost = true;

		for (uint32_t at = e->node; at != NO_NODE; innermost = false) {
			const struct stack_node *n =
				&g_array_index(p->nodes, struct stack_node, at);
			struct function *f =
				&g_array_index(functions, struct function, of[n->frame]);

			for (int k = 0; k < PICTURES; k++) {
				f->self[k] += innermost ? e->bytes[k] : 0;
				f->total[k] += seen[of[n->frame]] == i + 1 ? 0 : e->bytes[k];
			}
			f->count += innermost ? e->count : 0;
			seen[of[n->frame]] = i + 1;
			at = n->parent;
		}
	}
	g_array_sort_with_data(functions, by_self, GINT_TO_POINTER(by));
	return functions;
}
