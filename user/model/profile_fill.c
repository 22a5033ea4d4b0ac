/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Making a profile from samples, scaled to the ledger. It takes linear time, because it runs at
 * each checkpoint. The order of enum sample_type is kept: no entry holds more than it grew, but
 * those with a synthetic frame for memory that no task grew (profile_ungrown()).
 */
#include <string.h>

#include "base/intern.h"
#include "model/profile.h"

/* A bucket: the entries that are scaled to one total. Of a task and kind, or (task UINT32_MAX) of
 * a process and kind. */
struct bucket_key {
	uint32_t process, task, kind;
};

struct buckets {
	struct intern *keys; /* struct bucket_key */
	GArray *first;       /* uint32_t, by bucket: the first of its entries in `entry` */
	uint32_t *entry;     /* indices in profile->entries, bucket after bucket */
	GArray *of_entry;    /* uint32_t: the bucket of each entry, until buckets_sort() */
};

struct which {
	const uint32_t *entry;
	unsigned n;
};

struct fill {
	struct profile *p;
	const struct samples *s;
	const struct report *r;
	struct buckets by_task, by_process;
	uint32_t synthetic_node[SYNTHETIC_FRAMES]; /* NO_NODE: not made yet */
	GHashTable *tasks;                         /* id -> struct who */
	GHashTable *causes; /* TARE_CAUSE_* or system call -> index in profile->causes */
	char *(*cause_name)(uint32_t id);
};

static void buckets_begin(struct buckets *g)
{
	g->keys = intern_new(sizeof(struct bucket_key));
	g->first = g_array_new(FALSE, TRUE, sizeof(uint32_t));
	g->of_entry = g_array_new(FALSE, FALSE, sizeof(uint32_t));
}

static void buckets_free(struct buckets *g)
{
	intern_free(g->keys);
	g_array_unref(g->first);
	g_array_unref(g->of_entry);
	g_free(g->entry);
}

/* Set the bucket of the next entry. */
static void buckets_add(struct buckets *g, struct bucket_key key)
{
	uint32_t bucket = intern_put(g->keys, &key);

	g_array_append_val(g->of_entry, bucket);
}

/* All entries were added: sort them by bucket. */
static void buckets_sort(struct buckets *g)
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

static struct which bucket_entries(const struct buckets *g, uint32_t process, uint32_t task,
				   uint32_t kind)
{
	struct bucket_key key = { process, task, kind };
	uint32_t bucket = intern_find(g->keys, &key);
	const uint32_t *first = (const uint32_t *)g->first->data;

	if (bucket == INTERN_NONE)
		return (struct which){ 0 };
	return (struct which){ g->entry + first[bucket], first[bucket + 1] - first[bucket] };
}

static struct profile_entry *entry_at(const struct profile *p, uint32_t i)
{
	return &g_array_index(p->entries, struct profile_entry, i);
}

static int64_t sum_of(const struct profile *p, struct which which, enum sample_type sample_type)
{
	int64_t sum = 0;

	for (unsigned i = 0; i < which.n; i++)
		sum += entry_at(p, which.entry[i])->bytes[sample_type];
	return sum;
}

/* Scale the growth of the entries so that its sum is exactly `total`: each gets the increase of
 * the scaled, rounded running sum. Live bytes are scaled by the same factor, and so stay within the
 * growth. */
static void scale_growth(struct profile *p, struct which which, int64_t total)
{
	int64_t sum = sum_of(p, which, SAMPLE_TYPE_GROWN), given = 0;
	double running = 0;

	for (unsigned i = 0; i < which.n; i++) {
		struct profile_entry *e = entry_at(p, which.entry[i]);
		int64_t was = e->bytes[SAMPLE_TYPE_GROWN], upto, grown;

		running += (double)was;
		upto = running >= (double)sum ? total :
						(int64_t)(running / (double)sum * (double)total);
		grown = upto - given;
		given = upto;
		for (int k = SAMPLE_TYPE_LIVE_PEAK; k < SAMPLE_TYPES && was; k++)
			e->bytes[k] =
				MIN((int64_t)((double)e->bytes[k] / (double)was * (double)grown),
				    grown);
		e->bytes[SAMPLE_TYPE_GROWN] = grown;
	}
}

/* Who gets live bytes, and in proportion to what: entries with live samples, to these; the growth
 * of tasks without a sample, and then all, to what they grew and do not hold. */
enum raise_by { RAISE_BY_LIVE, RAISE_UNSAMPLED, RAISE_BY_ROOM };

#define RAISE_PASSES 16 /* of RAISE_BY_LIVE: in each, entries reach their growth */

static int64_t raise_weight(const struct profile_entry *e, enum sample_type type, enum raise_by by)
{
	int64_t room = e->bytes[SAMPLE_TYPE_GROWN] - e->bytes[type];

	if (room <= 0 || (by == RAISE_UNSAMPLED && e->aggregate != UINT32_MAX))
		return 0;
	return by == RAISE_BY_LIVE ? e->bytes[type] : room;
}

/* Add up to `need` live bytes to the entries, to each at most until it holds all that it grew.
 * Returns the bytes that were added. */
static int64_t raise_once(struct profile *p, struct which which, enum sample_type type,
			  int64_t need, enum raise_by by)
{
	int64_t sum = 0, given = 0, added = 0;
	double running = 0;

	for (unsigned i = 0; i < which.n; i++)
		sum += raise_weight(entry_at(p, which.entry[i]), type, by);
	for (unsigned i = 0; i < which.n && sum > 0; i++) {
		struct profile_entry *e = entry_at(p, which.entry[i]);
		int64_t upto, more, room = e->bytes[SAMPLE_TYPE_GROWN] - e->bytes[type];

		running += (double)raise_weight(e, type, by);
		upto = running >= (double)sum ? need :
						(int64_t)(running / (double)sum * (double)need);
		more = CLAMP(upto - given, 0, MAX(room, 0));
		given = upto;
		e->bytes[type] += more;
		added += more;
	}
	return added;
}

/* The same, until all have what they can have. Returns the bytes that found no place. */
static int64_t raise_live(struct profile *p, struct which which, enum sample_type type,
			  int64_t need)
{
	for (int i = 0; i < RAISE_PASSES && need > 0; i++)
		need -= raise_once(p, which, type, need, RAISE_BY_LIVE);
	need -= raise_once(p, which, type, need, RAISE_UNSAMPLED);
	need -= raise_once(p, which, type, need, RAISE_BY_ROOM);
	for (unsigned i = 0; i < which.n && need > 0; i++) { /* what rounding left */
		struct profile_entry *e = entry_at(p, which.entry[i]);
		int64_t more = MIN(e->bytes[SAMPLE_TYPE_GROWN] - e->bytes[type], need);

		e->bytes[type] += MAX(more, 0);
		need -= MAX(more, 0);
	}
	return need;
}

/* Make the sum of live bytes exactly `total`, which is not more than it is. */
static void lower_live(struct profile *p, struct which which, enum sample_type type, int64_t total)
{
	int64_t sum = sum_of(p, which, type), given = 0, left = total;
	double running = 0;

	for (unsigned i = 0; i < which.n && sum > 0; i++) {
		struct profile_entry *e = entry_at(p, which.entry[i]);
		int64_t upto;

		running += (double)e->bytes[type];
		upto = running >= (double)sum ? total :
						(int64_t)(running / (double)sum * (double)total);
		e->bytes[type] = MIN(upto - given, e->bytes[type]);
		left -= e->bytes[type];
		given = upto;
	}
	raise_live(p, which, type, left);
}

static uint32_t synthetic_node(struct fill *f, enum frame_synthetic synthetic)
{
	struct profile_frame frame = { .address = synthetic,
				       .module = NO_MODULE,
				       .synthetic = true };
	struct frame raw = { .address = synthetic, .file = NO_FILE, .flags = FRAME_SYNTHETIC };
	struct stack_node node = { NO_NODE, intern_find(f->s->frames, &raw) };
	struct profile *p = f->p;

	if (f->synthetic_node[synthetic] != NO_NODE)
		return f->synthetic_node[synthetic];
	f->synthetic_node[synthetic] = intern_find(f->s->nodes, &node);
	if (node.frame == INTERN_NONE) {
		node.frame = p->frames->len;
		g_array_append_val(p->frames, frame);
	}
	if (f->synthetic_node[synthetic] == INTERN_NONE) {
		f->synthetic_node[synthetic] = p->nodes->len;
		g_array_append_val(p->nodes, node);
	}
	return f->synthetic_node[synthetic];
}

/* Add an entry for memory without a sample, with a synthetic frame as its stack. `label`: what it
 * is, in place of its mapping; NULL: not known. */
static void add_synthetic(struct fill *f, enum frame_synthetic synthetic, struct bucket_key of,
			  enum sample_type sample_type, int64_t bytes, const char *label)
{
	struct profile_entry e = {
		.process = of.process,
		.task = of.task,
		.kind = of.kind,
		.cause = NO_CAUSE,
		.node = synthetic_node(f, synthetic),
		.aggregate = UINT32_MAX,
		.mapping_label = g_strdup(label ?: mapping_name[MAPPING_UNKNOWN]),
	};

	e.bytes[sample_type] = bytes;
	g_array_append_val(f->p->entries, e);
}

static void put_in_buckets(struct fill *f, const struct profile_entry *e)
{
	buckets_add(&f->by_task, (struct bucket_key){ e->process, e->task, e->kind });
	buckets_add(&f->by_process, (struct bucket_key){ e->process, UINT32_MAX, e->kind });
}

/* Add an entry for each kind that a task grew and no sample met. */
static void add_unsampled(struct fill *f, const struct report_task *t, uint32_t process,
			  uint32_t task)
{
	for (uint32_t kind = 0; kind < TARE_KINDS; kind++) {
		struct bucket_key key = { process, task, kind };
		int64_t total = (int64_t)t->flow[kind].in;

		if (kind == TARE_SWAP || total <= 0 ||
		    intern_find(f->by_task.keys, &key) != INTERN_NONE)
			continue;
		add_synthetic(f, SYNTHETIC_NO_SAMPLE, key, SAMPLE_TYPE_GROWN, total, NULL);
		put_in_buckets(f, entry_at(f->p, f->p->entries->len - 1));
	}
}

static void scale_task(struct fill *f, const struct report_task *t, uint32_t process, uint32_t task)
{
	for (uint32_t kind = 0; kind < TARE_KINDS; kind++) {
		struct which which = bucket_entries(&f->by_task, process, task, kind);
		int64_t total = MAX((int64_t)t->flow[kind].in, 0);

		if (kind == TARE_SWAP || !which.n)
			continue;
		scale_growth(f->p, which, total);
		f->p->total[SAMPLE_TYPE_GROWN] += total;
	}
}

typedef void (*task_fn)(struct fill *f, const struct report_task *t, uint32_t process,
			uint32_t task);

static void each_task(struct fill *f, task_fn fn)
{
	for (unsigned i = 0; i < f->r->processes->len; i++) {
		const struct report_process *proc = f->r->processes->pdata[i];

		for (unsigned j = 0; j < proc->tasks->len; j++)
			fn(f, proc->tasks->pdata[j], i, j);
	}
}

/* Fit the live bytes of a process and kind to what it held. The initial balance gets what they do
 * not explain. Then they are lowered, or raised until each entry holds all that it grew. `rest`:
 * the synthetic frame for bytes that no task of the process grew; if `ended`, no task holds
 * more than its live samples. */
static void fit_held(struct fill *f, struct bucket_key of, enum sample_type type, int64_t held,
		     bool ended)
{
	const struct report_process *proc = f->r->processes->pdata[of.process];
	int64_t initial = proc->balance[of.kind].initial;
	struct which which = bucket_entries(&f->by_process, of.process, of.task, of.kind);
	int64_t live = sum_of(f->p, which, type), before, rest;

	held = MAX(held, 0);
	before = CLAMP(held - live, 0, MAX(initial, 0));
	rest = held - before - live;
	if (rest < 0)
		lower_live(f->p, which, type, held - before);
	else if (!ended)
		rest = raise_live(f->p, which, type, rest);
	if (before)
		add_synthetic(f, SYNTHETIC_BEFORE, of, type, before,
			      report_attached(proc) ? "held before tare came" : "copied by fork");
	if (rest > 0)
		add_synthetic(f, ended ? SYNTHETIC_LEFT : SYNTHETIC_OTHERS, of, type, rest, NULL);
	f->p->total[type] += held;
}

static void fit_live(struct fill *f)
{
	for (unsigned i = 0; i < f->r->processes->len; i++) {
		const struct report_process *proc = f->r->processes->pdata[i];

		for (uint32_t kind = 0; kind < TARE_KINDS; kind++) {
			struct bucket_key of = { i, UINT32_MAX, kind };

			if (kind == TARE_SWAP)
				continue;
			fit_held(f, of, SAMPLE_TYPE_LIVE_PEAK, proc->at_peak[kind], false);
			/* Later frees of kernel memory are not known by process. */
			fit_held(f, of, SAMPLE_TYPE_LIVE_END, proc->balance[kind].net,
				 !proc->alive);
		}
	}
}

static char *mapping_label(const struct samples *s, const struct aggregate_key *key)
{
	const char *name = s->names->pdata[key->name];

	if (key->file != NO_FILE)
		return g_strdup(((const struct sample_file *)s->files->pdata[key->file])->path);
	if (key->mapping == MAPPING_STACK && *name)
		return g_strdup_printf("stack of %s", name);
	if (*name)
		return g_strdup_printf("[anon:%s]", name);
	return g_strdup(mapping_name[MIN(key->mapping, MAPPINGS - 1)]);
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
		to->fallback = f->flags & FRAME_FALLBACK;
		to->synthetic = f->flags & FRAME_SYNTHETIC;
	}
	for (unsigned i = 0; i < intern_count(s->nodes); i++)
		g_array_append_vals(p->nodes, intern_key(s->nodes, i), 1);
}

/* `entry`: the entry of each aggregate, or UINT32_MAX. */
static void copy_ticks(struct profile *p, const struct samples *s, const uint32_t *entry,
		       uint64_t origin_ns)
{
	g_autoptr(GArray) ticks = timeline_ticks(s->timeline);

	p->slot_ns = s->timeline->slot_ns;
	p->start_ns = MAX(s->timeline->start_ns, origin_ns) - origin_ns;
	for (unsigned i = 0; i < ticks->len; i++) {
		const struct tick *t = &g_array_index(ticks, struct tick, i);
		struct profile_tick to = { t->slot, entry[t->aggregate], t->in, t->out };

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

static void copy_virtual(struct fill *f)
{
	const struct aggregates *all = f->s->virtual_aggregates;
	g_autofree int64_t *untouched = g_new0(int64_t, aggregates_count(all) + 1);

	samples_untouched(f->s, untouched);
	for (unsigned i = 0; i < aggregates_count(all); i++) {
		const struct aggregate *t = aggregates_at(all, i);
		const struct who *who = t->into == AGGREGATE_USED ?
						g_hash_table_lookup(f->tasks, &t->key.task) :
						NULL;
		struct profile_virtual a = {
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
		a.mapping_label = mapping_label(f->s, &t->key);
		g_array_append_val(f->p->virtual, a);
	}
}

/* Add the entry of an aggregate; `who`: its task, which is in the report. */
static void add_entry(struct fill *f, const struct aggregate *t, const struct who *who,
		      uint64_t at_peak, uint64_t at_end)
{
	struct profile_entry e = {
		.process = who->process,
		.task = who->task,
		.kind = t->key.kind,
		.cause = cause_of(f, t->key.cause),
		.node = t->key.node,
		.aggregate = t->id,
		.mapping = t->key.mapping,
		.mapping_label = mapping_label(f->s, &t->key),
		.count = t->count,
		.fresh = t->grown - t->told,
		.bytes = { (int64_t)t->grown, (int64_t)at_peak, (int64_t)at_end },
	};

	for (int k = 0; k < SAMPLE_TYPES; k++)
		f->p->sampled[k] += (double)e.bytes[k];
	put_in_buckets(f, &e);
	g_array_append_val(f->p->entries, e);
}

/* Fills `entry`: the entry of each aggregate, or UINT32_MAX. */
static void copy_aggregates(struct fill *f, uint64_t peak_seq, uint32_t *entry)
{
	const struct aggregates *all = f->s->aggregates;
	g_autofree uint64_t *at_peak = g_new0(uint64_t, aggregates_count(all) + 1);
	g_autofree uint64_t *at_end = g_new0(uint64_t, aggregates_count(all) + 1);

	samples_live(f->s, peak_seq, at_peak, at_end);
	for (unsigned i = 0; i < aggregates_count(all); i++) {
		const struct aggregate *t = aggregates_at(all, i);
		const struct who *who = t->into == AGGREGATE_USED ?
						g_hash_table_lookup(f->tasks, &t->key.task) :
						NULL;

		entry[i] = UINT32_MAX;
		if (!who || t->key.kind >= TARE_KINDS)
			continue;
		entry[i] = f->p->entries->len;
		add_entry(f, t, who, at_peak[i], at_end[i]);
	}
}

static void copy_counts(struct profile *p, const struct samples *s)
{
	p->samples = s->taken;
	p->complete = s->complete;
	p->truncated = s->truncated;
	p->fallback = s->fallback;
	p->no_stack = s->no_stack;
}

void profile_fill(struct profile *p, struct samples *s, const struct report *r, uint64_t peak_seq,
		  uint64_t origin_ns, char *(*cause_name)(uint32_t id))
{
	g_autoptr(GHashTable) tasks = tasks_of(r), causes = g_hash_table_new(NULL, NULL);
	struct fill f = { p, s, r, .tasks = tasks, .causes = causes, .cause_name = cause_name };
	g_autofree uint32_t *entry = NULL;

	samples_settle(s);
	for (int i = 0; i < SYNTHETIC_FRAMES; i++)
		f.synthetic_node[i] = NO_NODE;
	buckets_begin(&f.by_task);
	buckets_begin(&f.by_process);
	entry = g_new(uint32_t, aggregates_count(s->aggregates) + 1);
	copy_stacks(p, s);
	copy_aggregates(&f, peak_seq, entry);
	copy_counts(p, s);
	copy_ticks(p, s, entry, origin_ns);
	copy_virtual(&f);
	each_task(&f, add_unsampled);
	buckets_sort(&f.by_task);
	buckets_sort(&f.by_process);
	each_task(&f, scale_task);
	fit_live(&f);
	buckets_free(&f.by_task);
	buckets_free(&f.by_process);
}
