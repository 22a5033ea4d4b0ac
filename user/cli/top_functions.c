/* SPDX-License-Identifier: GPL-2.0-only */
#include "cli/top_functions.h"

#include <string.h>

#include "base/mappings.h"
#include "capture/about.h"
#include "model/functions.h"

#define NS 1000000000ULL
#define AGE_NS (2 * NS) /* a list of functions is used for so long */
#define MAPPINGS_NS (2 * NS)
#define MAPPINGS_SHARE 100               /* reading them may take a hundredth of the time */
#define MAPPINGS_RSS (INT64_C(16) << 30) /* a walk of so many page tables takes long */

struct top_functions {
	struct top *t;
	GArray *list; /* struct top_function; NULL: none yet */
	uint64_t proc, read_ns;
	enum live_window window;
	char *group;
	GArray *mappings; /* struct mapping; NULL: none yet */
	uint64_t mapped_proc, next_mapped_ns;
};

struct top_functions *top_functions_new(struct top *t)
{
	struct top_functions *f = g_new0(struct top_functions, 1);

	f->t = t;
	return f;
}

void top_functions_free(struct top_functions *f)
{
	if (!f)
		return;
	if (f->list)
		g_array_unref(f->list);
	if (f->mappings)
		g_array_unref(f->mappings);
	g_free(f->group);
	g_free(f);
}

void top_functions_limit(struct top_functions *f, struct top_details *d)
{
	struct about_limit limit;

	if (!about_limit(f->t->features, d->row.pid, &limit))
		return;
	g_free(f->group);
	f->group = limit.group;
	d->limit = limit.limit;
	d->limit_used = limit.used;
	d->limit_group = f->group;
}

static uint64_t clock_now(void)
{
	return (uint64_t)g_get_monotonic_time() * 1000;
}

static void read_mappings(struct top_functions *f, const struct top_details *d)
{
	uint64_t began = clock_now(), took;

	if (f->mappings)
		g_array_unref(f->mappings);
	f->mappings = mappings_read(d->row.pid);
	took = clock_now() - began;
	f->mapped_proc = d->row.id;
	f->next_mapped_ns = began + MAX(MAPPINGS_NS, took * MAPPINGS_SHARE);
}

void top_functions_mappings(struct top_functions *f, struct top_details *d)
{
	if (d->row.now.user > MAPPINGS_RSS) {
		d->mappings_why = "not read: of a process this large that takes too long";
		return;
	}
	if (f->mapped_proc != d->row.id || clock_now() >= f->next_mapped_ns)
		read_mappings(f, d);
	d->mappings = f->mappings;
	if (!f->mappings)
		d->mappings_why = "its /proc/PID/smaps can't be read";
}

static void clear_function(gpointer p)
{
	g_free(((struct top_function *)p)->name);
}

/* Entries of other processes count nothing. False: the process is not in the report. */
static bool only_process(struct report *r, uint64_t proc)
{
	unsigned at = 0;

	while (at < r->processes->len &&
	       ((const struct report_process *)r->processes->pdata[at])->id != proc)
		at++;
	for (unsigned i = 0; i < r->profile->entries->len; i++) {
		struct profile_entry *e =
			&g_array_index(r->profile->entries, struct profile_entry, i);

		if (e->process != at)
			e->bytes[SAMPLE_TYPE_GROWN] = 0;
	}
	return at < r->processes->len;
}

/* What each entry grew by within a window becomes its growth. False: slots of time are longer than
 * the window. */
static bool only_window(struct profile *p, uint64_t from_ns, uint64_t to_ns)
{
	g_autofree int64_t *grown = g_new0(int64_t, p->entries->len + 1);

	if (p->slot_ns > (to_ns - from_ns))
		return false;
	for (unsigned i = 0; i < p->ticks->len; i++) {
		const struct profile_tick *t = &g_array_index(p->ticks, struct profile_tick, i);
		uint64_t middle = p->start_ns + t->slot * p->slot_ns + p->slot_ns / 2;

		if (middle >= from_ns && middle < to_ns && t->entry < p->entries->len)
			grown[t->entry] += (int64_t)t->in;
	}
	for (unsigned i = 0; i < p->entries->len; i++) {
		struct profile_entry *e = &g_array_index(p->entries, struct profile_entry, i);

		if (e->bytes[SAMPLE_TYPE_GROWN])
			e->bytes[SAMPLE_TYPE_GROWN] = grown[i];
	}
	return true;
}

static int by_window(gconstpointer a, gconstpointer b)
{
	const struct top_function *x = a, *y = b;

	if (x->window != y->window)
		return x->window < y->window ? 1 : -1;
	return x->total < y->total ? 1 : x->total > y->total ? -1 : strcmp(x->name, y->name);
}

GArray *top_functions_of(struct report *r, uint64_t proc, enum live_window window, uint64_t end_ns)
{
	GArray *list = g_array_new(FALSE, FALSE, sizeof(struct top_function));
	g_autoptr(GHashTable) index = g_hash_table_new(g_str_hash, g_str_equal);
	uint64_t span = live_seconds[window] * NS;
	bool known;

	g_array_set_clear_func(list, clear_function);
	if (!only_process(r, proc))
		return list;
	for (unsigned pass = 0; pass < 2; pass++) {
		g_autoptr(GArray) functions = NULL;

		known = !pass || only_window(r->profile, end_ns - MIN(end_ns, span), end_ns);
		functions = known ? functions_of(r->profile, SAMPLE_TYPE_GROWN) : NULL;
		for (unsigned i = 0; functions && i < functions->len; i++) {
			const struct function *fn = &g_array_index(functions, struct function, i);
			int64_t self = fn->self[SAMPLE_TYPE_GROWN];
			g_autofree char *title = function_title(fn->name, fn->file, fn->line);
			unsigned at = GPOINTER_TO_UINT(g_hash_table_lookup(index, title));
			struct top_function new = { .total = self };

			if (at) {
				struct top_function *f =
					&g_array_index(list, struct top_function, at - 1);

				*(pass ? &f->window : &f->total) += self;
			} else if (self && !pass) {
				new.name = g_steal_pointer(&title);
				g_array_append_val(list, new);
				g_hash_table_insert(index, new.name, GUINT_TO_POINTER(list->len));
			}
		}
	}
	for (unsigned i = 0; i < list->len && !known; i++)
		g_array_index(list, struct top_function, i).window = TOP_NO_WINDOW;
	g_array_sort(list, by_window);
	return list;
}

void top_functions_fill(struct top_functions *f, struct top_details *d, enum live_window window)
{
	uint64_t now = live_total(f->t->live)->now_ns;
	struct report *r;

	if (!f->t->options->base.period)
		return;
	if (!f->list || f->proc != d->row.proc || f->window != window ||
	    now - f->read_ns >= AGE_NS) {
		r = session_glance(f->t->session);
		if (f->list)
			g_array_unref(f->list);
		f->list = NULL;
		if (r->profile) {
			folding_apply(&f->t->options->base.folding, r);
			f->list = top_functions_of(r, d->row.proc, window, r->duration_ns);
		}
		report_free(r);
		f->proc = d->row.proc;
		f->window = window;
		f->read_ns = now;
	}
	d->functions = f->list;
}
