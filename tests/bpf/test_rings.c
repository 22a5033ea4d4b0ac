/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Ring buffers that nobody empties: the sums of an ended task stay in the maps when there is no
 * room for its record, and the sampling rate drops before a sample is lost.
 */
#include "fixture.h"

#define THREADS 300
#define FORKS 40
#define GROWTH 8192 /* pages */

static void grow(size_t pages)
{
	char *p = mmap(NULL, pages * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
		       0);

	madvise(p, pages * PAGE, MADV_NOHUGEPAGE);
	for (size_t i = 0; i < pages; i++)
		p[i * PAGE] = 1;
}

static void *touch_some(void *arg)
{
	grow(3);
	return arg;
}

static void serve(char command)
{
	if (command == 'g')
		grow(GROWTH);
	for (int i = 0; command == 't' && i < THREADS; i++) {
		pthread_t thread;

		if (pthread_create(&thread, NULL, touch_some, NULL) || pthread_join(thread, NULL))
			_exit(1);
	}
	for (int i = 0; command == 'f' && i < FORKS; i++) {
		pid_t pid = fork();

		if (!pid) {
			grow(5);
			_exit(0);
		}
		if (pid < 0 || waitpid(pid, NULL, 0) != pid)
			_exit(1);
	}
}

/* Per process: the sum of its records and its account. */
struct sum {
	uint64_t tasks, mms;
	int64_t net[TARE_MM_KINDS];
	uint64_t in;
};

static struct sum *sum_of(GHashTable *sums, uint64_t proc)
{
	struct sum *s = g_hash_table_lookup(sums, &proc);

	if (!s) {
		s = g_new0(struct sum, 1);
		g_hash_table_insert(sums, g_memdup2(&proc, sizeof(proc)), s);
	}
	return s;
}

static void add_task(struct sum *s, const struct tare_task *t)
{
	for (int k = 0; k < TARE_MM_KINDS; k++)
		s->net[k] += ledger_net(&t->flow[k]);
	s->in += t->flow[TARE_ANON].in;
}

static void add_mm(struct sum *s, const struct tare_mm *m)
{
	for (int k = 0; k < TARE_MM_KINDS; k++)
		s->net[k] += m->initial[k] + ledger_net(&m->nonowner[k]);
}

static void on_ended(void *ctx, uint64_t proc, const struct tare_ended *e)
{
	struct sum *s = sum_of(ctx, proc);
	struct tare_flow causes = { 0 };

	add_task(s, &e->task);
	add_mm(s, &e->mm);
	s->tasks += e->tasks;
	s->mms += e->mms;
	for (int i = 0; i < TARE_TASK_CAUSES; i++) {
		causes.in += e->task.causes[i].pages.in;
		causes.out += e->task.causes[i].pages.out;
	}
	for (int k = 0; k < TARE_MEMBERS; k++)
		if (ledger_is_rss(k)) {
			causes.in -= e->task.flow[k].in;
			causes.out -= e->task.flow[k].out;
		}
	assert_int_equal(causes.in, 0);
	assert_int_equal(causes.out, 0);
}

static GHashTable *all_sums(const struct fixture *b)
{
	GHashTable *sums = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, g_free);
	const struct tare_task *t;
	const struct tare_mm *m;

	assert_int_equal(loader_ended(b->l, on_ended, sums), 0);
	for (int i = 0; (t = fixture_task(b, TARE_REC_TASK_END, i)); i++)
		add_task(sum_of(sums, t->proc), t);
	for (int i = 0; (m = fixture_mm(b, TARE_REC_MM_END, i)); i++)
		add_mm(sum_of(sums, m->proc), m);
	return sums;
}

static struct sum check_sums(const struct fixture *b)
{
	g_autoptr(GHashTable) sums = all_sums(b);
	struct sum all = { 0 }, *s;
	GHashTableIter iter;

	g_hash_table_iter_init(&iter, sums);
	while (g_hash_table_iter_next(&iter, NULL, (gpointer *)&s)) {
		all.tasks += s->tasks;
		all.mms += s->mms;
		all.in += s->in;
		for (int k = 0; k < TARE_MM_KINDS; k++)
			assert_int_equal(s->net[k], 0); /* per process: all memory is gone */
	}
	assert_int_equal(all.tasks, fixture_lost(b, TARE_LOST_RECORD_TASK));
	assert_int_equal(all.mms, fixture_lost(b, TARE_LOST_RECORD_MM));
	return all;
}

static struct sum full_ring(char command)
{
	struct tare_workload w;
	struct child c;
	struct fixture b;
	struct sum all;

	fixture_open(&b, (struct loader_config){ .backend = BACKEND_PERCPU, .ring_bytes = PAGE });
	fixture_ring(&b);
	fixture_follow(&b, &c, serve);
	child_tell(&c, command);
	child_end(&c);
	loader_drain(b.l);
	all = check_sums(&b);
	loader_workload(b.l, &w);
	assert_int_equal(w.live_procs, 0);
	assert_int_equal(w.mms_nonzero, 0);
	fixture_close(&b);
	return all;
}

static void sums_of_threads_stay(void **state)
{
	struct sum all = full_ring('t');

	(void)state;
	assert_true(all.tasks > THREADS / 2);
	assert_true(all.in >= THREADS * 3);
}

static void sums_of_processes_stay(void **state)
{
	struct sum all = full_ring('f');

	(void)state;
	assert_true(all.tasks > FORKS / 2);
	assert_true(all.mms > FORKS / 2);
	assert_true(all.in >= FORKS * 5);
}

static int count_bytes(void *ctx, const void *data, size_t size)
{
	const struct tare_sample *s = data;

	assert_true(size >= sizeof(s->head));
	if (s->head.type == TARE_REC_SAMPLE && !(s->flags & TARE_SAMPLE_VIRTUAL))
		*(uint64_t *)ctx += s->bytes;
	return 0;
}

/* Each page is sampled, and nobody takes the samples. The samples in the rest of the ring still
 * stand for all. */
static void samples_are_thinned_before_a_loss(void **state)
{
	struct tare_sampling s;
	uint64_t taken = 0, thinned = 0, rarest = 0;
	struct child c;
	struct fixture b;

	(void)state;
	fixture_open(&b, (struct loader_config){ .backend = BACKEND_PERCPU,
						 .period = PAGE,
						 .stack = 4096,
						 .samples_ring_bytes = 8 << 20 });
	assert_int_equal(loader_samples_open(b.l, count_bytes, &taken), 0);
	fixture_follow(&b, &c, serve);
	child_tell(&c, 'g');
	child_end(&c);
	loader_sampling(b.l, &s);
	assert_int_equal(s.lost, s.busy);
	for (int i = 0; i < TARE_THIN_LEVELS; i++) {
		thinned += s.thinned[i].bytes;
		rarest = s.thinned[i].taken ? i + 1U : rarest;
		assert_true(!s.thinned[i].taken || s.thinned[i].last_ns >= s.thinned[i].first_ns);
	}
	assert_true(rarest >= 2);
	assert_true(thinned > 0 && thinned < s.bytes);
	loader_samples_drain(b.l);
	assert_int_equal(taken, s.bytes);
	/* Within 6 standard errors of the growth: at least the pages that it filled. */
	assert_in_range(s.bytes, GROWTH * PAGE * 8 / 10, GROWTH * PAGE * 13 / 10);
	fixture_close(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sums_of_threads_stay),
		cmocka_unit_test(sums_of_processes_stay),
		cmocka_unit_test(samples_are_thinned_before_a_loss),
	};

	return cmocka_run_group_tests_name("rings", tests, NULL, NULL);
}
