/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Live samples: they begin with their sample, end when their pages are freed, and are summed for
 * a report. It must not know what frees a page.
 */
#include "model/samples_impl.h"

struct ending {
	struct samples *s;
	struct moment now;
};

static void ended(void *ctx, struct live_sample *l)
{
	const struct ending *e = ctx;
	struct aggregate *t =
		aggregates_at(e->s->aggregates, aggregates_now(e->s->aggregates, l->aggregate));
	uint64_t peak_seq = e->now.peak_seq;

	t->live -= (int64_t)l->bytes;
	timeline_add(e->s->timeline, e->now.time_ns, l->aggregate, 0, l->bytes);
	if (l->born_seq >= peak_seq)
		return; /* there was no peak between its beginning and its end */
	if (t->peak_seq != peak_seq) {
		if (t->peak_seq > peak_seq)
			return;
		t->peak_seq = peak_seq;
		t->at_peak = 0;
	}
	t->at_peak += l->bytes;
}

void samples_end_pages(struct samples *s, uint64_t mm, uint64_t page, uint64_t end,
		       struct moment now)
{
	struct live_samples *live_samples = g_hash_table_lookup(s->live_samples, &mm);
	struct ending e = { s, now };

	if (!live_samples)
		return;
	s->live_count -= live_samples_count(live_samples);
	live_samples_cut(live_samples, page, end, ended, &e);
	s->live_count += live_samples_count(live_samples);
}

void samples_begin_live(struct samples *s, const struct tare_sample *sample, uint32_t aggregate)
{
	uint64_t mm = sample->kind == TARE_KSTACK ? STACKS :
		      sample->kind == TARE_KMEM   ? KMEMS :
						    sample->mm;
	struct live_samples *live_samples = g_hash_table_lookup(s->live_samples, &mm);
	struct live_sample old,
		l = { sample->address / s->page_size, sample->bytes, sample->peak_seq, aggregate };
	struct ending e = { s, { sample->head.time_ns, sample->peak_seq } };

	if (!live_samples) {
		live_samples = live_samples_new();
		g_hash_table_insert(s->live_samples, g_memdup2(&mm, sizeof(mm)), live_samples);
	}
	if (mm == STACKS)
		l.page = sample->task;
	else if (mm == KMEMS)
		l.page = sample->task << KMEM_BITS | (s->taken & ((1 << KMEM_BITS) - 1));
	else if (sample->flags & TARE_SAMPLE_NO_ADDRESS)
		l.page = (1ULL << 52) + s->taken;
	if (live_samples_put(live_samples, &l, &old)) /* the older one's end was not seen */
		ended(&e, &old);
	else
		s->live_count++;
}

struct untouched {
	const struct samples *s;
	double *bytes; /* of each aggregate of address space */
};

static void take_bytes(void *bytes, struct live_sample *l)
{
	*(double *)bytes -= (double)l->bytes;
}

/* The bytes of a mapped part that are not in memory. Below 0 where a live sample in a short VMA
 * stands for more bytes than the VMA has. */
static double not_in_memory(const struct samples *s, uint64_t mm, uint64_t start, uint64_t end)
{
	const struct live_samples *live_samples = g_hash_table_lookup(s->live_samples, &mm);
	double bytes = (double)(end - start);

	if (live_samples)
		live_samples_each(live_samples, start / s->page_size, end / s->page_size,
				  take_bytes, &bytes);
	return bytes;
}

static void add_untouched(void *ctx, uint64_t mm, uint64_t start, uint64_t end, double weight,
			  uint32_t who)
{
	struct untouched *u = ctx;

	u->bytes[aggregates_now(u->s->virtual_aggregates, who)] +=
		not_in_memory(u->s, mm, start, end) * weight;
}

void samples_untouched(const struct samples *s, int64_t *untouched)
{
	unsigned n = aggregates_count(s->virtual_aggregates);
	g_autofree double *bytes = g_new0(double, n + 1);
	struct untouched u = { s, bytes };

	for (unsigned i = 0; i < n; i++)
		bytes[i] = (double)aggregates_at(s->virtual_aggregates, i)->live;
	virtual_each(s->virtual, add_untouched, &u);
	/* Cut at 0 for each stack, not for each VMA: see not_in_memory(). */
	for (unsigned i = 0; i < n; i++)
		untouched[i] = (int64_t)MAX(bytes[i], 0);
}

static void keep_untouched(void *samples, uint64_t mm, uint64_t start, uint64_t end, double weight,
			   uint32_t who)
{
	const struct samples *s = samples;

	who = aggregates_now(s->virtual_aggregates, who);
	aggregates_at(s->virtual_aggregates, who)->live +=
		(int64_t)(not_in_memory(s, mm, start, end) * weight);
}

void samples_keep_untouched(struct samples *s, uint64_t mm)
{
	virtual_each_of(s->virtual, mm, keep_untouched, s);
}

void samples_task_ended(struct samples *s, uint64_t task, uint64_t time_ns, uint64_t peak_seq)
{
	struct moment now = { time_ns, peak_seq };

	samples_end_pages(s, STACKS, task, task + 1, now);
	samples_end_pages(s, KMEMS, task << KMEM_BITS, (task + 1) << KMEM_BITS, now);
}

void samples_told(struct samples *s)
{
	for (unsigned i = 0; i < aggregates_count(s->aggregates); i++) {
		struct aggregate *t = aggregates_at(s->aggregates, i);

		t->told = t->grown;
	}
}

struct look {
	const struct samples *s;
	uint64_t peak_seq;
	uint64_t *at_peak;
};

static void add_live(void *ctx, struct live_sample *l)
{
	struct look *look = ctx;

	if (l->born_seq < look->peak_seq)
		look->at_peak[aggregates_now(look->s->aggregates, l->aggregate)] += l->bytes;
}

void samples_live(const struct samples *s, uint64_t peak_seq, uint64_t *at_peak, uint64_t *at_end)
{
	struct look look = { s, peak_seq, at_peak };
	GHashTableIter iter;
	gpointer live_samples;

	for (unsigned i = 0; i < aggregates_count(s->aggregates); i++) {
		const struct aggregate *t = aggregates_at(s->aggregates, i);

		at_end[i] = MAX(t->live, 0);
		at_peak[i] = t->peak_seq == peak_seq ? t->at_peak : 0;
	}
	g_hash_table_iter_init(&iter, s->live_samples);
	while (g_hash_table_iter_next(&iter, NULL, &live_samples))
		live_samples_each(live_samples, 0, UINT64_MAX, add_live, &look);
}
