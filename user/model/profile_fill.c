/* SPDX-License-Identifier: GPL-2.0-only
 *
 * A profile out of samples, scaled to what the ledger has. Linear in what there is: it is
 * made for each checkpoint.
 */
#include <string.h>

#include "base/intern.h"
#include "model/profile.h"

/* Entries of one total: a task's or, of no task (UINT32_MAX), a process's, of one kind. */
struct group_key {
	uint32_t process, task, kind;
};

struct groups {
	struct intern *keys; /* struct group_key */
	GArray *first;       /* uint32_t, by group: the first of its entries in `entry` */
	uint32_t *entry;     /* indices in profile->entries, group after group */
	GArray *of_entry;    /* uint32_t: each entry's group, while they are made */
};

struct which {
	const uint32_t *entry;
	unsigned n;
};

struct fill {
	struct profile *p;
	const struct samples *s;
	const struct report *r;
	struct groups by_task, by_process;
	uint32_t mark_node[FRAME_MARKS]; /* NO_NODE: not made yet */
	GHashTable *tasks;               /* id -> struct who */
	GHashTable *causes;              /* the kernel side's number -> index in profile->causes */
	char *(*cause_name)(uint32_t id);
};

static void groups_begin(struct groups *g)
{
	g->keys = intern_new(sizeof(struct group_key));
	g->first = g_array_new(FALSE, TRUE, sizeof(uint32_t));
	g->of_entry = g_array_new(FALSE, FALSE, sizeof(uint32_t));
}

static void groups_free(struct groups *g)
{
	intern_free(g->keys);
	g_array_unref(g->first);
	g_array_unref(g->of_entry);
	g_free(g->entry);
}

/* The next entry's. */
static void groups_add(struct groups *g, struct group_key key)
{
	uint32_t group = intern_put(g->keys, &key);

	g_array_append_val(g->of_entry, group);
}

/* All are there: in order of their groups. */
static void groups_sort(struct groups *g)
{
	uint32_t n = intern_count(g->keys), *first, *next;

	g_array_set_size(g->first, n + 1);
	first = (uint32_t *)g->first->data;
	for (unsigned i = 0; i < g->of_entry->len; i++)
		first[g_array_index(g->of_entry, uint32_t, i) + 1]++;
	for (uint32_t i = 0; i < n; i++)
		first[i + 1] += first[i];
	next = g_memdup2(first, (n + 1) * sizeof(*first));
	g->entry = g_new(uint32_t, g->of_entry->len + 1);
	for (unsigned i = 0; i < g->of_entry->len; i++)
		g->entry[next[g_array_index(g->of_entry, uint32_t, i)]++] = i;
	g_free(next);
}

static struct which group_of(const struct groups *g, uint32_t process, uint32_t task, uint32_t kind)
{
	struct group_key key = { process, task, kind };
	uint32_t group = intern_find(g->keys, &key);
	const uint32_t *first = (const uint32_t *)g->first->data;

	if (group == INTERN_NONE)
		return (struct which){ 0 };
	return (struct which){ g->entry + first[group], first[group + 1] - first[group] };
}

static struct profile_entry *entry_at(const struct profile *p, uint32_t i)
{
	return &g_array_index(p->entries, struct profile_entry, i);
}

static int64_t sum_of(const struct profile *p, struct which which, enum picture picture)
{
	int64_t sum = 0;

	for (unsigned i = 0; i < which.n; i++)
		sum += entry_at(p, which.entry[i])->bytes[picture];
	return sum;
}

/* Multiply so that the sum is `total`, to the byte: each gets what the running sum
 * gained, rounded down. */
static void scale(struct profile *p, struct which which, enum picture picture, int64_t total)
{
	int64_t sum = sum_of(p, which, picture), given = 0;
	double running = 0;

	for (unsigned i = 0; i < which.n && sum > 0; i++) {
		struct profile_entry *e = entry_at(p, which.entry[i]);
		int64_t upto;

		running += (double)e->bytes[picture];
		upto = running >= (double)sum ? total :
						(int64_t)(running / (double)sum * (double)total);
		e->bytes[picture] = upto - given;
		given = upto;
	}
}

static uint32_t mark_node(struct fill *f, enum frame_mark mark)
{
	struct profile_frame frame = { .address = mark, .module = NO_MODULE, .mark = true };
	struct frame raw = { .address = mark, .file = NO_FILE, .flags = FRAME_MARK };
	struct stack_node node = { NO_NODE, intern_find(f->s->frames, &raw) };
	struct profile *p = f->p;

	if (f->mark_node[mark] != NO_NODE)
		return f->mark_node[mark];
	f->mark_node[mark] = intern_find(f->s->nodes, &node);
	if (node.frame == INTERN_NONE) {
		node.frame = p->frames->len;
		g_array_append_val(p->frames, frame);
	}
	if (f->mark_node[mark] == INTERN_NONE) {
		f->mark_node[mark] = p->nodes->len;
		g_array_append_val(p->nodes, node);
	}
	return f->mark_node[mark];
}

/* What no sample met, under a mark instead of a stack. */
static void add_mark(struct fill *f, enum frame_mark mark, struct group_key of,
		     enum picture picture, int64_t bytes)
{
	struct profile_entry e = {
		.process = of.process,
		.task = of.task,
		.kind = of.kind,
		.cause = NO_CAUSE,
		.node = mark_node(f, mark),
		.tally = UINT32_MAX,
		.place_label = g_strdup(place_name[PLACE_UNKNOWN]),
	};

	e.bytes[picture] = bytes;
	g_array_append_val(f->p->entries, e);
}

static void scale_task(struct fill *f, const struct report_task *t, uint32_t process, uint32_t task)
{
	for (uint32_t kind = 0; kind < TARE_KINDS; kind++) {
		struct which which = group_of(&f->by_task, process, task, kind);
		int64_t total = t->flow[kind].in;

		if (kind == TARE_SWAP || (total <= 0 && !which.n))
			continue;
		if (sum_of(f->p, which, PICTURE_GROWN) > 0)
			scale(f->p, which, PICTURE_GROWN, total);
		else
			add_mark(f, MARK_NO_SAMPLE, (struct group_key){ process, task, kind },
				 PICTURE_GROWN, total);
		f->p->total[PICTURE_GROWN] += total;
	}
}

static void scale_grown(struct fill *f)
{
	for (unsigned i = 0; i < f->r->processes->len; i++) {
		const struct report_process *proc = f->r->processes->pdata[i];

		for (unsigned j = 0; j < proc->tasks->len; j++)
			scale_task(f, proc->tasks->pdata[j], i, j);
	}
}

/* What a process held of a kind: first what it had before, as far as the samples
 * leave room for it, then theirs. `rest`: what it is where no sample lives. */
static void scale_held(struct fill *f, struct group_key of, enum picture picture, int64_t held,
		       int64_t opening, enum frame_mark rest)
{
	struct which which = group_of(&f->by_process, of.process, of.task, of.kind);
	int64_t sampled = sum_of(f->p, which, picture), before;

	held = MAX(held, 0);
	before = CLAMP(held - sampled, 0, MAX(opening, 0));
	if (before)
		add_mark(f, MARK_BEFORE, of, picture, before);
	if (sampled > 0)
		scale(f->p, which, picture, held - before);
	else if (held > before)
		add_mark(f, rest, of, picture, held - before);
	f->p->total[picture] += held;
}

static void scale_live(struct fill *f)
{
	for (unsigned i = 0; i < f->r->processes->len; i++) {
		const struct report_process *proc = f->r->processes->pdata[i];

		for (uint32_t kind = 0; kind < TARE_KINDS; kind++) {
			struct group_key of = { i, UINT32_MAX, kind };
			int64_t opening = proc->balance[kind].opening;

			if (kind == TARE_SWAP)
				continue;
			scale_held(f, of, PICTURE_LIVE_PEAK, proc->at_peak[kind], opening,
				   MARK_NO_SAMPLE);
			/* Who frees kernel memory later is not known by process. */
			scale_held(f, of, PICTURE_LIVE_END, proc->balance[kind].net, opening,
				   proc->alive ? MARK_NO_SAMPLE : MARK_LEFT);
		}
	}
}

static char *place_label(const struct samples *s, const struct tally_key *key)
{
	const char *name = s->names->pdata[key->name];

	if (key->file != NO_FILE)
		return g_strdup(((const struct sample_file *)s->files->pdata[key->file])->path);
	if (key->place == PLACE_STACK && *name)
		return g_strdup_printf("stack of %s", name);
	if (*name)
		return g_strdup_printf("[anon:%s]", name);
	return g_strdup(place_name[MIN(key->place, PLACES - 1)]);
}

struct who {
	uint32_t process, task;
};

static GHashTable *tasks_of(const struct report *r)
{
	GHashTable *tasks = g_hash_table_new_full(g_int64_hash, g_int64_equal, NULL, g_free);

	for (unsigned i = 0; i < r->processes->len; i++) {
		const struct report_process *proc = r->processes->pdata[i];

		for (unsigned j = 0; j < proc->tasks->len; j++) {
			struct report_task *t = proc->tasks->pdata[j];
			struct who who = { i, j };

			g_hash_table_insert(tasks, &t->id, g_memdup2(&who, sizeof(who)));
		}
	}
	return tasks;
}

static void copy_stacks(struct profile *p, const struct samples *s)
{
	g_array_set_size(p->frames, intern_count(s->frames));
	for (unsigned i = 0; i < p->frames->len; i++) {
		const struct frame *f = intern_key(s->frames, i);
		struct profile_frame *to = &g_array_index(p->frames, struct profile_frame, i);

		to->address = f->address;
		to->module = NO_MODULE;
		to->kernel = f->flags & FRAME_KERNEL;
		to->guessed = f->flags & FRAME_GUESS;
		to->mark = f->flags & FRAME_MARK;
	}
	for (unsigned i = 0; i < intern_count(s->nodes); i++)
		g_array_append_vals(p->nodes, intern_key(s->nodes, i), 1);
}

/* `entry`: of each tally, or UINT32_MAX. */
static void copy_ticks(struct profile *p, const struct samples *s, const uint32_t *entry,
		       uint64_t origin_ns)
{
	g_autoptr(GArray) ticks = timeline_ticks(s->timeline);

	p->slot_ns = s->timeline->slot_ns;
	p->start_ns = MAX(s->timeline->start_ns, origin_ns) - origin_ns;
	for (unsigned i = 0; i < ticks->len; i++) {
		const struct tick *t = &g_array_index(ticks, struct tick, i);
		struct profile_tick to = { t->slot, entry[t->tally], t->in, t->out };

		if (to.entry != UINT32_MAX)
			g_array_append_val(p->ticks, to);
	}
}

static uint32_t cause_of(struct fill *f, uint32_t id)
{
	g_autofree char *name = NULL;
	gpointer known;
	uint32_t cause;

	if (id == ANY_CAUSE)
		return NO_CAUSE;
	if (g_hash_table_lookup_extended(f->causes, GUINT_TO_POINTER(id), NULL, &known))
		return GPOINTER_TO_UINT(known);
	name = f->cause_name(id);
	cause = profile_cause(f->p, name);
	g_hash_table_insert(f->causes, GUINT_TO_POINTER(id), GUINT_TO_POINTER(cause));
	return cause;
}

static void copy_asked(struct fill *f)
{
	const struct tallies *all = f->s->asked_tallies;
	g_autofree int64_t *untouched = g_new0(int64_t, tallies_count(all) + 1);

	samples_untouched(f->s, untouched);
	for (unsigned i = 0; i < tallies_count(all); i++) {
		const struct tally *t = tallies_at(all, i);
		const struct who *who =
			t->into == TALLY_USED ? g_hash_table_lookup(f->tasks, &t->key.task) : NULL;
		struct profile_asked a = {
			.node = t->key.node,
			.count = t->count,
			.bytes = (int64_t)t->grown,
			.untouched = MIN(untouched[i], (int64_t)t->grown),
		};

		if (!who)
			continue;
		a.cause = cause_of(f, t->key.cause);
		a.process = who->process;
		a.task = who->task;
		a.place_label = place_label(f->s, &t->key);
		g_array_append_val(f->p->asked, a);
	}
}

/* The entry of a tally of a task that the report has. */
static void add_entry(struct fill *f, const struct tally *t, const struct who *who,
		      uint64_t at_peak, uint64_t at_end)
{
	struct profile_entry e = {
		.process = who->process,
		.task = who->task,
		.kind = t->key.kind,
		.cause = cause_of(f, t->key.cause),
		.node = t->key.node,
		.tally = t->id,
		.place = t->key.place,
		.place_label = place_label(f->s, &t->key),
		.count = t->count,
		.bytes = { (int64_t)t->grown, (int64_t)at_peak, (int64_t)at_end },
	};

	for (int k = 0; k < PICTURES; k++)
		f->p->sampled[k] += (double)e.bytes[k];
	groups_add(&f->by_task, (struct group_key){ e.process, e.task, e.kind });
	groups_add(&f->by_process, (struct group_key){ e.process, UINT32_MAX, e.kind });
	g_array_append_val(f->p->entries, e);
}

/* `entry` gets that of each tally, or UINT32_MAX. */
static void copy_tallies(struct fill *f, uint64_t peak_seq, uint32_t *entry)
{
	const struct tallies *all = f->s->tallies;
	g_autofree uint64_t *at_peak = g_new0(uint64_t, tallies_count(all) + 1);
	g_autofree uint64_t *at_end = g_new0(uint64_t, tallies_count(all) + 1);

	samples_live(f->s, peak_seq, at_peak, at_end);
	for (unsigned i = 0; i < tallies_count(all); i++) {
		const struct tally *t = tallies_at(all, i);
		const struct who *who =
			t->into == TALLY_USED ? g_hash_table_lookup(f->tasks, &t->key.task) : NULL;

		entry[i] = UINT32_MAX;
		if (!who || t->key.kind >= TARE_KINDS)
			continue;
		entry[i] = f->p->entries->len;
		add_entry(f, t, who, at_peak[i], at_end[i]);
	}
	groups_sort(&f->by_task);
	groups_sort(&f->by_process);
}

static void copy_counts(struct profile *p, const struct samples *s)
{
	p->samples = s->taken;
	p->complete = s->complete;
	p->truncated = s->truncated;
	p->guessed = s->guessed;
	p->no_stack = s->no_stack;
}

void profile_fill(struct profile *p, struct samples *s, const struct report *r, uint64_t peak_seq,
		  uint64_t origin_ns, char *(*cause_name)(uint32_t id))
{
	g_autoptr(GHashTable) tasks = tasks_of(r), causes = g_hash_table_new(NULL, NULL);
	struct fill f = { p, s, r, .tasks = tasks, .causes = causes, .cause_name = cause_name };
	g_autofree uint32_t *entry = NULL;

	samples_settle(s);
	for (int i = 0; i < FRAME_MARKS; i++)
		f.mark_node[i] = NO_NODE;
	groups_begin(&f.by_task);
	groups_begin(&f.by_process);
	entry = g_new(uint32_t, tallies_count(s->tallies) + 1);
	copy_stacks(p, s);
	copy_tallies(&f, peak_seq, entry);
	copy_counts(p, s);
	copy_ticks(p, s, entry, origin_ns);
	copy_asked(&f);
	scale_grown(&f);
	scale_live(&f);
	groups_free(&f.by_task);
	groups_free(&f.by_process);
}
