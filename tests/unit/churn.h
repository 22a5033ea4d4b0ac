/* SPDX-License-Identifier: GPL-2.0-only
 *
 * A random workload without a kernel: processes start, grow, end and are folded, with threads,
 * stacks and ticks. It makes reports, and recordings of what changes. A seed decides
 * everything.
 */
#ifndef TARE_TEST_CHURN_H
#define TARE_TEST_CHURN_H

#include "model/books.h"
#include "store/recording.h"
#include "store/recording_limits.h"
#include "tests/golden/fixtures.c"

struct sim_task {
	uint64_t id, grown;
	unsigned name;
};

struct sim_process {
	uint64_t id;
	pid_t pid;
	GArray *tasks; /* struct sim_task */
	uint64_t grown;
	unsigned name;
	bool alive;
};

struct sim {
	GRand *rand;
	GPtrArray *processes;
	uint64_t next_id, folded, folded_grown, time_ns;
	unsigned stacks;
	bool hostile;  /* use hostile names and sizes */
	bool one_slot; /* sum over all ticks */
	struct recording_limits limits;
	uint64_t max_size;
};

static int random_upto(struct sim *s, int n)
{
	return g_rand_int_range(s->rand, 0, n);
}

static void process_free(gpointer p)
{
	g_array_unref(((struct sim_process *)p)->tasks);
	g_free(p);
}

static void add_sim_task(struct sim *s, struct sim_process *p)
{
	struct sim_task t = { ++s->next_id, 0, (unsigned)random_upto(s, 30) };

	g_array_append_val(p->tasks, t);
}

static void spawn_process(struct sim *s)
{
	struct sim_process *p = g_new0(struct sim_process, 1);

	p->id = ++s->next_id;
	p->pid = 2 + random_upto(s, 30000); /* pids are reused */
	p->name = (unsigned)random_upto(s, 12);
	p->alive = true;
	p->tasks = g_array_new(FALSE, FALSE, sizeof(struct sim_task));
	for (int i = 1 + random_upto(s, 4); i; i--)
		add_sim_task(s, p);
	g_ptr_array_add(s->processes, p);
}

static void step_once(struct sim *s)
{
	for (int i = random_upto(s, 60); i; i--)
		spawn_process(s);
	for (unsigned i = 0; i < s->processes->len; i++) {
		struct sim_process *p = s->processes->pdata[i];

		if (p->alive && random_upto(s, 3)) {
			p->grown += 4096ULL * (uint64_t)random_upto(s, 1000);
			g_array_index(p->tasks, struct sim_task, 0).grown += 4096;
			if (!random_upto(s, 6))
				add_sim_task(s, p);
		} else if (!random_upto(s, 4)) {
			p->alive = false;
		} else if (!p->alive && !random_upto(s, 3)) {
			s->folded++;
			s->folded_grown += p->grown;
			g_ptr_array_remove_index(s->processes, i--);
		}
	}
	s->stacks += (unsigned)random_upto(s, 120);
	s->time_ns += SECOND + (uint64_t)random_upto(s, 1000000);
}

static char *name_of(struct sim *s, unsigned n)
{
	static const char *const harm[] = {
		"",
		"'; DROP TABLE processes; --",
		"\x1b[31mred",
		"\xff\xfe\x80",
		"a\nb\tc",
		"\xe2\x82",
		"%s%n",
		"[others]",
		"[thinned]",
	};

	if (!s->hostile)
		return g_strdup_printf("name%u", n);
	if (n % 11 == 10) /* longer than the bound; where it is cut depends on its bytes */
		return g_strnfill(s->limits.text + n, n % 2 ? 'x' : '\xa4');
	return g_strdup(harm[n % G_N_ELEMENTS(harm)]);
}

static uint64_t size_of(struct sim *s, uint64_t sane)
{
	static const uint64_t harm[] = { 1ULL << 53, (1ULL << 53) - 1, (1ULL << 53) + 1,
					 1ULL << 60, UINT64_MAX,       INT64_MAX,
					 1ULL << 63, (uint64_t)-4096 };

	return s->hostile && !random_upto(s, 20) ? harm[random_upto(s, G_N_ELEMENTS(harm))] : sane;
}

/* Positive or negative. A sum of a few values does not overflow, as in any report. */
static int64_t held_of(struct sim *s, uint64_t sane)
{
	static const int64_t harm[] = { INT64_C(1) << 53,    (INT64_C(1) << 53) + 1,
					-(INT64_C(1) << 53), -(INT64_C(1) << 53) - 1,
					INT64_C(1) << 54,    -1 };

	return s->hostile && !random_upto(s, 20) ? harm[random_upto(s, G_N_ELEMENTS(harm))] :
						   (int64_t)sane;
}

static void fill_flows(struct sim *s, struct report_task *t, uint64_t grown)
{
	struct report_cause cause = { name_of(s, t->tid % 7), { grown, grown / 2 } };

	for (int k = 0; k < TARE_KINDS; k++) {
		t->flow[k].in = size_of(s, grown + (uint64_t)k);
		t->flow[k].out = size_of(s, grown / 3);
		t->at_peak[k] = held_of(s, grown / 2);
	}
	g_array_append_val(t->causes, cause);
	t->mapped = size_of(s, grown);
	t->faults_user = size_of(s, grown / 4096);
	if (t->tid % 3 == 0)
		g_ptr_array_add(t->names, name_of(s, (unsigned)t->tid % 5));
}

static struct report_task *make_task(struct sim *s, uint64_t id, unsigned name, uint64_t grown)
{
	struct report_task *t = report_task_new();

	t->id = id;
	t->tid = (pid_t)(id % 4000000);
	t->comm = name_of(s, name);
	t->alive = id % 2;
	t->start_ns = size_of(s, id % MIB * 1000);
	fill_flows(s, t, grown);
	return t;
}

static struct report_process *make_process(struct sim *s, uint64_t id, pid_t pid, unsigned name,
					   uint64_t grown)
{
	struct report_process *p = report_process_new();

	p->id = id;
	p->pid = pid;
	p->ppid = 1;
	p->comm = name_of(s, name);
	p->exe = name_of(s, name + 1);
	p->start_ns = size_of(s, id % MIB);
	p->rss_peak = held_of(s, grown);
	p->vm_peak = id % 3 ? MAX(p->rss_peak, 0) : 0;
	for (unsigned i = 0; i < name; i++)
		g_ptr_array_add(p->argv, name_of(s, i));
	for (int k = 0; k < TARE_KINDS; k++) {
		p->at_peak[k] = held_of(s, grown / 7 * (uint64_t)k);
		p->balance[k].tasks.in = size_of(s, grown);
		p->balance[k].net = held_of(s, grown);
	}
	return p;
}

static void add_processes(struct sim *s, struct report *r)
{
	for (unsigned i = 0; i < s->processes->len; i++) {
		const struct sim_process *sp = s->processes->pdata[i];
		struct report_process *p = make_process(s, sp->id, sp->pid, sp->name, sp->grown);

		p->alive = sp->alive;
		p->end_ns = sp->alive ? 0 : sp->id * 2000;
		p->exit.known = !sp->alive;
		for (unsigned j = 0; j < sp->tasks->len; j++) {
			const struct sim_task *t = &g_array_index(sp->tasks, struct sim_task, j);

			g_ptr_array_add(p->tasks, make_task(s, t->id, t->name, t->grown));
		}
		g_ptr_array_add(r->processes, p);
	}
}

/* One row for many, as folding makes of ended processes. */
static void add_fold(struct sim *s, struct report *r)
{
	struct report_process *p;
	struct report_task *t;

	if (s->folded < 2)
		return;
	p = make_process(s, 1ULL << 63 | 1, 0, 3, s->folded_grown);
	p->count = s->folded;
	p->failed = s->folded / 3;
	p->parent = g_strdup("postmaster");
	p->rss_peak_spread = (struct report_spread){ 4096, 8192, 123 * KIB };
	t = make_task(s, 1ULL << 63 | 2, 3, s->folded_grown);
	t->tid = 0;
	t->count = s->folded * 2;
	t->in_spread = (struct report_spread){ 0, 8192, 45 * MIB };
	g_ptr_array_add(p->tasks, t);
	g_ptr_array_add(r->processes, p);
}

static void add_stacks(struct sim *s, struct profile *p)
{
	for (unsigned i = 0; i < s->stacks; i++) {
		struct profile_frame f = {
			.function = g_strdup_printf("function_%u", i),
			.file = i % 4 ? NULL : name_of(s, i % 10),
			.module = i % p->modules->len,
			.address = (uint64_t)i << 40 | i,
		};
		struct stack_node n = { i ? i / 2 : NO_NODE, p->frames->len };

		if (n.parent != NO_NODE && n.parent >= p->nodes->len)
			n.parent = NO_NODE;
		g_array_append_val(p->frames, f);
		g_array_append_val(p->nodes, n);
	}
}

static void add_ticks(struct sim *s, struct profile *p, uint32_t entry)
{
	int slots = s->one_slot ? 1 : 1 + random_upto(s, 12);

	/* Ticks are in the order of slots; fill_profile() sorts them. */
	for (int i = 0; i < slots; i++) {
		struct profile_tick t = { s->one_slot ? 0 : (uint32_t)(i * 40 + random_upto(s, 40)),
					  entry, size_of(s, 4096), 0 };

		g_array_append_val(p->ticks, t);
	}
}

static int by_slot(gconstpointer a, gconstpointer b)
{
	const struct profile_tick *x = a, *y = b;

	if (x->slot != y->slot)
		return x->slot < y->slot ? -1 : 1;
	return x->entry < y->entry ? -1 : x->entry > y->entry;
}

static void add_entry(struct sim *s, const struct report *r, uint32_t process, uint32_t task)
{
	struct profile *p = r->profile;
	struct profile_entry e = {
		.process = process,
		.task = task,
		.kind = (uint32_t)random_upto(s, TARE_KINDS),
		.cause = random_upto(s, 5) ? 0 : NO_CAUSE,
		.node = p->nodes->len ? (uint32_t)random_upto(s, (int)p->nodes->len) : NO_NODE,
		.aggregate = (uint32_t)random_upto(s, 1000),
		.mapping = (enum mapping_kind)random_upto(s, MAPPINGS),
		.mapping_label = name_of(s, (unsigned)random_upto(s, 9)),
		.count = size_of(s, 3),
		.bytes = { held_of(s, 65536), 4096, held_of(s, 0) },
	};
	struct profile_virtual a = { process,          task,    NO_CAUSE, e.node,
				     g_strdup("heap"), e.count, 65536,    held_of(s, 4096) };

	add_ticks(s, p, p->entries->len);
	g_array_append_val(p->entries, e);
	g_array_append_val(p->virtual, a);
}

static void fill_profile(struct sim *s, struct report *r)
{
	struct profile *p = r->profile = profile_new();

	p->period = 65536;
	p->slot_ns = 1 << 20;
	profile_module(p, "/usr/lib/libc.so.6", "abcd");
	profile_module(p, "[kernel]", NULL);
	profile_cause(p, "page fault");
	add_stacks(s, p);
	for (unsigned i = 0; i < r->processes->len; i++) {
		unsigned tasks = ((struct report_process *)r->processes->pdata[i])->tasks->len;

		for (unsigned j = 0; j < tasks; j++)
			for (int k = random_upto(s, 4); k; k--)
				add_entry(s, r, i, random_upto(s, 9) ? j : UINT32_MAX);
	}
	g_array_sort(p->ticks, by_slot);
}

static struct report *make_report(struct sim *s)
{
	struct report *r = fixture_new(s->time_ns);

	report_add_feature(r, "kmem", "events", NULL);
	r->kmem.level = KMEM_EVENTS;
	g_ptr_array_add(r->command, g_strdup("churn"));
	add_processes(s, r);
	add_fold(s, r);
	for (unsigned i = 0; i < 300; i++) {
		struct report_point p = { .time_ns = i * MS, .rss = held_of(s, i) };

		g_array_append_val(r->series, p);
	}
	books_sort(r);
	if (random_upto(s, 10))
		fill_profile(s, r);
	return r;
}

static void sim_begin(struct sim *s, unsigned seed)
{
	*s = (struct sim){ .rand = g_rand_new_with_seed(seed), .limits = recording_limits };
	s->processes = g_ptr_array_new_with_free_func(process_free);
	s->hostile = seed % 3 == 2;
	s->one_slot = random_upto(s, 2);
	s->max_size = (uint64_t)(seed % 2 ? 64 : 1) << 20;
	if (seed % 4 >= 2)
		s->limits = (struct recording_limits){
			.rows = 600 + (uint64_t)random_upto(s, 2000),
			.slots = 8 + (uint32_t)random_upto(s, 504),
			.texts = 200000 + (uint64_t)random_upto(s, 100000),
			.text = 40 + (uint32_t)random_upto(s, 400),
			.number = INT64_C(1) << 53,
			.sum = INT64_C(1) << (54 + random_upto(s, 6)),
			.written = (4 << 20) + (uint64_t)random_upto(s, 8 << 20),
		};
}

static void sim_end(struct sim *s)
{
	g_rand_free(s->rand);
	g_ptr_array_unref(s->processes);
}

static void log_some(struct sim *s, struct recording *rec)
{
	for (int i = random_upto(s, 3000); i; i--) {
		g_autofree char *path = name_of(s, (unsigned)random_upto(s, 12));

		recording_sample(rec, &(struct recorded_sample){ .time_ns = s->time_ns,
								 .bytes = size_of(s, 65536) });
		recording_vma(rec, &(struct recorded_vma){ .what = "mmap file", .detail = path });
		recording_folded(rec, (uint32_t)i, (uint32_t)i + 1);
	}
}

#endif
