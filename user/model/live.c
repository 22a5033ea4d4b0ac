/* SPDX-License-Identifier: GPL-2.0-only */
#include <string.h>

#include "model/live_impl.h"

struct live *live_new(void)
{
	struct live *l = g_new0(struct live, 1);

	l->procs = g_hash_table_new_full(g_int64_hash, g_int64_equal, NULL, live_entity_free);
	l->tasks = g_hash_table_new_full(g_int64_hash, g_int64_equal, NULL, live_entity_free);
	l->claims = g_array_new(FALSE, FALSE, sizeof(int64_t));
	l->claimants = g_ptr_array_new();
	return l;
}

void live_free(struct live *l)
{
	if (!l)
		return;
	g_hash_table_unref(l->procs);
	g_hash_table_unref(l->tasks);
	g_array_unref(l->claims);
	g_ptr_array_unref(l->claimants);
	g_free(l->all.slot);
	g_free(l);
}

/* Forget what this tick did not meet. */
static void forget(const struct live *l, GHashTable *in)
{
	GHashTableIter iter;
	gpointer value;

	g_hash_table_iter_init(&iter, in);
	while (g_hash_table_iter_next(&iter, NULL, &value)) {
		const struct entity *e = value;

		if (e->seen != l->total.ticks && !live_unchanged(l, e))
			g_hash_table_iter_remove(&iter);
	}
}

static void forget_ended(const struct live *l)
{
	forget(l, l->tasks); /* they point to their processes */
	forget(l, l->procs);
}

static void close_row(struct live_row *row)
{
	row->now.user = kinds_user(row->kind);
	row->now.kernel = kinds_kernel(row->kind);
}

static void close_all(const struct live *l, GHashTable *in, uint64_t now_ns)
{
	GHashTableIter iter;
	gpointer value;

	g_hash_table_iter_init(&iter, in);
	while (g_hash_table_iter_next(&iter, NULL, &value)) {
		struct entity *e = value;

		if (!e->slot && !l->total.kmem && live_unchanged(l, e))
			continue;
		close_row(&e->row);
		if (e->before && e->since == now_ns)
			e->base = e->row.now;
		live_rates(l, e, now_ns);
		if (e->causes)
			live_cause_rates(l, e, now_ns);
	}
}

static void add_point(struct live_total *t, int64_t weight)
{
	if (t->points == LIVE_CURVE)
		memmove(t->curve, t->curve + 1, (LIVE_CURVE - 1) * sizeof(t->curve[0]));
	else
		t->points++;
	t->curve[t->points - 1] = weight;
}

static void close_total(struct live *l)
{
	struct live_total *t = &l->total;
	struct entity *all = &l->all;
	uint64_t processes = t->born, ended = t->ended;

	t->born = t->ticks == 1 ? 0 : processes - MIN(processes, l->processes);
	t->ended = t->ticks == 1 ? 0 : ended - MIN(ended, l->ended);
	l->processes = processes;
	l->ended = ended;
	close_row(&all->row);
	all->row.now.kernel += t->kmem_rest;
	all->row.processes = g_hash_table_size(l->procs);
	if (t->ticks == 1)
		all->since = t->now_ns;
	live_rates(l, all, t->now_ns);
	t->sum = all->row;
	add_point(t, live_weight(&t->sum));
}

static void begin_tick(struct live *l, uint64_t now_ns, uint64_t origin_ns)
{
	l->total.now_ns = now_ns;
	l->total.origin_ns = origin_ns;
	l->total.ticks++;
	memset(l->all.row.kind, 0, sizeof(l->all.row.kind));
	l->all.row.now = (struct live_counts){ 0 };
	l->total.born = l->total.ended = 0;
	live_windows_begin(l, now_ns);
}

static void end_tick(struct live *l)
{
	uint64_t now_ns = l->total.now_ns;

	close_all(l, l->procs, now_ns);
	close_all(l, l->tasks, now_ns);
	close_total(l);
	live_windows_end(l, now_ns);
}

void live_tick(struct live *l, const struct books_input *in)
{
	begin_tick(l, in->now_ns, in->origin_ns);
	live_read(l, in);
	l->total.lost = 0;
	for (unsigned i = 0; i < TARE_LOSSES; i++)
		l->total.lost += in->workload.lost[i];
	forget_ended(l);
	l->all.row.threads = g_hash_table_size(l->tasks);
	end_tick(l);
}

void live_replay(struct live *l, const struct live_round *round)
{
	begin_tick(l, round->now_ns, round->origin_ns);
	live_read_rows(l, round);
	forget_ended(l);
	end_tick(l);
}

void live_clear(struct live *l)
{
	g_hash_table_remove_all(l->procs);
	g_hash_table_remove_all(l->tasks);
	g_free(l->all.slot);
	l->all = (struct entity){ 0 };
	l->total = (struct live_total){ 0 };
	memset(l->window, 0, sizeof(l->window));
	l->processes = l->ended = 0;
}

void live_curve(struct live *l, const int64_t *weight, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		add_point(&l->total, weight[i]);
}

bool live_before(const struct live *l, const struct live_row *row)
{
	const struct entity *e = g_hash_table_lookup(row->tid ? l->tasks : l->procs, &row->id);

	return e && e->before;
}

void live_counted(const struct live *l, uint64_t *born, uint64_t *ended)
{
	*born = l->processes;
	*ended = l->ended;
}

const struct live_total *live_total(const struct live *l)
{
	return &l->total;
}

static int by_id(gconstpointer a, gconstpointer b)
{
	const struct live_row *x = a, *y = b;

	return x->id < y->id ? -1 : x->id > y->id;
}

static void copy_rows(const struct live *l, GHashTable *in, GArray *rows)
{
	GHashTableIter iter;
	gpointer value;

	g_hash_table_iter_init(&iter, in);
	while (g_hash_table_iter_next(&iter, NULL, &value)) {
		const struct entity *e = value;
		struct live_row row = e->row;
		const struct entity *process = e;

		if (in == l->tasks)
			process = g_hash_table_lookup(l->procs, &row.proc);
		row.cgroup = process ? process->cgroup : NULL;
		row.uid = process ? process->row.uid : LIVE_NO_UID;
		g_array_append_val(rows, row);
	}
	g_array_sort(rows, by_id);
}

void live_processes(const struct live *l, GArray *rows)
{
	copy_rows(l, l->procs, rows);
}

void live_threads(const struct live *l, GArray *rows)
{
	copy_rows(l, l->tasks, rows);
}

bool live_causes(const struct live *l, uint64_t proc, GArray *causes)
{
	const struct entity *e = g_hash_table_lookup(l->procs, &proc);

	for (unsigned i = 0; e && i < e->causes->len; i++)
		g_array_append_val(causes, g_array_index(e->causes, struct cause, i).c);
	return e != NULL;
}

bool live_process(const struct live *l, uint64_t proc, struct live_row *row)
{
	const struct entity *e = g_hash_table_lookup(l->procs, &proc);

	if (!e)
		return false;
	*row = e->row;
	row->cgroup = e->cgroup;
	return true;
}

bool live_unknown(const struct live *l, uint64_t age_ns, uint64_t *id, pid_t *pid)
{
	GHashTableIter iter;
	gpointer value;

	g_hash_table_iter_init(&iter, l->procs);
	while (g_hash_table_iter_next(&iter, NULL, &value)) {
		const struct entity *e = value;

		if (e->about_ns && l->total.now_ns - e->about_ns < age_ns)
			continue;
		*id = e->row.id;
		*pid = e->row.pid;
		return true;
	}
	return false;
}

void live_know(struct live *l, uint64_t id, uint32_t uid, const char *cgroup)
{
	struct entity *e = g_hash_table_lookup(l->procs, &id);

	if (!e)
		return;
	e->about_ns = MAX(l->total.now_ns, 1);
	e->row.uid = uid;
	g_free(e->cgroup);
	e->cgroup = g_strdup(cgroup);
}

/* The id of a container: at least 32 hexadecimal digits. NULL: there is none. */
static const char *container_id(const char *word, size_t *digits)
{
	const char *dash = strrchr(word, '-'), *id = dash ? dash + 1 : word;

	*digits = strspn(id, "0123456789abcdef");
	return *digits >= 32 && (!id[*digits] || id[*digits] == '.') ? id : NULL;
}

char *live_unit(const char *cgroup)
{
	g_auto(GStrv) words = g_strsplit(cgroup ? cgroup : "", "/", -1);
	unsigned n = g_strv_length(words);
	size_t digits;

	/* The innermost container, service or scope; else the last name. */
	for (unsigned i = n; i-- > 0;) {
		const char *id = container_id(words[i], &digits);

		if (id && id > words[i]) /* docker-0123….scope */
			return g_strdup_printf("%.*s:%.12s", (int)(id - words[i] - 1), words[i],
					       id);
		if (id)
			return g_strdup_printf("%s:%.12s", i && *words[i - 1] ? words[i - 1] : "id",
					       id);
		if (g_str_has_suffix(words[i], ".service") || g_str_has_suffix(words[i], ".scope"))
			return g_strdup(words[i]);
	}
	return g_strdup(n ? words[n - 1] : "");
}
