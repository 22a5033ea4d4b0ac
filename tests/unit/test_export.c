/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The formats for other programs: pprof, speedscope, CSV. Their sums are the profile's to the
 * byte, and names are harmless. The golden tests compare whole files, and let pprof read its
 * own format.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <jansson.h>
#include <math.h>
#include <zlib.h>

#include "output/fields.h"
#include "output/output.h"
#include "pprof.pb-c.h"
#include "tests/golden/fixtures.c"

static Pprof__Profile *decoded(const struct report *r)
{
	g_autoptr(GString) packed = pprof_render(r);
	static uint8_t plain[1 << 20];
	z_stream z = {
		.next_in = (Bytef *)packed->str,
		.avail_in = (uInt)packed->len,
		.next_out = plain,
		.avail_out = sizeof(plain),
	};
	Pprof__Profile *p;

	assert_int_equal(packed->str[0] & 0xff, 0x1f);
	assert_memory_equal(packed->str + 4, "\0\0\0\0", 4); /* no duration */
	assert_int_equal(inflateInit2(&z, 16 + MAX_WBITS), Z_OK);
	assert_int_equal(inflate(&z, Z_FINISH), Z_STREAM_END);
	assert_int_equal(z.avail_in, 0);
	p = pprof__profile__unpack(NULL, z.total_out, plain);
	inflateEnd(&z);
	assert_non_null(p);
	assert_string_equal(p->string_table[0], "");
	return p;
}

static const char *text(const Pprof__Profile *p, int64_t number)
{
	assert_in_range(number, 0, p->n_string_table - 1);
	return p->string_table[number];
}

static int64_t sum(const Pprof__Profile *p, const char *type)
{
	int64_t total = 0;
	size_t at = 0;

	while (at < p->n_sample_type && strcmp(text(p, p->sample_type[at]->type), type))
		at++;
	assert_in_range(at, 0, p->n_sample_type - 1);
	assert_string_equal(text(p, p->sample_type[at]->unit), "bytes");
	for (size_t i = 0; i < p->n_sample; i++) {
		assert_int_equal(p->sample[i]->n_value, p->n_sample_type);
		assert_true(p->sample[i]->n_location_id >
			    0); /* pprof drops samples without a location */
		total += p->sample[i]->value[at];
	}
	return total;
}

static void assert_sums(struct report *r)
{
	Pprof__Profile *p = decoded(r);

	assert_int_equal(sum(p, "grown"), r->profile->total[SAMPLE_TYPE_GROWN]);
	assert_int_equal(sum(p, "live_peak"), r->profile->total[SAMPLE_TYPE_LIVE_PEAK]);
	assert_int_equal(sum(p, "live_end"), r->profile->total[SAMPLE_TYPE_LIVE_END]);
	assert_true(sum(p, "grown") > 0);
	assert_string_equal(text(p, p->default_sample_type), "live_peak");
	assert_int_equal(p->period, r->profile->period);
	for (size_t i = 0; i < p->n_string_table; i++)
		assert_true(g_utf8_validate(p->string_table[i], -1, NULL));
	pprof__profile__free_unpacked(p, NULL);
}

static void pprof_adds_up(void **state)
{
	struct report *r = fixture_sampled(), *hostile = fixture_sampled_hostile();
	Pprof__Profile *p = decoded(r);
	g_autoptr(GString) a = pprof_render(r);
	g_autoptr(GString) b = pprof_render(r);

	(void)state;
	assert_sums(r);
	assert_sums(hostile);
	assert_true(g_string_equal(a, b));
	assert_int_equal(p->n_sample_type, 5);
	assert_int_equal(sum(p, "virtual"), 280 * MIB);
	assert_int_equal(sum(p, "untouched"), 190 * MIB);
	assert_int_equal(p->time_nanos, 1700000000123456000);
	assert_int_equal(p->duration_nanos, 8 * SECOND);
	assert_string_equal(text(p, p->mapping[0]->filename), SERVER);
	assert_string_equal(text(p, p->mapping[0]->build_id), SERVER_ID);
	pprof__profile__free_unpacked(p, NULL);
	p = decoded(hostile);
	assert_int_equal(p->n_sample_type, 3); /* virtual memory was not measured */
	pprof__profile__free_unpacked(p, NULL);
	report_free(r);
	report_free(hostile);
}

/* Virtual memory is known where its untouched part is not. */
static void pprof_virtual_alone(void **state)
{
	struct report *r = fixture_sampled();
	Pprof__Profile *p;

	(void)state;
	r->profile->untouched_why = g_strdup("no addresses");
	p = decoded(r);
	assert_int_equal(p->n_sample_type, 4);
	assert_int_equal(sum(p, "virtual"), 280 * MIB);
	pprof__profile__free_unpacked(p, NULL);
	report_free(r);
}

/* A frame and the functions inlined in it are one location. */
static void pprof_inlines(void **state)
{
	struct report *r = fixture_sampled();
	Pprof__Profile *p = decoded(r);
	const Pprof__Location *at = NULL;

	(void)state;
	for (size_t i = 0; i < p->n_location; i++)
		if (p->location[i]->address == 0x2300 + 88) {
			assert_null(at);
			at = p->location[i];
		}
	assert_non_null(at);
	assert_int_equal(at->n_line, 2);
	assert_int_equal(at->line[0]->line, 17);
	assert_int_equal(at->line[1]->line, 88);
	for (size_t i = 0; i < p->n_function; i++)
		if (p->function[i]->id == at->line[1]->function_id)
			assert_string_equal(text(p, p->function[i]->name), "store_put");
	assert_true(p->mapping[0]->has_inline_frames && p->mapping[0]->has_filenames);
	pprof__profile__free_unpacked(p, NULL);
	report_free(r);
}

static void without_samples(void **state)
{
	struct report *r = fixture_python();
	GString *csv = csv_render(r);

	(void)state;
	assert_null(pprof_render(r));
	assert_null(speedscope_render(r));
	assert_non_null(strstr(csv->str, "python3,4121,python3,4121,anon,,1283604480,"));
	assert_non_null(strstr(csv->str, "\r\n,,,,kmem,,,,,,,\r\n")); /* not measured */
	g_string_free(csv, TRUE);
	report_free(r);
}

static void speedscope_adds_up(void **state)
{
	struct report *r = fixture_sampled();
	g_autoptr(GString) s = speedscope_render(r);
	json_t *root = json_loads(s->str, 0, NULL), *profiles, *weights;
	size_t i, k;
	json_t *v;

	(void)state;
	assert_non_null(root);
	profiles = json_object_get(root, "profiles");
	assert_int_equal(json_array_size(profiles), 5);
	for (i = 0; i < SAMPLE_TYPES; i++) {
		json_int_t total = 0;

		weights = json_object_get(json_array_get(profiles, i), "weights");
		json_array_foreach(weights, k, v)
		{
			total += json_integer_value(v);
		}
		assert_int_equal(total, r->profile->total[i]);
	}
	json_decref(root);
	report_free(r);
}

static const char *one_field(const char *text)
{
	struct fields f = { .out = g_string_new(NULL) };
	const char *kept;

	fields_text(&f, text);
	kept = g_intern_string(f.out->str);
	g_string_free(f.out, TRUE);
	return kept;
}

static void fields(void **state)
{
	struct fields f = { .out = g_string_new(NULL) };

	(void)state;
	assert_string_equal(one_field("plain"), "plain");
	assert_string_equal(one_field("a,b"), "\"a,b\"");
	assert_string_equal(one_field("a\"b"), "\"a\"\"b\"");
	assert_string_equal(one_field("a\r\nb\033"), "a\\x0d\\nb\\e");
	assert_string_equal(one_field("\xff"), "\\xff");
	assert_string_equal(one_field("=1"), "'=1");
	assert_string_equal(one_field(" +1"), "' +1");
	assert_string_equal(one_field("-1"), "'-1");
	assert_string_equal(one_field("@a,b"), "\"'@a,b\"");
	assert_string_equal(one_field("＝1"), "'＝1");
	assert_string_equal(one_field("a=1"), "a=1");
	fields_text(&f, NULL);
	fields_text(&f, "x");
	fields_int(&f, -5);
	fields_int(&f, FIELD_UNKNOWN);
	fields_real(&f, -0.5, "%.1f");
	fields_real(&f, NAN, "%.1f");
	fields_blank(&f, 2);
	fields_end(&f);
	fields_text(&f, "");
	fields_end(&f);
	assert_string_equal(f.out->str, ",x,-5,,-0.5,,,\r\n\r\n");
	g_string_free(f.out, TRUE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pprof_adds_up),      cmocka_unit_test(pprof_virtual_alone),
		cmocka_unit_test(pprof_inlines),      cmocka_unit_test(without_samples),
		cmocka_unit_test(speedscope_adds_up), cmocka_unit_test(fields),
	};

	return cmocka_run_group_tests_name("export", tests, NULL, NULL);
}
