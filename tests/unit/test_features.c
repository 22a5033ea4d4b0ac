/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Probing of simulated kernels: a BTF with the few types of a 6.18, a 6.1 and a later kernel.
 * Tests which backends are found, and what is reported as missing.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <bpf/btf.h>
#include <cmocka.h>
#include <errno.h>
#include <glib.h>
#include <string.h>

#include "capture/features.h"
#include "capture/mounts.h"

enum counter { COUNTER_PERCPU, COUNTER_ATOMIC, COUNTER_TREE };

struct ids {
	struct btf *btf;
	int i32, i64, voidp;
};

static void add_event(const struct ids *k, const char *name, int args)
{
	g_autofree char *type = g_strconcat("btf_trace_", name, NULL);
	int proto = btf__add_func_proto(k->btf, 0);

	btf__add_func_param(k->btf, "", k->voidp);
	for (int i = 0; i < args; i++)
		btf__add_func_param(k->btf, "", k->i64);
	btf__add_typedef(k->btf, type, btf__add_ptr(k->btf, proto));
}

/* mm_struct.rss_stat in an unnamed struct, as in the kernel. */
static void add_mm(const struct ids *k, enum counter shape)
{
	const char *name = shape == COUNTER_PERCPU ? "percpu_counter" :
			   shape == COUNTER_TREE   ? "percpu_counter_tree" :
						     "mm_rss_stat";
	int counter = btf__add_struct(k->btf, name, 16);
	int stat, inner;

	btf__add_field(k->btf, "count", k->i64, 0, 0);
	btf__add_field(k->btf, shape == COUNTER_ATOMIC ? "events" : "counters", k->voidp, 64, 0);
	stat = shape == COUNTER_ATOMIC ? counter : btf__add_array(k->btf, k->i32, counter, 4);
	inner = btf__add_struct(k->btf, NULL, 64);
	btf__add_field(k->btf, "rss_stat", stat, 0, 0);
	btf__add_struct(k->btf, "mm_struct", 64);
	btf__add_field(k->btf, "", inner, 0, 0);
}

static void add_enum(const struct ids *k, const char *name, const char *const *values)
{
	btf__add_enum(k->btf, name, 4);
	for (int i = 0; values[i]; i++)
		btf__add_enum_value(k->btf, values[i], i);
}

static bool no_exit_mmap;

/* All types but the counters, which differ between kernels. */
static void add_rest(const struct ids *k)
{
	static const char *const maps[] = { "BPF_MAP_TYPE_RINGBUF", "BPF_MAP_TYPE_TASK_STORAGE",
					    NULL };
	static const char *const helpers[] = { "BPF_FUNC_get_current_task_btf",
					       "BPF_FUNC_task_pt_regs", "BPF_FUNC_loop",
					       "BPF_FUNC_map_lookup_percpu_elem", NULL };
	static const struct {
		const char *name;
		int args;
	} events[] = {
		{ "exit_mmap", 1 },          { "task_newtask", 2 },
		{ "sched_process_exec", 3 }, { "sched_process_exit", 2 },
		{ "sched_process_free", 1 }, { "task_rename", 2 },
	};

	for (size_t i = no_exit_mmap; i < G_N_ELEMENTS(events); i++)
		add_event(k, events[i].name, events[i].args);
	add_enum(k, "bpf_map_type", maps);
	add_enum(k, "bpf_func_id", helpers);
	btf__add_struct(k->btf, "bpf_iter__task", 16);
	btf__add_struct(k->btf, "trace_event_raw_rss_stat", 32);
	btf__add_field(k->btf, "mm_id", k->i32, 64, 0);
	btf__add_field(k->btf, "size", k->i64, 192, 0);
}

static void add_task(const struct ids *k, bool split)
{
	btf__add_struct(k->btf, "task_struct", 64);
	if (split)
		btf__add_field(k->btf, "rss_stat", k->i64, 0, 0);
}

/* A kernel that grants everything that does not depend on BTF. */
static void make_kernel(struct features *f, enum counter shape, int rss_stat_args)
{
	struct ids k = { .btf = btf__new_empty() };

	memset(f, 0, sizeof(*f));
	f->btf.btf = k.btf;
	k.i32 = btf__add_int(k.btf, "int", 4, BTF_INT_SIGNED);
	k.i64 = btf__add_int(k.btf, "long", 8, BTF_INT_SIGNED);
	k.voidp = btf__add_ptr(k.btf, 0);
	add_mm(&k, shape);
	add_event(&k, "rss_stat", rss_stat_args);
	add_task(&k, shape == COUNTER_ATOMIC);
	add_rest(&k);
	for (int id = 0; id < FEATURES; id++)
		feature_set(f, id, FEATURE_YES, "%s", "");
	features_read_btf(f);
	features_judge_backends(f);
}

static void test_percpu_kernel(void **state)
{
	struct features f;
	enum counter_backend backend;

	(void)state;
	make_kernel(&f, COUNTER_PERCPU, 2);
	assert_true(features_enough(&f));
	assert_int_equal(features_backend(&f, NULL, &backend), 0);
	assert_int_equal(backend, BACKEND_PERCPU);
	assert_int_equal(features_backend(&f, "classic", &backend), 0);
	assert_int_equal(backend, BACKEND_CLASSIC);
	assert_int_equal(features_backend(&f, "count", &backend), -ENOTSUP);
	assert_non_null(f.why_not[BACKEND_COUNT]);
	assert_false(features_has(&f, FEATURE_SPLIT_RSS));
	features_free(&f);
}

static void test_count_kernel(void **state)
{
	struct features f;
	enum counter_backend backend;

	(void)state;
	make_kernel(&f, COUNTER_ATOMIC, 3);
	assert_int_equal(features_backend(&f, NULL, &backend), 0);
	assert_int_equal(backend, BACKEND_COUNT);
	assert_int_equal(features_backend(&f, "percpu", &backend), -ENOTSUP);
	assert_true(features_has(&f, FEATURE_SPLIT_RSS));
	features_free(&f);
}

/* A single counter that looks like an array of counters must not be accepted. */
static void test_tree_kernel(void **state)
{
	struct features f;
	enum counter_backend backend;

	(void)state;
	make_kernel(&f, COUNTER_TREE, 2);
	assert_int_equal(features_backend(&f, NULL, &backend), 0);
	assert_int_equal(backend, BACKEND_CLASSIC);
	assert_int_equal(features_backend(&f, "percpu", &backend), -ENOTSUP);
	assert_int_equal(features_backend(&f, "nonsense", &backend), -EINVAL);
	features_free(&f);
	/* A number that its event passes need not be the count. */
	make_kernel(&f, COUNTER_TREE, 3);
	assert_int_equal(features_backend(&f, NULL, &backend), 0);
	assert_int_equal(backend, BACKEND_CLASSIC);
	assert_int_equal(features_backend(&f, "count", &backend), -ENOTSUP);
	features_free(&f);
}

static void test_classic_needs_tracefs(void **state)
{
	struct features f;
	enum counter_backend backend;

	(void)state;
	make_kernel(&f, COUNTER_TREE, 2);
	feature_set(&f, FEATURE_TRACEFS, FEATURE_PARTLY, "mountable");
	features_judge_backends(&f);
	assert_int_equal(features_backend(&f, NULL, &backend), 0);
	feature_set(&f, FEATURE_TRACEFS, FEATURE_NO, "gone");
	features_judge_backends(&f);
	assert_non_null(strstr(f.why_not[BACKEND_CLASSIC], "gone"));
	assert_int_equal(features_backend(&f, NULL, &backend), -ENOTSUP);
	assert_false(features_enough(&f));
	assert_int_equal(features_check(&f), -ENOTSUP);
	features_free(&f);
}

static void test_arguments_too_few(void **state)
{
	struct features f;

	(void)state;
	make_kernel(&f, COUNTER_PERCPU, 1);
	assert_false(features_has(&f, FEATURE_RSS_STAT));
	assert_non_null(f.why_not[BACKEND_PERCPU]);
	assert_false(features_enough(&f));
	features_free(&f);
}

static void test_required_and_optional(void **state)
{
	struct features f;

	(void)state;
	make_kernel(&f, COUNTER_PERCPU, 2);
	assert_false(features_has(&f, FEATURE_SYS_EXIT));
	assert_true(features_enough(&f));
	assert_int_equal(features_check(&f), 0);
	feature_set(&f, FEATURE_EXIT_MMAP, FEATURE_NO, "%s", "");
	assert_false(features_enough(&f));
	assert_int_equal(features_check(&f), -ENOTSUP);
	features_free(&f);
}

/* Before 6.1: the function of that name, if it exists. */
static void test_exit_mmap(void **state)
{
	struct features f;
	int proto;

	(void)state;
	make_kernel(&f, COUNTER_ATOMIC, 3);
	assert_false(f.exit_mmap_fexit);
	assert_int_equal(f.found[FEATURE_EXIT_MMAP].state, FEATURE_YES);
	features_free(&f);
	no_exit_mmap = true;
	make_kernel(&f, COUNTER_ATOMIC, 3);
	assert_false(features_enough(&f) || f.exit_mmap_fexit);
	proto = btf__add_func_proto(f.btf.btf, 0);
	btf__add_func(f.btf.btf, "exit_mmap", BTF_FUNC_STATIC, proto);
	features_read_btf(&f);
	assert_true(features_enough(&f) && f.exit_mmap_fexit);
	features_free(&f);
	no_exit_mmap = false;
}

static void test_not_privileged(void **state)
{
	struct features f;

	(void)state;
	make_kernel(&f, COUNTER_PERCPU, 2);
	f.bpf_errno = EPERM;
	feature_set(&f, FEATURE_BPF, FEATURE_NO, "EPERM");
	assert_int_equal(features_check(&f), -EPERM);
	assert_false(features_enough(&f));
	features_free(&f);
}

static void test_no_btf(void **state)
{
	struct features f;

	(void)state;
	memset(&f, 0, sizeof(f));
	for (int id = 0; id < FEATURES; id++)
		feature_set(&f, id, id == FEATURE_BTF ? FEATURE_NO : FEATURE_YES, "%s", "");
	features_read_btf(&f);
	features_judge_backends(&f);
	assert_int_equal(f.found[FEATURE_RSS_STAT].state, FEATURE_UNKNOWN);
	assert_false(features_enough(&f));
	assert_int_equal(features_check(&f), -ENOTSUP);
	features_free(&f);
	features_free(NULL);
}

/* Where the kernel counts vmalloc memory: in one of two events, or in none; never in both. */
static void vmalloc_kernel(struct features *f, const char *const *group, const char *const *node)
{
	struct ids k = { .btf = btf__new_empty() };
	static const char *const subsystems[] = { "memory_cgrp_id", NULL };

	memset(f, 0, sizeof(*f));
	f->btf.btf = k.btf;
	k.i32 = btf__add_int(k.btf, "int", 4, BTF_INT_SIGNED);
	k.i64 = btf__add_int(k.btf, "long", 8, BTF_INT_SIGNED);
	k.voidp = btf__add_ptr(k.btf, 0);
	add_event(&k, "mod_memcg_state", 3);
	add_event(&k, "mod_memcg_lruvec_state", 3);
	add_enum(&k, "memcg_stat_item", group);
	add_enum(&k, "node_stat_item", node);
	add_enum(&k, "cgroup_subsys_id", subsystems);
	features_read_btf(f);
}

static void test_vmalloc(void **state)
{
	static const char *const old[] = { "MEMCG_SOCK", "MEMCG_VMALLOC", "MEMCG_KMEM", NULL };
	static const char *const new[] = { "MEMCG_SOCK", "MEMCG_KMEM", NULL };
	static const char *const bare[] = { "MEMCG_KMEM", NULL };
	static const char *const none[] = { "NR_SLAB", NULL };
	static const char *const node[] = { "NR_SLAB", "NR_VMALLOC", NULL };
	struct features f;

	(void)state;
	vmalloc_kernel(&f, old, none);
	assert_true(features_has(&f, FEATURE_VMALLOC) && !f.vmalloc_by_node && f.memcg_long);
	features_free(&f);
	vmalloc_kernel(&f, old, node);
	assert_true(features_has(&f, FEATURE_VMALLOC) && !f.vmalloc_by_node);
	features_free(&f);
	vmalloc_kernel(&f, new, node);
	assert_true(features_has(&f, FEATURE_VMALLOC) && f.vmalloc_by_node);
	features_free(&f);
	vmalloc_kernel(&f, bare, none);
	assert_true(features_has(&f, FEATURE_MEMCG_STATE));
	assert_false(features_has(&f, FEATURE_VMALLOC) || f.vmalloc_by_node);
	assert_false(features_has(&f, FEATURE_SOCK));
	features_free(&f);
	vmalloc_kernel(&f, none, node);
	assert_false(features_has(&f, FEATURE_MEMCG_STATE) || features_has(&f, FEATURE_VMALLOC));
	features_free(&f);
}

/* A program that the kernel refused is off, with its reason; the shape of the counters is known
 * all the same. */
static void test_refused(void **state)
{
	struct features f;

	(void)state;
	make_kernel(&f, COUNTER_PERCPU, 2);
	assert_string_equal(features_why_not(&f, FEATURE_SYS_EXIT, "none"), "none");
	assert_null(features_why_not(&f, FEATURE_SAMPLES, "none"));
	feature_refused(&f, FEATURE_SAMPLES, "too large");
	assert_string_equal(features_why_not(&f, FEATURE_SAMPLES, "none"), "too large");
	assert_true(features_enough(&f));
	feature_refused(&f, FEATURE_BACKEND_PERCPU, "R9 !read_ok");
	features_judge_backends(&f);
	assert_int_equal(features_best_backend(&f), BACKEND_CLASSIC);
	assert_string_equal(f.why_not[BACKEND_PERCPU], "R9 !read_ok");
	features_free(&f);
}

/* Each row can be printed, and a required feature has a text for its absence. */
static void test_texts(void **state)
{
	(void)state;
	for (int id = 0; id < FEATURES; id++) {
		assert_non_null(feature_text[id].name);
		if (!feature_text[id].required)
			continue;
		assert_non_null(feature_text[id].with);
		assert_non_null(feature_text[id].without);
		assert_non_null(feature_text[id].mend);
	}
}

static void test_mounts(void **state)
{
	static const char text[] =
		"23 28 0:22 / /sys rw,nosuid shared:7 - sysfs sysfs rw\n"
		"31 23 0:26 / /sys/fs/cgroup/cpu rw shared:9 master:2 - cgroup cgroup rw,cpu\n"
		"32 23 0:27 / /mem\\040ory rw - cgroup cgroup rw,memory\n"
		"33 23 0:28 / /memory2 rw - cgroup cgroup rw,memory\n"
		"34 23 0:29 / /unified rw - cgroup2 cgroup2 rw,nsdelegate\n"
		"35 23 0:30 / /cut rw - tracefs\n";
	g_autofree char *v1 = mounts_find(text, "cgroup", "memory");
	g_autofree char *v2 = mounts_find(text, "cgroup2", NULL);

	(void)state;
	assert_string_equal(v1, "/mem ory");
	assert_string_equal(v2, "/unified");
	assert_null(mounts_find(text, "cgroup", "mem"));
	assert_null(mounts_find(text, "cgroup2", "memory"));
	assert_null(mounts_find(text, "tracefs", NULL));
	assert_null(mounts_find("", "tracefs", NULL));
	assert_null(mounts_find("\n- - -\n", "-", NULL));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_percpu_kernel),
		cmocka_unit_test(test_count_kernel),
		cmocka_unit_test(test_tree_kernel),
		cmocka_unit_test(test_classic_needs_tracefs),
		cmocka_unit_test(test_arguments_too_few),
		cmocka_unit_test(test_required_and_optional),
		cmocka_unit_test(test_exit_mmap),
		cmocka_unit_test(test_not_privileged),
		cmocka_unit_test(test_no_btf),
		cmocka_unit_test(test_vmalloc),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_texts),
		cmocka_unit_test(test_mounts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
