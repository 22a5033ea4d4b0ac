/* SPDX-License-Identifier: GPL-2.0-only
 *
 * model/incident_fill: who grew before an incident, from a made-up report and history.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "model/incident_fill.h"
#include "model/profile.h"

#define NS 1000000000ULL
#define MIB (1LL << 20)
#define AT (100 * NS)

static const struct history_limits small = { .names = 64, .samples = 16 };

static struct report *r;
static uint64_t at;
static struct history *history;
static const char *group_of[8]; /* by a process's id */

static const char *cgroup(void *ctx, uint64_t proc)
{
	(void)ctx;
	return group_of[proc];
}

static struct report_process *add_process(uint64_t id, pid_t pid, const char *comm, int64_t held)
{
	struct report_process *p = report_process_new();

	p->id = id;
	p->pid = pid;
	p->count = 1;
	p->comm = g_strdup(comm);
	p->at_peak[TARE_ANON] = held;
	g_ptr_array_add(r->processes, p);
	return p;
}

static void add_thread(struct report_process *p, const char *comm, int64_t held)
{
	struct report_task *t = report_task_new();

	t->comm = g_strdup(comm);
	t->at_peak[TARE_ANON] = held;
	g_ptr_array_add(p->tasks, t);
}

static struct incident *fill(const char *within)
{
	struct incident_source from = {
		.history = history, .at_ns = at, .cgroup = cgroup, .within = within
	};
	struct incident *i = incident_new();

	i->victim.pid = 41;
	incident_fill(i, r, &from);
	return i;
}

static const struct incident_row *row_of(const struct incident *i, enum incident_sort sort,
					 const char *name)
{
	const struct incident_row *found = NULL;

	for (unsigned n = 0; n < i->rows->len; n++) {
		const struct incident_row *row = &g_array_index(i->rows, struct incident_row, n);

		if (row->sort == sort && !strcmp(row->name, name)) {
			assert_null(found); /* one row of a name */
			found = row;
		}
	}
	return found;
}

/* A server of a pod that grew by 1 MiB each second, and another program outside. */
static int begin(void **state)
{
	(void)state;
	at = AT;
	r = report_new();
	history = history_new(&small);
	for (uint64_t s = 40; s <= 100; s++) {
		history_begin(history, s * NS);
		history_add(history, "/pod/a", "server", NULL, (int64_t)s * MIB);
		history_add(history, "/pod/a", "server", "worker", (int64_t)s * MIB / 2);
		history_add(history, "/else", "server", NULL, 7 * MIB);
	}
	memset(group_of, 0, sizeof(group_of));
	group_of[1] = group_of[2] = "/pod/a";
	group_of[3] = "/else";
	add_thread(add_process(1, 41, "server", 100 * MIB), "worker", 50 * MIB);
	return 0;
}

static int end(void **state)
{
	(void)state;
	report_free(r);
	history_free(history);
	return 0;
}

static void windows_are_differences(void **state)
{
	struct incident *i = fill(NULL);
	const struct incident_row *row = row_of(i, INCIDENT_PROCESS, "server");

	(void)state;
	assert_non_null(row);
	assert_string_equal(row->cgroup, "/pod/a");
	assert_int_equal(row->held, 100 * MIB);
	assert_int_equal(row->grown[INCIDENT_1S], MIB);
	assert_int_equal(row->grown[INCIDENT_10S], 10 * MIB);
	assert_int_equal(row->grown[INCIDENT_60S], 60 * MIB);
	assert_int_equal(i->span_ns[INCIDENT_60S], 60 * NS);
	row = row_of(i, INCIDENT_THREAD, "server");
	assert_string_equal(row->thread, "worker");
	assert_int_equal(row->grown[INCIDENT_10S], 5 * MIB);
	assert_int_equal(i->victim_held, 100 * MIB);
	assert_true(i->victim.followed);
	incident_free(i);
}

/* On a busy machine the last tick may be long before the kill. */
static void late_tick(void **state)
{
	struct incident *i;
	const struct incident_row *row;

	(void)state;
	((struct report_process *)r->processes->pdata[0])->at_peak[TARE_ANON] = 140 * MIB;
	at = AT + 4 * NS;
	i = fill(NULL);
	row = row_of(i, INCIDENT_PROCESS, "server");
	assert_int_equal(row->grown[INCIDENT_1S], 10 * MIB);
	assert_int_equal(row->grown[INCIDENT_10S], 46 * MIB);
	incident_free(i);
}

/* The server's only stack, aggregate 5. */
static void leak(int64_t bytes)
{
	struct profile_frame frame = { .function = g_strdup("leak"), .module = 0 };
	struct stack_node node = { NO_NODE, 0 };
	struct profile_entry e = { .kind = TARE_ANON, .cause = NO_CAUSE, .aggregate = 5 };

	r->profile = profile_new();
	profile_module(r->profile, "/bin/server", NULL);
	g_array_append_val(r->profile->frames, frame);
	g_array_append_val(r->profile->nodes, node);
	e.bytes[SAMPLE_TYPE_GROWN] = e.bytes[SAMPLE_TYPE_LIVE_PEAK] = bytes;
	g_array_append_val(r->profile->entries, e);
}

/* Half of the samples were lost: the function grew by what its process did all the same. */
static void lost_samples(void **state)
{
	const struct incident_row *row;
	struct incident *i;

	(void)state;
	leak(90 * MIB);
	history_sample(history, 95 * NS, 5, 5 * MIB);
	history_sample(history, 50 * NS, 5, 25 * MIB);
	i = fill(NULL);
	row = row_of(i, INCIDENT_FUNCTION, "leak");
	assert_int_equal(row->grown[INCIDENT_1S], 0);
	assert_int_equal(row->grown[INCIDENT_10S], 10 * MIB);
	assert_int_equal(row->grown[INCIDENT_60S], 60 * MIB);
	assert_int_equal(row->held, 90 * MIB);
	incident_free(i);
}

/* The process gave back 10 MiB seven seconds ago, and took as much in the last one. */
static void longer_windows_have_no_less(void **state)
{
	const struct incident_row *row;
	struct incident *i;

	(void)state;
	history_free(history);
	history = history_new(&small);
	for (uint64_t s = 40; s < 100; s++) {
		history_begin(history, s * NS);
		history_add(history, "/pod/a", "server", NULL, s < 93 ? 100 * MIB : 90 * MIB);
	}
	leak(90 * MIB);
	history_sample(history, 99 * NS + NS / 2, 5, MIB);
	i = fill(NULL);
	row = row_of(i, INCIDENT_FUNCTION, "leak");
	assert_int_equal(row->grown[INCIDENT_1S], 10 * MIB);
	assert_int_equal(row->grown[INCIDENT_10S], 10 * MIB);
	incident_free(i);
}

/* A restarted service: the threads of the process before have figures, but hold nothing. */
static void ended_threads_hold_nothing(void **state)
{
	struct incident *i;
	const struct incident_row *row;

	(void)state;
	add_thread(add_process(2, 40, "server", 0), "worker", 80 * MIB);
	i = fill(NULL);
	row = row_of(i, INCIDENT_THREAD, "server");
	assert_int_equal(row->held, 50 * MIB);
	assert_int_equal(row->grown[INCIDENT_60S], 30 * MIB);
	incident_free(i);
}

/* What others freed of it: no thread holds more than its process. */
static void thread_is_within_its_process(void **state)
{
	struct report_process *p = r->processes->pdata[0];
	struct incident *i;

	(void)state;
	((struct report_task *)p->tasks->pdata[0])->at_peak[TARE_ANON] = 300 * MIB;
	i = fill(NULL);
	assert_int_equal(row_of(i, INCIDENT_THREAD, "server")->held, 100 * MIB);
	incident_free(i);
}

static void only_the_group_at_its_limit(void **state)
{
	struct incident *i;

	(void)state;
	add_process(3, 50, "outside", 90 * MIB);
	i = fill("/pod");
	assert_non_null(row_of(i, INCIDENT_PROCESS, "server"));
	assert_null(row_of(i, INCIDENT_PROCESS, "outside"));
	incident_free(i);
	i = fill("/po"); /* not a part of the path */
	assert_int_equal(i->rows->len, 0);
	incident_free(i);
	i = fill("/");
	assert_non_null(row_of(i, INCIDENT_PROCESS, "outside"));
	incident_free(i);
}

static void equal_names_are_one_row(void **state)
{
	struct incident *i;

	(void)state;
	for (pid_t pid = 60; pid < 160; pid++)
		add_process(2, pid, "server", MIB);
	i = fill(NULL);
	assert_int_equal(row_of(i, INCIDENT_PROCESS, "server")->held, 200 * MIB);
	assert_int_equal(row_of(i, INCIDENT_PROCESS, "server")->grown[INCIDENT_60S], 160 * MIB);
	incident_free(i);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(windows_are_differences, begin, end),
		cmocka_unit_test_setup_teardown(late_tick, begin, end),
		cmocka_unit_test_setup_teardown(lost_samples, begin, end),
		cmocka_unit_test_setup_teardown(longer_windows_have_no_less, begin, end),
		cmocka_unit_test_setup_teardown(ended_threads_hold_nothing, begin, end),
		cmocka_unit_test_setup_teardown(thread_is_within_its_process, begin, end),
		cmocka_unit_test_setup_teardown(only_the_group_at_its_limit, begin, end),
		cmocka_unit_test_setup_teardown(equal_names_are_one_row, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
