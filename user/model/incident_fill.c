/* SPDX-License-Identifier: GPL-2.0-only */
#include "model/incident_fill.h"

#include <string.h>

#include "model/frame_rules.h"
#include "model/functions.h"
#include "model/mostly.h"
#include "model/profile.h"

#define NS 1000000000ULL
#define LEAST (64 << 10) /* bytes: smaller growth is no news */

static const unsigned seconds[INCIDENT_WINDOWS] = { 1, 10, 60 };

/* Sums of the rows of one name. */
struct group {
	const char *cgroup, *name, *thread;
	int64_t held, grown[INCIDENT_WINDOWS];
	int64_t sampled; /* growth by samples, of the window that is looked at */
};

struct filling {
	struct incident *incident;
	const struct report *r;
	const struct incident_source *from;
	uint64_t begin[INCIDENT_WINDOWS]; /* CLOCK_BOOTTIME */
	GHashTable *groups;               /* struct group, its own key */
	GArray *of_process;               /* const char *: control group of each process */
	struct mostly *mostly;            /* NULL: no profile */
	int64_t *entry[INCIDENT_WINDOWS]; /* growth of each entry of the profile that was held */
	const struct group *wanted;       /* for wanted_bytes() */
};

static guint group_hash(gconstpointer p)
{
	const struct group *g = p;

	return (g->cgroup ? g_str_hash(g->cgroup) : 0) ^ (g_str_hash(g->name) * 31) ^
	       (g->thread ? g_str_hash(g->thread) * 17 : 7);
}

static gboolean group_equal(gconstpointer a, gconstpointer b)
{
	const struct group *x = a, *y = b;

	return !g_strcmp0(x->cgroup, y->cgroup) && !g_strcmp0(x->name, y->name) &&
	       !g_strcmp0(x->thread, y->thread);
}

static void add_held(struct filling *f, const char *cgroup, const char *name, const char *thread,
		     int64_t held)
{
	struct group key = { .cgroup = cgroup, .name = name, .thread = thread }, *g;

	g = g_hash_table_lookup(f->groups, &key);
	if (!g) {
		g = g_memdup2(&key, sizeof(key));
		g_hash_table_add(f->groups, g);
	}
	g->held += held;
}

static bool is_within(const struct filling *f, const char *cgroup)
{
	const char *top = f->from->within;
	size_t len = top ? strlen(top) : 0;

	if (!top || !strcmp(top, "/"))
		return true;
	return cgroup && !strncmp(cgroup, top, len) && (!cgroup[len] || cgroup[len] == '/');
}

static void note_victim(struct incident *i, const struct report_process *p)
{
	if (!p->pid || p->pid != i->victim.pid || p->count > 1)
		return;
	i->victim_held = kinds_weight(p->at_peak);
	i->victim.followed = true;
}

/* A thread's figures are what it took less what it gave back: of an ended process all of it, though
 * nothing is left. */
static void add_threads(struct filling *f, const struct report_process *p, const char *cgroup)
{
	int64_t most = kinds_weight(p->at_peak);

	for (unsigned i = 0; most > 0 && i < p->tasks->len; i++) {
		const struct report_task *t = p->tasks->pdata[i];

		add_held(f, cgroup, p->comm ?: "?", t->comm ?: "?",
			 MIN(kinds_weight(t->at_peak), most));
	}
}

static void add_processes(struct filling *f)
{
	for (unsigned i = 0; i < f->r->processes->len; i++) {
		const struct report_process *p = f->r->processes->pdata[i];
		const char *cgroup = f->from->cgroup ? f->from->cgroup(f->from->ctx, p->id) : NULL;

		g_array_append_val(f->of_process, cgroup);
		note_victim(f->incident, p);
		if (!is_within(f, cgroup))
			continue;
		add_held(f, cgroup, p->comm ?: "?", NULL, kinds_weight(p->at_peak));
		add_threads(f, p, cgroup);
	}
}

/* The windows reach back as far as the history does. */
static void set_windows(struct filling *f)
{
	uint64_t first = MIN(history_first(f->from->history), f->from->at_ns);

	for (int w = 0; w < INCIDENT_WINDOWS; w++) {
		uint64_t span = MIN(seconds[w] * NS, f->from->at_ns);

		f->begin[w] = MAX(f->from->at_ns - span, first);
		f->incident->span_ns[w] = f->from->at_ns - f->begin[w];
	}
}

/* The last tick may be seconds before the incident, on a busy machine: from then on names grew at a
 * steady rate. */
static int64_t held_then(const struct filling *f, const struct group *g, uint64_t then)
{
	const struct history *h = f->from->history;
	int64_t held = history_held(h, g->cgroup, g->name, g->thread, then);
	uint64_t last = history_last(h);

	if (then <= last || then >= f->from->at_ns)
		return held;
	return held + (int64_t)((double)(g->held - held) * (double)(then - last) /
				(double)(f->from->at_ns - last));
}

static void grow(struct filling *f)
{
	GHashTableIter iter;
	gpointer key;

	g_hash_table_iter_init(&iter, f->groups);
	while (g_hash_table_iter_next(&iter, &key, NULL)) {
		struct group *g = key;

		for (int w = 0; w < INCIDENT_WINDOWS; w++)
			g->grown[w] = g->held - held_then(f, g, f->begin[w]);
	}
}

/* Samples of the history, to the entries of their aggregates. */
struct sampled {
	GHashTable *entries; /* aggregate -> 1 + its entry */
	int64_t *bytes;
};

static void add_sample(void *ctx, uint32_t aggregate, uint64_t bytes)
{
	struct sampled *s = ctx;
	gpointer found = g_hash_table_lookup(s->entries, GUINT_TO_POINTER(aggregate));

	if (found)
		s->bytes[GPOINTER_TO_UINT(found) - 1] += (int64_t)bytes;
}

static const char *group_of(const struct filling *f, uint32_t process)
{
	return process < f->of_process->len ? g_array_index(f->of_process, const char *, process) :
					      NULL;
}

/* The sums of all processes of an entry's name; NULL: the incident is not about them. */
static struct group *processes_of(const struct filling *f, const struct profile_entry *e)
{
	const struct report_process *p;
	struct group key = { 0 };

	if (e->process >= f->r->processes->len || !is_within(f, group_of(f, e->process)))
		return NULL;
	p = f->r->processes->pdata[e->process];
	key.cgroup = group_of(f, e->process);
	key.name = p->comm ?: "?";
	return g_hash_table_lookup(f->groups, &key);
}

/* Raise the growth of entries to what the ledger says of all processes of a name: samples may have
 * been lost. No entry grew by more than it holds, nor by less than in a shorter window. */
static void scale_samples(const struct filling *f, int w)
{
	const GArray *entries = f->r->profile->entries;
	GHashTableIter iter;
	gpointer key;

	g_hash_table_iter_init(&iter, f->groups);
	while (g_hash_table_iter_next(&iter, &key, NULL))
		((struct group *)key)->sampled = 0;
	for (uint32_t i = 0; i < entries->len; i++) {
		struct group *g = processes_of(f, &g_array_index(entries, struct profile_entry, i));

		if (g)
			g->sampled += f->entry[w][i];
	}
	for (uint32_t i = 0; i < entries->len; i++) {
		const struct profile_entry *e = &g_array_index(entries, struct profile_entry, i);
		const struct group *g = processes_of(f, e);
		int64_t *bytes = &f->entry[w][i];

		if (g && g->sampled > 0 && g->grown[w] > g->sampled)
			*bytes = (int64_t)((double)*bytes / (double)g->sampled *
					   (double)g->grown[w]);
		*bytes = g ? CLAMP(e->bytes[SAMPLE_TYPE_LIVE_PEAK], 0, *bytes) : 0;
		if (w)
			*bytes = MAX(*bytes, f->entry[w - 1][i]);
	}
}

static void sum_samples(struct filling *f)
{
	const struct profile *p = f->r->profile;
	struct sampled s = { 0 };

	s.entries = g_hash_table_new(NULL, NULL);
	for (uint32_t i = p->entries->len; i--;) {
		const struct profile_entry *e = &g_array_index(p->entries, struct profile_entry, i);

		if (e->aggregate != UINT32_MAX)
			g_hash_table_insert(s.entries, GUINT_TO_POINTER(e->aggregate),
					    GUINT_TO_POINTER(i + 1));
	}
	for (int w = 0; w < INCIDENT_WINDOWS; w++) {
		s.bytes = f->entry[w] = g_new0(int64_t, p->entries->len + 1);
		history_samples(f->from->history, f->begin[w], f->from->at_ns, add_sample, &s);
		scale_samples(f, w);
	}
	g_hash_table_unref(s.entries);
}

static enum incident_window best_window(const int64_t grown[INCIDENT_WINDOWS])
{
	return grown[INCIDENT_10S] > 0 ? INCIDENT_10S : INCIDENT_60S;
}

/* The bytes of an entry that belongs to the wanted rows. */
static int64_t wanted_bytes(const void *ctx, uint32_t entry)
{
	const struct filling *f = ctx;
	const struct profile_entry *e =
		&g_array_index(f->r->profile->entries, struct profile_entry, entry);
	const struct report_process *p;

	if (e->process >= f->r->processes->len)
		return 0;
	p = f->r->processes->pdata[e->process];
	if (g_strcmp0(p->comm ?: "?", f->wanted->name) ||
	    g_strcmp0(group_of(f, e->process), f->wanted->cgroup))
		return 0;
	if (f->wanted->thread) {
		const struct report_task *t = e->task < p->tasks->len ? p->tasks->pdata[e->task] :
									NULL;

		if (!t || g_strcmp0(t->comm ?: "?", f->wanted->thread))
			return 0;
	}
	return f->entry[best_window(f->wanted->grown)][entry];
}

static char *function_of(struct filling *f, const struct group *g)
{
	struct mostly_function found;

	f->wanted = g;
	return f->mostly && mostly_find(f->mostly, wanted_bytes, f, &found) ? found.title : NULL;
}

static int64_t most(const int64_t grown[INCIDENT_WINDOWS])
{
	return MAX(MAX(grown[0], grown[1]), grown[2]);
}

/* By growth over 10 s, then over all windows. */
static int by_growth(const int64_t x[INCIDENT_WINDOWS], const int64_t y[INCIDENT_WINDOWS])
{
	if (x[INCIDENT_10S] != y[INCIDENT_10S])
		return x[INCIDENT_10S] < y[INCIDENT_10S] ? 1 : -1;
	return (most(x) < most(y)) - (most(x) > most(y));
}

static int group_order(gconstpointer a, gconstpointer b)
{
	const struct group *x = *(const struct group *const *)a;
	const struct group *y = *(const struct group *const *)b;
	int by = by_growth(x->grown, y->grown);

	return by ? by : g_strcmp0(x->name, y->name) ?: g_strcmp0(x->thread, y->thread);
}

static void add_groups(struct filling *f, enum incident_sort sort)
{
	g_autoptr(GPtrArray) all = g_ptr_array_new();
	GHashTableIter iter;
	gpointer key;
	unsigned n = 0;

	g_hash_table_iter_init(&iter, f->groups);
	while (g_hash_table_iter_next(&iter, &key, NULL))
		g_ptr_array_add(all, key);
	g_ptr_array_sort(all, group_order);
	for (unsigned i = 0; i < all->len && n < INCIDENT_ROWS; i++) {
		const struct group *g = all->pdata[i];
		struct incident_row *row;

		if (!g->thread != (sort == INCIDENT_PROCESS) || most(g->grown) < LEAST)
			continue;
		row = incident_row_add(f->incident);
		row->sort = sort;
		row->name = g_strdup(g->name);
		row->thread = g_strdup(g->thread);
		row->cgroup = g_strdup(g->cgroup);
		row->function = function_of(f, g);
		row->held = g->held;
		memcpy(row->grown, g->grown, sizeof(row->grown));
		n++;
	}
}

static int function_order(gconstpointer a, gconstpointer b)
{
	const struct function *x = a, *y = b;

	return by_growth(x->self, y->self);
}

/* functions_of() sums three figures of each entry: here those are the growth over the three
 * windows. */
static GArray *growth_by_function(struct filling *f)
{
	struct profile p = *f->r->profile;
	GArray *functions;

	_Static_assert((int)SAMPLE_TYPES == (int)INCIDENT_WINDOWS, "a figure for each window");
	p.entries = g_array_sized_new(FALSE, FALSE, sizeof(struct profile_entry),
				      f->r->profile->entries->len);
	for (uint32_t i = 0; i < f->r->profile->entries->len; i++) {
		struct profile_entry e =
			g_array_index(f->r->profile->entries, struct profile_entry, i);

		for (int w = 0; w < INCIDENT_WINDOWS; w++)
			e.bytes[w] = f->entry[w][i];
		g_array_append_val(p.entries, e);
	}
	functions = functions_of(&p, (enum sample_type)INCIDENT_10S);
	g_array_unref(p.entries);
	g_array_sort(functions, function_order);
	return functions;
}

static int64_t held_by(const GArray *functions, const struct function *wanted)
{
	for (unsigned i = 0; i < functions->len; i++) {
		const struct function *f = &g_array_index(functions, struct function, i);

		if (!g_strcmp0(f->name, wanted->name) && !g_strcmp0(f->module, wanted->module))
			return f->self[SAMPLE_TYPE_LIVE_PEAK];
	}
	return 0;
}

static void add_functions(struct filling *f)
{
	g_autoptr(GArray) held = functions_of(f->r->profile, SAMPLE_TYPE_LIVE_PEAK);
	g_autoptr(GArray) grown = growth_by_function(f);
	unsigned n = 0;

	for (unsigned i = 0; i < grown->len && n < INCIDENT_ROWS; i++) {
		const struct function *fn = &g_array_index(grown, struct function, i);
		struct incident_row *row;

		if (!fn->module || most(fn->self) < LEAST)
			continue;
		row = incident_row_add(f->incident);
		row->sort = INCIDENT_FUNCTION;
		row->name = function_title(*fn->name ? fn->name : "?", fn->file, fn->line);
		row->held = held_by(held, fn);
		memcpy(row->grown, fn->self, sizeof(row->grown));
		n++;
	}
}

static void fold_frames(const struct report *r)
{
	struct frame_rules *rules = frame_rules_new();

	frame_rules_apply(rules, r->profile, false);
	frame_rules_free(rules);
}

void incident_fill(struct incident *i, const struct report *r, const struct incident_source *from)
{
	struct filling f = { .incident = i, .r = r, .from = from };

	i->held_ns = from->at_ns > from->origin_ns ? from->at_ns - from->origin_ns : 0;
	i->left_out = history_left_out(from->history);
	f.groups = g_hash_table_new_full(group_hash, group_equal, g_free, NULL);
	f.of_process = g_array_new(FALSE, FALSE, sizeof(char *));
	set_windows(&f);
	add_processes(&f);
	grow(&f);
	if (r->profile) {
		fold_frames(r);
		f.mostly = mostly_new(r->profile);
		sum_samples(&f);
	}
	add_groups(&f, INCIDENT_PROCESS);
	add_groups(&f, INCIDENT_THREAD);
	if (r->profile)
		add_functions(&f);
	for (int w = 0; w < INCIDENT_WINDOWS; w++)
		g_free(f.entry[w]);
	mostly_free(f.mostly);
	g_array_unref(f.of_process);
	g_hash_table_unref(f.groups);
}
