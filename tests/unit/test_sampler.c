/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Records of the ring of samples: a valid record is read unchanged; a record that is shorter
 * than its own sizes say is refused. What is left out of the curve is reported.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "capture/sampler_state.h"
#include "model/timeline.h"
#include "tests/unit/heard.h"

#define NOBODY 0x7ffffff0u /* a pid that no process has */
#define FILE_LEAST (sizeof(struct tare_file) - TARE_PATH_PARTS * TARE_PART_LEN)

static struct sampler *s;
static struct proctable *w;

static int setup(void **state)
{
	(void)state;
	w = proctable_new(false);
	s = sampler_new(65536, NAMING_INLINED, NULL, NULL);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	sampler_free(s);
	proctable_free(w);
	return 0;
}

/* `size` bytes exist and no more, so that a sanitizer sees reads beyond them. */
static int give_record(const void *rec, size_t size)
{
	g_autofree void *exact = g_memdup2(rec, size);

	return sampler_record(s, w, exact, size);
}

#define TAKEN(rec, size) assert_int_equal(give_record(rec, size), 0)
#define REFUSED(rec, size)                                         \
	do {                                                       \
		uint64_t before = s->malformed;                    \
		assert_int_equal(give_record(rec, size), -EINVAL); \
		assert_int_equal(s->malformed, before + 1);        \
	} while (0)

static void malformed_heads_are_refused(void **state)
{
	struct tare_vma r = { .head = { TARE_REC_VMA, sizeof(r), 1 }, .tgid = NOBODY };

	(void)state;
	TAKEN(&r, sizeof(r));
	for (size_t n = 0; n < sizeof(r); n += 4)
		REFUSED(&r, n); /* smaller than its own size field */
	r.head.size = sizeof(r) - 1;
	REFUSED(&r, sizeof(r));
	r.head.size = 0;
	REFUSED(&r, sizeof(r));
	r.head = (struct tare_record){ TARE_REC_TASK, sizeof(r), 1 };
	REFUSED(&r, sizeof(r)); /* of the other ring */
	r.head.type = 4711;
	REFUSED(&r, sizeof(r));
}

/* A user stack follows it, and the kernel's frames come before that. */
static void samples_are_read(void **state)
{
	const size_t frames = TARE_KERNEL_FRAMES * 8, stack = 64;
	struct tare_sample *one = g_malloc0(sizeof(*one) + frames + stack);

	(void)state;
	*one = (struct tare_sample){
		.head = { TARE_REC_SAMPLE, sizeof(*one), 1 },
		.task = 1,
		.proc = 1,
		.mm = 1,
		.bytes = 65536,
		.tgid = NOBODY,
		.kind = TARE_ANON,
		.flags = TARE_SAMPLE_NO_ADDRESS,
	};
	TAKEN(one, sizeof(*one));
	one->stack = stack;
	REFUSED(one, sizeof(*one));
	one->head.size = sizeof(*one) + stack - 1;
	REFUSED(one, one->head.size);
	one->head.size = sizeof(*one) + stack;
	TAKEN(one, one->head.size);
	one->flags |= TARE_SAMPLE_KERNEL;
	REFUSED(one, one->head.size);
	one->stack = 0;
	REFUSED(one, one->head.size); /* only part of the frames */
	one->head.size = sizeof(*one) + frames;
	TAKEN(one, one->head.size);
	one->stack = UINT32_MAX;
	REFUSED(one, one->head.size);
	one->stack = 0;
	one->kind = TARE_KINDS;
	REFUSED(one, one->head.size);
	assert_int_equal(s->samples->taken, 3);
	g_free(one);
}

/* Paths end after the last component that is used. */
static void paths_are_read(void **state)
{
	struct tare_map m = { .head = { TARE_REC_MAP, 0, 1 }, .mm = 1, .size = 4096 };
	struct tare_image i = { .head = { TARE_REC_IMAGE, 0, 1 }, .mm = 2, .tgid = NOBODY };
	const size_t map = sizeof(m) - sizeof(m.file) + FILE_LEAST;
	const size_t image = sizeof(i) - sizeof(i.file) + FILE_LEAST;

	(void)state;
	m.tgid = NOBODY;
	for (uint32_t names = 0; names <= TARE_PATH_PARTS; names++) {
		m.file.names = i.file.names = names;
		m.head.size = map + names * TARE_PART_LEN;
		i.head.size = image + names * TARE_PART_LEN;
		TAKEN(&m, m.head.size);
		TAKEN(&i, i.head.size);
		m.head.size--;
		i.head.size--;
		REFUSED(&m, m.head.size);
		REFUSED(&i, i.head.size);
	}
	m.head.size = sizeof(m);
	i.head.size = sizeof(i);
	m.file.names = i.file.names = TARE_PATH_PARTS + 1;
	REFUSED(&m, sizeof(m));
	REFUSED(&i, sizeof(i));
	m.file.names = i.file.names = UINT32_MAX;
	REFUSED(&m, sizeof(m));
	REFUSED(&i, sizeof(i));
}

static void python_records_are_read(void **state)
{
	struct tare_python_code code = { .head = { TARE_REC_PYTHON_CODE, sizeof(code), 1 },
					 .id = 1 };
	struct tare_python_stack stack = { .head = { TARE_REC_PYTHON, sizeof(stack), 1 } };
	const size_t least = sizeof(stack) - TARE_PYTHON_FRAMES * 8;

	(void)state;
	code.size = TARE_PYTHON_TABLE;
	TAKEN(&code, sizeof(code));
	code.head.size = sizeof(code) - 1; /* of the table of lines a part */
	REFUSED(&code, sizeof(code));
	code.size = 0;
	code.head.size = sizeof(code) - TARE_PYTHON_TABLE;
	TAKEN(&code, code.head.size);
	code.head.size--;
	REFUSED(&code, sizeof(code));
	stack.head.size = least - 1;
	REFUSED(&stack, sizeof(stack));
	stack.head.size = least;
	TAKEN(&stack, least);
}

static struct profile *profile(void)
{
	struct report *r = report_new();
	struct tare_sampling counts = { 0 };
	struct profile *p = sampler_profile(s, r, &counts, 0, 0, NULL);

	report_free(r);
	return p;
}

/* Reported once, though each snapshot leaves it out. */
static void left_out_stacks_are_reported_once(void **state)
{
	g_autofree char *none = NULL, *again = NULL;

	(void)state;
	assert_true(stderr_keep());
	profile_free(profile());
	none = said();
	s->samples->timeline->left_out = 5 << 20;
	profile_free(profile());
	assert_said("too many stacks at once", "5.00 MiB so far");
	profile_free(profile());
	again = said();
	stderr_back();
	assert_string_equal(none, "");
	assert_string_equal(again, "");
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(malformed_heads_are_refused),
		TEST(samples_are_read),
		TEST(paths_are_read),
		TEST(python_records_are_read),
		TEST(left_out_stacks_are_reported_once),
	};

	return cmocka_run_group_tests_name("sampler", tests, NULL, NULL);
}
