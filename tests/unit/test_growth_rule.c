/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Growth rules: what is accepted, the messages for what is not, and when they hold.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "model/growth_rule.h"

#define NS 1000000000ULL
#define MIB (1LL << 20)
#define POD "/kubepods.slice/kubepods-burstable-pod1b2c_3d.slice"

static void test_parse(void **state)
{
	struct growth_rule r;

	(void)state;
	assert_null(growth_rule_parse(&r, "pod grows > 500MiB in 60s"));
	assert_int_equal(r.what, GROWTH_POD);
	assert_null(r.name);
	assert_int_equal(r.bytes, 500 * MIB);
	assert_int_equal(r.ns, 60 * NS);
	growth_rule_clear(&r);
	assert_null(growth_rule_parse(&r, "  group  web*  grows > 1GiB\tin 2m "));
	assert_int_equal(r.what, GROWTH_GROUP);
	assert_string_equal(r.name, "web*");
	assert_int_equal(r.ns, 120 * NS);
	growth_rule_clear(&r);
	assert_null(growth_rule_parse(&r, "machine grows > 1MiB in 1s"));
	growth_rule_clear(&r);
}

static void test_wrong(void **state)
{
	static const char *const texts[][2] = {
		{ "", "machine, pod, group or process at the end" },
		{ "pods grows > 1MiB in 1s", "machine, pod, group or process instead of 'pods'" },
		{ "pod", "'grows' at the end" },
		{ "pod web falls > 1MiB in 1s", "'grows' instead of 'falls'" },
		{ "machine all grows > 1MiB in 1s", "'grows' instead of 'all'" },
		{ "pod grows >500MiB in 60s", "'>' instead of '>500MiB'" },
		{ "pod grows > lots in 60s", "SIZE, as 500MiB, instead of 'lots'" },
		{ "pod grows > 0 in 60s", "SIZE, as 500MiB, instead of '0'" },
		{ "pod grows > -1 in 60s", "SIZE, as 500MiB, instead of '-1'" },
		{ "pod grows > 99999999999999GiB in 60s",
		  "SIZE, as 500MiB, instead of '99999999999999GiB'" },
		{ "pod grows > 5MiB", "'in' at the end" },
		{ "pod grows > 5MiB in", "TIME from 1s to 120s at the end" },
		{ "pod grows > 5MiB in 1h", "TIME from 1s to 120s instead of '1h'" },
		{ "pod grows > 5MiB in 10ms", "TIME from 1s to 120s instead of '10ms'" },
		{ "pod grows > 5MiB in 10s or else", "nothing instead of 'or'" },
	};
	struct growth_rule r;

	(void)state;
	for (unsigned i = 0; i < G_N_ELEMENTS(texts); i++) {
		g_autofree char *why = growth_rule_parse(&r, texts[i][0]);

		assert_non_null(why);
		assert_string_equal(why, texts[i][1]);
		assert_null(r.name);
	}
}

static void test_pod(void **state)
{
	static const char *const paths[][2] = {
		{ POD "/cri-containerd-12ab.scope", POD },
		{ POD, POD },
		{ "/kubepods/besteffort/pod0a1b-22/33", "/kubepods/besteffort/pod0a1b-22" },
		{ "/system.slice/podman.service", NULL },
		{ "/kubepods.slice", NULL },
		{ "/", NULL },
		{ "", NULL },
	};

	(void)state;
	for (unsigned i = 0; i < G_N_ELEMENTS(paths); i++) {
		g_autofree char *pod = growth_pod(paths[i][0]);

		if (paths[i][1])
			assert_string_equal(pod, paths[i][1]);
		else
			assert_null(pod);
	}
	assert_null(growth_pod(NULL));
}

static GArray *rows_at(int64_t web, int64_t db)
{
	struct live_row rows[] = {
		{ .id = 1, .comm = "web", .cgroup = POD "/a", .now = { .user = web } },
		{ .id = 2, .comm = "helper", .cgroup = POD "/b", .now = { .user = web } },
		{ .id = 3,
		  .comm = "db",
		  .cgroup = "/system.slice/db.service",
		  .now = { .user = db } },
	};
	GArray *all = g_array_new(FALSE, FALSE, sizeof(struct live_row));

	g_array_append_vals(all, rows, G_N_ELEMENTS(rows));
	return all;
}

static bool holds(const char *text, const struct history *h, uint64_t now, char **who)
{
	g_autoptr(GArray) rows = rows_at(0, 0);
	struct growth_found found;
	struct growth_rule r;
	bool is;

	assert_null(growth_rule_parse(&r, text));
	is = growth_rule_holds(&r, h, rows, now, &found);
	if (who)
		*who = g_strdup_printf("%s:%s", found.cgroup ?: "-", found.name ?: "-");
	g_free(found.cgroup);
	g_free(found.name);
	growth_rule_clear(&r);
	return is;
}

static void test_holds(void **state)
{
	struct history *h = history_new(&history_limits);
	g_autofree char *pod = NULL, *group = NULL, *process = NULL, *machine = NULL;

	(void)state;
	for (unsigned s = 1; s <= 60; s++) {
		g_autoptr(GArray) rows = rows_at(s * MIB, s * 10 * MIB);

		history_begin(h, s * NS);
		growth_add(h, rows);
		for (unsigned i = 0; i < rows->len; i++) {
			const struct live_row *row = &g_array_index(rows, struct live_row, i);

			history_add(h, row->cgroup, row->comm, NULL, live_weight(row));
		}
	}
	/* In 10 s web and helper grow 10 MiB each, their pod 20, db 100. */
	assert_true(holds("pod grows > 19MiB in 10s", h, 60 * NS, &pod));
	assert_string_equal(pod, POD ":-");
	assert_false(holds("pod grows > 20MiB in 10s", h, 60 * NS, NULL));
	assert_true(holds("group db* grows > 99MiB in 10s", h, 60 * NS, &group));
	assert_string_equal(group, "/system.slice/db.service:-");
	assert_false(holds("group web* grows > 1MiB in 10s", h, 60 * NS, NULL));
	assert_true(holds("process helper grows > 9MiB in 10s", h, 60 * NS, &process));
	assert_string_equal(process, POD "/b:helper");
	assert_false(holds("process help grows > 9MiB in 10s", h, 60 * NS, NULL));
	assert_true(holds("machine grows > 119MiB in 10s", h, 60 * NS, &machine));
	assert_string_equal(machine, "-:-");
	assert_false(holds("machine grows > 120MiB in 10s", h, 60 * NS, NULL));
	history_free(h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse),
		cmocka_unit_test(test_wrong),
		cmocka_unit_test(test_pod),
		cmocka_unit_test(test_holds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
