/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Folding of ended processes, for random workloads. The same records build two process tables.
 * One of them folds as much as it may, at any moment. Their books must be equal except for
 * which processes have a row of their own.
 */
#include "books_fixture.h"

#define PROCS 40
#define THREADS 8

/* A workload: the state that the BPF programs would keep. */
struct made_task {
	struct task_record t;
	bool born, ended;
};

struct process {
	struct made_task task[THREADS];
	struct tare_mm_end mm;
	int64_t before[TARE_MM_KINDS]; /* sums of closed address spaces */
	bool mm_attach;
	bool late; /* it ended while its address space stays open */
	unsigned tasks;
};

static struct proctable *folding;
static GRand *rng;
static struct process procs[PROCS];
static unsigned n_procs;
static uint64_t next, peak_seq, clock_ns;

static int random_below(int below)
{
	return g_rand_int_range(rng, 0, below);
}

static void give_both(const void *rec)
{
	size_t size = ((const struct tare_record *)rec)->size;

	assert_int_equal(give_record(pt, rec, size), 0);
	assert_int_equal(give_record(folding, rec, size), 0);
}

static void name_task(struct made_task *l)
{
	static const char *const names[] = { "sh", "true", "worker-%d", "conn/%d", "pool-1-t-%d" };
	char name[40];

	g_snprintf(name, sizeof(name), names[random_below(G_N_ELEMENTS(names))], random_below(20));
	memset(l->t.t.comm, 0, sizeof(l->t.t.comm));
	memcpy(l->t.t.comm, name, strnlen(name, TARE_COMM_LEN - 1));
}

static void begin_task(struct process *p, bool attached)
{
	struct made_task *l = &p->task[p->tasks++];
	struct process *maker = &procs[random_below(MAX(n_procs, 1))];
	struct tare_task_new rec;

	*l = (struct made_task){ .born = true };
	next++;
	if (p->tasks == 1)
		p->mm.mm.proc = next;
	l->t = task_of(TARE_REC_TASK, next, p->mm.mm.proc, next);
	l->t.t.start_ns = ++clock_ns;
	l->t.t.peak_seq = peak_seq;
	l->t.t.flags = attached ? TARE_TASK_ATTACHED : 0;
	l->t.t.flow[TARE_KSTACK].in = attached ? 0 : in.workload.stack_bytes;
	name_task(l);
	rec = birth(next, p->mm.mm.proc, next, p->mm.mm.proc, "");
	memcpy(rec.comm, l->t.t.comm, sizeof(rec.comm));
	rec.start_ns = l->t.t.start_ns;
	rec.parent = attached ? 0 : maker->task[0].t.t.id;
	give_both(&rec);
}

static void mm_begin(struct process *p)
{
	uint64_t proc = p->mm.mm.proc;

	p->mm = mm_of(TARE_REC_MM, ++next, proc);
	p->mm.mm.peak_seq = random_below(2) ? peak_seq : TARE_PEAK_NEVER;
	p->mm_attach = true;
	for (int k = 0; k < TARE_MM_KINDS; k++)
		p->mm.mm.initial[k] = random_below(3) ? 0 : random_below(1000);
}

static void mm_note(struct tare_mm *m)
{
	if (m->peak_seq == peak_seq)
		return;
	for (int k = 0; k < TARE_MM_KINDS; k++)
		m->at_peak[k] = m->initial[k] + ledger_net(&m->nonowner[k]);
	m->peak_seq = peak_seq;
}

static void grow(struct process *p, struct made_task *l)
{
	struct tare_task *t = &l->t.t;
	uint32_t cause = random_below(3) ? TARE_CAUSE_FAULT : (uint32_t)random_below(40);
	int kind = random_below(TARE_KINDS), by = random_below(200) - 60;

	ledger_note_peak(t, peak_seq);
	ledger_flow(&t->flow[kind], by);
	if (kind == TARE_KMEM && !random_below(3))
		t->flow[kind].in -= 500; /* it has become a kernel stack */
	if (ledger_is_rss(kind))
		ledger_flow(&ledger_cause(t, cause)->pages, by);
	t->faults += random_below(5);
	t->faults_kernel += random_below(4);
	t->mapped += random_below(100);
	if (!random_below(4))
		t->cached[kind % TARE_MEMBERS] += random_below(20) - 10;
	if (!p->mm_attach || random_below(3))
		return;
	mm_note(&p->mm.mm);
	ledger_flow(&p->mm.mm.nonowner[kind % TARE_MM_KINDS], by);
	ledger_flow(&p->mm.mm.nonowner_cause[random_below(TARE_NONOWNERS)], by);
	p->mm.mm.peak = MAX(p->mm.mm.peak, (random_below(5000) << 13) +
						   (int)(clock_ns & 8191)); /* all different */
	p->mm.mm.peak_ns = ++clock_ns;
}

static void mm_end(struct process *p)
{
	p->mm.head.type = TARE_REC_MM_END;
	give_both(&p->mm);
	p->mm_attach = false;
}

static bool is_last(const struct process *p)
{
	unsigned living = 0;

	for (unsigned i = 0; i < p->tasks; i++)
		living += !p->task[i].ended;
	return living == 1;
}

/* A random process whose address space is open; NULL: none. */
static uint64_t any_open_but(const struct process *but)
{
	const struct process *p = &procs[random_below(PROCS)];

	return p != but && p->mm_attach ? p->mm.mm.proc : 0;
}

static int64_t left_of(const struct process *p, int kind)
{
	int64_t sum = p->mm.mm.initial[kind] + ledger_net(&p->mm.mm.nonowner[kind]);

	sum += p->before[kind];
	for (unsigned i = 0; i < p->tasks; i++) {
		const struct tare_task *t = &p->task[i].t.t;

		sum += ledger_net(&t->flow[kind]) + t->cached[kind] - t->cached0[kind];
	}
	return sum;
}

/* All remaining memory is freed: by the last task, or by the task that closes the address space
 * later. */
static void give_back(struct process *p, struct tare_task *last)
{
	mm_note(&p->mm.mm);
	for (int k = 0; k < TARE_MEMBERS; k++)
		ledger_flow(last ? &last->flow[k] : &p->mm.mm.nonowner[k], -left_of(p, k));
}

/* An address space that outlived its process. */
static void close_late(struct process *p)
{
	give_back(p, NULL);
	mm_end(p);
	*p = (struct process){ 0 };
}

/* The address space is closed before the last task's record, or after it, at once or later. */
static void end_task(struct process *p, struct made_task *l)
{
	bool all = is_last(p), late = random_below(2),
	     outlived = all && p->mm_attach && random_below(2);

	ledger_note_peak(&l->t.t, peak_seq);
	if (outlived) /* it holds memory that it allocated itself */
		l->t.t.flow[TARE_ANON].in += 1000000;
	else if (all && random_below(8)) /* otherwise the books do not balance */
		give_back(p, &l->t.t);
	if (all && p->mm_attach && !late && !outlived)
		mm_end(p);
	l->t.t.flow[TARE_KSTACK].out += in.workload.stack_bytes;
	l->t.t.end_ns = ++clock_ns;
	if (!random_below(
		    30)) /* it shared another process's address space, as a vfork child does */
		l->t.t.mm_proc = any_open_but(p);
	l->t.t.exit_code = all && !random_below(3) ? random_below(3) << 8 | random_below(2) : 0;
	l->t.head.type = TARE_REC_TASK_END;
	l->t.head.size = ledger_record_size(l->t.t.n_causes);
	give_both(&l->t);
	l->ended = true;
	p->late = outlived;
	if (all && p->mm_attach && !outlived)
		mm_end(p);
	if (all && !outlived &&
	    random_below(4)) /* otherwise its entry is not reused: it stays for the sweeps */
		*p = (struct process){ 0 };
}

static void exec_process(struct process *p)
{
	if (p->mm_attach) {
		for (int k = 0; k < TARE_MM_KINDS; k++)
			p->before[k] += p->mm.mm.initial[k] + ledger_net(&p->mm.mm.nonowner[k]);
		mm_end(p);
	}
	mm_begin(p);
}

static void random_step(void)
{
	struct process *p = &procs[random_below(PROCS)];
	struct made_task *l;

	n_procs = PROCS;
	if (!p->tasks) {
		begin_task(p, !random_below(3));
		if (random_below(10))
			mm_begin(p);
		return;
	}
	l = &p->task[random_below((int)p->tasks)];
	if (p->late && !random_below(3)) {
		close_late(p);
		return;
	}
	if (l->ended || p->late)
		return;
	switch (random_below(20)) {
	case 0:
		if (p->tasks < THREADS)
			begin_task(p, !random_below(4));
		break;
	case 1:
	case 2:
		end_task(p, l);
		break;
	case 3:
		if (!random_below(3))
			exec_process(p);
		break;
	case 4:
		peak_seq++;
		in.workload.weight_peak_ns = ++clock_ns;
		break;
	default:
		grow(p, l);
	}
}

/* The living tasks, as a sweep meets them. */
static void sweep_once(struct proctable *proctable, bool second)
{
	for (unsigned i = 0; i < PROCS; i++) {
		struct process *p = &procs[i];

		if (p->mm_attach)
			assert_int_equal(
				proctable_sweep(proctable, &p->mm, p->mm.head.size, second), 0);
		for (unsigned j = 0; j < p->tasks; j++) {
			struct made_task *l = &p->task[j];

			l->t.head.size = ledger_record_size(l->t.t.n_causes);
			if (!l->ended)
				assert_int_equal(proctable_sweep(proctable, &l->t, l->t.head.size,
								 second),
						 0);
		}
	}
}

static void sweep_both(void)
{
	struct proctable *all[] = { pt, folding };

	for (unsigned i = 0; i < G_N_ELEMENTS(all); i++) {
		proctable_sweep_begin(all[i]);
		sweep_once(all[i], false);
		sweep_once(all[i], true);
	}
}

/* What two reports must have in common: the sums over rows with the same name, as text. */
struct sums {
	int64_t at_peak[TARE_KINDS], net[TARE_KINDS], initial[TARE_KINDS], in[TARE_KINDS];
	int64_t out[TARE_KINDS], nonowner_in[TARE_KINDS];
	int64_t count, failed, tasks, task_peak[TARE_KINDS], task_in[TARE_KINDS];
	int64_t faults_user, faults_kernel, mapped, rss_peak, start_ns, end_ns;
};

static struct sums sums_of(const struct report *report)
{
	struct sums s = { .start_ns = INT64_MAX };

	for (unsigned i = 0; i < report->processes->len; i++) {
		const struct report_process *p = report->processes->pdata[i];

		s.count += (int64_t)p->count;
		s.failed += (int64_t)p->failed;
		s.tasks += (int64_t)report_tasks(p);
		s.rss_peak = MAX(s.rss_peak, p->rss_peak);
		s.start_ns = MIN(s.start_ns, (int64_t)p->start_ns);
		s.end_ns = MAX(s.end_ns, (int64_t)p->end_ns);
		for (int k = 0; k < TARE_KINDS; k++) {
			check_equation(&p->balance[k]);
			s.at_peak[k] += p->at_peak[k];
			s.net[k] += p->balance[k].net;
			s.initial[k] += p->balance[k].initial;
			s.in[k] += (int64_t)p->balance[k].tasks.in;
			s.out[k] += (int64_t)p->balance[k].tasks.out;
			s.nonowner_in[k] += (int64_t)p->balance[k].nonowner.in;
		}
		for (unsigned j = 0; j < p->tasks->len; j++) {
			const struct report_task *t = p->tasks->pdata[j];

			s.faults_user += (int64_t)t->faults_user;
			s.faults_kernel += (int64_t)t->faults_kernel;
			s.mapped += (int64_t)t->mapped;
			for (int k = 0; k < TARE_KINDS; k++) {
				s.task_peak[k] += t->at_peak[k];
				s.task_in[k] += (int64_t)t->flow[k].in;
			}
		}
	}
	return s;
}

static GHashTable *causes_of(const struct report *report)
{
	GHashTable *causes = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);

	for (unsigned i = 0; i < report->processes->len; i++) {
		const struct report_process *p = report->processes->pdata[i];

		for (unsigned j = 0; j < p->tasks->len; j++) {
			const GArray *some =
				((const struct report_task *)p->tasks->pdata[j])->causes;

			for (unsigned c = 0; c < some->len; c++) {
				const struct report_cause *cause =
					&g_array_index(some, struct report_cause, c);
				struct flow *sum = g_hash_table_lookup(causes, cause->name);

				if (!sum) {
					sum = g_new0(struct flow, 1);
					g_hash_table_insert(causes, g_strdup(cause->name), sum);
				}
				sum->in += cause->flow.in;
				sum->out += cause->flow.out;
			}
		}
	}
	return causes;
}

static void same_causes(const struct report *a, const struct report *b)
{
	g_autoptr(GHashTable) one = causes_of(a), two = causes_of(b);
	GHashTableIter iter;
	gpointer name, flow;

	assert_int_equal(g_hash_table_size(one), g_hash_table_size(two));
	g_hash_table_iter_init(&iter, one);
	while (g_hash_table_iter_next(&iter, &name, &flow)) {
		assert_non_null(g_hash_table_lookup(two, name));
		assert_memory_equal(flow, g_hash_table_lookup(two, name), sizeof(struct flow));
	}
}

/* Processes with a row in both reports. */
static void same_rows(const struct report *a, const struct report *b)
{
	for (unsigned i = 0; i < a->processes->len; i++) {
		const struct report_process *p = a->processes->pdata[i];
		const struct report_process *q = by_pid(b, p->pid);

		if (!q) {
			assert_false(p->alive);
			continue;
		}
		assert_memory_equal(p->balance, q->balance, sizeof(p->balance));
		assert_memory_equal(p->at_peak, q->at_peak, sizeof(p->at_peak));
		assert_memory_equal(p->nonowner_cause, q->nonowner_cause,
				    sizeof(p->nonowner_cause));
		if (in.sums_valid) /* otherwise the remainder counts as held */
			assert_int_equal(p->rss_peak, q->rss_peak);
		assert_int_equal(p->failed, q->failed);
		assert_int_equal(report_tasks(p), report_tasks(q));
	}
}

static void compare_books(void)
{
	struct report *a = report_new(), *b = report_new();
	struct sums x, y;

	in.proctable = pt;
	books_close(a, &in);
	in.proctable = folding;
	books_close(b, &in);
	x = sums_of(a);
	y = sums_of(b);
	assert_memory_equal(&x, &y, sizeof(x));
	assert_memory_equal(a->totals, b->totals, sizeof(a->totals));
	assert_memory_equal(a->nonowner_cause, b->nonowner_cause, sizeof(a->nonowner_cause));
	assert_int_equal(a->off_pages, b->off_pages);
	assert_int_equal(a->peak_rss, b->peak_rss);
	assert_int_equal(a->peak_ns, b->peak_ns);
	assert_int_equal(a->peak_bound, b->peak_bound);
	same_causes(a, b);
	same_rows(a, b);
	report_free(a);
	report_free(b);
}

static unsigned folded;

static void on_folded(void *ctx, uint64_t task, uint64_t into_task, uint64_t into_proc)
{
	const struct proctable_task *into = g_hash_table_lookup(folding->tasks, &into_task);

	assert_ptr_equal(ctx, &folded);
	assert_true(into_task & FOLD_ID);
	assert_int_not_equal(task, into_task);
	assert_int_equal(into->proc, into_proc);
	assert_non_null(g_hash_table_lookup(folding->procs, &into_proc));
	folded++;
}

static void any_life(void **state)
{
	static const uint32_t keeps[] = { 0, 1, 2, 5, 20, PROCTABLE_KEEP_ALL };

	rng = g_rand_new_with_seed(7);
	for (int run = 0; run < 300; run++) {
		uint32_t keep = keeps[run % G_N_ELEMENTS(keeps)];

		teardown(state);
		setup(state);
		in.workload.stack_bytes = 16384;
		in.sums_valid = random_below(4);
		folding = proctable_new(false);
		folded = 0;
		proctable_keep(folding, keep, on_folded, &folded);
		memset(procs, 0, sizeof(procs));
		n_procs = next = 0;
		peak_seq = random_below(2);
		clock_ns = 1000;
		for (int i = random_below(4000); i > 0; i--) {
			random_step();
			if (!random_below(20))
				proctable_fold(folding, random_below(2));
			if (!random_below(400))
				sweep_both();
		}
		sweep_both();
		for (int i = random_below(3) ? 0 : random_below(50); i > 0;
		     i--) /* while the books are closed */
			random_step();
		in.workload.peak_seq = peak_seq;
		in.workload.weight_peak = random_below(2) ? 100000 :
							    -1; /* the peak has passed, or is now */
		in.now_ns = clock_ns + 1000;
		compare_books();
		proctable_fold(folding, true);
		compare_books();
		if (keep == PROCTABLE_KEEP_ALL)
			assert_int_equal(folded, 0);
		proctable_free(folding);
	}
	g_rand_free(rng);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(any_life, setup, teardown),
	};

	return cmocka_run_group_tests_name("fold_any", tests, NULL, NULL);
}
