/* SPDX-License-Identifier: GPL-2.0-only */
#include "base/mappings.h"

#include <string.h>

#include "base/proc.h"

#define NAMES_MOST 4096 /* more names are put together */
#define OTHERS "[others]"

static void clear_mapping(gpointer m)
{
	g_free(((struct mapping *)m)->name);
}

/* The index of the sum for this name. */
static unsigned sum_of(GArray *sums, GHashTable *index, const char *name)
{
	unsigned at = GPOINTER_TO_UINT(g_hash_table_lookup(index, name));
	struct mapping new = { 0 };

	if (at)
		return at - 1;
	if (sums->len >= NAMES_MOST && strcmp(name, OTHERS) != 0)
		return sum_of(sums, index, OTHERS);
	new.name = g_strdup(name);
	g_array_append_val(sums, new);
	g_hash_table_insert(index, new.name, GUINT_TO_POINTER(sums->len));
	return sums->len - 1;
}

/* "Rss:        12 kB" */
static void add_field(struct mapping *m, const char *line)
{
	const char *value = strchr(line, ':');
	int64_t bytes = value ? g_ascii_strtoll(value + 1, NULL, 10) * 1024 : 0;

	if (g_str_has_prefix(line, "Rss:"))
		m->rss += bytes;
	else if (g_str_has_prefix(line, "Swap:"))
		m->swap += bytes;
}

static int by_held(gconstpointer a, gconstpointer b)
{
	const struct mapping *x = a, *y = b;
	int64_t held_x = x->rss + x->swap, held_y = y->rss + y->swap;

	if (held_x != held_y)
		return held_x < held_y ? 1 : -1;
	return x->size < y->size ? 1 : x->size > y->size ? -1 : strcmp(x->name, y->name);
}

GArray *mappings_parse(FILE *f)
{
	GArray *sums = g_array_new(FALSE, FALSE, sizeof(struct mapping));
	g_autoptr(GHashTable) index = g_hash_table_new(g_str_hash, g_str_equal);
	char line[PROC_LINE];
	struct proc_map map;
	int at = -1;

	g_array_set_clear_func(sums, clear_mapping);
	while (proc_line(f, line)) {
		/* Fields begin with a capital letter, mappings with an address. */
		if (g_ascii_isupper(line[0])) {
			if (at >= 0)
				add_field(&g_array_index(sums, struct mapping, (unsigned)at), line);
		} else if (proc_map_parse(line, &map)) {
			at = (int)sum_of(sums, index, *map.path ? map.path : "[anon]");
			g_array_index(sums, struct mapping, (unsigned)at).size +=
				(int64_t)(map.end - map.start);
		} else {
			at = -1;
		}
	}
	g_array_sort(sums, by_held);
	return sums;
}

GArray *mappings_read(pid_t pid)
{
	g_autofree char *path = g_strdup_printf("/proc/%d/smaps", pid);
	FILE *f = fopen(path, "re");
	GArray *sums;

	if (!f)
		return NULL;
	sums = mappings_parse(f);
	fclose(f);
	return sums;
}
