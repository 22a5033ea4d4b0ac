/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Folded stacks for FlameGraph: one line "process;thread;outermost;…;innermost BYTES" per
 * stack, sorted.
 */
#include <string.h>

#include "output/output.h"

/* Replace semicolons and newlines in names, because they separate frames and lines. */
static void add_name(GString *line, const char *name)
{
	if (!*name)
		name = "?";
	for (; *name; name++) {
		unsigned char c = *name;

		g_string_append_c(line, c < ' ' || c == 0x7f ? '?' : c == ';' ? ':' : (char)c);
	}
}

static void add_frames(GString *line, const struct profile *p, uint32_t node)
{
	g_autoptr(GArray) up = g_array_new(FALSE, FALSE, sizeof(uint32_t));

	profile_stack(p, node, up);
	for (unsigned i = up->len; i-- > 0;) {
		const struct profile_frame *f = &g_array_index(p->frames, struct profile_frame,
							       g_array_index(up, uint32_t, i));

		g_string_append_c(line, ';');
		add_name(line, f->function);
		if (f->file)
			g_string_append_printf(line, " %s:%d",
					       strrchr(f->file, '/') ? strrchr(f->file, '/') + 1 :
								       f->file,
					       f->line);
		if (f->kernel)
			g_string_append(line, "_[k]");
		else if (f->inlined)
			g_string_append(line, "_[i]");
		else if (f->fallback)
			g_string_append(line, "_[fp]");
	}
}

static int by_text(gconstpointer a, gconstpointer b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Sums of bytes by line. */
struct folding {
	const struct report *r;
	const struct profile *p;
	GHashTable *sums; /* line -> int64_t bytes */
};

static void add_bytes(struct folding *f, uint32_t process, uint32_t task, uint32_t node,
		      int64_t bytes)
{
	const struct report_process *proc = f->r->processes->pdata[process];
	GString *line;
	int64_t *sum;

	if (bytes <= 0)
		return;
	line = g_string_new(NULL);
	add_name(line, proc->comm ?: "?");
	g_string_append_c(line, ';');
	add_name(line, task < proc->tasks->len ?
			       ((const struct report_task *)proc->tasks->pdata[task])->comm :
			       "[process]");
	add_frames(line, f->p, node);
	sum = g_hash_table_lookup(f->sums, line->str);
	if (!sum) {
		sum = g_new0(int64_t, 1);
		g_hash_table_insert(f->sums, g_strdup(line->str), sum);
	}
	*sum += bytes;
	g_string_free(line, TRUE);
}

static void add_entries(struct folding *f, enum sample_type sample_type)
{
	for (unsigned i = 0; i < f->p->entries->len; i++) {
		const struct profile_entry *e =
			&g_array_index(f->p->entries, struct profile_entry, i);

		add_bytes(f, e->process, e->task, e->node, e->bytes[sample_type]);
	}
}

static void add_virtual(struct folding *f, enum sample_type sample_type)
{
	for (unsigned i = 0; i < f->p->virtual->len; i++) {
		const struct profile_virtual *a =
			&g_array_index(f->p->virtual, struct profile_virtual, i);

		add_bytes(f, a->process, a->task, a->node,
			  sample_type == SAMPLE_TYPE_VIRTUAL ? a->bytes : a->untouched);
	}
}

char *folded_render(const struct report *r, const struct profile *p, enum sample_type sample_type)
{
	g_autoptr(GHashTable) sums = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	g_autoptr(GPtrArray) lines = g_ptr_array_new();
	struct folding f = { r, p, sums };
	GString *out = g_string_new(NULL);
	GHashTableIter iter;
	gpointer key;

	if (sample_type < SAMPLE_TYPES)
		add_entries(&f, sample_type);
	else if (sample_type == SAMPLE_TYPE_VIRTUAL || !p->untouched_why)
		add_virtual(&f, sample_type);
	g_hash_table_iter_init(&iter, sums);
	while (g_hash_table_iter_next(&iter, &key, NULL))
		g_ptr_array_add(lines, key);
	g_ptr_array_sort(lines, by_text);
	for (unsigned i = 0; i < lines->len; i++)
		g_string_append_printf(out, "%s %" G_GINT64_FORMAT "\n", (char *)lines->pdata[i],
				       *(int64_t *)g_hash_table_lookup(sums, lines->pdata[i]));
	return g_string_free(out, FALSE);
}
