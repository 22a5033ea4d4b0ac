/* SPDX-License-Identifier: GPL-2.0-only */
#include "model/diff.h"

#include <math.h>
#include <string.h>

#include "base/intern.h"
#include "model/frame_rules.h"
#include "model/rollup.h"

int64_t diff_change(const struct diff_figure *f)
{
	return f->bytes[DIFF_AFTER] - f->bytes[DIFF_BEFORE];
}

bool diff_beyond(const struct diff_figure *f)
{
	return diff_change(f) && fabs((double)diff_change(f)) > 2 * f->error;
}

int64_t diff_who_change(const struct diff_who *w)
{
	return kinds_weight(w->side[DIFF_AFTER].at_peak) -
	       kinds_weight(w->side[DIFF_BEFORE].at_peak);
}

static void who_free(gpointer who)
{
	struct diff_who *w = who;

	g_free(w->process);
	g_free(w->thread);
	g_free(w);
}

static void function_free(gpointer function)
{
	g_free(((struct diff_function *)function)->name);
	g_free(function);
}

void diff_free(struct diff *d)
{
	if (!d)
		return;
	g_ptr_array_unref(d->processes);
	g_ptr_array_unref(d->threads);
	g_ptr_array_unref(d->functions);
	g_array_unref(d->stacks);
	g_ptr_array_unref(d->names);
	g_array_unref(d->paths);
	g_free(d);
}

/* Processes and threads: by the ledger. */

struct whose {
	struct diff *d;
	GHashTable *known;    /* process, or process/thread -> struct diff_who */
	GHashTable *patterns; /* patterns of names of which a report has a fold */
	enum diff_time time;
};

/* The key has a newline between the names. A name with a newline could merge two rows; that does
 * no other harm. */
static struct diff_side *side_of(struct whose *w, const char *process, const char *thread)
{
	GPtrArray *list = thread ? w->d->threads : w->d->processes;
	g_autofree char *key =
		g_strdup_printf("%s%s%s", process, thread ? "\n" : "", thread ? thread : "");
	struct diff_who *who = g_hash_table_lookup(w->known, key);

	if (!who) {
		who = g_new0(struct diff_who, 1);
		who->process = g_strdup(process);
		who->thread = g_strdup(thread);
		g_ptr_array_add(list, who);
		g_hash_table_insert(w->known, g_steal_pointer(&key), who);
	}
	return &who->side[w->time];
}

static void note_pattern(GHashTable *patterns, const char *comm, uint64_t count)
{
	if (count > 1)
		g_hash_table_add(patterns, rollup_pattern(comm ? comm : ""));
}

static void note_patterns(GHashTable *patterns, const struct report *r)
{
	for (unsigned i = 0; i < r->processes->len; i++) {
		const struct report_process *p = r->processes->pdata[i];

		note_pattern(patterns, p->comm, p->count);
		for (unsigned j = 0; j < p->tasks->len; j++) {
			const struct report_task *t = p->tasks->pdata[j];

			note_pattern(patterns, t->comm, t->count);
		}
	}
}

/* The name to match by: `comm`, or its pattern if a report has a fold of that. */
static char *name_in(const struct whose *w, const char *comm)
{
	char *pattern = rollup_pattern(comm ? comm : "");

	if (g_hash_table_contains(w->patterns, pattern))
		return pattern;
	g_free(pattern);
	return g_strdup(comm ? comm : "");
}

static void add_process(struct whose *w, const struct report_process *p)
{
	g_autofree char *comm = name_in(w, p->comm);
	struct diff_side *side = side_of(w, comm, NULL);

	side->count += p->count;
	for (int k = 0; k < TARE_KINDS; k++) {
		if (!(w->d->kinds & 1u << k))
			continue;
		side->at_peak[k] += p->at_peak[k];
		side->net[k] += p->balance[k].net;
		side->grown[k] += (int64_t)p->balance[k].tasks.in;
	}
	for (unsigned i = 0; i < p->tasks->len; i++) {
		const struct report_task *t = p->tasks->pdata[i];

		g_autofree char *thread = name_in(w, t->comm);

		side = side_of(w, comm, thread);
		side->count += t->count;
		for (int k = 0; k < TARE_KINDS; k++) {
			if (!(w->d->kinds & 1u << k))
				continue;
			side->at_peak[k] += t->at_peak[k];
			side->net[k] += flow_net(t->flow[k]);
			side->grown[k] += (int64_t)t->flow[k].in;
		}
	}
}

static int by_change(int64_t x, int64_t y)
{
	x = ABS(x);
	y = ABS(y);
	return (x < y) - (x > y);
}

static int by_who(gconstpointer a, gconstpointer b)
{
	const struct diff_who *x = *(struct diff_who *const *)a, *y = *(struct diff_who *const *)b;
	int order = by_change(diff_who_change(x), diff_who_change(y));

	order = order ?: strcmp(x->process, y->process);
	return order ?: g_strcmp0(x->thread, y->thread);
}

static void add_whose(struct diff *d, const struct report *report[DIFF_TIMES])
{
	g_autoptr(GHashTable) known = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	g_autoptr(GHashTable)
		patterns = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	struct whose w = { .d = d, .known = known, .patterns = patterns };

	for (w.time = 0; w.time < DIFF_TIMES; w.time++)
		note_patterns(patterns, report[w.time]);
	for (w.time = 0; w.time < DIFF_TIMES; w.time++)
		for (unsigned i = 0; i < report[w.time]->processes->len; i++)
			add_process(&w, report[w.time]->processes->pdata[i]);
	g_ptr_array_sort(d->processes, by_who);
	g_ptr_array_sort(d->threads, by_who);
}

/* Functions and stacks: by samples. Until all samples are added, `error` holds its square. */

struct places {
	struct diff *d;
	const struct profile *p;
	enum diff_time time;
	GHashTable *names;    /* of functions -> number + 1, as in d->functions */
	uint32_t *numbers;    /* that number, by frame; 0: not looked up */
	struct intern *paths; /* struct stack_node, as in d->paths */
	GArray *stack_of;     /* uint32_t, by path: number in d->stacks + 1 */
	GArray *seen;         /* uint64_t, by name: the last entry with this name on its stack */
	uint64_t entry;
	GArray *stack; /* the frames of the current stack */
};

static void add_figure(const struct places *w, struct diff_figure *f, const struct profile_entry *e,
		       int sample_type)
{
	double error = e->count ? profile_error(w->p, e->bytes[sample_type]) : 0;

	f->bytes[w->time] += e->bytes[sample_type];
	f->error += error * error;
}

static uint32_t name_of(struct places *w, const char *name)
{
	gpointer known = g_hash_table_lookup(w->names, name);
	struct diff_function *f;
	const uint64_t never = 0;

	if (known)
		return GPOINTER_TO_UINT(known) - 1;
	f = g_new0(struct diff_function, 1);
	f->name = g_strdup(name);
	f->folded = true;
	g_ptr_array_add(w->d->functions, f);
	g_ptr_array_add(w->d->names, g_strdup(name));
	g_array_append_val(w->seen, never);
	g_hash_table_insert(w->names, f->name, GUINT_TO_POINTER(w->d->functions->len));
	return w->d->functions->len - 1;
}

static bool is_folded(const struct profile_frame *f)
{
	return f->fold == FOLD_IN || f->fold == FOLD_BEGIN;
}

static uint32_t name_at(struct places *w, unsigned i)
{
	uint32_t frame = g_array_index(w->stack, uint32_t, i), *number = &w->numbers[frame];
	const struct profile_frame *f = &g_array_index(w->p->frames, struct profile_frame, frame);

	if (!*number) {
		*number = name_of(w, f->function) + 1;
		if (!is_folded(f))
			((struct diff_function *)w->d->functions->pdata[*number - 1])->folded =
				false;
	}
	return *number - 1;
}

static uint32_t no_stack(struct places *w)
{
	uint32_t number = name_of(w, "[no stack]");

	((struct diff_function *)w->d->functions->pdata[number])->folded = false;
	return number;
}

static struct diff_stack *stack_at(struct places *w, uint32_t path)
{
	struct diff_stack new = { .path = path };
	uint32_t *number;

	if (path >= w->stack_of->len)
		g_array_set_size(w->stack_of, path + 1);
	number = &g_array_index(w->stack_of, uint32_t, path);
	if (!*number) {
		g_array_append_val(w->d->stacks, new);
		*number = w->d->stacks->len;
	}
	return &g_array_index(w->d->stacks, struct diff_stack, *number - 1);
}

/* The index on the stack, 0 for the innermost frame, of the frame that the bytes are attributed
 * to. */
static unsigned owner_of(const struct places *w, const struct profile_entry *e)
{
	const char *via;
	uint32_t owner = e->node == NO_NODE ? NO_NODE : frame_rules_owner(w->p, e->node, &via);
	unsigned i = 0;

	for (uint32_t at = e->node; at != owner; i++)
		at = g_array_index(w->p->nodes, struct stack_node, at).parent;
	return i;
}

/* Does frame `i` of the stack get a row? A folded frame gets one only if memory is attributed
 * to it. */
static bool is_row(const struct places *w, unsigned i, unsigned owner)
{
	if (i == owner || i >= w->stack->len)
		return true;
	return !is_folded(&g_array_index(w->p->frames, struct profile_frame,
					 g_array_index(w->stack, uint32_t, i)));
}

static void add_entry(struct places *w, const struct profile_entry *e)
{
	struct stack_node path = { NO_NODE, 0 };
	unsigned owner = owner_of(w, e);
	struct diff_stack *held;
	uint32_t self = NO_NODE;

	w->entry++;
	profile_stack(w->p, e->node, w->stack);
	for (unsigned i = MAX(w->stack->len, 1); i-- > 0;) {
		struct diff_function *f;
		uint64_t *seen;

		path.frame = w->stack->len ? name_at(w, i) : no_stack(w);
		path.parent = intern_put(w->paths, &path);
		if (i == owner)
			self = path.parent;
		f = w->d->functions->pdata[path.frame];
		seen = &g_array_index(w->seen, uint64_t, path.frame);
		for (int k = 0; k < SAMPLE_TYPES; k++) {
			if (*seen != w->entry && is_row(w, i, owner))
				add_figure(w, &f->total[k], e, k);
			if (i == owner)
				add_figure(w, &f->self[k], e, k);
		}
		if (is_row(w, i, owner))
			*seen = w->entry;
	}
	held = stack_at(w, path.parent);
	held->owner = self;
	for (int k = 0; k < SAMPLE_TYPES; k++)
		add_figure(w, &held->held[k], e, k);
}

/* The number of the next function outwards that is not folded and another one; NO_NODE: none. */
static uint32_t caller_of(const struct diff *d, uint32_t path)
{
	const struct stack_node *own = &g_array_index(d->paths, struct stack_node, path);

	for (uint32_t at = own->parent; at != NO_NODE;) {
		const struct stack_node *n = &g_array_index(d->paths, struct stack_node, at);

		if (n->frame != own->frame &&
		    !((struct diff_function *)d->functions->pdata[n->frame])->folded)
			return n->frame;
		at = n->parent;
	}
	return NO_NODE;
}

/* Functions must have the order of their numbers. */
static void find_callers(struct diff *d, int sample_type)
{
	struct intern *calls = intern_new(sizeof(struct stack_node)); /* caller, function */
	g_autoptr(GArray) changes = g_array_new(FALSE, TRUE, sizeof(int64_t));
	g_autofree int64_t *most = g_new0(int64_t, d->functions->len + 1);

	for (unsigned i = 0; i < d->stacks->len; i++) {
		const struct diff_stack *s = &g_array_index(d->stacks, struct diff_stack, i);
		struct stack_node call = {
			caller_of(d, s->owner),
			g_array_index(d->paths, struct stack_node, s->owner).frame,
		};
		uint32_t number = intern_put(calls, &call);

		if (number >= changes->len)
			g_array_set_size(changes, number + 1);
		g_array_index(changes, int64_t, number) += diff_change(&s->held[sample_type]);
	}
	for (uint32_t i = 0; i < intern_count(calls); i++) {
		const struct stack_node *call = intern_key(calls, i);
		int64_t change = ABS(g_array_index(changes, int64_t, i));

		if (change <= most[call->frame])
			continue;
		most[call->frame] = change;
		((struct diff_function *)d->functions->pdata[call->frame])->caller[sample_type] =
			call->parent == NO_NODE ? NULL : d->names->pdata[call->parent];
	}
	intern_free(calls);
}

static void take_roots(struct diff_figure figures[SAMPLE_TYPES])
{
	for (int k = 0; k < SAMPLE_TYPES; k++)
		figures[k].error = sqrt(figures[k].error);
}

static int by_function(gconstpointer a, gconstpointer b, gpointer sample_type)
{
	const struct diff_function *x = *(struct diff_function *const *)a;
	const struct diff_function *y = *(struct diff_function *const *)b;
	int k = GPOINTER_TO_INT(sample_type);
	int order = diff_beyond(&y->self[k]) - diff_beyond(&x->self[k]);

	order = order ?: by_change(diff_change(&x->self[k]), diff_change(&y->self[k]));
	order = order ?: by_change(diff_change(&x->total[k]), diff_change(&y->total[k]));
	return order ?: strcmp(x->name, y->name);
}

static int by_stack(gconstpointer a, gconstpointer b, gpointer sample_type)
{
	const struct diff_stack *x = a, *y = b;
	int k = GPOINTER_TO_INT(sample_type);
	int order = by_change(diff_change(&x->held[k]), diff_change(&y->held[k]));

	return order ?: (x->path > y->path) - (x->path < y->path);
}

static void add_places(struct diff *d, const struct report *report[DIFF_TIMES],
		       gpointer sample_type)
{
	struct places w = { .d = d };

	w.names = g_hash_table_new(g_str_hash, g_str_equal);
	w.paths = intern_new(sizeof(struct stack_node));
	w.stack_of = g_array_new(FALSE, TRUE, sizeof(uint32_t));
	w.seen = g_array_new(FALSE, TRUE, sizeof(uint64_t));
	w.stack = g_array_new(FALSE, FALSE, sizeof(uint32_t));
	for (w.time = 0; w.time < DIFF_TIMES; w.time++) {
		w.p = report[w.time]->profile;
		w.numbers = g_new0(uint32_t, w.p->frames->len);
		for (unsigned i = 0; i < w.p->entries->len; i++)
			add_entry(&w, &g_array_index(w.p->entries, struct profile_entry, i));
		g_free(w.numbers);
		for (int k = 0; k < SAMPLE_TYPES; k++)
			d->held[k].bytes[w.time] = w.p->total[k];
	}
	for (uint32_t i = 0; i < intern_count(w.paths); i++)
		g_array_append_vals(d->paths, intern_key(w.paths, i), 1);
	for (unsigned i = 0; i < d->functions->len; i++) {
		take_roots(((struct diff_function *)d->functions->pdata[i])->self);
		take_roots(((struct diff_function *)d->functions->pdata[i])->total);
	}
	for (unsigned i = 0; i < d->stacks->len; i++)
		take_roots(g_array_index(d->stacks, struct diff_stack, i).held);
	g_hash_table_unref(w.names);
	intern_free(w.paths);
	g_array_unref(w.stack_of);
	g_array_unref(w.seen);
	g_array_unref(w.stack);
	for (int k = 0; k < SAMPLE_TYPES; k++)
		find_callers(d, k);
	g_ptr_array_sort_with_data(d->functions, by_function, sample_type);
	g_array_sort_with_data(d->stacks, by_stack, sample_type);
}

struct diff *diff_new(const struct report *before, const struct report *after, unsigned kinds,
		      enum sample_type sample_type)
{
	const struct report *report[DIFF_TIMES] = { before, after };
	struct diff *d = g_new0(struct diff, 1);

	d->kinds = kinds;
	d->sampled[DIFF_BEFORE] = before->profile != NULL;
	d->sampled[DIFF_AFTER] = after->profile != NULL;
	d->processes = g_ptr_array_new_with_free_func(who_free);
	d->threads = g_ptr_array_new_with_free_func(who_free);
	d->functions = g_ptr_array_new_with_free_func(function_free);
	d->stacks = g_array_new(FALSE, TRUE, sizeof(struct diff_stack));
	d->names = g_ptr_array_new_with_free_func(g_free);
	d->paths = g_array_new(FALSE, FALSE, sizeof(struct stack_node));
	add_whose(d, report);
	if (before->profile && after->profile)
		add_places(d, report, GINT_TO_POINTER(sample_type));
	return d;
}

void diff_path(const struct diff *d, uint32_t path, GPtrArray *names)
{
	g_ptr_array_set_size(names, 0);
	while (path < d->paths->len) {
		const struct stack_node *n = &g_array_index(d->paths, struct stack_node, path);

		g_ptr_array_add(names, d->names->pdata[n->frame]);
		path = n->parent;
	}
}
