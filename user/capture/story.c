/* SPDX-License-Identifier: GPL-2.0-only */
#include "capture/story.h"

#include <string.h>

#include "capture/cgroup_by_id.h"
#include "capture/session_state.h"
#include "model/groups.h"
#include "model/growth_rule.h"
#include "model/incident_fill.h"

#define REMEMBER 5 /* ticks for which the control group of a process that ended is known */

struct known {
	uint64_t proc, tick;
	char *cgroup;
};

struct story {
	struct history *history;
	GHashTable *known; /* struct known, by proc */
	bool groups;
	struct cgroup_ids *ids; /* NULL: no groups, or they cannot be found by ids */
	uint64_t ticks, ticked_ns;
};

static void known_free(gpointer p)
{
	struct known *k = p;

	g_free(k->cgroup);
	g_free(k);
}

struct story *story_new(const struct features *groups)
{
	struct story *s = g_new0(struct story, 1);

	s->groups = groups != NULL;
	s->ids = groups ? cgroup_ids_new(groups) : NULL;
	s->history = history_new(&history_limits);
	s->known = g_hash_table_new_full(g_int64_hash, g_int64_equal, NULL, known_free);
	return s;
}

void story_free(struct story *s)
{
	if (!s)
		return;
	history_free(s->history);
	g_hash_table_unref(s->known);
	cgroup_ids_free(s->ids);
	g_free(s);
}

static void remember(struct story *s, uint64_t proc, const char *cgroup)
{
	struct known *k = g_hash_table_lookup(s->known, &proc);

	if (!k) {
		k = g_new0(struct known, 1);
		k->proc = proc;
		g_hash_table_insert(s->known, &k->proc, k);
	}
	k->tick = s->ticks;
	if (cgroup && g_strcmp0(k->cgroup, cgroup)) {
		g_free(k->cgroup);
		k->cgroup = g_strdup(cgroup);
	}
}

static gboolean is_old(gpointer key, gpointer value, gpointer story)
{
	(void)key;
	return ((const struct known *)value)->tick + REMEMBER <
	       ((const struct story *)story)->ticks;
}

/* Rows are in the order of their ids. */
static const struct live_row *row_of(const GArray *rows, uint64_t id)
{
	unsigned from = 0, to = rows->len;

	while (from < to) {
		unsigned at = (from + to) / 2;
		const struct live_row *row = &g_array_index(rows, struct live_row, at);

		if (row->id == id)
			return row;
		if (row->id < id)
			from = at + 1;
		else
			to = at;
	}
	return NULL;
}

void story_tick(struct story *s, const struct live *live)
{
	g_autoptr(GArray) procs = g_array_new(FALSE, FALSE, sizeof(struct live_row));
	g_autoptr(GArray) tasks = g_array_new(FALSE, FALSE, sizeof(struct live_row));

	/* A command held nothing before it was started. */
	if (!s->ticks && !s->groups)
		history_begin(s->history, live_total(live)->origin_ns);
	s->ticks++;
	s->ticked_ns = live_total(live)->now_ns;
	history_begin(s->history, s->ticked_ns);
	live_processes(live, procs);
	live_threads(live, tasks);
	if (s->groups)
		growth_add(s->history, procs);
	for (unsigned i = 0; i < procs->len; i++) {
		const struct live_row *row = &g_array_index(procs, struct live_row, i);

		remember(s, row->id, row->cgroup);
		history_add(s->history, s->groups ? row->cgroup : NULL, row->comm, NULL,
			    live_weight(row));
	}
	for (unsigned i = 0; i < tasks->len; i++) {
		const struct live_row *row = &g_array_index(tasks, struct live_row, i);
		const struct live_row *process = row_of(procs, row->proc);

		if (process)
			history_add(s->history, s->groups ? process->cgroup : NULL, process->comm,
				    row->comm, live_weight(row));
	}
	g_hash_table_foreach_remove(s->known, is_old, s);
}

bool story_is_fresh(const struct story *s, uint64_t now_ns)
{
	return s->ticks && now_ns - s->ticked_ns < SESSION_NS - SESSION_NS / 20;
}

void story_sample(struct story *s, const struct tare_sample *sample, uint32_t aggregate)
{
	history_sample(s->history, sample->head.time_ns, aggregate, sample->bytes);
}

void story_folded(struct story *s, uint32_t aggregate, uint32_t into)
{
	history_folded(s->history, aggregate, into);
}

struct history *story_history(const struct story *s)
{
	return s->history;
}

/* An incident, for which control groups of processes are asked for. */
struct asking {
	struct story *story;
	const struct session *session;
	GHashTable *paths; /* id of a control group -> its path, or NULL */
};

static const char *group_by_id(const struct asking *a, uint64_t id)
{
	char *path = NULL;
	gpointer found;

	if (!a->story->ids || !id)
		return NULL;
	if (g_hash_table_lookup_extended(a->paths, &id, NULL, &found))
		return found;
	cgroup_ids_path(a->story->ids, id, &path);
	g_hash_table_insert(a->paths, g_memdup2(&id, sizeof(id)), path);
	return path;
}

/* The kernel's record first: what a tick has read of /proc may be older than a move to another
 * group. */
static const char *cgroup_of(void *asking, uint64_t proc)
{
	const struct asking *a = asking;
	const struct proctable_proc *p;
	const struct known *k;
	const char *path = NULL;

	if (!a->story->groups || !proc)
		return NULL;
	p = proctable_find_proc(a->session->proctable, proc);
	if (p)
		path = group_by_id(a, groups_of_process(a->session->proctable, p));
	k = path ? NULL : g_hash_table_lookup(a->story->known, &proc);
	return k ? k->cgroup : path;
}

static const struct report_process *process_of(const struct report *r, uint64_t id, pid_t pid)
{
	for (unsigned i = 0; i < r->processes->len; i++) {
		const struct report_process *p = r->processes->pdata[i];

		if (id ? p->id == id : p->pid && p->pid == pid)
			return p;
	}
	return NULL;
}

static char *kernel_name(const char *comm)
{
	return *comm ? g_strndup(comm, TARE_COMM_LEN) : NULL;
}

/* The group `levels` above `cgroup`. */
static char *group_above(const char *cgroup, unsigned levels)
{
	char *path = g_strdup(cgroup);

	for (; path && levels; levels--) {
		char *slash = strrchr(path, '/');

		if (!slash)
			break;
		*slash = '\0';
	}
	if (path && !*path) {
		g_free(path);
		path = g_strdup("/");
	}
	return path;
}

static struct incident_task task_of(struct asking *a, uint64_t proc, uint32_t tgid,
				    const char *comm)
{
	return (struct incident_task){
		.pid = (pid_t)tgid,
		.comm = kernel_name(comm),
		.cgroup = g_strdup(cgroup_of(a, proc)),
		.followed = proc != 0,
	};
}

/* `victim` NULL: the report has no row of it. */
static void describe_oom(struct asking *a, struct report *r, const struct report_process *victim,
			 const struct tare_oom *oom)
{
	struct incident *i = r->incident;

	i->victim = task_of(a, victim ? victim->id : 0, oom->victim_tgid, oom->victim_comm);
	if (!i->victim.comm && victim)
		i->victim.comm = g_strdup(victim->comm);
	i->trigger = task_of(a, oom->trigger, oom->trigger_tgid, oom->trigger_comm);
	i->trigger.tid = (pid_t)oom->trigger_tid;
	i->trigger.thread = kernel_name(oom->trigger_thread);
	i->usage = oom->usage;
	i->limit = oom->limit;
	if (oom->cgroup)
		i->cgroup = g_strdup(group_by_id(a, oom->cgroup)) ?:
				    group_above(i->victim.cgroup ?: r->cgroup.path, oom->levels);
}

static void fill(struct asking *a, struct report *r, uint64_t at_ns)
{
	const struct incident_source from = {
		.history = a->story->history,
		.at_ns = at_ns,
		.origin_ns = session_origin(a->session),
		.cgroup = cgroup_of,
		.ctx = a,
		.within = a->story->groups ? r->incident->cgroup : NULL,
	};

	incident_fill(r->incident, r, &from);
	g_hash_table_unref(a->paths);
}

static struct asking asking_begin(struct story *s, const struct session *session)
{
	return (struct asking){
		s, session, g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, g_free)
	};
}

struct report *story_oom(struct story *s, struct session *session, const struct tare_oom *oom,
			 bool frozen)
{
	const struct report_process *victim;
	struct asking asking;
	struct report *r;

	if (!s->groups && !oom->victim && *oom->victim_comm)
		return NULL;
	r = frozen ? session_freeze(session, true) : session_glance(session);
	victim = process_of(r, oom->victim, (pid_t)oom->victim_tgid);
	if (!s->groups && !victim) {
		report_free(r);
		return NULL;
	}
	r->incident = incident_new();
	r->incident->what = INCIDENT_OOM;
	r->incident->kills = 1;
	r->incident->at_kill = oom->peak && oom->peak == session->last_peak;
	r->incident->time_ns = oom->head.time_ns - MIN(oom->head.time_ns, session->origin_ns);
	asking = asking_begin(s, session);
	describe_oom(&asking, r, victim, oom);
	fill(&asking, r, session->origin_ns + r->peak_weight_ns);
	return r;
}

struct report *story_now(struct story *s, struct session *session, enum incident_what what,
			 const char *detail, const char *cgroup)
{
	struct asking asking = asking_begin(s, session);
	struct report *r = session_freeze(session, false);

	r->incident = incident_new();
	r->incident->what = what;
	r->incident->at_kill = true;
	r->incident->detail = g_strdup(detail);
	r->incident->cgroup = g_strdup(cgroup);
	r->incident->time_ns = r->duration_ns;
	fill(&asking, r, session->origin_ns + r->duration_ns);
	return r;
}
