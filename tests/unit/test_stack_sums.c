/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Sums by stack and labels that only rise, and the profile that is made of them. Random samples of
 * processes that begin, end and are folded, in many reports one after the other: whatever is read
 * again and again must obey the rules of its readers (output/stacks/pprof_sums.h).
 */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "output/stacks/pprof_pack.h"
#include "output/stacks/pprof_sums.h"
#include "tests/unit/samples_fixture.h"

#define PROCESSES 6
#define TASKS 3 /* of each */

static char *cause(uint32_t id)
{
	return g_strdup_printf("cause %u", id);
}

/* A workload: its samples and the ledger. */
struct load {
	struct samples *samples;
	uint64_t in[PROCESSES][TASKS];
	unsigned generation; /* processes of earlier ones have ended and were folded */
	unsigned names;      /* so many functions */
};

static uint64_t task_id(const struct load *l, unsigned process, unsigned task)
{
	return 1 + task + TASKS * (process + PROCESSES * (uint64_t)(process ? l->generation : 0));
}

static void grow(struct load *l, unsigned n)
{
	while (n--) {
		unsigned process = draw(PROCESSES), task = draw(TASKS);
		struct one o = { .task = task_id(l, process, task),
				 .mm = 1 + process,
				 .kind = draw(4) ? TARE_ANON :
					 draw(2) ? TARE_FILE :
						   TARE_PAGETABLE,
				 .bytes = 65536 * (1 + draw(3)),
				 .address = draw(1 << 20) * PAGE,
				 .stack = draw(l->names) };

		if (o.kind != TARE_PAGETABLE)
			l->in[process][task] += o.bytes;
		sample(l->samples, &o);
	}
}

/* All processes but the first end: their sums are in the first one's tasks from now on. */
static void end_all(struct load *l)
{
	for (unsigned i = 1; i < PROCESSES; i++)
		for (unsigned j = 0; j < TASKS; j++) {
			samples_fold(l->samples, task_id(l, i, j), task_id(l, 0, j), 1);
			l->in[0][j] += l->in[i][j];
			l->in[i][j] = 0;
		}
	samples_settle(l->samples);
	l->generation++;
}

static void name_frames(struct profile *p)
{
	uint32_t module = profile_module(p, "/opt/secret/bin/prog", NULL);

	for (unsigned i = 0; i < p->frames->len; i++) {
		struct profile_frame *f = &g_array_index(p->frames, struct profile_frame, i);

		f->function = f->synthetic ? g_strdup_printf("[%u]", (unsigned)f->address) :
					     g_strdup_printf("f%u", (unsigned)f->address);
		f->module = f->synthetic ? NO_MODULE : module;
	}
}

static struct report *report_of(struct load *l)
{
	struct report *r = report_new();

	for (unsigned i = 0; i < PROCESSES; i++) {
		struct report_process *p = report_process_new();

		p->alive = true;
		p->comm = g_strdup_printf("prog%u", i % 2);
		for (unsigned j = 0; j < TASKS; j++) {
			struct report_task *t = report_task_new();

			t->id = task_id(l, i, j);
			t->comm = g_strdup_printf("worker-%u", j);
			t->flow[TARE_ANON].in = l->in[i][j];
			p->balance[TARE_ANON].net += (int64_t)l->in[i][j] / 2;
			g_ptr_array_add(p->tasks, t);
		}
		p->balance[TARE_FILE].net = p->balance[TARE_FILE].initial = 4096;
		g_ptr_array_add(r->processes, p);
	}
	r->profile = profile_new();
	r->profile->period = 65536;
	profile_fill(r->profile, l->samples, r, TARE_PEAK_NOW, 0, cause);
	samples_told(l->samples);
	name_frames(r->profile);
	return r;
}

static void group_of(void *ctx, const struct report_process *p, struct sums_group *g)
{
	(void)ctx;
	g->unit = !strcmp(p->comm, "prog1") ? "one.service" : NULL;
	g->path = g->unit ? "/system.slice/one.service/sub" : "/user.slice";
}

static uint64_t take(struct load *l, struct stack_sums *s)
{
	struct report *r = report_of(l);
	uint64_t ledger = 0;

	stack_sums_take(s, r, group_of, NULL);
	for (unsigned i = 0; i < PROCESSES; i++)
		for (unsigned j = 0; j < TASKS; j++)
			ledger += l->in[i][j];
	report_free(r);
	return ledger;
}

static Pprof__Profile *print(struct stack_sums *s, const struct sums_query *q, bool kernel)
{
	struct pprof_head head = { .kernel = kernel, .period = 65536, .page_size = PAGE };
	GString *plain = pprof_sums_plain(s, q, &head);
	Pprof__Profile *p = pprof__profile__unpack(NULL, plain->len, (const uint8_t *)plain->str);

	assert_non_null(p);
	g_string_free(plain, TRUE);
	return p;
}

/* "labels addresses", as Alloy and Parca tell samples apart. */
static char *identity(const Pprof__Profile *p, const Pprof__Sample *sample)
{
	GString *id = g_string_new(NULL);

	for (size_t i = 0; i < sample->n_label; i++)
		g_string_append_printf(id, "%s=%s ", p->string_table[sample->label[i]->key],
				       p->string_table[sample->label[i]->str]);
	for (size_t i = 0; i < sample->n_location_id; i++)
		g_string_append_printf(id, "%" PRIx64 " ",
				       p->location[sample->location_id[i] - 1]->address);
	return g_string_free(id, FALSE);
}

static void ids_have_no_gaps(const Pprof__Profile *p)
{
	g_autoptr(GHashTable) addresses = g_hash_table_new(g_int64_hash, g_int64_equal);

	assert_string_equal(p->string_table[0], "");
	for (size_t i = 0; i < p->n_mapping; i++)
		assert_int_equal(p->mapping[i]->id, i + 1);
	for (size_t i = 0; i < p->n_function; i++)
		assert_int_equal(p->function[i]->id, i + 1);
	for (size_t i = 0; i < p->n_location; i++) {
		assert_int_equal(p->location[i]->id, i + 1);
		assert_true(p->location[i]->address);
		assert_true(p->location[i]->mapping_id <= p->n_mapping);
		assert_true(g_hash_table_add(addresses, &p->location[i]->address));
	}
	for (size_t i = 0; i < p->n_string_table; i++)
		assert_null(strstr(p->string_table[i], "secret"));
}

/* Checks a profile. `before`: identity -> growth of the profile before, or NULL. Returns that of
 * this one; `sum`: of growth and held bytes. */
static GHashTable *obeys(const Pprof__Profile *p, GHashTable *before, int64_t sum[2])
{
	GHashTable *now = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);

	ids_have_no_gaps(p);
	sum[0] = sum[1] = 0;
	for (size_t i = 0; i < p->n_sample; i++) {
		const Pprof__Sample *sample = p->sample[i];
		char *id = identity(p, sample);
		int64_t *was = before ? g_hash_table_lookup(before, id) : NULL;

		assert_int_equal(sample->n_value, 4);
		assert_true(sample->n_location_id && sample->n_location_id <= SUMS_DEPTH);
		assert_true(sample->value[1] || sample->value[3]);
		for (int k = 0; k < 4; k++)
			assert_true(sample->value[k] >= 0);
		assert_true(!was || sample->value[1] >= *was);
		sum[0] += sample->value[1];
		sum[1] += sample->value[3];
		assert_true(g_hash_table_insert(now, id,
						g_memdup2(&sample->value[1], sizeof(int64_t))));
	}
	return now;
}

/* Keys that are removed and come back go on from where they were; so what a reader saw at any time
 * is never more than what it sees later. */
static void keep_highest(GHashTable *all, GHashTable *now)
{
	GHashTableIter iter;
	gpointer id, grown;

	g_hash_table_iter_init(&iter, now);
	while (g_hash_table_iter_next(&iter, &id, &grown))
		g_hash_table_insert(all, g_strdup(id), g_memdup2(grown, sizeof(int64_t)));
}

static void growth_never_falls(unsigned most, unsigned names)
{
	struct load l = { .samples = samples_new(PAGE), .names = names };
	struct stack_sums *s = stack_sums_new(false, most);
	GHashTable *all = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);

	for (int round = 0; round < 60; round++) {
		int64_t sum[2];
		uint64_t ledger;
		Pprof__Profile *p;
		GHashTable *now;

		grow(&l, draw(80));
		if (!draw(5))
			end_all(&l);
		if (!draw(9)) /* memory that no sample met */
			l.in[0][0] += 300000;
		ledger = take(&l, s);
		p = print(s, &(struct sums_query){ NULL }, false);
		now = obeys(p, all, sum);
		assert_true(sum[0] >= (int64_t)ledger);
		assert_true(sum[0] == (int64_t)ledger || most < SUMS_MOST);
		assert_true(p->n_sample <= most + 1);
		/* What is held is the ledger's: half of what grew, and a page of each process. */
		assert_in_range(sum[1], ledger / 2 + PROCESSES * (PAGE - 1) - PROCESSES * TASKS,
				ledger / 2 + PROCESSES * PAGE);
		keep_highest(all, now);
		g_hash_table_unref(now);
		pprof__profile__free_unpacked(p, NULL);
	}
	g_hash_table_unref(all);
	stack_sums_free(s);
	samples_free(l.samples);
}

static void growth_of_folded_processes_never_falls(void **state)
{
	(void)state;
	growth_never_falls(SUMS_MOST, 12);
}

static void growth_of_removed_keys_never_falls(void **state)
{
	(void)state;
	growth_never_falls(40, 60);
}

/* The sum is exactly the ledger's while nothing was removed and every byte had its sample. */
static void sums_are_the_ledgers(void **state)
{
	struct load l = { .samples = samples_new(PAGE), .names = 5 };
	struct stack_sums *s = stack_sums_new(false, SUMS_MOST);

	(void)state;
	for (int i = 0; i < 10; i++) {
		Pprof__Profile *p;
		uint64_t ledger;
		int64_t sum[2];

		grow(&l, 50);
		ledger = take(&l, s);
		p = print(s, &(struct sums_query){ NULL }, false);
		g_hash_table_unref(obeys(p, NULL, sum));
		assert_int_equal(sum[0], ledger);
		pprof__profile__free_unpacked(p, NULL);
	}
	stack_sums_free(s);
	samples_free(l.samples);
}

/* The same ledger and samples in two runs: addresses depend on names alone. */
static void addresses_stay(void **state)
{
	uint64_t address[2] = { 0 };

	(void)state;
	for (int run = 0; run < 2; run++) {
		struct load l = { .samples = samples_new(PAGE), .names = 1 };
		struct stack_sums *s = stack_sums_new(false, SUMS_MOST);
		Pprof__Profile *p;

		seed = 77 + run; /* the frame f0 is met in another order */
		l.names = 1 + run * 9;
		grow(&l, 200);
		take(&l, s);
		p = print(s, &(struct sums_query){ NULL }, false);
		for (size_t i = 0; i < p->n_location; i++)
			if (!strcmp(p->string_table[p->function[i]->name], "f0"))
				address[run] = p->location[i]->address;
		pprof__profile__free_unpacked(p, NULL);
		stack_sums_free(s);
		samples_free(l.samples);
	}
	assert_true(address[0]);
	assert_true(address[0] == address[1]);
}

static int64_t sum_of(struct stack_sums *s, const struct sums_query *q, int value)
{
	Pprof__Profile *p = print(s, q, false);
	int64_t sums[2];

	g_hash_table_unref(obeys(p, NULL, sums));
	pprof__profile__free_unpacked(p, NULL);
	return sums[value];
}

static void selections_add_up(void **state)
{
	struct load l = { .samples = samples_new(PAGE), .names = 12 };
	struct stack_sums *s = stack_sums_new(false, SUMS_MOST);
	int64_t all, one;

	(void)state;
	grow(&l, 300);
	take(&l, s);
	all = sum_of(s, &(struct sums_query){ NULL }, 0);
	one = sum_of(s, &(struct sums_query){ .comm = "prog1" }, 0);
	assert_true(one > 0 && one < all);
	assert_int_equal(one + sum_of(s, &(struct sums_query){ .comm = "prog0" }, 0), all);
	assert_int_equal(sum_of(s, &(struct sums_query){ .cgroup = "one.service" }, 0), one);
	assert_int_equal(sum_of(s, &(struct sums_query){ .cgroup = "/system.slice" }, 0), one);
	assert_int_equal(sum_of(s, &(struct sums_query){ .cgroup = "/system.slice/" }, 0), one);
	assert_int_equal(sum_of(s, &(struct sums_query){ .cgroup = "/system" }, 0), 0);
	assert_int_equal(sum_of(s, &(struct sums_query){ .cgroup = "/" }, 0), all);
	assert_int_equal(sum_of(s, &(struct sums_query){ .comm = "prog" }, 0), 0);
	stack_sums_free(s);
	samples_free(l.samples);
}

/* What came since a mark, also if keys were removed in between. */
static void difference_is_what_came_since(void **state)
{
	(void)state;
	for (int removed = 0; removed < 2; removed++) {
		struct load l = { .samples = samples_new(PAGE), .names = 30 };
		struct stack_sums *s = stack_sums_new(false, SUMS_MOST);
		struct sums_mark *m;
		uint64_t before, after;
		int64_t came;

		grow(&l, 300);
		before = take(&l, s);
		m = stack_sums_mark(s);
		assert_int_equal(sum_of(s, &(struct sums_query){ .since = m }, 0), 0);
		if (removed)
			stack_sums_shrink(s);
		grow(&l, 300);
		after = take(&l, s);
		if (removed)
			stack_sums_shrink(s);
		came = sum_of(s, &(struct sums_query){ .since = m }, 0);
		assert_int_equal(came, after - before);
		stack_sums_unmark(s, m);
		stack_sums_free(s);
		samples_free(l.samples);
	}
}

static void kernel_memory_is_apart(void **state)
{
	struct load l = { .samples = samples_new(PAGE), .names = 12 };
	struct stack_sums *s = stack_sums_new(true, SUMS_MOST);
	Pprof__Profile *p;

	(void)state;
	grow(&l, 300);
	take(&l, s);
	p = print(s, &(struct sums_query){ NULL }, true);
	ids_have_no_gaps(p);
	assert_true(p->n_sample);
	assert_int_equal(p->n_sample_type, 2);
	assert_string_equal(p->string_table[p->sample_type[1]->type], "kernel_space");
	for (size_t i = 0; i < p->n_sample; i++) {
		const Pprof__Label *last = p->sample[i]->label[p->sample[i]->n_label - 1];

		assert_string_equal(p->string_table[last->key], "kind");
		assert_string_equal(p->string_table[last->str], "pagetable");
	}
	pprof__profile__free_unpacked(p, NULL);
	stack_sums_free(s);
	samples_free(l.samples);
}

/* A process that gives itself a thousand names does not make a thousand series. */
static void hostile_names_are_bounded(void **state)
{
	struct stack_sums *s = stack_sums_new(false, SUMS_MOST);
	struct load l = { .samples = samples_new(PAGE), .names = 3 };

	(void)state;
	for (unsigned i = 0; i < 5000; i++) {
		struct report *r = report_of(&l);

		for (unsigned j = 0; j < PROCESSES; j++) {
			struct report_process *p = r->processes->pdata[j];

			g_free(p->comm);
			p->comm = g_strdup_printf("\xff\x01\"name %u %u", i, j);
		}
		stack_sums_take(s, r, NULL, NULL);
		assert_true(stack_sums_labels(s) <= 2 * SUMS_LABELED);
		report_free(r);
	}
	stack_sums_free(s);
	samples_free(l.samples);
}

/* Stacks of 4,096 frames, and names of 10,000 bytes: the limits of the readers hold. */
static void size_and_depth_are_bounded(void **state)
{
	struct stack_sums *s = stack_sums_new(false, SUMS_MOST);
	struct stack_sums *deep = stack_sums_new(false, SUMS_MOST);
	struct load l = { .samples = samples_new(PAGE), .names = 1 };
	struct pprof_head head = { .period = 1, .page_size = PAGE };
	GString *plain, *gz;
	struct report *r;

	(void)state;
	for (uint64_t i = 0; i < 20; i++) {
		uint32_t node = NO_NODE;
		struct tare_sample t = {
			.task = 1, .mm = 1, .kind = TARE_ANON, .bytes = 65536, .address = i * PAGE
		};

		for (uint64_t depth = 0; depth < 4096; depth++) {
			struct frame f = { .address = i << 32 | depth, .file = NO_FILE };

			node = samples_push(l.samples, node, &f);
		}
		samples_add(l.samples, &t, node, 0);
	}
	l.in[0][0] = 20 * 65536;
	r = report_of(&l);
	stack_sums_take(deep, r, NULL, NULL);
	assert_int_equal(sum_of(deep, &(struct sums_query){ NULL }, 0), 20 * 65536);
	stack_sums_free(deep);
	for (unsigned i = 0; i < r->profile->frames->len; i++) {
		char **name = &g_array_index(r->profile->frames, struct profile_frame, i).function;
		g_autofree char *old = *name;

		*name = g_strdup_printf("%s of %u %09999u", old, i, i);
	}
	stack_sums_take(s, r, NULL, NULL);
	plain = pprof_sums_plain(s, &(struct sums_query){ NULL }, &head);
	assert_true(plain->len > PPROF_PLAIN_MOST);
	g_string_free(plain, TRUE);
	gz = pprof_sums(s, &(struct sums_query){ NULL }, &head, PPROF_PLAIN_MOST);
	g_string_free(gz, TRUE);
	plain = pprof_sums_plain(s, &(struct sums_query){ NULL }, &head);
	assert_true(plain->len <= PPROF_PLAIN_MOST);
	g_string_free(plain, TRUE);
	assert_true(sum_of(s, &(struct sums_query){ NULL }, 0) >= 20 * 65536);
	report_free(r);
	stack_sums_free(s);
	samples_free(l.samples);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(growth_of_folded_processes_never_falls),
		cmocka_unit_test(growth_of_removed_keys_never_falls),
		cmocka_unit_test(sums_are_the_ledgers),
		cmocka_unit_test(addresses_stay),
		cmocka_unit_test(selections_add_up),
		cmocka_unit_test(difference_is_what_came_since),
		cmocka_unit_test(kernel_memory_is_apart),
		cmocka_unit_test(hostile_names_are_bounded),
		cmocka_unit_test(size_and_depth_are_bounded),
	};

	return cmocka_run_group_tests_name("stack_sums", tests, NULL, NULL);
}
