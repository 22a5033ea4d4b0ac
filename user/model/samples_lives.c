/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The lives of samples: they begin, they end with their pages, and what lives is summed.
 */
#include "model/samples_impl.h"

struct ending {
	struct samples *s;
	struct moment now;
};

static void ended(void *ctx, struct life *l)
{
	const struct ending *e = ctx;
	struct tally *t = tallies_at(e->s->tallies, tallies_now(e->s->tallies, l->tally));
	uint64_t peak_seq = e->now.peak_seq;

	t->live -= (int64_t)l->bytes;
	timeline_add(e->s->timeline, e->now.time_ns, l->tally, 0, l->bytes);
	if (l->born_seq >= peak_seq)
		return; /* no peak came in its time */
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
	struct lives *lives = g_hash_table_lookup(s->lives, &mm);
	struct ending e = { s, now };

	if (!lives)
		return;
	s->live_count -= lives_count(lives);
	lives_cut(lives, page, end, ended, &e);
	s->live_count += lives_count(lives);
}

void samples_begin_life(struct samples *s, const struct tare_sample *sample, uint32_t tally)
{
	uint64_t mm = sample->kind == TARE_KSTACK ? STACKS :
		      sample->kind == TARE_KMEM   ? KMEMS :
						    sample->mm;
	struct lives *lives = g_hash_table_lookup(s->lives, &mm);
	struct life old,
		l = { sample->address / s->page_size, sample->bytes, sample->peak_seq, tally };
	struct ending e = { s, { sample->head.time_ns, sample->peak_seq } };

	if (!lives) {
		lives = lives_new();
		g_hash_table_insert(s->lives, g_memdup2(&mm, sizeof(mm)), lives);
	}
	if (mm == STACKS)
		l.page = sample->task;
	else if (mm == KMEMS)
		l.page = sample->task << KMEM_BITS | (s->taken & ((1 << KMEM_BITS) - 1));
	else if (sample->flags & TARE_SAMPLE_NO_ADDRESS)
		l.page = (1ULL << 52) + s->taken;
	if (lives_put(lives, &l, &old)) /* its end was not seen */
		ended(&e, &old);
	else
		s->live_count++;
}

struct untouched {
	const struct samples *s;
	double *bytes; /* of each asked tally */
};

static void take_bytes(void *bytes, struct life *l)
{
	*(double *)bytes -= (double)l->bytes;
}

static void add_untouched(void *ctx, uint64_t mm, uint64_t start, uint64_t end, double weight,
			  uint32_t who)
{
	struct untouched *u = ctx;
	const struct lives *lives = g_hash_table_lookup(u->s->lives, &mm);
	double bytes = (double)(end - start);

	if (lives)
		lives_each(lives, start / u->s->page_size, end / u->s->page_size, take_bytes,
			   &bytes);
	u->bytes[tallies_now(u->s->asked_tallies, who)] += bytes * weight;
}

void samples_untouched(const struct samples *s, int64_t *untouched)
{
	unsigned n = tallies_count(s->asked_tallies);
	g_autofree double *bytes = g_new0(double, n + 1);
	struct untouched u = { s, bytes };

	asked_each(s->asked, add_untouched, &u);
	/* By stack and not by range: one sample in a short range stands for others'. */
	for (unsigned i = 0; i < n; i++)
		untouched[i] = (int64_t)MAX(bytes[i], 0);
}

void samples_task_ended(struct samples *s, uint64_t task, uint64_t time_ns, uint64_t peak_seq)
{
	struct moment now = { time_ns, peak_seq };

	samples_end_pages(s, STACKS, task, task + 1, now);
	samples_end_pages(s, KMEMS, task << KMEM_BITS, (task + 1) << KMEM_BITS, now);
}

struct look {
	const struct samples *s;
	uint64_t peak_seq;
	uint64_t *at_peak;
};

static void add_life(void *ctx, struct life *l)
{
	struct look *look = ctx;

	if (l->born_seq < look->peak_seq)
		look->at_peak[tallies_now(look->s->tallies, l->tally)] += l->bytes;
}

void samples_live(const struct samples *s, uint64_t peak_seq, uint64_t *at_peak, uint64_t *at_end)
{
	struct look look = { s, peak_seq, at_peak };
	GHashTableIter iter;
	gpointer lives;

	for (unsigned i = 0; i < tallies_count(s->tallies); i++) {
		const struct tally *t = tallies_at(s->tallies, i);

		at_end[i] = MAX(t->live, 0);
		at_peak[i] = t->peak_seq == peak_seq ? t->at_peak : 0;
	}
	g_hash_table_iter_init(&iter, s->lives);
	while (g_hash_table_iter_next(&iter, NULL, &lives))
		lives_each(lives, 0, UINT64_MAX, add_life, &look);
}
