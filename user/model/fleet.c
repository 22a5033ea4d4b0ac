/* SPDX-License-Identifier: GPL-2.0-only */
#include "model/fleet.h"

#include <string.h>

#include "model/frame_rules.h"
#include "model/functions.h"
#include "model/rollup.h"
#include "model/view.h"

static void source_free(gpointer source)
{
	struct fleet_source *s = source;

	g_free(s->path);
	g_free(s->host);
	g_free(s->label);
	g_free(s->service);
	g_free(s->kernel);
	g_free(s->tare_version);
	g_free(s->why_no_kernel);
	g_free(s);
}

static void row_free(gpointer row)
{
	struct fleet_row *r = row;

	g_free(r->key);
	g_free(r->name);
	g_array_unref(r->cells);
	g_free(r);
}

struct fleet *fleet_new(void)
{
	struct fleet *f = g_new0(struct fleet, 1);

	f->sources = g_ptr_array_new_with_free_func(source_free);
	for (int i = 0; i < FLEET_SORTS; i++) {
		f->rows[i] = g_ptr_array_new_with_free_func(row_free);
		f->known[i] = g_hash_table_new(g_str_hash, g_str_equal); /* row->key -> row */
	}
	return f;
}

void fleet_free(struct fleet *f)
{
	if (!f)
		return;
	for (int i = 0; i < FLEET_SORTS; i++) {
		g_hash_table_unref(f->known[i]);
		g_ptr_array_unref(f->rows[i]);
	}
	g_ptr_array_unref(f->sources);
	g_free(f);
}

/* What one recording holds of one name. It becomes a cell. */
struct part {
	char *key, *name;
	struct fleet_cell cell;
};

static void part_free(gpointer part)
{
	struct part *p = part;

	g_free(p->key);
	g_free(p->name);
	g_free(p);
}

/* The parts of one sort of one recording. */
struct parts {
	GPtrArray *list; /* struct part * */
	GHashTable *known;
};

static struct parts parts_new(void)
{
	return (struct parts){ g_ptr_array_new_with_free_func(part_free),
			       g_hash_table_new(g_str_hash, g_str_equal) };
}

static struct part *part_of(struct parts *parts, const char *key, const char *name)
{
	struct part *p = g_hash_table_lookup(parts->known, key);

	if (!p) {
		p = g_new0(struct part, 1);
		p->key = g_strdup(key);
		p->name = g_strdup(name);
		g_ptr_array_add(parts->list, p);
		g_hash_table_insert(parts->known, p->key, p);
	} else if (strcmp(p->name, name)) {
		g_free(p->name);
		p->name = g_strdup(key);
	}
	return p;
}

static void cell_add(struct fleet_cell *to, const struct fleet_cell *from)
{
	to->count += from->count;
	for (int t = 0; t < SAMPLE_TYPES; t++)
		for (int i = 0; i < FLEET_PARTS; i++)
			to->bytes[t][i] += from->bytes[t][i];
}

static void add_cell(struct fleet *f, enum fleet_sort sort, const struct part *p)
{
	struct fleet_row *row = g_hash_table_lookup(f->known[sort], p->key);
	struct fleet_cell cell = p->cell;

	if (!row) {
		row = g_new0(struct fleet_row, 1);
		row->key = g_strdup(p->key);
		row->name = g_strdup(p->name);
		row->sort = sort;
		row->cells = g_array_new(FALSE, FALSE, sizeof(struct fleet_cell));
		g_ptr_array_add(f->rows[sort], row);
		g_hash_table_insert(f->known[sort], row->key, row);
	} else if (strcmp(row->name, p->name)) {
		g_free(row->name);
		row->name = g_strdup(p->key);
	}
	cell.source = f->sources->len - 1;
	g_array_append_val(row->cells, cell);
}

/* The most that the part is in any sample type. */
static int64_t part_size(const struct part *p)
{
	int64_t most = 0;

	for (int t = 0; t < SAMPLE_TYPES; t++)
		most = MAX(most,
			   ABS(p->cell.bytes[t][FLEET_USER]) + ABS(p->cell.bytes[t][FLEET_KERNEL]));
	return most;
}

static int by_size(gconstpointer a, gconstpointer b)
{
	const struct part *x = *(struct part *const *)a, *y = *(struct part *const *)b;
	int64_t s = part_size(x), t = part_size(y);

	return s == t ? strcmp(x->key, y->key) : s < t ? 1 : -1;
}

/* Add the parts of the last source, and free them. */
static void add_parts(struct fleet *f, enum fleet_sort sort, struct parts *parts)
{
	struct fleet_source *s = f->sources->pdata[f->sources->len - 1];
	struct part smaller = { .key = (char *)FLEET_SMALLER, .name = (char *)FLEET_SMALLER };

	g_ptr_array_sort(parts->list, by_size);
	for (unsigned i = 0; i < parts->list->len; i++) {
		const struct part *p = parts->list->pdata[i];

		if (i < FLEET_ROWS_MOST && strcmp(p->key, FLEET_SMALLER)) {
			add_cell(f, sort, p);
			continue;
		}
		cell_add(&smaller.cell, &p->cell);
		s->smaller[sort]++;
	}
	if (s->smaller[sort])
		add_cell(f, sort, &smaller);
	g_hash_table_unref(parts->known);
	g_ptr_array_unref(parts->list);
}

static void add_kinds(int64_t to[FLEET_PARTS], const int64_t kind[TARE_KINDS])
{
	to[FLEET_USER] += kinds_user(kind);
	to[FLEET_KERNEL] += kinds_kernel(kind);
}

static void add_processes(struct fleet *f, const struct report *r)
{
	struct parts parts = parts_new();

	for (unsigned i = 0; i < r->processes->len; i++) {
		const struct report_process *p = r->processes->pdata[i];
		const char *comm = p->comm ?: "";
		g_autofree char *pattern = rollup_pattern(comm);
		struct fleet_cell *cell = &part_of(&parts, pattern, comm)->cell;
		int64_t grown[TARE_KINDS], net[TARE_KINDS];

		for (int k = 0; k < TARE_KINDS; k++) {
			grown[k] = (int64_t)p->balance[k].tasks.in;
			net[k] = p->balance[k].net;
		}
		cell->count += p->count;
		add_kinds(cell->bytes[SAMPLE_TYPE_GROWN], grown);
		add_kinds(cell->bytes[SAMPLE_TYPE_LIVE_PEAK], p->at_peak);
		add_kinds(cell->bytes[SAMPLE_TYPE_LIVE_END], net);
	}
	add_parts(f, FLEET_PROCESSES, &parts);
}

/* The function that the entry's memory is attributed to. */
static const char *function_of(const struct profile *p, const struct profile_entry *e)
{
	const struct stack_node *n;
	const char *via;

	if (e->node == NO_NODE)
		return "[no stack]";
	n = &g_array_index(p->nodes, struct stack_node, frame_rules_owner(p, e->node, &via));
	return g_array_index(p->frames, struct profile_frame, n->frame).function;
}

static bool is_kernel(enum tare_kind kind)
{
	return kind == TARE_PAGETABLE || kind == TARE_KSTACK || kind == TARE_KMEM;
}

static void add_functions(struct fleet *f, const struct profile *p)
{
	struct parts parts = parts_new();

	for (unsigned i = 0; i < p->entries->len; i++) {
		const struct profile_entry *e = &g_array_index(p->entries, struct profile_entry, i);
		const char *function = function_of(p, e);
		struct fleet_cell *cell = &part_of(&parts, function, function)->cell;

		cell->count += e->count;
		for (int t = 0; t < SAMPLE_TYPES; t++)
			cell->bytes[t][is_kernel(e->kind) ? FLEET_KERNEL : FLEET_USER] +=
				e->bytes[t];
	}
	add_parts(f, FLEET_FUNCTIONS, &parts);
}

static void add_total(struct fleet *f, const struct report *r)
{
	struct fleet_source *s = f->sources->pdata[f->sources->len - 1];
	struct view_held now = view_now(r), peak = view_at_peak(r);
	struct parts parts = parts_new();
	struct fleet_cell *cell = &part_of(&parts, "", "")->cell;
	bool *known = s->known[FLEET_TOTAL];
	int64_t grown[TARE_KINDS];

	known[FLEET_USER] = known[FLEET_KERNEL] = true;
	for (int k = 0; k < TARE_KINDS; k++) {
		grown[k] = (int64_t)(r->totals[k].tasks.in + r->totals[k].nonowner.in);
		known[is_kernel(k) ? FLEET_KERNEL : FLEET_USER] &= now.known[k] && peak.known[k];
	}
	cell->count = report_processes(r);
	add_kinds(cell->bytes[SAMPLE_TYPE_GROWN], grown);
	add_kinds(cell->bytes[SAMPLE_TYPE_LIVE_PEAK], peak.kind);
	add_kinds(cell->bytes[SAMPLE_TYPE_LIVE_END], now.kind);
	cell->bytes[SAMPLE_TYPE_LIVE_PEAK][FLEET_KERNEL] += peak.sock;
	cell->bytes[SAMPLE_TYPE_LIVE_END][FLEET_KERNEL] += now.sock;
	add_parts(f, FLEET_TOTAL, &parts);
}

/* "redis-server", "pid 4121"; the program's name without its directory. */
static char *service_of(const struct report *r)
{
	if (r->target)
		return g_strdup(r->target);
	return r->command->len ? g_path_get_basename(r->command->pdata[0]) : g_strdup("");
}

/* Why the report says that kernel memory is not measured; NULL: it does not say. */
static const char *why_no_kernel(const struct report *r)
{
	for (unsigned i = 0; i < r->features->len; i++) {
		const struct report_feature *feature = r->features->pdata[i];

		if (!strcmp(feature->name, kind_name[TARE_KMEM]))
			return feature->why;
	}
	return NULL;
}

/* User memory is known if all four of its kinds are; so is kernel memory with its three. */
static void set_known(struct fleet_source *s, const struct report *r)
{
	bool user = report_kind(r, TARE_ANON) && report_kind(r, TARE_FILE) &&
		    report_kind(r, TARE_SHMEM) && report_kind(r, TARE_SWAP);

	s->known[FLEET_PROCESSES][FLEET_USER] = user;
	s->known[FLEET_PROCESSES][FLEET_KERNEL] = view_kernel(r);
	s->known[FLEET_FUNCTIONS][FLEET_USER] = r->profile && user;
	s->known[FLEET_FUNCTIONS][FLEET_KERNEL] = r->profile && view_kernel(r);
}

void fleet_add(struct fleet *f, const char *path, const struct report *r)
{
	struct fleet_source *s = g_new0(struct fleet_source, 1);

	s->path = g_strdup(path);
	s->host = r->machine.host && *r->machine.host ? g_strdup(r->machine.host) : NULL;
	s->service = service_of(r);
	s->kernel = g_strdup(r->kernel);
	s->tare_version = g_strdup(r->tare_version);
	s->started_ns = r->started_ns;
	s->duration_ns = r->duration_ns;
	s->why_no_kernel = view_kernel(r) ? NULL : g_strdup(why_no_kernel(r));
	s->sums_valid = r->sums_valid;
	s->balanced = report_balanced(r);
	s->lost = report_lost_total(r);
	if (r->profile) {
		s->period = r->profile->mean_period ?: r->profile->period;
		s->lost += r->profile->lost.samples;
	}
	set_known(s, r);
	g_ptr_array_add(f->sources, s);
	add_total(f, r);
	add_processes(f, r);
	if (r->profile)
		add_functions(f, r->profile);
}

/* The host, if it is known and no other source has it; else the file's name, with it. */
static void name_sources(struct fleet *f)
{
	g_autoptr(GHashTable) hosts = g_hash_table_new(g_str_hash, g_str_equal);

	for (unsigned i = 0; i < f->sources->len; i++) {
		struct fleet_source *s = f->sources->pdata[i];
		gpointer n = s->host ? g_hash_table_lookup(hosts, s->host) : NULL;

		if (s->host)
			g_hash_table_insert(hosts, s->host,
					    GUINT_TO_POINTER(GPOINTER_TO_UINT(n) + 1));
	}
	for (unsigned i = 0; i < f->sources->len; i++) {
		struct fleet_source *s = f->sources->pdata[i];
		g_autofree char *file = g_path_get_basename(s->path);

		g_free(s->label);
		if (!s->host)
			s->label = g_steal_pointer(&file);
		else if (GPOINTER_TO_UINT(g_hash_table_lookup(hosts, s->host)) > 1)
			s->label = g_strdup_printf("%s:%s", s->host, file);
		else
			s->label = g_strdup(s->host);
	}
}

static int64_t row_sum(const struct fleet_row *row, enum sample_type sample_type)
{
	int64_t sum = 0;

	for (unsigned i = 0; i < row->cells->len; i++) {
		const struct fleet_cell *c = &g_array_index(row->cells, struct fleet_cell, i);

		sum = fleet_sum(sum, c->bytes[sample_type][FLEET_USER] +
					     c->bytes[sample_type][FLEET_KERNEL]);
	}
	return sum;
}

static int by_sum(gconstpointer a, gconstpointer b, gpointer sample_type)
{
	const struct fleet_row *x = *(struct fleet_row *const *)a;
	const struct fleet_row *y = *(struct fleet_row *const *)b;
	int64_t s = row_sum(x, GPOINTER_TO_INT(sample_type));
	int64_t t = row_sum(y, GPOINTER_TO_INT(sample_type));

	return s == t ? strcmp(x->key, y->key) : s < t ? 1 : -1;
}

void fleet_close(struct fleet *f, enum sample_type sample_type)
{
	name_sources(f);
	for (int i = 0; i < FLEET_SORTS; i++)
		g_ptr_array_sort_with_data(f->rows[i], by_sum, GINT_TO_POINTER(sample_type));
}
