/* SPDX-License-Identifier: GPL-2.0-only
 *
 * output/json_profile: the columns hold the profile's values; a missing value is -1 or null.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <inttypes.h>
#include <jansson.h>

#include "output/output.h"
#include "tests/golden/fixtures.c"

static json_t *rendered(const struct report *r)
{
	g_autofree char *text = json_render(r);
	json_t *root = json_loads(text, 0, NULL);

	assert_non_null(root);
	return root;
}

static json_int_t cell(const json_t *profile, const char *table, const char *column, size_t row)
{
	const json_t *value =
		json_array_get(json_object_get(json_object_get(profile, table), column), row);

	if (!json_is_integer(value))
		fail_msg("no %s.%s[%zu]", table, column, row);
	return json_integer_value(value);
}

/* The string that a cell refers to; NULL for -1. */
static const char *text(const json_t *profile, const char *table, const char *column, size_t row)
{
	json_int_t i = cell(profile, table, column, row);

	return i < 0 ? NULL :
		       json_string_value(
			       json_array_get(json_object_get(profile, "strings"), (size_t)i));
}

static void assert_rows(const json_t *profile, const char *table, unsigned rows)
{
	const char *key;
	json_t *value;

	json_object_foreach(json_object_get(profile, table), key, value)
	{
		if (json_is_array(value) && json_array_size(value) != rows)
			fail_msg("%s.%s has %zu rows, not %u", table, key, json_array_size(value),
				 rows);
	}
}

static void every_column_has_every_row(void **state)
{
	struct report *r = fixture_profile();
	json_t *root = rendered(r);
	const json_t *p = json_object_get(root, "profile");

	(void)state;
	assert_rows(p, "frames", r->profile->frames->len);
	assert_rows(p, "nodes", r->profile->nodes->len);
	assert_rows(p, "entries", r->profile->entries->len);
	assert_rows(p, "virtual", r->profile->virtual->len);
	assert_rows(p, "ticks", r->profile->ticks->len);
	assert_true(r->profile->ticks->len > 10);
	json_decref(root);
	report_free(r);
}

static void entries_are_reported_as_they_are(void **state)
{
	struct report *r = fixture_profile();
	json_t *root = rendered(r);
	const json_t *p = json_object_get(root, "profile");

	(void)state;
	for (unsigned i = 0; i < r->profile->entries->len; i++) {
		const struct profile_entry *e =
			&g_array_index(r->profile->entries, struct profile_entry, i);
		const json_t *kinds = json_object_get(p, "kinds");

		assert_int_equal(cell(p, "entries", "process", i), e->process);
		assert_int_equal(cell(p, "entries", "task", i), e->task);
		assert_int_equal(cell(p, "entries", "node", i), e->node);
		assert_int_equal(cell(p, "entries", "cause", i),
				 e->cause == NO_CAUSE ? -1 : (json_int_t)e->cause);
		assert_int_equal(cell(p, "entries", "count", i), e->count);
		assert_int_equal(cell(p, "entries", "grown", i), e->bytes[SAMPLE_TYPE_GROWN]);
		assert_int_equal(cell(p, "entries", "live_peak", i),
				 e->bytes[SAMPLE_TYPE_LIVE_PEAK]);
		assert_int_equal(cell(p, "entries", "live_end", i), e->bytes[SAMPLE_TYPE_LIVE_END]);
		assert_string_equal(text(p, "entries", "label", i), e->mapping_label);
		assert_string_equal(json_string_value(json_array_get(
					    kinds, (size_t)cell(p, "entries", "kind", i))),
				    kind_name[e->kind]);
	}
	json_decref(root);
	report_free(r);
}

static void frames_have_flags_lines_and_whole_addresses(void **state)
{
	struct report *r = fixture_profile();
	json_t *root = rendered(r);
	const json_t *p = json_object_get(root, "profile");
	json_int_t flags = 0;

	(void)state;
	for (unsigned i = 0; i < r->profile->frames->len; i++) {
		const struct profile_frame *f =
			&g_array_index(r->profile->frames, struct profile_frame, i);
		g_autofree char *address = g_strdup_printf("0x%" PRIx64, f->address);

		flags |= cell(p, "frames", "flags", i);
		assert_int_equal(!!(cell(p, "frames", "flags", i) & 1), f->kernel);
		assert_int_equal(!!(cell(p, "frames", "flags", i) & 2), f->inlined);
		assert_int_equal(!!(cell(p, "frames", "flags", i) & 4), f->fallback);
		assert_int_equal(!!(cell(p, "frames", "flags", i) & 8), f->synthetic);
		assert_int_equal(cell(p, "frames", "line", i), f->line);
		assert_int_equal(cell(p, "frames", "module", i),
				 f->module == NO_MODULE ? -1 : (json_int_t)f->module);
		assert_string_equal(text(p, "frames", "function", i), f->function);
		assert_int_equal(!text(p, "frames", "file", i), !f->file);
		assert_string_equal(
			json_string_value(json_array_get(
				json_object_get(json_object_get(p, "frames"), "address"), i)),
			address);
	}
	assert_int_equal(flags, 15);
	json_decref(root);
	report_free(r);
}

static void a_parent_stands_before_its_children(void **state)
{
	struct report *r = fixture_profile();
	json_t *root = rendered(r);
	const json_t *p = json_object_get(root, "profile");

	(void)state;
	assert_int_equal(cell(p, "nodes", "parent", 0), -1);
	for (unsigned i = 1; i < r->profile->nodes->len; i++)
		assert_true(cell(p, "nodes", "parent", i) < i);
	json_decref(root);
	report_free(r);
}

static void what_is_not_measured_is_null(void **state)
{
	struct report *r = fixture_profile_hostile();
	json_t *root = rendered(r);
	const json_t *p = json_object_get(root, "profile");

	(void)state;
	assert_true(json_is_null(json_object_get(p, "virtual")));
	assert_string_equal(json_string_value(json_object_get(p, "virtual_why")),
			    r->profile->virtual_why);
	json_decref(root);
	report_free(r);
	r = fixture_python();
	root = rendered(r);
	assert_null(json_object_get(root, "profile"));
	json_decref(root);
	report_free(r);
}

/* Numbers that JavaScript would round, 0, and negative numbers. */
static void numbers_are_exact(void **state)
{
	struct report *r = fixture_profile();
	struct profile_entry *e = &g_array_index(r->profile->entries, struct profile_entry, 0);
	json_t *root;

	(void)state;
	e->bytes[SAMPLE_TYPE_GROWN] = INT64_MAX;
	e->bytes[SAMPLE_TYPE_LIVE_PEAK] = INT64_MIN;
	e->bytes[SAMPLE_TYPE_LIVE_END] = 0;
	e->count = 1000000007;
	e->task = UINT32_MAX;
	root = rendered(r);
	assert_int_equal(cell(json_object_get(root, "profile"), "entries", "grown", 0), INT64_MAX);
	assert_int_equal(cell(json_object_get(root, "profile"), "entries", "live_peak", 0),
			 INT64_MIN);
	assert_int_equal(cell(json_object_get(root, "profile"), "entries", "live_end", 0), 0);
	assert_int_equal(cell(json_object_get(root, "profile"), "entries", "count", 0), 1000000007);
	assert_int_equal(cell(json_object_get(root, "profile"), "entries", "task", 0), -1);
	json_decref(root);
	report_free(r);
}

static void the_page_holds_it(void **state)
{
	struct report *r = fixture_profile_hostile();
	GString *html = html_render(r);

	(void)state;
	assert_true(g_str_has_prefix(html->str, "<!doctype html>"));
	assert_true(g_str_has_suffix(html->str, "</html>\n"));
	assert_int_equal(strlen(html->str), html->len);
	assert_non_null(strstr(html->str, "\"live_peak\": ["));
	assert_null(strstr(html->str, "<script>globalThis.harmed"));
	g_string_free(html, TRUE);
	report_free(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_column_has_every_row),
		cmocka_unit_test(entries_are_reported_as_they_are),
		cmocka_unit_test(frames_have_flags_lines_and_whole_addresses),
		cmocka_unit_test(a_parent_stands_before_its_children),
		cmocka_unit_test(what_is_not_measured_is_null),
		cmocka_unit_test(numbers_are_exact),
		cmocka_unit_test(the_page_holds_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
