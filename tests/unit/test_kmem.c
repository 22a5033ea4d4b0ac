/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Kernel memory of a session, with a simulated control group and simulated events: the initial
 * balance, what polling finds that no event reported, and what is not measured.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>
#include <unistd.h>

#define loader_workload fake_workload
#define loader_held fake_held
#define loader_watch fake_watch
#define loader_hidden fake_hidden
#define loader_weigh fake_weigh
#define cgroup_find fake_find
#define cgroup_pids fake_pids
#define cgroup_read fake_read
#define cgroup_read_current fake_read_current
#define cgroup_read_kernel fake_read_kernel
#define cgroup_read_sock fake_read_sock
#define cgroup_describe fake_describe
#define cgroup_close fake_close

#include "user/capture/kmem.c"

#define PAGE ((int64_t)sysconf(_SC_PAGESIZE))
#define MIB ((int64_t)1 << 20)

static struct features features;
static struct cgroup group;
static struct tare_workload workload;
static struct tare_held held;
static int64_t kernel, current, sock; /* figures of the group's files */
static int64_t of_others;             /* charged and freed again while it is read */
static unsigned looks, turns;         /* into the counter; `turns`: reads during which it moves */
static pid_t here[4];                 /* processes in the group, 0 at the end */
static uint64_t watched;
static bool watched_own;
static int64_t more, sampled, drift; /* result of the last loader_weigh(), pages */

void fake_workload(const struct loader *l, struct tare_workload *w)
{
	(void)l;
	*w = workload;
}

int fake_held(struct loader *l, struct tare_held *h)
{
	(void)l;
	*h = held;
	return 0;
}

void fake_watch(struct loader *l, uint64_t id, bool own, bool counted)
{
	(void)l;
	(void)counted;
	watched = id;
	watched_own = own;
}

bool fake_hidden(const struct loader *l, struct tare_hidden *h)
{
	(void)l;
	(void)h;
	return false;
}

void fake_weigh(struct loader *l, int64_t a, int64_t b, int64_t c)
{
	(void)l;
	more += a;
	sampled = b;
	drift = c;
}

int fake_find(struct cgroup **cg, const struct features *f, const GArray *pids, char **why)
{
	(void)f;
	(void)pids;
	(void)why;
	*cg = &group;
	return 0;
}

GArray *fake_pids(const struct cgroup *cg)
{
	GArray *pids = g_array_new(FALSE, FALSE, sizeof(pid_t));

	(void)cg;
	for (unsigned i = 0; here[i]; i++)
		g_array_append_val(pids, here[i]);
	return pids;
}

/* While it moves, each read brings an event, and every second event is not in the counter
 * yet. */
int64_t fake_read_kernel(const struct cgroup *cg)
{
	(void)cg;
	looks++;
	if (!turns)
		return kernel;
	turns--;
	workload.cgroup.events += looks & 1 ? of_others : -of_others;
	return kernel + (looks & 1 ? 0 : of_others);
}

int64_t fake_read_current(const struct cgroup *cg)
{
	(void)cg;
	return current;
}

int64_t fake_read_sock(const struct cgroup *cg)
{
	(void)cg;
	return sock;
}

void fake_read(const struct cgroup *cg, struct cgroup_counters *now)
{
	(void)cg;
	*now = (struct cgroup_counters){ .current = current, .kernel = kernel };
}

void fake_describe(const struct cgroup *cg, struct report_cgroup *r)
{
	(void)cg;
	(void)r;
}

void fake_close(struct cgroup *cg)
{
	(void)cg;
}

static struct kmem *k;

static int setup(void **state)
{
	(void)state;
	features = (struct features){ .found[FEATURE_MEMCG_STATE].state = FEATURE_YES };
	group = (struct cgroup){ .version = 2, .id = 77, .path = (char *)"/x" };
	workload = (struct tare_workload){ .stack_bytes = 16384 };
	held = (struct tare_held){ 0 };
	kernel = current = sock = of_others = more = sampled = drift = 0;
	looks = turns = 0;
	watched = 0;
	memset(here, 0, sizeof(here));
	k = kmem_new(NULL, &features, false);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	kmem_free(k);
	return 0;
}

static struct books_kmem books(void)
{
	struct books_kmem b;
	struct tare_workload w;

	kmem_books(k, &w, &b);
	return b;
}

static void attach_to(pid_t pid)
{
	g_autoptr(GArray) pids = g_array_new(FALSE, FALSE, sizeof(pid_t));

	g_array_append_val(pids, pid);
	kmem_watch_targets(k, pids, false);
}

static void kmem_is_unknown_without_a_group(void **state)
{
	(void)state;
	kmem_watch(k, NULL, "no hierarchy");
	kmem_begin(k);
	kmem_look(k, 1);
	assert_int_equal(books().level, KMEM_NONE);
	assert_int_equal(books().by_cgroup, CGROUP_UNKNOWN);
	assert_int_equal(kmem_held(k), 0);
	assert_int_equal(looks, 0);
	assert_string_equal(k->why, "no hierarchy");
}

/* Charges without an event: making the group itself costs some. */
static void initial_balance_is_read_at_the_start(void **state)
{
	(void)state;
	kernel = 10 * PAGE;
	workload.cgroup.events = 3 * PAGE;
	kmem_watch(k, &group, NULL);
	assert_int_equal(watched, 77);
	assert_true(watched_own);
	kmem_begin(k);
	assert_int_equal(books().initial, 7 * PAGE);
	assert_int_equal(more, 7);
	assert_int_equal(kmem_held(k), 10 * PAGE);
}

/* A counter that is read between an event and its change would be off by that change. */
static void counter_is_read_when_it_is_still(void **state)
{
	(void)state;
	kernel = 10 * PAGE;
	of_others = PAGE;
	turns = 8;
	kmem_watch(k, &group, NULL);
	kmem_begin(k);
	assert_int_equal(books().initial, 10 * PAGE);
	assert_in_range(looks, 8 + READ_STEADY, READ_TRIES);
}

/* The reader gives up in the end; how far the counter moved is part of the bound. */
static void moving_counter_widens_the_bound(void **state)
{
	(void)state;
	of_others = PAGE;
	turns = UINT32_MAX;
	kmem_watch(k, &group, NULL);
	looks = 0;
	assert_int_equal(books().bound, PAGE + counter_lag(k));
	assert_int_equal(looks, READ_TRIES);
}

static void kmem_is_unknown_without_a_counter(void **state)
{
	(void)state;
	kmem_watch(k, &group, NULL);
	kernel = CGROUP_UNKNOWN;
	kmem_begin(k);
	assert_int_equal(watched, 0);
	assert_int_equal(books().level, KMEM_NONE);
	assert_non_null(strstr(k->why, "cannot be read"));
}

static void root_group_has_no_charge(void **state)
{
	(void)state;
	group.path = (char *)"/";
	attach_to(1);
	assert_int_equal(watched, 0);
	assert_int_equal(books().level, KMEM_NONE);
	assert_non_null(strstr(k->why, "root control group"));
}

/* With other processes in the group its total is not the workload's. */
static void total_of_a_shared_group_is_not_the_workloads(void **state)
{
	(void)state;
	here[0] = 5;
	attach_to(5);
	assert_true(watched_own);
	assert_true(books().whole);
	here[1] = 6;
	attach_to(5);
	assert_false(watched_own);
	assert_false(books().whole);
	kernel = 100 * PAGE;
	kmem_begin(k);
	kmem_look(k, 1);
	assert_int_equal(kmem_held(k), 0);
	assert_int_equal(more, 0);
	assert_int_equal(drift, 0);
}

/* A difference within the bound between counter and events is charged to nobody; beyond it, it
 * is part of the weight. */
static void polling_finds_what_no_event_reported(void **state)
{
	int64_t v2;

	(void)state;
	kmem_watch(k, &group, NULL);
	kmem_begin(k);
	v2 = counter_lag(k);
	kernel = counter_lag(k);
	kmem_look(k, 1);
	assert_int_equal(drift, 0);
	kernel = counter_lag(k) + PAGE;
	kmem_look(k, 2);
	assert_int_equal(drift, counter_lag(k) / PAGE + 1);
	kernel = 0;
	workload.cgroup.events = counter_lag(k) + PAGE;
	kmem_look(k, 3);
	assert_int_equal(drift, -counter_lag(k) / PAGE - 1);
	assert_int_equal(books().by_cgroup, 0);
	/* Version 1 counts at once, except for the batch that a CPU holds back. */
	group.version = 1;
	assert_int_equal(counter_lag(k), v2 / 2);
	sock = 5 * PAGE;
	workload.cgroup.events = counter_lag(k) + PAGE;
	kmem_look(k, 4);
	assert_int_equal(drift, -counter_lag(k) / PAGE - 1);
	assert_int_equal(sampled, 5);
}

/* Page tables and stacks that another group is charged for, as long as they can exist. */
static void charges_to_the_former_group_are_known(void **state)
{
	(void)state;
	workload.cgroup.attached = 20 * PAGE;
	kernel = 5 * PAGE;
	kmem_watch(k, &group, NULL);
	held.kind[TARE_PAGETABLE] = 15 * PAGE;
	kmem_begin(k);
	assert_int_equal(books().elsewhere, 15 * PAGE);
	assert_int_equal(more, 20);
	held.kind[TARE_PAGETABLE] = 4 * PAGE;
	assert_int_equal(books().elsewhere, 4 * PAGE);
	kmem_look(k, 1);
	assert_int_equal(drift, -11);
	held.kind[TARE_PAGETABLE] = 100 * PAGE;
	assert_int_equal(books().elsewhere, 15 * PAGE);
}

/* Without events, all but page tables, stacks and swap is polled. */
static void group_alone_without_events(void **state)
{
	(void)state;
	features.found[FEATURE_MEMCG_STATE].state = FEATURE_NO;
	kmem_watch(k, &group, NULL);
	kmem_begin(k);
	assert_int_equal(books().level, KMEM_CGROUP);
	workload.nonrss = 30;
	workload.swap = 10;
	workload.polled = 5;
	kernel = 100 * PAGE;
	kmem_look(k, 1);
	assert_int_equal(sampled, 100 - 15);
	assert_int_equal(drift, 0);
	kernel = 10 * PAGE;
	kmem_look(k, 2);
	assert_int_equal(sampled, 0);
	kernel = CGROUP_UNKNOWN;
	kmem_look(k, 3);
	assert_int_equal(sampled, 0);
	assert_int_equal(kmem_held(k), 0);
}

static void peak_is_the_highest_poll(void **state)
{
	static const int64_t at[] = { 3, 9, 5, 9, 1 };

	(void)state;
	kmem_watch(k, &group, NULL);
	kmem_begin(k);
	for (unsigned i = 0; i < G_N_ELEMENTS(at); i++) {
		current = at[i] * MIB;
		kmem_look(k, i);
	}
	assert_int_equal(k->highest.current, 9 * MIB);
	assert_int_equal(k->highest.time_ns, 1);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(kmem_is_unknown_without_a_group),
		TEST(initial_balance_is_read_at_the_start),
		TEST(counter_is_read_when_it_is_still),
		TEST(moving_counter_widens_the_bound),
		TEST(kmem_is_unknown_without_a_counter),
		TEST(root_group_has_no_charge),
		TEST(total_of_a_shared_group_is_not_the_workloads),
		TEST(polling_finds_what_no_event_reported),
		TEST(charges_to_the_former_group_are_known),
		TEST(group_alone_without_events),
		TEST(peak_is_the_highest_poll),
	};

	return cmocka_run_group_tests_name("kmem", tests, NULL, NULL);
}
