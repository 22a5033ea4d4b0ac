/* SPDX-License-Identifier: GPL-2.0-only
 *
 * libbpf's log of a failed load: which program it names, and the verifier's reason. Also names
 * that tests hide in the kernel's types.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <bpf/btf.h>
#include <cmocka.h>
#include <errno.h>
#include <glib.h>
#include <stdlib.h>
#include <string.h>

#include "capture/refusal.h"
#include "capture/refuse.h"

static void give_messages(struct refusal *r, const char *const *texts)
{
	*r = (struct refusal){ .log = g_string_new(NULL) };
	for (; *texts; texts++)
		refusal_hear(r, *texts);
}

static void test_program(void **state)
{
	static const char *const said[] = {
		"libbpf: prog 'tare_kmem': BPF program load failed: Invalid argument\n",
		"libbpf: prog 'tare_kmem': -- BEGIN PROG LOAD LOG --\n"
		"0: R1=ctx()\n55: <invalid CO-RE relocation>\n"
		"failed to resolve CO-RE relocation <enumval_value> [276] enum e::X = 54\n"
		"processed 53 insns (limit 1000000) max_states_per_insn 0\n"
		"-- END PROG LOAD LOG --\n",
		"libbpf: prog 'tare_kmem': failed to load: -22\n",
		"libbpf: failed to load object 'tare_bpf'\n",
		NULL,
	};
	struct refusal r;
	g_autofree char *last = NULL;

	(void)state;
	give_messages(&r, said);
	assert_string_equal(r.name, "tare_kmem");
	assert_string_equal(r.reason, "failed to resolve CO-RE relocation <enumval_value> [276] "
				      "enum e::X = 54");
	last = refusal_last(&r, 2);
	assert_true(g_str_has_prefix(last, "55: <invalid CO-RE relocation>\nfailed"));
	refusal_clear(&r);
}

static void test_map_and_later(void **state)
{
	static const char *const said[] = {
		"libbpf: map 'tare_samples': failed to create: Invalid argument(-22)\n",
		NULL,
	};
	static const char *const later[] = {
		"libbpf: prog 'one': -- BEGIN PROG LOAD LOG --\na\n-- END PROG LOAD LOG --\n",
		"libbpf: prog 'two': failed to find kernel BTF type ID of 'x': -3\n",
		NULL,
	};
	static const char *const nobody[] = { "libbpf: Error loading vmlinux BTF: -2\n", "", "'",
					      "prog 'never closed", NULL };
	struct refusal r;
	g_autofree char *last = NULL;

	(void)state;
	give_messages(&r, said);
	assert_string_equal(r.name, "tare_samples");
	assert_string_equal(r.reason, "failed to create: Invalid argument(-22)");
	refusal_clear(&r);
	give_messages(&r, later); /* messages about another program do not count */
	assert_string_equal(r.name, "two");
	assert_string_equal(r.reason, "failed to find kernel BTF type ID of 'x': -3");
	last = refusal_last(&r, 3);
	assert_string_equal(last, "");
	refusal_clear(&r);
	give_messages(&r, nobody);
	assert_null(r.name);
	assert_null(r.reason);
	refusal_clear(&r);
}

static int refuse(struct btf *btf, const char *names, struct btf **without)
{
	uint32_t size;
	const void *data = btf__raw_data(btf, &size);
	g_autofree void *copy = g_memdup2(data, size);
	int n;

	setenv("TARE_REFUSE", names, 1);
	n = refuse_types(copy, size);
	unsetenv("TARE_REFUSE");
	*without = n < 0 ? NULL : btf__new(copy, size);
	return n;
}

static void test_types(void **state)
{
	struct btf *btf = btf__new_empty(), *without;

	(void)state;
	btf__add_int(btf, "int", 4, BTF_INT_SIGNED);
	btf__add_enum(btf, "items", 4);
	btf__add_enum_value(btf, "MEMCG_SOCK", 1);
	btf__add_enum_value(btf, "MEMCG_SOCKS", 2);
	assert_int_equal(refuse(btf, "MEMCG_SOCK,tare_not_of_the_kernel", &without), 1);
	assert_int_equal(btf__find_by_name(without, "int"), 1);
	assert_int_equal(btf__find_by_name(without, "items"), 2);
	assert_string_equal(btf__name_by_offset(without,
						btf_enum(btf__type_by_id(without, 2))[0].name_off),
			    "_EMCG_SOCK");
	assert_string_equal(btf__name_by_offset(without,
						btf_enum(btf__type_by_id(without, 2))[1].name_off),
			    "MEMCG_SOCKS");
	btf__free(without);
	assert_int_equal(refuse(btf, "", &without), 0);
	btf__free(without);
	assert_int_equal(refuse(btf, "MEMCG", &without), -EINVAL);
	btf__free(btf);
}

static void test_no_types(void **state)
{
	char rubbish[64] = "";

	(void)state;
	setenv("TARE_REFUSE", "name", 1);
	assert_int_equal(refuse_types(rubbish, 3), -EINVAL);
	assert_int_equal(refuse_types(rubbish, sizeof(rubbish)), -EINVAL);
	memset(rubbish, 0xff, sizeof(rubbish));
	assert_int_equal(refuse_types(rubbish, sizeof(rubbish)), -EINVAL);
	unsetenv("TARE_REFUSE");
	assert_false(refuse_any());
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_program),
		cmocka_unit_test(test_map_and_later),
		cmocka_unit_test(test_types),
		cmocka_unit_test(test_no_types),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
