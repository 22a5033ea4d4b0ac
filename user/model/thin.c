/* SPDX-License-Identifier: GPL-2.0-only */
#include "model/thin.h"

static int64_t size_of(const struct profile_entry *e)
{
	int64_t most = 0;

	for (int i = 0; i < SAMPLE_TYPES; i++)
		most = MAX(most, e->bytes[i]);
	return most;
}

static int downwards(gconstpointer a, gconstpointer b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return x > y ? -1 : x < y;
}

/* The smallest size such that at most `keep` are that large. */
static int64_t size_bar(GArray *sizes, unsigned keep)
{
	if (sizes->len <= keep)
		return INT64_MIN;
	g_array_sort(sizes, downwards);
	return g_array_index(sizes, int64_t, keep) + 1;
}

static uint32_t add_synthetic_node(struct profile *p)
{
	struct profile_frame frame = {
		.function = g_strdup("[thinned]"),
		.address = SYNTHETIC_THINNED,
		.module = NO_MODULE,
		.synthetic = true,
	};
	struct stack_node node = { NO_NODE, p->frames->len };

	g_array_append_val(p->frames, frame);
	g_array_append_val(p->nodes, node);
	return p->nodes->len - 1;
}

static uint32_t synthetic_node(struct profile *p)
{
	for (unsigned i = 0; i < p->nodes->len; i++) {
		const struct stack_node *n = &g_array_index(p->nodes, struct stack_node, i);
		const struct profile_frame *f =
			&g_array_index(p->frames, struct profile_frame, n->frame);

		if (n->parent == NO_NODE && f->synthetic && f->address == SYNTHETIC_THINNED)
			return i;
	}
	return add_synthetic_node(p);
}

/* The merged entry of a task and kind; added to `to` when it is new. */
static struct profile_entry *rest_of(GArray *to, GHashTable *rests, const struct profile_entry *e,
				     uint32_t synthetic, uint32_t *number)
{
	g_autofree char *key = g_strdup_printf("%u %u %u", e->process, e->task, e->kind);
	struct profile_entry rest = {
		.process = e->process,
		.task = e->task,
		.kind = e->kind,
		.cause = NO_CAUSE,
		.node = synthetic,
		.aggregate = UINT32_MAX,
	};
	gpointer at;

	if (!g_hash_table_lookup_extended(rests, key, NULL, &at)) {
		rest.mapping_label = g_strdup(mapping_name[MAPPING_UNKNOWN]);
		at = GUINT_TO_POINTER(to->len);
		g_array_append_val(to, rest);
		g_hash_table_insert(rests, g_steal_pointer(&key), at);
	}
	*number = GPOINTER_TO_UINT(at);
	return &g_array_index(to, struct profile_entry, *number);
}

/* Returns the new index of each entry. Free with g_free(). */
static uint32_t *thin_entries(struct profile *p, unsigned keep, uint32_t synthetic)
{
	g_autoptr(GHashTable) rests = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	g_autoptr(GArray) sizes = g_array_new(FALSE, FALSE, sizeof(int64_t));
	GArray *to = profile_entries_new();
	uint32_t *now = g_new(uint32_t, p->entries->len + 1);
	int64_t least;

	for (unsigned i = 0; i < p->entries->len; i++) {
		int64_t size = size_of(&g_array_index(p->entries, struct profile_entry, i));

		g_array_append_val(sizes, size);
	}
	least = size_bar(sizes, keep);
	for (unsigned i = 0; i < p->entries->len; i++) {
		struct profile_entry *e = &g_array_index(p->entries, struct profile_entry, i);
		struct profile_entry *rest;

		if (size_of(e) >= least) {
			now[i] = to->len;
			g_array_append_val(to, *e);
			e->mapping_label = NULL; /* it has moved */
			continue;
		}
		rest = rest_of(to, rests, e, synthetic, &now[i]);
		rest->count += e->count;
		for (int k = 0; k < SAMPLE_TYPES; k++)
			rest->bytes[k] += e->bytes[k];
	}
	g_array_unref(p->entries);
	p->entries = to;
	return now;
}

static int by_slot(gconstpointer a, gconstpointer b)
{
	const struct profile_tick *x = a, *y = b;

	if (x->slot != y->slot)
		return x->slot < y->slot ? -1 : 1;
	return x->entry < y->entry ? -1 : x->entry > y->entry;
}

/* Merge the ticks of the same slot and entry. */
static void join_ticks(struct profile *p)
{
	unsigned kept = 0;

	g_array_sort(p->ticks, by_slot);
	for (unsigned i = 0; i < p->ticks->len; i++) {
		const struct profile_tick t = g_array_index(p->ticks, struct profile_tick, i);
		struct profile_tick *last =
			kept ? &g_array_index(p->ticks, struct profile_tick, kept - 1) : NULL;

		if (last && last->slot == t.slot && last->entry == t.entry) {
			last->in += t.in;
			last->out += t.out;
		} else {
			g_array_index(p->ticks, struct profile_tick, kept++) = t;
		}
	}
	g_array_set_size(p->ticks, kept);
}

static void thin_ticks(struct profile *p, const uint32_t *now)
{
	for (unsigned i = 0; i < p->ticks->len; i++) {
		struct profile_tick *t = &g_array_index(p->ticks, struct profile_tick, i);

		t->entry = now[t->entry];
	}
	join_ticks(p);
}

void profile_coarsen(struct profile *p)
{
	p->slot_ns *= 2;
	for (unsigned i = 0; i < p->ticks->len; i++)
		g_array_index(p->ticks, struct profile_tick, i).slot /= 2;
	join_ticks(p);
}

/* The merged address space of a task; added to `to` when it is new. */
static struct profile_virtual *virtual_rest(GArray *to, GHashTable *rests,
					    const struct profile_virtual *a, uint32_t synthetic)
{
	gpointer key = GSIZE_TO_POINTER((gsize)a->process << 32 | a->task), at;
	struct profile_virtual rest = { a->process, a->task, NO_CAUSE, synthetic, NULL, 0, 0, 0 };

	if (!g_hash_table_lookup_extended(rests, key, NULL, &at)) {
		rest.mapping_label = g_strdup(mapping_name[MAPPING_UNKNOWN]);
		at = GUINT_TO_POINTER(to->len);
		g_array_append_val(to, rest);
		g_hash_table_insert(rests, key, at);
	}
	return &g_array_index(to, struct profile_virtual, GPOINTER_TO_UINT(at));
}

static void thin_virtual(struct profile *p, unsigned keep, uint32_t synthetic)
{
	g_autoptr(GHashTable) rests = g_hash_table_new(NULL, NULL);
	g_autoptr(GArray) sizes = g_array_new(FALSE, FALSE, sizeof(int64_t));
	GArray *to = profile_virtual_new();
	int64_t least;

	for (unsigned i = 0; i < p->virtual->len; i++)
		g_array_append_val(sizes,
				   g_array_index(p->virtual, struct profile_virtual, i).bytes);
	least = size_bar(sizes, keep);
	for (unsigned i = 0; i < p->virtual->len; i++) {
		struct profile_virtual *a = &g_array_index(p->virtual, struct profile_virtual, i),
				       *rest;

		if (a->bytes >= least) {
			g_array_append_val(to, *a);
			a->mapping_label = NULL; /* it has moved */
			continue;
		}
		rest = virtual_rest(to, rests, a, synthetic);
		rest->count += a->count;
		rest->bytes += a->bytes;
		rest->untouched += a->untouched;
	}
	g_array_unref(p->virtual);
	p->virtual = to;
}

/* `now`: in: not 0 if a frame is used; out: its new index. */
static void keep_frames(struct profile *p, uint32_t *now)
{
	GArray *to = profile_frames_new();

	for (unsigned i = 0; i < p->frames->len; i++) {
		struct profile_frame *f = &g_array_index(p->frames, struct profile_frame, i);

		if (!now[i])
			continue;
		now[i] = to->len;
		g_array_append_val(to, *f);
		f->function = f->file = f->via = NULL; /* they have moved */
	}
	g_array_unref(p->frames);
	p->frames = to;
}

/* Mark a node and its callers as used. */
static void mark_used(const struct profile *p, uint32_t node, uint32_t *used)
{
	for (; node != NO_NODE && !used[node];
	     node = g_array_index(p->nodes, struct stack_node, node).parent)
		used[node] = 1;
}

static uint32_t *used_nodes(const struct profile *p)
{
	uint32_t *used = g_new0(uint32_t, p->nodes->len + 1);

	for (unsigned i = 0; i < p->entries->len; i++)
		mark_used(p, g_array_index(p->entries, struct profile_entry, i).node, used);
	for (unsigned i = 0; i < p->virtual->len; i++)
		mark_used(p, g_array_index(p->virtual, struct profile_virtual, i).node, used);
	return used;
}

/* `now`: in: not 0 if a node is used; out: its new index. */
static void keep_nodes(struct profile *p, uint32_t *now, const uint32_t *frame_now)
{
	unsigned kept = 0;

	for (unsigned i = 0; i < p->nodes->len; i++)
		now[i] = now[i] ? kept++ : NO_NODE;
	for (unsigned i = 0; i < p->nodes->len; i++) {
		struct stack_node n = g_array_index(p->nodes, struct stack_node, i);

		if (now[i] == NO_NODE)
			continue;
		n.frame = frame_now[n.frame];
		n.parent = n.parent == NO_NODE ? NO_NODE : now[n.parent];
		g_array_index(p->nodes, struct stack_node, now[i]) = n;
	}
	g_array_set_size(p->nodes, kept);
}

static void drop_modules(struct profile *p)
{
	g_autofree uint32_t *now = g_new0(uint32_t, p->modules->len + 1);
	GArray *to = profile_modules_new();

	for (unsigned i = 0; i < p->frames->len; i++) {
		uint32_t m = g_array_index(p->frames, struct profile_frame, i).module;

		if (m != NO_MODULE)
			now[m] = 1;
	}
	for (unsigned i = 0; i < p->modules->len; i++) {
		struct profile_module *m = &g_array_index(p->modules, struct profile_module, i);

		if (!now[i])
			continue;
		now[i] = to->len;
		g_array_append_val(to, *m);
		m->path = m->build_id = NULL; /* they have moved */
	}
	for (unsigned i = 0; i < p->frames->len; i++) {
		struct profile_frame *f = &g_array_index(p->frames, struct profile_frame, i);

		f->module = f->module == NO_MODULE ? NO_MODULE : now[f->module];
	}
	g_array_unref(p->modules);
	p->modules = to;
}

static void drop_unused(struct profile *p)
{
	g_autofree uint32_t *node_now = used_nodes(p);
	g_autofree uint32_t *frame_now = g_new0(uint32_t, p->frames->len + 1);

	for (unsigned i = 0; i < p->nodes->len; i++)
		if (node_now[i])
			frame_now[g_array_index(p->nodes, struct stack_node, i).frame] = 1;
	keep_frames(p, frame_now);
	keep_nodes(p, node_now, frame_now);
	drop_modules(p);
	for (unsigned i = 0; i < p->entries->len; i++) {
		struct profile_entry *e = &g_array_index(p->entries, struct profile_entry, i);

		e->node = e->node == NO_NODE ? NO_NODE : node_now[e->node];
	}
	for (unsigned i = 0; i < p->virtual->len; i++) {
		struct profile_virtual *a = &g_array_index(p->virtual, struct profile_virtual, i);

		a->node = a->node == NO_NODE ? NO_NODE : node_now[a->node];
	}
}

void profile_thin(struct profile *p, unsigned keep)
{
	uint32_t synthetic = synthetic_node(p);
	g_autofree uint32_t *now = thin_entries(p, keep, synthetic);

	thin_ticks(p, now);
	thin_virtual(p, keep, synthetic);
	drop_unused(p);
}
