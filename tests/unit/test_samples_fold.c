/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Folding samples together changes no sum.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/samples_fixture.h"
#include "tests/unit/samples_check.h"

/* Prints the sums by task, kind, cause, mapping and stack. `task` is the task that they are
 * folded into. */
static GHashTable *sums_of(const struct samples *s, uint64_t seq, GHashTable *folded, bool stacks)
{
	GHashTable *sums = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	unsigned n = aggregates_count(s->aggregates);
	g_autofree uint64_t *at_peak = g_new0(uint64_t, n + 1), *at_end = g_new0(uint64_t, n + 1);

	samples_live(s, seq, at_peak, at_end);
	for (unsigned i = 0; i < n; i++) {
		const struct aggregate *t = aggregates_at(s->aggregates, i);
		const uint64_t *into = g_hash_table_lookup(folded, &t->key.task);
		g_autoptr(GString) key = g_string_new(NULL);
		uint64_t *sum;

		if (t->into != AGGREGATE_USED)
			continue;
		g_string_printf(key, "%lx %u", into ? *into : t->key.task, t->key.kind);
		if (stacks)
			g_string_append_printf(key, " %u %u", t->key.cause, t->key.mapping);
		for (uint32_t at = t->key.node; stacks && at != NO_NODE;) {
			const struct stack_node *node = intern_key(s->nodes, at);
			const struct frame *f = intern_key(s->frames, node->frame);

			/* For code outside any file, the address disappears with its process. */
			g_string_append_printf(key, ";%lx",
					       f->space || !f->address ? 0 : f->address);
			at = node->parent;
		}
		sum = g_hash_table_lookup(sums, key->str);
		if (!sum) {
			sum = g_new0(uint64_t, 4);
			g_hash_table_insert(sums, g_strdup(key->str), sum);
		}
		sum[0] += t->count;
		sum[1] += t->grown;
		sum[2] += at_peak[i];
		sum[3] += at_end[i];
	}
	return sums;
}

static void same_sums(GHashTable *a, GHashTable *b)
{
	GHashTableIter iter;
	gpointer key, sum;

	assert_int_equal(g_hash_table_size(a), g_hash_table_size(b));
	g_hash_table_iter_init(&iter, a);
	while (g_hash_table_iter_next(&iter, &key, &sum)) {
		const uint64_t *other = g_hash_table_lookup(b, key);

		assert_non_null(other);
		for (int i = 0; i < 4; i++)
			assert_int_equal(((uint64_t *)sum)[i], other[i]);
	}
}

static void same_time(const struct samples *a, const struct samples *b)
{
	g_autoptr(GArray) x = timeline_ticks(a->timeline), y = timeline_ticks(b->timeline);
	uint64_t in[2] = { 0 }, out[2] = { 0 };

	for (unsigned i = 0; i < x->len; i++) {
		in[0] += g_array_index(x, struct tick, i).in;
		out[0] += g_array_index(x, struct tick, i).out;
		assert_true(aggregates_at(a->aggregates, g_array_index(x, struct tick, i).aggregate)
				    ->into == AGGREGATE_USED);
	}
	for (unsigned i = 0; i < y->len; i++) {
		in[1] += g_array_index(y, struct tick, i).in;
		out[1] += g_array_index(y, struct tick, i).out;
	}
	assert_int_equal(in[0], in[1]);
	assert_int_equal(out[0], out[1]);
}

static int64_t untouched_of(const struct samples *s)
{
	g_autofree int64_t *bytes = g_new0(int64_t, aggregates_count(s->virtual_aggregates) + 1);
	int64_t sum = 0;

	samples_untouched(s, bytes);
	for (unsigned i = 0; i < aggregates_count(s->virtual_aggregates); i++)
		sum += bytes[i];
	return sum;
}

/* Feeds the same random history to several sample sets. */
struct history {
	struct samples *s[2];
	uint64_t seq, time_ns, next_mm, next_task;
	GArray *mms, *tasks; /* uint64_t: living tasks; mm = task modulo mms */
	GHashTable *folded;  /* task -> fold, of s[0] */
};

static uint64_t pick(const GArray *from)
{
	return g_array_index(from, uint64_t, draw(from->len));
}

static void begin_space(struct history *h)
{
	uint64_t mm = ++h->next_mm, parent = h->mms->len ? pick(h->mms) : 0;

	for (int i = 0; i < 2; i++)
		vma(h->s[i], mm, TARE_VMA_FORK, 0, 0, parent, mm, h->seq);
	g_array_append_val(h->mms, mm);
}

static void begin_task(struct history *h)
{
	uint64_t task = ++h->next_task;

	g_array_append_val(h->tasks, task);
}

static uint64_t mm_of(const struct history *h, uint64_t task)
{
	return g_array_index(h->mms, uint64_t, task % h->mms->len);
}

static void end_task(struct history *h)
{
	unsigned i = draw(h->tasks->len);
	uint64_t task = g_array_index(h->tasks, uint64_t, i), into = FOLD + task % 3;

	g_array_remove_index_fast(h->tasks, i);
	for (int k = 0; k < 2; k++)
		samples_task_ended(h->s[k], task, h->time_ns, h->seq);
	samples_fold(h->s[0], task, into, FOLD);
	g_hash_table_insert(h->folded, g_memdup2(&task, 8), g_memdup2(&into, 8));
}

static void end_space(struct history *h)
{
	unsigned at = draw(h->mms->len);
	uint64_t mm = g_array_index(h->mms, uint64_t, at);

	g_array_remove_index_fast(h->mms, at);
	for (int i = 0; i < 2; i++)
		vma(h->s[i], mm, TARE_VMA_GONE, 0, 0, 0, 0, h->seq);
}

static void change_space(struct history *h)
{
	static const unsigned what[] = { TARE_VMA_ANON, TARE_VMA_UNMAP, TARE_VMA_DISCARD,
					 TARE_VMA_MOVE };
	uint64_t mm = pick(h->mms), start = (1 + draw(64)) * 16 * PAGE, size = draw(40) * PAGE;
	unsigned k = draw(4);
	uint64_t a = k == 3 ? (100 + draw(64)) * 16 * PAGE : k == 2 ? 4 : 3;

	for (int i = 0; i < 2; i++)
		vma(h->s[i], mm, what[k], start, size, a, k == 3 ? size + draw(1) : 0x22, h->seq);
}

static void take_sample(struct history *h)
{
	struct one o = {
		.task = pick(h->tasks),
		.address = (1 + draw(200)) * 16 * PAGE + draw(16) * PAGE,
		.bytes = 1 + draw(100),
		.seq = h->seq,
		.time_ns = h->time_ns,
		.kind = draw(3) ? TARE_ANON :
			draw(2) ? TARE_FILE :
				  TARE_KSTACK,
		.cause = draw(3),
		.stack = draw(40),
		.flags = draw(9) ? 0 : TARE_SAMPLE_NO_ADDRESS,
	};
	bool asks = !draw(10);

	o.mm = mm_of(h, o.task);
	for (int i = 0; i < 2; i++)
		(asks ? ask : sample)(h->s[i], &o);
}

static void random_step(struct history *h)
{
	h->time_ns += draw(1 << 20);
	switch (draw(40)) {
	case 0:
		if (h->mms->len < 6)
			begin_space(h);
		break;
	case 1:
		if (h->mms->len > 2)
			end_space(h);
		break;
	case 2:
	case 3:
		if (h->tasks->len < 30)
			begin_task(h);
		break;
	case 4:
		if (h->tasks->len > 2)
			end_task(h);
		break;
	case 5:
		h->seq++;
		break;
	case 6 ... 14:
		change_space(h);
		break;
	default:
		take_sample(h);
	}
}

static void begin(struct history *h, uint64_t number)
{
	*h = (struct history){ { samples_new(PAGE), samples_new(PAGE) }, .time_ns = 1 };
	seed = 88172645463325252ULL + number * 7919;
	h->mms = g_array_new(FALSE, FALSE, sizeof(uint64_t));
	h->tasks = g_array_new(FALSE, FALSE, sizeof(uint64_t));
	h->folded = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, g_free);
	begin_space(h);
	begin_space(h);
	for (int i = 0; i < 4; i++)
		begin_task(h);
}

static void finish(struct history *h)
{
	for (int i = 0; i < 2; i++)
		samples_end(h->s[i]);
	g_array_unref(h->mms);
	g_array_unref(h->tasks);
	g_hash_table_unref(h->folded);
}

static void compare(struct history *h, bool stacks)
{
	g_autoptr(GHashTable) a = NULL, b = NULL;

	samples_settle(h->s[0]);
	a = sums_of(h->s[0], h->seq, h->folded, stacks);
	b = sums_of(h->s[1], h->seq, h->folded, stacks);
	same_sums(a, b);
	same_time(h->s[0], h->s[1]);
	/* Each sum is rounded down. */
	assert_true(labs(untouched_of(h->s[0]) - untouched_of(h->s[1])) <=
		    aggregates_count(h->s[1]->virtual_aggregates));
}

static void folding_changes_no_sum(void **state)
{
	(void)state;
	for (uint64_t n = 0; n < 60; n++) {
		struct history h;

		begin(&h, n);
		for (int i = 0; i < 3000; i++) {
			random_step(&h);
			if (!draw(500))
				samples_collect_checked(h.s[0]);
			if (!draw(1000))
				compare(&h, true);
		}
		compare(&h, true);
		assert_true(aggregates_count(h.s[0]->aggregates) <=
			    aggregates_count(h.s[1]->aggregates));
		finish(&h);
	}
}

/* A bound on sums so low that most are folded: the sums by task and kind stay exact. */
static void thinning_changes_no_sum(void **state)
{
	(void)state;
	for (uint64_t n = 0; n < 30; n++) {
		struct history h;

		begin(&h, n);
		samples_limits_set(h.s[0], &(struct samples_limits){ .aggregates = 200,
								     .virtual = 50,
								     .nodes = 150,
								     .names = 10,
								     .files = 10,
								     .live_samples = 1u << 30 });
		for (int i = 0; i < 3000; i++)
			random_step(&h);
		compare(&h, false);
		assert_true(h.s[0]->smaller > 0);
		assert_true(h.s[0]->aggregates->used <= 400);
		finish(&h);
	}
}

struct log {
	GArray *samples;   /* uint32_t: their ids */
	GHashTable *moved; /* id -> 1 + id */
};

static void log_sample(void *ctx, const struct tare_sample *sample, uint32_t id)
{
	(void)sample;
	g_array_append_val(((struct log *)ctx)->samples, id);
}

static void log_folded(void *ctx, uint32_t id, uint32_t into)
{
	struct log *log = ctx;

	assert_null(g_hash_table_lookup(log->moved, GUINT_TO_POINTER(id)));
	g_hash_table_insert(log->moved, GUINT_TO_POINTER(id), GUINT_TO_POINTER(into + 1));
}

/* A user of single samples finds the aggregate that each sample went to. */
static void logged_samples_find_their_aggregate(void **state)
{
	struct history h;
	struct log log = { g_array_new(FALSE, FALSE, sizeof(uint32_t)),
			   g_hash_table_new(NULL, NULL) };
	g_autoptr(GHashTable) counts = g_hash_table_new(NULL, NULL);

	(void)state;
	begin(&h, 5);
	samples_limits_set(h.s[0], &(struct samples_limits){ 300, 50, 200, 10, 10, 1u << 30 });
	h.s[0]->watch =
		(struct samples_watch){ .sample = log_sample, .folded = log_folded, .ctx = &log };
	for (int i = 0; i < 20000; i++)
		random_step(&h);
	samples_collect_checked(h.s[0]);
	for (unsigned i = 0; i < log.samples->len; i++) {
		gpointer id = GUINT_TO_POINTER(g_array_index(log.samples, uint32_t, i)), to;

		while ((to = g_hash_table_lookup(log.moved, id)))
			id = GUINT_TO_POINTER(GPOINTER_TO_UINT(to) - 1);
		g_hash_table_insert(
			counts, id,
			GUINT_TO_POINTER(1 + GPOINTER_TO_UINT(g_hash_table_lookup(counts, id))));
	}
	for (unsigned i = 0; i < aggregates_count(h.s[0]->aggregates); i++) {
		const struct aggregate *t = aggregates_at(h.s[0]->aggregates, i);

		if (t->into == AGGREGATE_USED)
			assert_int_equal(t->count, GPOINTER_TO_UINT(g_hash_table_lookup(
							   counts, GUINT_TO_POINTER(t->id))));
	}
	g_array_unref(log.samples);
	g_hash_table_unref(log.moved);
	finish(&h);
}

static char *cause(uint32_t id)
{
	return g_strdup_printf("cause %u", id);
}

static struct report *folded_report(void)
{
	struct report *r = report_new();
	struct report_process *proc = report_process_new();
	struct report_task *t = report_task_new();

	t->id = FOLD + 1;
	t->flow[TARE_ANON].in = 100000;
	proc->balance[TARE_ANON].net = 500;
	g_ptr_array_add(proc->tasks, t);
	g_ptr_array_add(r->processes, proc);
	return r;
}

/* A folded row has the sums of its tasks; the smallest stacks become one stack below a synthetic
 * frame. */
static void folded_row_has_the_sums_of_its_tasks(void **state)
{
	struct samples *s = samples_new(PAGE);
	struct report *r = folded_report();
	struct one o = { .mm = 1, .bytes = 100, .kind = TARE_ANON };
	int64_t grown = 0, live = 0;
	bool smaller = false;

	(void)state;
	samples_limits_set(s, &(struct samples_limits){ 8, 8, 1000, 1000, 1000, 1000 });
	for (o.task = 1; o.task <= 10; o.task++) {
		o.address = o.task * PAGE;
		o.stack = o.task;
		sample(s, &o);
		samples_fold(s, o.task, FOLD + 1, FOLD);
	}
	r->profile = profile_new();
	profile_fill(r->profile, s, r, TARE_PEAK_NOW, 0, cause);
	for (unsigned i = 0; i < r->profile->entries->len; i++) {
		const struct profile_entry *e =
			&g_array_index(r->profile->entries, struct profile_entry, i);
		const struct stack_node *n =
			&g_array_index(r->profile->nodes, struct stack_node, e->node);
		const struct profile_frame *f =
			&g_array_index(r->profile->frames, struct profile_frame, n->frame);

		grown += e->bytes[SAMPLE_TYPE_GROWN];
		live += e->bytes[SAMPLE_TYPE_LIVE_END];
		if (f->synthetic && f->address == SYNTHETIC_SMALLER) {
			smaller = true;
			assert_int_equal(e->cause, NO_CAUSE);
		}
	}
	assert_true(smaller);
	assert_int_equal(grown, 100000);
	assert_int_equal(live, 500);
	report_free(r);
	samples_end(s);
}

/* Samples that live as long as their task end with it, also if its final record is lost. */
static void samples_end_without_a_final_record(void **state)
{
	static const uint32_t kinds[] = { TARE_KSTACK, TARE_KMEM };
	struct samples *s = samples_new(PAGE);

	(void)state;
	for (unsigned i = 0; i < G_N_ELEMENTS(kinds); i++) {
		struct one o = { .task = 5, .mm = 1, .bytes = 100, .kind = kinds[i] };

		sample(s, &o);
	}
	assert_int_equal(s->live_count, 2);
	samples_fold(s, 5, FOLD | 1, 1);
	samples_settle(s);
	assert_int_equal(s->live_count, 0);
	for (unsigned i = 0; i < aggregates_count(s->aggregates); i++)
		assert_int_equal(aggregates_at(s->aggregates, i)->live, 0);
	samples_end(s);
}

static bool odd_row(void *ctx, uint64_t task, uint64_t proc, uint64_t *into_task,
		    uint64_t *into_proc)
{
	assert_ptr_equal(ctx, &seed);
	assert_int_equal(proc, task >= FOLD ? 7 : 1);
	*into_task = FOLD | 9;
	*into_proc = 9;
	return task < FOLD && task % 2;
}

/* Tasks without a birth or end record: there may be very many. */
static void unknown_tasks_share_a_row(void **state)
{
	struct samples *s = samples_new(PAGE);
	uint64_t grown = 0;

	(void)state;
	for (uint64_t task = 1; task <= 1000; task++) {
		struct one o = { .task = task, .mm = 1, .bytes = 100, .kind = TARE_KSTACK };

		sample(s, &o);
	}
	samples_fold(s, 3, FOLD | 7, 7); /* must wait */
	samples_fold_into(s, odd_row, &seed);
	assert_int_equal(s->aggregates->used, 500 + 2);
	for (unsigned i = 0; i < aggregates_count(s->aggregates); i++) {
		const struct aggregate *t = aggregates_at(s->aggregates, i);

		if (t->into != AGGREGATE_USED)
			continue;
		if (t->key.task == (FOLD | 9)) {
			assert_int_equal(t->proc, 9);
			assert_int_equal(t->grown, 499 * 100);
		}
		grown += t->grown;
	}
	assert_int_equal(grown, 1000 * 100);
	samples_end(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(folding_changes_no_sum),
		cmocka_unit_test(thinning_changes_no_sum),
		cmocka_unit_test(logged_samples_find_their_aggregate),
		cmocka_unit_test(folded_row_has_the_sums_of_its_tasks),
		cmocka_unit_test(samples_end_without_a_final_record),
		cmocka_unit_test(unknown_tasks_share_a_row),
	};

	return cmocka_run_group_tests_name("samples_fold", tests, NULL, NULL);
}
