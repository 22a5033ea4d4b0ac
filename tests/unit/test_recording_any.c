/* SPDX-License-Identifier: GPL-2.0-only
 *
 * store/recording: what the most churning workloads write, at every checkpoint on the way,
 * is read again and is the same. No kernel: processes come and go, threads, stacks, ticks
 * in one slot, names and sizes that mean harm, with limits so small that they are met.
 *
 * TARE_FUZZ=rounds for more seeds.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <sys/stat.h>

#include "model/books.h"
#include "output/output.h"
#include "store/recording.h"
#include "store/recording_load.h"
#include "tests/golden/fixtures.c"
#include "tests/unit/store_file.h"

#define STEPS 8

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
	bool hostile;  /* names and sizes that mean harm */
	bool one_slot; /* all ticks */
	struct recording_limits limits;
	uint64_t max_size;
};

static int upto(struct sim *s, int n)
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
	struct sim_task t = { ++s->next_id, 0, (unsigned)upto(s, 30) };

	g_array_append_val(p->tasks, t);
}

static void spawn(struct sim *s)
{
	struct sim_process *p = g_new0(struct sim_process, 1);

	p->id = ++s->next_id;
	p->pid = 2 + upto(s, 30000); /* numbers come again */
	p->name = (unsigned)upto(s, 12);
	p->alive = true;
	p->tasks = g_array_new(FALSE, FALSE, sizeof(struct sim_task));
	for (int i = 1 + upto(s, 4); i; i--)
		add_sim_task(s, p);
	g_ptr_array_add(s->processes, p);
}

static void step(struct sim *s)
{
	for (int i = upto(s, 60); i; i--)
		spawn(s);
	for (unsigned i = 0; i < s->processes->len; i++) {
		struct sim_process *p = s->processes->pdata[i];

		if (p->alive && upto(s, 3)) {
			p->grown += 4096ULL * (uint64_t)upto(s, 1000);
			g_array_index(p->tasks, struct sim_task, 0).grown += 4096;
			if (!upto(s, 6))
				add_sim_task(s, p);
		} else if (!upto(s, 4)) {
			p->alive = false;
		} else if (!p->alive && !upto(s, 3)) {
			s->folded++;
			s->folded_grown += p->grown;
			g_ptr_array_remove_index(s->processes, i--);
		}
	}
	s->stacks += (unsigned)upto(s, 120);
	s->time_ns += SECOND + (uint64_t)upto(s, 1000000);
}

static char *name_of(struct sim *s, unsigned n)
{
	static const char *const harm[] = {
		"", "'; DROP TABLE processes; --", "\x1b[31mred", "\xff\xfe\x80", "a\nb\tc", "\xe2\x82",
		"%s%n", "[others]", "[thinned]",
	};

	if (!s->hostile)
		return g_strdup_printf("name%u", n);
	if (n % 11 == 10) /* longer than any may be; where it is cut depends on its bytes */
		return g_strnfill(s->limits.text + n, n % 2 ? 'x' : '\xa4');
	return g_strdup(harm[n % G_N_ELEMENTS(harm)]);
}

static uint64_t size_of(struct sim *s, uint64_t sane)
{
	static const uint64_t harm[] = { 1ULL << 53,	  (1ULL << 53) - 1, (1ULL << 53) + 1,
					 1ULL << 60,	  UINT64_MAX,	    INT64_MAX,
					 1ULL << 63,	  (uint64_t)-4096 };

	return s->hostile && !upto(s, 20) ? harm[upto(s, G_N_ELEMENTS(harm))] : sane;
}

/* Of either sign: sums of a few of them don't overflow, as no report's do. */
static int64_t held_of(struct sim *s, uint64_t sane)
{
	static const int64_t harm[] = { INT64_C(1) << 53, (INT64_C(1) << 53) + 1,
					-(INT64_C(1) << 53), -(INT64_C(1) << 53) - 1,
					INT64_C(1) << 54, -1 };

	return s->hostile && !upto(s, 20) ? harm[upto(s, G_N_ELEMENTS(harm))] : (int64_t)sane;
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
		struct report_process *p =
			make_process(s, sp->id, sp->pid, sp->name, sp->grown);

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

/* As a fold of ended processes is: one row of many. */
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
	int slots = s->one_slot ? 1 : 1 + upto(s, 12);

	/* They go by slot; fill_profile() sorts them. */
	for (int i = 0; i < slots; i++) {
		struct profile_tick t = { s->one_slot ? 0 : (uint32_t)(i * 40 + upto(s, 40)), entry,
					  size_of(s, 4096), 0 };

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
		.kind = (uint32_t)upto(s, TARE_KINDS),
		.cause = upto(s, 5) ? 0 : NO_CAUSE,
		.node = p->nodes->len ? (uint32_t)upto(s, (int)p->nodes->len) : NO_NODE,
		.tally = (uint32_t)upto(s, 1000),
		.place = (enum place_kind)upto(s, PLACES),
		.place_label = name_of(s, (unsigned)upto(s, 9)),
		.count = size_of(s, 3),
		.bytes = { held_of(s, 65536), 4096, held_of(s, 0) },
	};
	struct profile_asked a = { process,  task, NO_CAUSE,		 e.node, g_strdup("heap"),
				   e.count, 65536, held_of(s, 4096) };

	add_ticks(s, p, p->entries->len);
	g_array_append_val(p->entries, e);
	g_array_append_val(p->asked, a);
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
			for (int k = upto(s, 4); k; k--)
				add_entry(s, r, i, upto(s, 9) ? j : UINT32_MAX);
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
	if (upto(s, 10))
		fill_profile(s, r);
	return r;
}

static int by_text(gconstpointer a, gconstpointer b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Whatever the order of rows: the same report has the same text. */
static char *join(GPtrArray *lines)
{
	GString *text = g_string_new(NULL);

	g_ptr_array_sort(lines, by_text);
	for (unsigned i = 0; i < lines->len; i++)
		g_string_append_printf(text, "%s\n", (char *)lines->pdata[i]);
	g_ptr_array_unref(lines);
	return g_string_free(text, FALSE);
}

static const char *frame_text(const struct profile *p, uint32_t frame)
{
	return g_array_index(p->frames, struct profile_frame, frame).function;
}

static char *whose_text(const struct report *r, uint32_t process, uint32_t task)
{
	const struct report_process *p = r->processes->pdata[process];
	const struct report_task *t = task == UINT32_MAX ? NULL : p->tasks->pdata[task];

	return g_strdup_printf("%d %s %" G_GUINT64_FORMAT " / %d %s", p->pid, p->comm, p->start_ns,
			       t ? t->tid : -1, t ? t->comm : "");
}

static char *entry_text(const struct report *r, uint32_t number)
{
	const struct profile *p = r->profile;
	const struct profile_entry *e = &g_array_index(p->entries, struct profile_entry, number);
	g_autoptr(GArray) frames = g_array_new(FALSE, FALSE, sizeof(uint32_t));
	g_autofree char *whose = whose_text(r, e->process, e->task);
	GString *s = g_string_new(NULL);

	g_string_printf(s, "%s %u %s %d %s", whose, e->kind,
			profile_cause_name(p, e->cause) ?: "-", (int)e->place, e->place_label);
	g_string_append_printf(s, " %" G_GUINT64_FORMAT " %" G_GINT64_FORMAT " %" G_GINT64_FORMAT
				  " %" G_GINT64_FORMAT " %u",
			       e->count, e->bytes[0], e->bytes[1], e->bytes[2], e->tally);
	profile_stack(p, e->node, frames);
	for (unsigned i = 0; i < frames->len; i++)
		g_string_append_printf(s, " < %s",
				       frame_text(p, g_array_index(frames, uint32_t, i)));
	return g_string_free(s, FALSE);
}

static char *profile_text(const struct report *r)
{
	const struct profile *p = r->profile;
	GPtrArray *lines = g_ptr_array_new_with_free_func(g_free);

	for (unsigned i = 0; i < p->entries->len; i++)
		g_ptr_array_add(lines, entry_text(r, i));
	for (unsigned i = 0; i < p->ticks->len; i++) {
		const struct profile_tick *t = &g_array_index(p->ticks, struct profile_tick, i);
		g_autofree char *entry = entry_text(r, t->entry);

		g_ptr_array_add(lines,
				g_strdup_printf("%u: %s %" G_GUINT64_FORMAT, t->slot, entry, t->in));
	}
	for (unsigned i = 0; i < p->asked->len; i++) {
		const struct profile_asked *a = &g_array_index(p->asked, struct profile_asked, i);
		g_autofree char *whose = whose_text(r, a->process, a->task);

		g_ptr_array_add(lines, g_strdup_printf("asked %s %" G_GINT64_FORMAT " %s", whose,
						       a->bytes, a->place_label));
	}
	return join(lines);
}

#define COMPARE(a, b)       \
	do {                \
		if ((a) < (b)) \
			return -1; \
		if ((a) > (b)) \
			return 1; \
	} while (0)

/* Rows that the books hold for equal may come in either order. */
static int task_by_all(gconstpointer a, gconstpointer b)
{
	const struct report_task *x = *(struct report_task *const *)a;
	const struct report_task *y = *(struct report_task *const *)b;

	COMPARE(x->tid, y->tid);
	COMPARE(x->start_ns, y->start_ns);
	COMPARE(x->count, y->count);
	for (int k = 0; k < TARE_KINDS; k++)
		COMPARE(x->flow[k].in, y->flow[k].in);
	return strcmp(x->comm, y->comm);
}

static int process_by_all(gconstpointer a, gconstpointer b)
{
	const struct report_process *x = *(struct report_process *const *)a;
	const struct report_process *y = *(struct report_process *const *)b;

	COMPARE(x->pid, y->pid);
	COMPARE(x->start_ns, y->start_ns);
	COMPARE(x->count, y->count);
	COMPARE(x->rss_peak, y->rss_peak);
	return strcmp(x->comm, y->comm);
}

static void sort_by_all(struct report *r)
{
	for (unsigned i = 0; i < r->processes->len; i++)
		g_ptr_array_sort(((struct report_process *)r->processes->pdata[i])->tasks,
				 task_by_all);
	g_ptr_array_sort(r->processes, process_by_all);
}

static void assert_sorted(const struct report *r)
{
	for (unsigned i = 1; i < r->processes->len; i++) {
		const struct report_process *a = r->processes->pdata[i - 1];
		const struct report_process *b = r->processes->pdata[i];

		assert_true(kinds_weight(a->at_peak) >= kinds_weight(b->at_peak));
	}
}

static bool not_recording(const struct report_feature *f)
{
	return strcmp(f->name, "recording");
}

/* All but the stacks, in its order, as JSON; without what the file says of itself. */
static char *who_text(struct report *r)
{
	struct profile *profile = g_steal_pointer(&r->profile);
	char *json;

	for (unsigned i = r->features->len; i-- > 0;)
		if (!not_recording(r->features->pdata[i]))
			g_ptr_array_remove_index(r->features, i);
	json = json_render(r);
	r->profile = profile;
	return json;
}

static int64_t figure(const char *name)
{
	g_autofree char *sql = g_strdup_printf("SELECT value FROM figures WHERE name = '%s'", name);
	g_autofree char *value = ask(sql);

	return g_ascii_strtoll(value, NULL, 10);
}

static void assert_same(const char *what, const char *a, const char *b)
{
	size_t i = 0;

	while (a[i] && a[i] == b[i])
		i++;
	if (a[i] == b[i])
		return;
	dup2(stderr_fd, STDERR_FILENO);
	fail_msg("%s: '%.*s' is now '%.*s'", what, 200, a + MAX(i, 100) - 100, 200,
		 b + MAX(i, 100) - 100);
}

/* What is in the file, against what was written, which is thinned as the file is. */
static void check(struct sim *s, struct report *r, unsigned *same)
{
	g_autofree char *a = NULL, *b = NULL, *x = NULL, *y = NULL;
	struct report *got = NULL;
	struct stat st;

	if (recording_load_within(&got, file, &s->limits))
		fail_said("not loaded");
	g_free(said());
	assert_int_equal(stat(file, &st), 0);
	assert_true(st.st_size <= (off_t)s->max_size);
	if (!figure("thinned.texts") && !figure("thinned.sizes")) {
		assert_sorted(got);
		sort_by_all(r);
		sort_by_all(got);
		a = who_text(r);
		b = who_text(got);
		assert_same("who", a, b);
		assert_int_equal(!r->profile, !got->profile);
	}
	report_free(got);
	*same += a != NULL;
}

static void check_profile(struct sim *s, const struct report *r)
{
	g_autofree char *a = NULL, *b = NULL;
	struct report *got = NULL;

	if (figure("thinned.texts") || figure("thinned.sizes") || !r->profile)
		return;
	if (recording_load_within(&got, file, &s->limits))
		fail_said("not loaded");
	g_free(said());
	a = profile_text(r);
	b = profile_text(got);
	assert_same("stacks", a, b);
	report_free(got);
}

static void sim_begin(struct sim *s, unsigned seed)
{
	*s = (struct sim){ .rand = g_rand_new_with_seed(seed), .limits = recording_limits };
	s->processes = g_ptr_array_new_with_free_func(process_free);
	s->hostile = seed % 3 == 2;
	s->one_slot = upto(s, 2);
	s->max_size = (uint64_t)(seed % 2 ? 64 : 1) << 20;
	if (seed % 4 >= 2)
		s->limits = (struct recording_limits){
			.rows = 600 + (uint64_t)upto(s, 2000),
			.slots = 8 + (uint32_t)upto(s, 504),
			.texts = 200000 + (uint64_t)upto(s, 100000),
			.text = 40 + (uint32_t)upto(s, 400),
			.number = INT64_C(1) << 53,
			.sum = INT64_C(1) << (54 + upto(s, 6)),
		};
}

static void sim_end(struct sim *s)
{
	g_rand_free(s->rand);
	g_ptr_array_unref(s->processes);
}

static void log_some(struct sim *s, struct recording *rec)
{
	for (int i = upto(s, 3000); i; i--) {
		g_autofree char *path = name_of(s, (unsigned)upto(s, 12));

		recording_sample(rec, &(struct recorded_sample){ .time_ns = s->time_ns,
								 .bytes = size_of(s, 65536) });
		recording_range(rec, &(struct recorded_range){ .what = "mmap file",
							       .detail = path });
		recording_folded(rec, (uint32_t)i, (uint32_t)i + 1);
	}
}

static void run(unsigned seed, unsigned *same)
{
	struct recording *rec = NULL;
	struct recording_config config;
	struct sim s;

	sim_begin(&s, seed);
	config = (struct recording_config){ .max_size = s.max_size, .limits = &s.limits };
	g_unlink(file);
	if (recording_create(&rec, file, &config))
		fail_said("not created");
	for (int i = 0; i < STEPS; i++) {
		struct report *r;

		step(&s);
		log_some(&s, rec);
		r = make_report(&s);
		if (recording_checkpoint(rec, r, i == STEPS - 1))
			fail_said("not written");
		check_profile(&s, r);
		check(&s, r, same);
		report_free(r);
	}
	recording_close(rec);
	sim_end(&s);
}

static void what_is_written_is_read(void **state)
{
	const char *more = g_getenv("TARE_FUZZ");
	unsigned rounds = more ? (unsigned)atoi(more) : 9, same = 0;

	(void)state;
	for (unsigned seed = 0; seed < rounds; seed++)
		run(seed, &same);
	/* Else it would only have been seen that it can be read. */
	assert_true(same > rounds * STEPS / 4);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(what_is_written_is_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
