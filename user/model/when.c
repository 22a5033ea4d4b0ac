/* SPDX-License-Identifier: GPL-2.0-only */
#include "model/when.h"

#include "model/mostly.h"

#define MS 1000000ULL
#define SECOND (1000 * MS)

static const struct report_point *point_at(const struct report *r, unsigned i)
{
	return &g_array_index(r->series, struct report_point, i);
}

static int64_t weight_of(const struct report_point *p)
{
	return p->rss + p->nonrss;
}

/* The peak itself can be between two points. */
static uint64_t near_peak(const struct report *r)
{
	double near = (double)r->peak_weight * WHEN_NEAR / 100;

	for (unsigned i = 0; i < r->series->len; i++) {
		const struct report_point *p = point_at(r, i);

		if (p->time_ns >= r->peak_weight_ns)
			break;
		if ((double)weight_of(p) >= near)
			return p->time_ns;
	}
	return r->peak_weight_ns;
}

/* The length of the stretch: a second, or less in a run of less than three. 0: too short a run.
 * The points of a long run can be further apart than a second. */
static uint64_t choose_span(const struct report *r)
{
	static const uint64_t spans[] = { SECOND, 100 * MS, 10 * MS, MS };
	unsigned n = r->series->len;
	uint64_t length, apart;

	if (n < 3)
		return 0;
	length = point_at(r, n - 1)->time_ns - point_at(r, 0)->time_ns;
	apart = length / (n - 1);
	for (unsigned i = 0; i < G_N_ELEMENTS(spans); i++)
		if (length >= 3 * spans[i])
			return apart > spans[i] * 5 / 4 ? apart : spans[i];
	return 0;
}

/* Are two points at most `span` apart? Timers are late by some percent; `next`: there is no point
 * between the two. */
static bool is_within(uint64_t apart, uint64_t span, bool next)
{
	return apart <= span + (next ? span / 4 : span / 20);
}

/* The two points at most `span` apart with the largest growth. */
static void find_steepest(const struct report *r, uint64_t span, struct when *w, unsigned *from,
			  unsigned *to)
{
	for (unsigned j = 1; j < r->series->len; j++) {
		const struct report_point *end = point_at(r, j);

		for (unsigned i = j; i--;) {
			const struct report_point *begin = point_at(r, i);
			int64_t grown = weight_of(end) - weight_of(begin);

			if (!is_within(end->time_ns - begin->time_ns, span, i + 1 == j))
				break;
			if (grown <= w->grown)
				continue;
			w->grown = grown;
			*from = i;
			*to = j;
		}
	}
}

/* The growth of each entry within a time, by its samples. */
struct growth {
	int64_t *entry;
};

static int64_t growth_of(const void *ctx, uint32_t entry)
{
	return ((const struct growth *)ctx)->entry[entry];
}

/* A slot that is only partly in the time counts for that part. */
static void sum_ticks(const struct profile *p, uint64_t from, uint64_t to, struct growth *g)
{
	for (unsigned i = 0; i < p->ticks->len; i++) {
		const struct profile_tick *t = &g_array_index(p->ticks, struct profile_tick, i);
		uint64_t begin = p->start_ns + t->slot * p->slot_ns, end = begin + p->slot_ns;
		uint64_t a = MAX(begin, from), b = MIN(end, to);

		if (a >= b || t->entry >= p->entries->len)
			continue;
		g->entry[t->entry] += (int64_t)(((double)t->in - (double)t->out) * (double)(b - a) /
						(double)p->slot_ns);
	}
}

static char *thread_name(const struct report *r, const struct profile_entry *e)
{
	const struct report_process *p;

	if (e->process >= r->processes->len)
		return NULL;
	p = g_ptr_array_index(r->processes, e->process);
	if (e->task >= p->tasks->len)
		return g_strdup(p->comm);
	return g_strdup(((const struct report_task *)g_ptr_array_index(p->tasks, e->task))->comm);
}

static bool by_function(const struct report *r, struct when *w, uint64_t from, uint64_t to)
{
	const struct profile *p = r->profile;
	g_autofree int64_t *entry = p ? g_new0(int64_t, p->entries->len + 1) : NULL;
	struct growth g = { entry };
	struct mostly_function found;
	struct mostly *m;
	bool any;

	if (!p || !p->ticks->len || !p->slot_ns)
		return false;
	sum_ticks(p, from, to, &g);
	m = mostly_new(p);
	any = mostly_find(m, growth_of, &g, &found);
	mostly_free(m);
	if (!any)
		return false;
	w->what = WHEN_FUNCTION;
	w->name = found.title;
	w->bytes = found.bytes;
	w->thread = thread_name(r, &g_array_index(p->entries, struct profile_entry, found.entry));
	return true;
}

static bool by_process(const struct report *r, struct when *w)
{
	const struct report_process *p = r->processes->len == 1 ? r->processes->pdata[0] : NULL;

	if (!p || p->count > 1 || !p->comm)
		return false;
	w->what = WHEN_PROCESS;
	w->name = g_strdup(p->comm);
	w->bytes = w->grown;
	return true;
}

static void by_kind(struct when *w, const struct report_point *from, const struct report_point *to)
{
	int64_t most = 0;

	if (!from->kinds || !to->kinds)
		return;
	for (int i = 0; i < TARE_KINDS; i++) {
		enum tare_kind k = kind_order[i];
		int64_t grown = to->kind[k] - from->kind[k];

		if (grown <= most)
			continue;
		most = grown;
		g_free(w->name);
		w->name = g_strdup(kind_name[k]);
		w->what = WHEN_KIND;
		w->bytes = grown;
	}
}

struct when *when_new(const struct report *r)
{
	struct when *w = g_new0(struct when, 1);
	unsigned from = 0, to = 0;
	uint64_t span;

	w->known = r->peak_weight > 0;
	if (!w->known)
		return w;
	w->near_ns = near_peak(r);
	span = choose_span(r);
	if (span)
		find_steepest(r, span, w, &from, &to);
	if (!to)
		return w;
	w->steep_ns = point_at(r, from)->time_ns;
	w->span_ns = span;
	if (!by_function(r, w, w->steep_ns, point_at(r, to)->time_ns) && !by_process(r, w))
		by_kind(w, point_at(r, from), point_at(r, to));
	return w;
}

void when_free(struct when *w)
{
	if (!w)
		return;
	g_free(w->name);
	g_free(w->thread);
	g_free(w);
}
