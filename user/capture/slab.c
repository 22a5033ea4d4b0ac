/* SPDX-License-Identifier: GPL-2.0-only */
#include "capture/slab.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "model/report.h"

#define SLABINFO "/proc/slabinfo"
#define NS 1000000000ULL

struct slab {
	GHashTable *before, *highest; /* name -> struct report_slab */
	int64_t most;                 /* bytes of all caches in `highest` */
	unsigned looks;
	uint64_t cost_ns;
};

static void slab_free(gpointer p)
{
	struct report_slab *s = p;

	g_free(s->name);
	g_free(s);
}

/* slabinfo 2.1 (mm/slab_common.c): name active_objs num_objs objsize objperslab
 * pagesperslab : … : slabdata active_slabs num_slabs sharedavail. A cache has num_slabs x
 * pagesperslab pages. active_objs is not used: it counts all objects of per-CPU slabs as active. */
static bool parse_line(const char *line, struct report_slab *s)
{
	unsigned long active, total, size, per_slab, pages, active_slabs, slabs;
	char name[64];

	if (sscanf(line, "%63s %lu %lu %lu %lu %lu : tunables %*u %*u %*u : slabdata %lu %lu", name,
		   &active, &total, &size, &per_slab, &pages, &active_slabs, &slabs) != 8)
		return false;
	*s = (struct report_slab){
		.name = g_strdup(name),
		.object_size = size,
		.objects = (int64_t)active,
		.bytes = (int64_t)(slabs * pages * (unsigned long)sysconf(_SC_PAGESIZE)),
	};
	return true;
}

void slab_parse(const char *text, GHashTable *caches)
{
	g_auto(GStrv) lines = g_strsplit(text, "\n", -1);

	for (char **line = lines; *line; line++) {
		struct report_slab one, *s;

		if (**line == '#' || !parse_line(*line, &one))
			continue;
		s = g_memdup2(&one, sizeof(one));
		g_hash_table_replace(caches, s->name, s);
	}
}

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * NS + (uint64_t)t.tv_nsec;
}

static GHashTable *read_caches(char **why)
{
	g_autofree char *text = NULL;
	g_autoptr(GError) err = NULL;
	GHashTable *caches;

	if (!g_file_get_contents(SLABINFO, &text, NULL, &err)) {
		if (why)
			*why = g_strdup(err->message);
		return NULL;
	}
	caches = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, slab_free);
	slab_parse(text, caches);
	return caches;
}

static int64_t total_bytes(GHashTable *caches)
{
	GHashTableIter iter;
	int64_t bytes = 0;
	gpointer value;

	g_hash_table_iter_init(&iter, caches);
	while (g_hash_table_iter_next(&iter, NULL, &value))
		bytes += ((const struct report_slab *)value)->bytes;
	return bytes;
}

struct slab *slab_open(char **why)
{
	GHashTable *before = read_caches(why);
	struct slab *s;

	if (!before)
		return NULL;
	s = g_new0(struct slab, 1);
	s->before = before;
	s->highest = g_hash_table_ref(before);
	s->most = total_bytes(before);
	return s;
}

void slab_close(struct slab *s)
{
	if (!s)
		return;
	g_hash_table_unref(s->before);
	g_hash_table_unref(s->highest);
	g_free(s);
}

void slab_look(struct slab *s)
{
	uint64_t start = now_ns();
	GHashTable *caches = read_caches(NULL);
	int64_t bytes = caches ? total_bytes(caches) : 0;

	if (caches && bytes > s->most) {
		g_hash_table_unref(s->highest);
		s->highest = g_hash_table_ref(caches);
		s->most = bytes;
	}
	g_clear_pointer(&caches, g_hash_table_unref);
	s->cost_ns += now_ns() - start;
	s->looks++;
}

static int by_bytes(gconstpointer a, gconstpointer b)
{
	const struct report_slab *x = a, *y = b;

	return (x->bytes < y->bytes) - (x->bytes > y->bytes);
}

GArray *slab_result(const struct slab *s, char **note)
{
	GArray *grown = report_slabs_new();
	GHashTableIter iter;
	gpointer value;

	g_hash_table_iter_init(&iter, s->highest);
	while (g_hash_table_iter_next(&iter, NULL, &value)) {
		struct report_slab one = *(struct report_slab *)value;
		const struct report_slab *old = g_hash_table_lookup(s->before, one.name);

		one.objects -= old ? old->objects : 0;
		one.bytes -= old ? old->bytes : 0;
		if (one.bytes <= 0)
			continue;
		one.name = g_strdup(one.name);
		g_array_append_val(grown, one);
	}
	g_array_sort(grown, by_bytes);
	*note = g_strdup_printf(
		"indicative: " SLABINFO " of the whole machine, at the highest of "
		"%u looks (%.1f ms each) less the start. What others did meanwhile "
		"is in it, and what came and went between two looks is not; objects "
		"kept on a CPU count as in use; some are charged to no control group",
		s->looks, s->looks ? (double)s->cost_ns / s->looks / 1e6 : 0);
	return grown;
}
