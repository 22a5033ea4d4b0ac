/* SPDX-License-Identifier: GPL-2.0-only */
#include "model/profile.h"

#include <math.h>
#include <string.h>

const char *const picture_name[PICTURES_ALL] = { "grown", "live-peak", "live-end", "asked",
						 "untouched" };

const char *const place_name[PLACES] = {
	[PLACE_UNKNOWN] = "unknown", [PLACE_ANON] = "anonymous", [PLACE_HEAP] = "heap",
	[PLACE_STACK] = "stack",     [PLACE_FILE] = "file",      [PLACE_SHM] = "shared memory",
	[PLACE_JIT] = "jit code",    [PLACE_URING] = "io_uring", [PLACE_VDSO] = "vdso",
};

static void frame_clear(gpointer p)
{
	struct profile_frame *f = p;

	g_free(f->function);
	g_free(f->file);
}

static void module_clear(gpointer p)
{
	g_free(((struct profile_module *)p)->path);
	g_free(((struct profile_module *)p)->build_id);
}

static void asked_clear(gpointer p)
{
	g_free(((struct profile_asked *)p)->place_label);
}

static void entry_clear(gpointer p)
{
	g_free(((struct profile_entry *)p)->place_label);
}

GArray *profile_frames_new(void)
{
	GArray *frames = g_array_new(FALSE, TRUE, sizeof(struct profile_frame));

	g_array_set_clear_func(frames, frame_clear);
	return frames;
}

GArray *profile_entries_new(void)
{
	GArray *entries = g_array_new(FALSE, TRUE, sizeof(struct profile_entry));

	g_array_set_clear_func(entries, entry_clear);
	return entries;
}

GArray *profile_modules_new(void)
{
	GArray *modules = g_array_new(FALSE, TRUE, sizeof(struct profile_module));

	g_array_set_clear_func(modules, module_clear);
	return modules;
}

GArray *profile_asked_new(void)
{
	GArray *asked = g_array_new(FALSE, TRUE, sizeof(struct profile_asked));

	g_array_set_clear_func(asked, asked_clear);
	return asked;
}

struct profile *profile_new(void)
{
	struct profile *p = g_new0(struct profile, 1);

	p->frames = profile_frames_new();
	p->nodes = g_array_new(FALSE, TRUE, sizeof(struct stack_node));
	p->entries = profile_entries_new();
	p->modules = profile_modules_new();
	p->causes = g_ptr_array_new_with_free_func(g_free);
	p->asked = profile_asked_new();
	p->ticks = g_array_new(FALSE, TRUE, sizeof(struct profile_tick));
	p->slot_ns = 1;
	return p;
}

void profile_free(struct profile *p)
{
	if (!p)
		return;
	g_array_unref(p->frames);
	g_array_unref(p->nodes);
	g_array_unref(p->modules);
	g_ptr_array_unref(p->causes);
	g_array_unref(p->entries);
	g_array_unref(p->asked);
	g_array_unref(p->ticks);
	g_free(p->asked_why);
	g_free(p->untouched_why);
	g_free(p);
}

/* There are few: files that code lies in. */
uint32_t profile_module(struct profile *p, const char *path, const char *build_id)
{
	struct profile_module new = { g_strdup(path), g_strdup(build_id) };

	for (unsigned i = 0; i < p->modules->len; i++) {
		const struct profile_module *m =
			&g_array_index(p->modules, struct profile_module, i);

		if (!strcmp(m->path, path) && !g_strcmp0(m->build_id, build_id)) {
			module_clear(&new);
			return i;
		}
	}
	g_array_append_val(p->modules, new);
	return p->modules->len - 1;
}

const char *profile_module_path(const struct profile *p, uint32_t module)
{
	return module < p->modules->len ?
		       g_array_index(p->modules, struct profile_module, module).path :
		       NULL;
}

uint32_t profile_cause(struct profile *p, const char *name)
{
	for (unsigned i = 0; i < p->causes->len; i++)
		if (!strcmp(p->causes->pdata[i], name))
			return i;
	g_ptr_array_add(p->causes, g_strdup(name));
	return p->causes->len - 1;
}

const char *profile_cause_name(const struct profile *p, uint32_t cause)
{
	return cause < p->causes->len ? p->causes->pdata[cause] : NULL;
}

void profile_stack(const struct profile *p, uint32_t node, GArray *frames)
{
	g_array_set_size(frames, 0);
	/* A stack that is longer than the tree goes round in it. */
	while (node < p->nodes->len && frames->len < p->nodes->len) {
		const struct stack_node *n = &g_array_index(p->nodes, struct stack_node, node);

		g_array_append_val(frames, n->frame);
		node = n->parent;
	}
}

unsigned profile_pictures(const struct profile *p)
{
	return p->asked_why ? PICTURES : p->untouched_why ? PICTURES_ALL - 1 : PICTURES_ALL;
}

double profile_error(const struct profile *p, int64_t bytes)
{
	uint64_t period = p->mean_period ? p->mean_period : p->period;

	return bytes > 0 ? sqrt((double)bytes * (double)period) : 0;
}

bool profile_thinning(const struct profile *p, struct profile_thinned *sum)
{
	*sum = (struct profile_thinned){ .from_ns = UINT64_MAX };
	for (unsigned i = 0; i < TARE_THIN_LEVELS; i++) {
		const struct profile_thinned *t = &p->thinned[i];

		if (!t->samples && !t->left)
			continue;
		sum->samples += t->samples;
		sum->bytes += t->bytes;
		sum->left += t->left;
		sum->from_ns = MIN(sum->from_ns, t->from_ns);
		sum->to_ns = MAX(sum->to_ns, t->to_ns);
	}
	return sum->samples || sum->left;
}

/* Entries of one total: a task's or a process's, of one kind. */
struct group {
	GArray *entries; /* indices in profile->entries */
	uint32_t process, task;
};

/* Multiply so that the sum is `total`, to the byte: each gets what the running sum
 * gained, rounded down. */
static void scale(struct profile *p, const GArray *which, enum picture picture, int64_t total)
{
	int64_t sum = 0, given = 0;
	double running = 0;

	for (unsigned i = 0; i < which->len; i++)
		sum += g_array_index(p->entries, struct profile_entry,
				     g_array_index(which, unsigned, i))
			       .bytes[picture];
	for (unsigned i = 0; i < which->len && sum > 0; i++) {
		struct profile_entry *e = &g_array_index(p->entries, struct profile_entry,
							 g_array_index(which, unsigned, i));
		int64_t upto;

		running += e->bytes[picture];
		upto = running >= sum ? total : (int64_t)(running / sum * total);
		e->bytes[picture] = upto - given;
		given = upto;
	}
}

static int64_t sum_of(const struct profile *p, const GArray *which, enum picture picture)
{
	int64_t sum = 0;

	for (unsigned i = 0; which && i < which->len; i++)
		sum += g_array_index(p->entries, struct profile_entry,
				     g_array_index(which, unsigned, i))
			       .bytes[picture];
	return sum;
}

/* What no sample met, under a mark instead of a stack. */
static void add_mark(struct profile *p, enum frame_mark mark, uint32_t process, uint32_t task,
		     uint32_t kind, enum picture picture, int64_t bytes)
{
	struct stack_node node = { NO_NODE, p->frames->len };
	struct profile_frame frame = { .address = mark, .module = NO_MODULE, .mark = true };
	struct profile_entry e = {
		.process = process,
		.task = task,
		.kind = kind,
		.cause = NO_CAUSE,
		.tally = UINT32_MAX,
		.place_label = g_strdup(place_name[PLACE_UNKNOWN]),
	};
	unsigned i;

	for (i = 0; i < p->frames->len; i++) {
		const struct profile_frame *f = &g_array_index(p->frames, struct profile_frame, i);

		if (f->mark && f->address == mark)
			break;
	}
	node.frame = i;
	if (i == p->frames->len)
		g_array_append_val(p->frames, frame);
	for (i = p->nodes->len; i-- > 0;) {
		const struct stack_node *n = &g_array_index(p->nodes, struct stack_node, i);

		if (n->frame == node.frame && n->parent == NO_NODE)
			break;
	}
	if (i == UINT_MAX) {
		i = p->nodes->len;
		g_array_append_val(p->nodes, node);
	}
	e.node = i;
	e.bytes[picture] = bytes;
	g_array_append_val(p->entries, e);
}

static gpointer group_key(uint32_t process, uint32_t task, uint32_t kind)
{
	return g_strdup_printf("%u.%u.%u", process, task, kind);
}

static void group_add(GHashTable *groups, uint32_t process, uint32_t task, uint32_t kind,
		      unsigned i)
{
	g_autofree char *key = group_key(process, task, kind);
	GArray *which = g_hash_table_lookup(groups, key);

	if (!which) {
		which = g_array_new(FALSE, FALSE, sizeof(unsigned));
		g_hash_table_insert(groups, g_steal_pointer(&key), which);
	}
	g_array_append_val(which, i);
}

static const GArray *group_of(GHashTable *groups, uint32_t process, uint32_t task, uint32_t kind)
{
	g_autofree char *key = group_key(process, task, kind);

	return g_hash_table_lookup(groups, key);
}

static void scale_grown(struct profile *p, const struct report *r, GHashTable *by_task)
{
	for (unsigned i = 0; i < r->processes->len; i++) {
		const struct report_process *proc = r->processes->pdata[i];

		for (unsigned j = 0; j < proc->tasks->len; j++) {
			const struct report_task *t = proc->tasks->pdata[j];

			for (unsigned kind = 0; kind < TARE_KINDS; kind++) {
				const GArray *which = group_of(by_task, i, j, kind);
				int64_t total = t->flow[kind].in;

				if (kind == TARE_SWAP || (total <= 0 && !which))
					continue;
				if (sum_of(p, which, PICTURE_GROWN) > 0)
					scale(p, which, PICTURE_GROWN, total);
				else
					add_mark(p, MARK_NO_SAMPLE, i, j, kind, PICTURE_GROWN,
						 total);
				p->total[PICTURE_GROWN] += total;
			}
		}
	}
}

/* What a process held of a kind: first what it had before, as far as the samples
 * leave room for it, then theirs. `rest`: what it is where no sample lives. */
static void scale_held(struct profile *p, uint32_t process, uint32_t kind, const GArray *which,
		       enum picture picture, int64_t held, int64_t opening, enum frame_mark rest)
{
	int64_t sampled = sum_of(p, which, picture), before;

	held = MAX(held, 0);
	before = CLAMP(held - sampled, 0, MAX(opening, 0));
	if (before)
		add_mark(p, MARK_BEFORE, process, UINT32_MAX, kind, picture, before);
	if (sampled > 0)
		scale(p, which, picture, held - before);
	else if (held > before)
		add_mark(p, rest, process, UINT32_MAX, kind, picture, held - before);
	p->total[picture] += held;
}

static void scale_live(struct profile *p, const struct report *r, GHashTable *by_process)
{
	for (unsigned i = 0; i < r->processes->len; i++) {
		const struct report_process *proc = r->processes->pdata[i];

		for (unsigned kind = 0; kind < TARE_KINDS; kind++) {
			const GArray *which = group_of(by_process, i, UINT32_MAX, kind);
			int64_t opening = proc->balance[kind].opening;

			if (kind == TARE_SWAP)
				continue;
			scale_held(p, i, kind, which, PICTURE_LIVE_PEAK, proc->at_peak[kind],
				   opening, MARK_NO_SAMPLE);
			/* Who frees kernel memory later is not known by process. */
			scale_held(p, i, kind, which, PICTURE_LIVE_END, proc->balance[kind].net,
				   opening, proc->alive ? MARK_NO_SAMPLE : MARK_LEFT);
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

/* Causes by the kernel side's number: each is named once. */
struct causes {
	GHashTable *known; /* id -> index in profile->causes */
	char *(*name)(uint32_t id);
};

static uint32_t cause_of(struct profile *p, const struct causes *c, uint32_t id)
{
	g_autofree char *name = NULL;
	gpointer known;
	uint32_t cause;

	if (g_hash_table_lookup_extended(c->known, GUINT_TO_POINTER(id), NULL, &known))
		return GPOINTER_TO_UINT(known);
	name = c->name(id);
	cause = profile_cause(p, name);
	g_hash_table_insert(c->known, GUINT_TO_POINTER(id), GUINT_TO_POINTER(cause));
	return cause;
}

static void copy_asked(struct profile *p, const struct samples *s, GHashTable *tasks,
		       const struct causes *causes)
{
	g_autofree int64_t *untouched = g_new0(int64_t, s->asked_tallies->len + 1);

	samples_untouched(s, untouched);
	for (unsigned i = 0; i < s->asked_tallies->len; i++) {
		const struct asked_tally *t =
			&g_array_index(s->asked_tallies, struct asked_tally, i);
		const struct tally_key *key = intern_key(s->asked_keys, i);
		const struct who *who = g_hash_table_lookup(tasks, &key->task);
		struct profile_asked a = {
			.cause = cause_of(p, causes, key->cause),
			.node = key->node,
			.count = t->count,
			.bytes = (int64_t)t->bytes,
			.untouched = MIN(untouched[i], (int64_t)t->bytes),
		};

		if (!who)
			continue;
		a.process = who->process;
		a.task = who->task;
		a.place_label = place_label(s, key);
		g_array_append_val(p->asked, a);
	}
}

void profile_fill(struct profile *p, const struct samples *s, const struct report *r,
		  uint64_t peak_seq, uint64_t origin_ns, char *(*cause_name)(uint32_t id))
{
	g_autoptr(GHashTable) tasks = tasks_of(r);
	g_autoptr(GHashTable) by_task = g_hash_table_new_full(g_str_hash, g_str_equal, g_free,
							      (GDestroyNotify)g_array_unref);
	g_autoptr(GHashTable) by_process = g_hash_table_new_full(g_str_hash, g_str_equal, g_free,
								 (GDestroyNotify)g_array_unref);
	g_autoptr(GHashTable) known = g_hash_table_new(NULL, NULL);
	struct causes causes = { known, cause_name };
	g_autofree uint64_t *at_peak = g_new0(uint64_t, s->tallies->len + 1);
	g_autofree uint64_t *at_end = g_new0(uint64_t, s->tallies->len + 1);
	g_autofree uint32_t *entry = g_new0(uint32_t, s->tallies->len + 1);

	copy_stacks(p, s);
	samples_live(s, peak_seq, at_peak, at_end);
	for (unsigned i = 0; i < s->tallies->len; i++) {
		const struct tally *t = &g_array_index(s->tallies, struct tally, i);
		const struct tally_key *key = intern_key(s->keys, i);
		const struct who *who = g_hash_table_lookup(tasks, &key->task);
		struct profile_entry e = {
			.kind = key->kind,
			.node = key->node,
			.tally = i,
			.place = key->place,
			.count = t->count,
			.bytes = { t->grown, at_peak[i], at_end[i] },
		};

		entry[i] = UINT32_MAX;
		if (!who || key->kind >= TARE_KINDS)
			continue;
		entry[i] = p->entries->len;
		for (int k = 0; k < PICTURES; k++)
			p->sampled[k] += e.bytes[k];
		e.process = who->process;
		e.task = who->task;
		e.cause = cause_of(p, &causes, key->cause);
		e.place_label = place_label(s, key);
		group_add(by_task, e.process, e.task, e.kind, p->entries->len);
		group_add(by_process, e.process, UINT32_MAX, e.kind, p->entries->len);
		g_array_append_val(p->entries, e);
	}
	p->samples = s->taken;
	p->complete = s->complete;
	p->truncated = s->truncated;
	p->guessed = s->guessed;
	p->no_stack = s->no_stack;
	copy_ticks(p, s, entry, origin_ns);
	copy_asked(p, s, tasks, &causes);
	scale_grown(p, r, by_task);
	scale_live(p, r, by_process);
}
