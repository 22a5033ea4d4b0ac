/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The cut of a BTF keeps the wanted types and renumbers them; a damaged BTF is never trusted.
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

#include "capture/btf_cut.h"

#define TRIES 20000

struct ids {
	int integer, inner, far, outer, proto, trace, other, items;
};

/* struct outer { inner in; far *out; }, struct inner { int[4] }, a tracepoint with arguments
 * (outer *, int), an enum, and types that nobody wants. */
static struct btf *whole_btf(struct ids *id)
{
	struct btf *btf = btf__new_empty();
	int array;

	id->other = btf__add_struct(btf, "other", 8);
	id->integer = btf__add_int(btf, "int", 4, BTF_INT_SIGNED);
	array = btf__add_array(btf, id->integer, id->integer, 4);
	id->far = btf__add_struct(btf, "far", 4);
	btf__add_field(btf, "x", id->integer, 0, 0);
	id->inner = btf__add_struct(btf, "inner", 16);
	btf__add_field(btf, "all", array, 0, 0);
	id->outer = btf__add_struct(btf, "outer", 24);
	btf__add_field(btf, "in", btf__type_cnt(btf) + 1, 0, 0);
	btf__add_field(btf, "out", btf__type_cnt(btf), 128, 0);
	btf__add_ptr(btf, id->far);
	btf__add_const(btf, id->inner);
	id->proto = btf__add_func_proto(btf, 0);
	btf__add_func_param(btf, "o", btf__type_cnt(btf) + 1);
	btf__add_func_param(btf, "n", id->integer);
	btf__add_ptr(btf, id->proto);
	btf__add_ptr(btf, id->outer);
	id->trace = btf__add_typedef(btf, "btf_trace_it", id->proto + 1);
	id->items = btf__add_enum(btf, "items", 4);
	btf__add_enum_value(btf, "ITEM_ONE", 1);
	return btf;
}

static bool wants_outer(const char *name, uint32_t kind)
{
	return kind == BTF_KIND_STRUCT && !strcmp(name, "outer");
}

static bool wants_trace(const char *name, uint32_t kind)
{
	return kind != BTF_KIND_FUNC && (!strcmp(name, "btf_trace_it") || !strcmp(name, "items"));
}

static const struct btf_type *type_named(const struct btf_cut *cut, const char *name)
{
	int id = btf__find_by_name(cut->btf, name);

	return id > 0 ? btf__type_by_id(cut->btf, id) : NULL;
}

static void test_struct(void **state)
{
	struct ids id;
	struct btf *btf = whole_btf(&id);
	const struct btf_type *outer, *in;
	struct btf_cut cut;
	uint32_t size;
	const void *data = btf__raw_data(btf, &size);

	(void)state;
	assert_int_equal(btf_cut(&cut, data, size, wants_outer), 0);
	outer = type_named(&cut, "outer");
	assert_non_null(outer);
	assert_int_equal(outer->size, 24);
	assert_int_equal(cut.ids[btf__find_by_name(cut.btf, "outer")], id.outer);
	assert_int_equal(cut.ids[btf__find_by_name(cut.btf, "inner")], id.inner);
	assert_int_equal(cut.ids[btf__find_by_name(cut.btf, "int")], id.integer);
	assert_null(type_named(&cut, "other"));
	assert_null(type_named(&cut, "far")); /* behind a pointer */
	assert_string_equal(btf__name_by_offset(cut.btf, btf_members(outer)[1].name_off), "out");
	assert_int_equal(btf_members(outer)[1].offset, 128);
	assert_int_equal(btf__type_by_id(cut.btf, btf_members(outer)[1].type)->type, 0);
	in = btf__type_by_id(cut.btf, btf_members(outer)[0].type);
	assert_true(btf_is_const(in));
	assert_int_equal(btf__resolve_size(cut.btf, in->type), 16);
	btf_cut_free(&cut);
	btf__free(btf);
}

static void test_prototype(void **state)
{
	struct ids id;
	struct btf *btf = whole_btf(&id);
	const struct btf_type *t;
	struct btf_cut cut;
	uint32_t size;
	const void *data = btf__raw_data(btf, &size);

	(void)state;
	assert_int_equal(btf_cut(&cut, data, size, wants_trace), 0);
	t = type_named(&cut, "btf_trace_it");
	assert_non_null(t);
	t = btf__type_by_id(cut.btf, btf__type_by_id(cut.btf, t->type)->type);
	assert_true(btf_is_func_proto(t));
	assert_int_equal(btf_vlen(t), 2);
	assert_true(btf_is_int(btf__type_by_id(cut.btf, btf_params(t)[1].type)));
	assert_null(type_named(&cut, "outer"));
	t = type_named(&cut, "items");
	assert_string_equal(btf__name_by_offset(cut.btf, btf_enum(t)[0].name_off), "ITEM_ONE");
	assert_int_equal(cut.ids[btf__find_by_name(cut.btf, "items")], id.items);
	btf_cut_free(&cut);
	btf__free(btf);
}

/* Truncated anywhere, and with any word changed: refused or cut, and never read beyond its
 * end. */
static void test_damaged(void **state)
{
	struct ids id;
	struct btf *btf = whole_btf(&id);
	GRand *rand = g_rand_new_with_seed(1);
	struct btf_cut cut;
	uint32_t size;
	const void *data = btf__raw_data(btf, &size);

	(void)state;
	for (uint32_t n = 0; n < size; n++) {
		g_autofree void *copy = g_memdup2(data, n);

		assert_int_equal(btf_cut(&cut, copy, n, wants_outer), -EINVAL);
	}
	for (int i = 0; i < TRIES; i++) {
		g_autofree uint32_t *copy = g_memdup2(data, size);

		for (int k = g_rand_int_range(rand, 1, 4); k > 0; k--)
			copy[g_rand_int_range(rand, 0, size / 4)] =
				g_rand_boolean(rand) ? g_rand_int(rand) :
						       (uint32_t)g_rand_int_range(rand, 0, 64);
		if (!btf_cut(&cut, copy, size, i & 1 ? wants_outer : wants_trace))
			btf_cut_free(&cut);
	}
	g_rand_free(rand);
	btf__free(btf);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_struct),
		cmocka_unit_test(test_prototype),
		cmocka_unit_test(test_damaged),
	};

	return cmocka_run_group_tests_name("btf_cut", tests, NULL, NULL);
}
