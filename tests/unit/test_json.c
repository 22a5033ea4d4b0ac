/* SPDX-License-Identifier: GPL-2.0-only
 *
 * output/json: which values are null, which are kept, and that the books close. The golden
 * tests compare whole reports and validate them with the schema.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <jansson.h>
#include <stdlib.h>

#include "output/output.h"
#include "tests/golden/fixtures.c"

static json_t *rendered(struct report *r)
{
	g_autofree char *text = json_render(r);
	json_t *root = json_loads(text, 0, NULL);

	assert_non_null(root);
	report_free(r);
	return root;
}

/* at(root, "processes/0/tasks/0/comm"): the value at a path, which must exist. */
static const json_t *at(const json_t *root, const char *path)
{
	g_auto(GStrv) part = g_strsplit(path, "/", -1);

	for (char **p = part; *p; p++) {
		if (json_is_array(root))
			root = json_array_get(root, (size_t)atoi(*p));
		else
			root = json_object_get(root, *p);
		if (!root)
			fail_msg("%s: no %s", path, *p);
	}
	return root;
}

static json_int_t int_at(const json_t *root, const char *path)
{
	const json_t *value = at(root, path);

	assert_true(json_is_integer(value));
	return json_integer_value(value);
}

static void assert_null_at(const json_t *root, const char *path)
{
	if (!json_is_null(at(root, path)))
		fail_msg("%s is not null", path);
}

static void assert_text_at(const json_t *root, const char *path, const char *expected)
{
	assert_string_equal(json_string_value(at(root, path)), expected);
}

static void a_run_is_reported_in_bytes_and_ns(void **state)
{
	json_t *root = rendered(fixture_python());

	(void)state;
	assert_text_at(root, "schema", "tare.report/2");
	assert_text_at(root, "command/1", "build.py");
	assert_text_at(root, "reason", "end");
	assert_null_at(root, "target");
	assert_int_equal(int_at(root, "exit/code"), 0);
	assert_null_at(root, "exit/signal");
	assert_int_equal(int_at(root, "duration_ns"), 2840 * MS);
	assert_int_equal(int_at(root, "peak/rss"), 612 * MIB + 400 * KIB);
	assert_int_equal(int_at(root, "peak/bound"), 128 * KIB);
	assert_true(json_is_true(at(root, "books/balanced")));
	assert_null_at(root, "books/why");
	assert_int_equal(int_at(root, "books/off_pages"), 0);
	assert_int_equal(int_at(root, "processes/0/tasks/0/virtual/brk_up"), 1270 * MIB);
	assert_int_equal(int_at(root, "processes/0/tasks/0/faults/total"), 313721);
	assert_int_equal(int_at(root, "processes/0/tasks/0/faults/kernel"), 520);
	assert_text_at(root, "processes/0/tasks/0/causes/0/cause", "page fault");
	assert_int_equal(int_at(root, "processes/0/end_ns"), 2840 * MS);
	assert_int_equal(int_at(root, "series/1/time_ns"), 100 * MS);
	assert_null(json_object_get(root, "self"));
	json_decref(root);
}

static void what_is_unknown_is_null(void **state)
{
	json_t *root = rendered(fixture_unchecked());

	(void)state;
	assert_null_at(root, "books/balanced");
	assert_null_at(root, "books/off_pages");
	assert_null_at(root, "books/unattributed/anon");
	assert_null_at(root, "totals/anon/unattributed");
	assert_true(json_is_false(at(root, "books/checked")));
	assert_null_at(root, "processes/0/unattributed/file");
	assert_null_at(root, "processes/0/tasks/0/virtual/mapped");
	assert_null_at(root, "processes/0/tasks/0/faults/user");
	assert_null_at(root, "processes/0/tasks/0/faults/kernel");
	assert_int_equal(int_at(root, "processes/0/tasks/0/faults/total"), 313721);
	assert_null_at(root, "processes/0/tasks/0/pagetable/net");
	assert_null_at(root, "processes/0/balance/pagetable/net");
	assert_null_at(root, "processes/0/by_others/pagetable/in");
	assert_null_at(root, "totals/pagetable/in");
	assert_int_equal(int_at(root, "totals/swap/in"), 0);
	assert_text_at(root, "features/virtual/state", "not measured");
	json_decref(root);
}

/* A folded row has its count and its spread; a single task's row has no such fields. */
static void many_are_counted(void **state)
{
	json_t *root = rendered(fixture_folded());

	(void)state;
	assert_int_equal(int_at(root, "processes/0/count"), 1);
	assert_null(json_object_get(at(root, "processes/0"), "rss_peak_min"));
	assert_int_equal(int_at(root, "processes/0/tasks/4/count"), 199997);
	assert_int_equal(int_at(root, "processes/0/tasks/4/tid"), 0);
	assert_int_equal(int_at(root, "processes/0/tasks/4/in_median"), 64 * KIB);
	assert_int_equal(int_at(root, "processes/2/failed"), 1);
	assert_text_at(root, "processes/3/parent", "sh");
	assert_int_equal(int_at(root, "processes/3/count"), 19998);
	assert_int_equal(int_at(root, "processes/3/rss_peak_max"), 3600 * KIB);
	assert_int_equal(int_at(root, "processes/4/failed"), 17);
	assert_null_at(root, "processes/4/exit/code");
	assert_null_at(root, "processes/4/parent");
	json_decref(root);
}

static void the_living_have_no_end(void **state)
{
	json_t *root = rendered(fixture_attach());

	(void)state;
	assert_text_at(root, "target", "pid 4121, 4122");
	assert_int_equal(json_array_size(at(root, "command")), 0);
	assert_text_at(root, "reason", "detach");
	assert_null_at(root, "exit/code");
	assert_true(json_is_true(at(root, "processes/0/alive")));
	assert_null_at(root, "processes/0/end_ns");
	assert_null_at(root, "processes/0/exit/code");
	assert_null_at(root, "processes/0/tasks/0/end_ns");
	assert_int_equal(int_at(root, "processes/1/end_ns"), 6 * SECOND);
	assert_int_equal(int_at(root, "processes/0/balance/shmem/initial"), 310 * MIB);
	json_decref(root);
}

static void hostile_bytes_become_valid(void **state)
{
	json_t *root = rendered(fixture_hostile());

	(void)state;
	assert_text_at(root, "processes/0/comm", "\033[2J\033[31mred");
	assert_text_at(root, "processes/0/argv/1", "\uFFFD\uFFFD\uFFFD(");
	assert_int_equal(json_string_length(at(root, "processes/0/argv/2")), (1 << 20) - 1);
	assert_true(json_is_true(at(root, "processes/0/argv_truncated")));
	assert_null_at(root, "processes/0/exe");
	assert_null_at(root, "exit/code");
	assert_int_equal(int_at(root, "exit/signal"), 9);
	assert_text_at(root, "processes/0/tasks/1/names/0", "old\tname");
	json_decref(root);
}

static void losses_are_named(void **state)
{
	json_t *root = rendered(fixture_forks());

	(void)state;
	assert_int_equal(int_at(root, "lost/total"), 1207);
	assert_int_equal(int_at(root, "lost/mm_state"), 1204);
	assert_int_equal(int_at(root, "lost/task_record"), 3);
	assert_true(json_is_false(at(root, "books/balanced")));
	assert_true(json_is_string(at(root, "books/why")));
	assert_int_equal(int_at(root, "books/mms_nonzero"), 1);
	assert_int_equal(int_at(root, "by_others_causes/reclaim/out"), 48 * MIB);
	assert_int_equal(int_at(root, "processes/1/by_others_causes/khugepaged/in"), 2 * MIB);
	assert_int_equal(int_at(root, "processes/2/unattributed/file"), -4 * KIB);
	json_decref(root);
}

static void own_cost_only_when_measured(void **state)
{
	struct report *r = fixture_server();
	json_t *root;

	(void)state;
	r->self.ns_per_update = -1;
	root = rendered(r);
	assert_int_equal(int_at(root, "self/updates"), 210233);
	assert_null_at(root, "self/ns_per_update");
	json_decref(root);
}

/* Null counts as 0. */
static json_int_t number(const json_t *value)
{
	return json_is_null(value) ? 0 : json_integer_value(value);
}

static json_int_t net_at(const json_t *flow)
{
	return number(at(flow, "in")) - number(at(flow, "out"));
}

static void assert_closes(const json_t *process, const char *kind)
{
	const json_t *balance = json_object_get(at(process, "balance"), kind), *task;
	json_int_t sum = number(at(balance, "initial"));
	size_t i;

	json_array_foreach((json_t *)at(process, "tasks"), i, task) sum += net_at(at(task, kind));
	sum += net_at(json_object_get(at(process, "by_others"), kind));
	sum += number(at(at(process, "unattributed"), kind));
	assert_int_equal(sum, number(at(balance, "net")));
}

static void every_balance_closes(void **state)
{
	static struct report *(*const make[])(void) = { fixture_python,  fixture_server,
							fixture_forks,   fixture_attach,
							fixture_hostile, fixture_uring };

	(void)state;
	for (unsigned i = 0; i < G_N_ELEMENTS(make); i++) {
		json_t *root = rendered(make[i]()), *process;
		size_t j;

		json_array_foreach((json_t *)at(root, "processes"), j,
				   process) for (int k = 0; k < TARE_KINDS; k++)
			assert_closes(process, kind_name[k]);
		json_decref(root);
	}
}

static void kernel_memory_by_task(void **state)
{
	json_t *root = rendered(fixture_uring());

	(void)state;
	assert_text_at(root, "kmem/level", "events");
	assert_true(json_is_true(at(root, "kmem/whole")));
	assert_int_equal(int_at(root, "kmem/difference"), 0);
	assert_int_equal(int_at(root, "kmem/by_cgroup"), 84 * KIB);
	assert_int_equal(int_at(root, "kmem/by_others/process/in"), 24 * KIB);
	assert_int_equal(int_at(root, "totals/kmem/unattributed"), 0);
	assert_int_equal(int_at(root, "totals/kmem/net"), 84 * KIB);
	assert_int_equal(int_at(root, "processes/0/tasks/0/kmem/in"), 265 * MIB + 120 * KIB);
	assert_int_equal(int_at(root, "processes/0/tasks/0/kstack/in"), 16 * KIB);
	assert_int_equal(int_at(root, "processes/0/tasks/0/kstack/net"), 0);
	assert_null_at(root, "processes/0/by_others/kmem/out");
	assert_null_at(root, "processes/0/unattributed/kmem");
	assert_int_equal(int_at(root, "processes/0/tasks/1/at_peak/kernel"), 44 * KIB);
	assert_int_equal(int_at(root, "processes/0/tasks/1/at_peak/user"), 4 * KIB);
	assert_int_equal(int_at(root, "processes/0/tasks/1/at_peak/weight"), 48 * KIB);
	assert_int_equal(int_at(root, "processes/0/tasks/1/rss_at_peak"), 4 * KIB);
	assert_int_equal(int_at(root, "processes/0/tasks/1/weight/kernel"), 0);
	assert_int_equal(int_at(root, "kmem/no_process"), 84 * KIB);
	assert_int_equal(int_at(root, "kmem/no_process_at_peak"), 36 * KIB);
	assert_int_equal(int_at(root, "kmem/held_before"), 0);
	assert_int_equal(int_at(root, "peak/weight/time_ns"), 1200 * MS);
	assert_int_equal(int_at(root, "peak/weight/total"),
			 int_at(root, "peak/weight/user") + int_at(root, "peak/weight/kernel"));
	assert_int_equal(int_at(root, "series/1/non_rss"), 22 * MIB);
	assert_text_at(root, "slabs/caches/0/name", "io_kiocb");
	json_decref(root);
}

static void a_total_is_not_by_task(void **state)
{
	json_t *root = rendered(fixture_cgroup_only());

	(void)state;
	assert_text_at(root, "kmem/level", "cgroup");
	assert_null_at(root, "kmem/by_events");
	assert_null_at(root, "kmem/difference");
	assert_null_at(root, "kmem/by_others/kernel/out");
	assert_null_at(root, "kmem/left");
	assert_null_at(root, "kmem/no_process_at_peak");
	assert_null_at(root, "totals/kmem/net");
	assert_null_at(root, "books/unattributed/kmem");
	assert_null_at(root, "processes/0/tasks/0/kmem/in");
	assert_null_at(root, "processes/0/tasks/0/at_peak/kmem");
	assert_int_equal(int_at(root, "processes/0/at_peak/kernel"), 120 * KIB);
	assert_int_equal(int_at(root, "kmem/by_cgroup"), 84 * KIB);
	assert_int_equal(int_at(root, "weight/kmem"), 84 * KIB);
	assert_null_at(root, "slabs");
	json_decref(root);
}

static void a_shared_group_is_not_the_workload(void **state)
{
	json_t *root = rendered(fixture_attach());

	(void)state;
	assert_true(json_is_false(at(root, "kmem/whole")));
	assert_int_equal(int_at(root, "kmem/difference"), 20 * KIB);
	assert_null_at(root, "totals/kmem/unattributed");
	assert_null_at(root, "totals/kmem/initial");
	assert_null_at(root, "totals/kmem/by_others/in");
	assert_int_equal(int_at(root, "kmem/by_others/process/in"), 3 * MIB);
	assert_int_equal(int_at(root, "cgroup/others"), 7);
	assert_text_at(root, "weight/source", "processes");
	assert_int_equal(int_at(root, "weight/kmem"), 28 * KIB);
	assert_int_equal(int_at(root, "weight/charged"), 1200 * MIB);
	json_decref(root);
}

static void what_a_group_does_not_tell_is_null(void **state)
{
	json_t *root = rendered(fixture_oom());

	(void)state;
	assert_int_equal(int_at(root, "cgroup/version"), 1);
	assert_int_equal(int_at(root, "cgroup/oom_kills"), 1);
	assert_int_equal(int_at(root, "cgroup/limit"), 64 * MIB);
	assert_text_at(root, "cgroup/path", "/tare-\033[2J\u202eevil\n");
	assert_null_at(root, "cgroup/stat/slab_reclaimable");
	assert_null_at(root, "cgroup/kernel_peak");
	assert_null_at(root, "cgroup/highest");
	assert_int_equal(int_at(root, "books/unattributed/kmem"), 640 * KIB);
	assert_text_at(root, "weight/source", "cgroup");
	assert_int_equal(int_at(root, "weight/file"), 64 * KIB);
	assert_int_equal(int_at(root, "weight/rss_sum"), 0);
	assert_null_at(root, "slabs/caches"); /* wanted, but not available */
	json_decref(root);
	root = rendered(fixture_python());
	assert_null_at(root, "cgroup");
	assert_null_at(root, "kmem/by_cgroup");
	assert_null_at(root, "kmem/whole");
	assert_null_at(root, "weight/charged");
	json_decref(root);
}

/* Control groups v1 count socket buffers apart; they are part of the weight all the same. */
static void socket_buffers_weigh(void **state)
{
	json_t *root = rendered(fixture_sockets());

	(void)state;
	assert_int_equal(int_at(root, "weight/kmem"), int_at(root, "totals/kmem/net") + 820 * MIB);
	assert_int_equal(int_at(root, "kmem/vmalloc"), 16 * KIB);
	json_decref(root);
}

static void a_line_for_each_task(void **state)
{
	struct report *r = fixture_server();
	g_autofree char *text = json_render(r);
	unsigned lines = 0;

	(void)state;
	for (const char *s = text; (s = strstr(s, "\n{\"tid\": ")); s++)
		lines++;
	assert_int_equal(lines, 67);
	assert_true(g_str_has_prefix(text, "{\n\"schema\": \"tare.report/2\",\n"));
	assert_true(g_str_has_suffix(text, "}\n"));
	report_free(r);
}

static void the_schema_is_json(void **state)
{
	json_t *root = json_loads(json_schema(), 0, NULL);

	(void)state;
	assert_non_null(root);
	assert_text_at(root, "properties/schema/const", "tare.report/2");
	for (int i = 0; i < TARE_LOSSES; i++)
		assert_non_null(
			json_object_get(at(root, "properties/lost/properties"), lost_name[i]));
	for (int i = 0; i < TARE_KINDS; i++)
		assert_non_null(json_object_get(at(root, "$defs/task/properties"), kind_name[i]));
	for (int i = 0; i < CGROUP_STATS; i++)
		assert_non_null(json_object_get(at(root, "$defs/cgroup_stat/properties"),
						cgroup_stat_name[i]));
	json_decref(root);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_run_is_reported_in_bytes_and_ns),
		cmocka_unit_test(what_is_unknown_is_null),
		cmocka_unit_test(many_are_counted),
		cmocka_unit_test(the_living_have_no_end),
		cmocka_unit_test(hostile_bytes_become_valid),
		cmocka_unit_test(losses_are_named),
		cmocka_unit_test(own_cost_only_when_measured),
		cmocka_unit_test(every_balance_closes),
		cmocka_unit_test(kernel_memory_by_task),
		cmocka_unit_test(a_total_is_not_by_task),
		cmocka_unit_test(a_shared_group_is_not_the_workload),
		cmocka_unit_test(what_a_group_does_not_tell_is_null),
		cmocka_unit_test(socket_buffers_weigh),
		cmocka_unit_test(a_line_for_each_task),
		cmocka_unit_test(the_schema_is_json),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
