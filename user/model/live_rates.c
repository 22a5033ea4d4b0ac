/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Windows of the live model: which tick a rate is counted from, and the rates.
 */
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
	for (unsigned i = 0; i < LIVE_WINDOWS; i++) {
		struct window *w = &l->window[i];

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

void live_rates(const struct live *l, struct entity *e, uint64_t now_ns)
{
	const struct live_counts *now = &e->row.now, *from;

	for (unsigned i = 0; i < LIVE_WINDOWS; i++) {
		const struct window *w = &l->window[i];
		double seconds = l->total.seconds[i];

		e->row.rate[i] = (struct live_rate){ 0 };
		if (w->from >= 0 && seconds > 0) {
			from = w->time[w->from] >= e->since ? &e->slot[i][w->from] : &e->base;
			e->row.rate[i] = (struct live_rate){
				.growth = (double)(now->user + now->kernel - from->user -
						   from->kernel) /
					  seconds,
				.in = rise(from->in, now->in, seconds),
				.out = rise(from->out, now->out, seconds),
				.faults = rise(from->faults, now->faults, seconds),
			};
		}
		if (is_kept(w, i, now_ns))
			e->slot[i][w->next] = *now;
	}
}
