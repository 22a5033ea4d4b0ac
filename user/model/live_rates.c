/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Windows of the live model: which tick a rate is counted from, and the rates.
 */
#include <string.h>

#include "model/live_impl.h"

#define NS 1000000000ULL

const unsigned live_seconds[LIVE_WINDOWS] = { 1, 10, 60 };

/* Timers are late or early by some milliseconds: a tick may miss its time by a twentieth. */
static uint64_t slack(uint64_t ns)
{
	return ns / 20;
}

/* The slot whose age is nearest to the span. A late tick may be followed by one soon after it, and
 * ticks may be further apart than the span. */
static int nearest(const struct window *w, uint64_t span, uint64_t now_ns)
{
	uint64_t least = UINT64_MAX;
	int found = -1;

	for (unsigned i = 0; i < w->n; i++) {
		uint64_t age = now_ns - w->time[i], off = age > span ? age - span : span - age;

		if (off < least) {
			least = off;
			found = (int)i;
		}
	}
	return found;
}

/* Does the window keep this tick? */
static bool is_kept(const struct window *w, unsigned index, uint64_t now_ns)
{
	uint64_t step = live_seconds[index] * NS / (LIVE_SLOTS - 1);
	uint64_t last = w->time[(w->next + LIVE_SLOTS - 1) % LIVE_SLOTS];

	return !w->n || now_ns - last >= step - slack(step);
}

void live_windows_begin(struct live *l, uint64_t now_ns)
{
	l->oldest = now_ns;
	for (unsigned i = 0; i < LIVE_WINDOWS; i++) {
		struct window *w = &l->window[i];

		for (unsigned j = 0; j < w->n; j++)
			l->oldest = MIN(l->oldest, w->time[j]);
		w->from = nearest(w, live_seconds[i] * NS, now_ns);
		l->total.seconds[i] =
			w->from < 0 ? 0 : (double)(now_ns - w->time[w->from]) / (double)NS;
	}
}

void live_windows_end(struct live *l, uint64_t now_ns)
{
	for (unsigned i = 0; i < LIVE_WINDOWS; i++) {
		struct window *w = &l->window[i];

		if (!is_kept(w, i, now_ns))
			continue;
		w->time[w->next] = now_ns;
		w->next = (w->next + 1) % LIVE_SLOTS;
		w->n = MIN(w->n + 1, LIVE_SLOTS);
	}
}

/* A sum that only grows may fall by a little where records were lost: no rate then. */
static double rise(uint64_t from, uint64_t to, double seconds)
{
	return to > from ? (double)(to - from) / seconds : 0;
}

static void fill_slots(struct entity *e)
{
	e->slot = g_malloc(LIVE_WINDOWS * sizeof(*e->slot));
	for (unsigned i = 0; i < LIVE_WINDOWS; i++)
		for (unsigned j = 0; j < LIVE_SLOTS; j++)
			e->slot[i][j] = e->last;
}

/* Has it had the same counts for so long that no window has others? Then it has no slots. */
static bool is_idle(struct entity *e, uint64_t now_ns)
{
	if (e->since == now_ns)
		e->last = e->base;
	if (memcmp(&e->last, &e->row.now, sizeof(e->last))) {
		e->changed = now_ns;
		if (!e->slot)
			fill_slots(e);
		e->last = e->row.now;
	}
	return !e->slot;
}

static struct live_rate rate_of(const struct live_counts *from, const struct live_counts *now,
				double seconds)
{
	int64_t growth = now->user + now->kernel - from->user - from->kernel;

	return (struct live_rate){
		.growth = (double)growth / seconds,
		.in = rise(from->in, now->in, seconds),
		.out = rise(from->out, now->out, seconds),
		.faults = rise(from->faults, now->faults, seconds),
	};
}

#define LASTING_RATE (64.0 * 1024) /* bytes per second: less is no concern */
#define LASTING_TIME 2.5           /* the long window spans so many of the middle one */

static bool is_lasting(const struct live *l, const struct live_row *r)
{
	const double *seconds = l->total.seconds;
	double now = r->rate[LIVE_10S].growth, before = r->rate[LIVE_60S].growth;

	return now >= LASTING_RATE && before >= now / 2 &&
	       seconds[LIVE_60S] >= seconds[LIVE_10S] * LASTING_TIME;
}

void live_rates(const struct live *l, struct entity *e, uint64_t now_ns)
{
	if (is_idle(e, now_ns))
		return;
	for (unsigned i = 0; i < LIVE_WINDOWS; i++) {
		const struct window *w = &l->window[i];
		double seconds = l->total.seconds[i];
		const struct live_counts *from;

		e->row.rate[i] = (struct live_rate){ 0 };
		if (w->from >= 0 && seconds > 0) {
			from = w->time[w->from] >= e->since ? &e->slot[i][w->from] : &e->base;
			e->row.rate[i] = rate_of(from, &e->row.now, seconds);
		}
		if (is_kept(w, i, now_ns))
			e->slot[i][w->next] = e->row.now;
	}
	e->row.lasting = is_lasting(l, &e->row);
	if (e->changed < l->oldest) /* all slots are the same, and all rates are 0 */
		g_clear_pointer(&e->slot, g_free);
}

static void cause_rates(const struct live *l, struct cause *c, uint64_t now_ns)
{
	if (c->c.in != c->last) {
		c->changed = now_ns;
		if (!c->slot) {
			c->slot = g_malloc(LIVE_WINDOWS * sizeof(*c->slot));
			for (unsigned i = 0; i < LIVE_WINDOWS * LIVE_SLOTS; i++)
				c->slot[i / LIVE_SLOTS][i % LIVE_SLOTS] = c->last;
		}
		c->last = c->c.in;
	}
	for (unsigned i = 0; i < LIVE_WINDOWS && c->slot; i++) {
		const struct window *w = &l->window[i];
		double seconds = l->total.seconds[i];

		c->c.rate[i] = w->from >= 0 && seconds > 0 ?
				       rise(c->slot[i][w->from], c->c.in, seconds) :
				       0;
		if (is_kept(w, i, now_ns))
			c->slot[i][w->next] = c->c.in;
	}
	if (c->slot && c->changed < l->oldest)
		g_clear_pointer(&c->slot, g_free);
}

void live_cause_rates(const struct live *l, const struct entity *e, uint64_t now_ns)
{
	for (unsigned i = 0; i < e->causes->len; i++)
		cause_rates(l, &g_array_index(e->causes, struct cause, i), now_ns);
}
