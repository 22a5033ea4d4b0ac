/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Python functions in a native stack. The BPF program's records may hold any bytes, since the
 * process that they are read from may have written them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <glib.h>
#include <string.h>

#include "symbol/python.h"

#define FILE 3       /* file number of the interpreter */
#define LOOP 0x1000  /* address where it runs Python functions */
#define OTHER 0x5000 /* address of another function in it */
#define TIME 77

struct setup {
	struct python *p;
	GPtrArray *names; /* numbers start at 1 */
	bool cut;         /* length of native stacks */
};

static int up(void **state)
{
	struct setup *s = g_new0(struct setup, 1);

	s->p = python_new();
	s->names = g_ptr_array_new_with_free_func(g_free);
	g_ptr_array_add(s->names, g_strdup(""));
	python_loop(s->p, FILE, LOOP, 0x100);
	*state = s;
	return 0;
}

static int down(void **state)
{
	struct setup *s = *state;

	python_free(s->p);
	g_ptr_array_unref(s->names);
	g_free(s);
	return 0;
}

static uint32_t number(void *ctx, const char *name)
{
	struct setup *s = ctx;

	g_ptr_array_add(s->names, g_strdup(name));
	return s->names->len - 1;
}

static struct tare_python_text text(const char *bytes, uint32_t length, uint32_t kind)
{
	struct tare_python_text t = { length, kind, { 0 } };

	memcpy(t.bytes, bytes, MIN((size_t)length * kind, sizeof(t.bytes)));
	return t;
}

static bool code(struct setup *s, uint64_t id, const char *name)
{
	struct tare_python_code c = {
		.head = { TARE_REC_PYTHON_CODE, sizeof(c) - TARE_PYTHON_TABLE, 0 },
		.id = id,
		.name = text(name, strlen(name), 1),
		.file = text("/a.py", 5, 1),
	};

	return python_code(s->p, &c);
}

/* Frames by id, ended by 0. A negative id: the C function was called for this frame. */
static bool stack(struct setup *s, uint64_t task, bool more, const int *ids)
{
	struct tare_python_stack record = { .task = task, .more = more };

	for (; ids[record.n]; record.n++)
		record.frame[record.n] = (uint64_t)ABS(ids[record.n]) << TARE_PYTHON_ID |
					 (ids[record.n] < 0);
	record.head = (struct tare_record){ TARE_REC_PYTHON,
					    sizeof(record) - (TARE_PYTHON_FRAMES - record.n) * 8,
					    TIME };
	return python_stack(s->p, &record);
}

/* Merges a native stack with Python frames. Native frames: 'L' the interpreter's loop, 'o'
 * another function of it, 'x' a function of another file. Returns the names of Python frames and
 * the letters of the others. */
static char *merge_stacks(struct setup *s, uint64_t task, uint64_t time, const char *native)
{
	struct tare_sample sample = { .head.time_ns = time, .task = task };
	struct frame frames[16] = { 0 };
	struct unwound w = { frames, strlen(native), !s->cut, false };
	GString *out = g_string_new(NULL);

	for (unsigned i = 0; i < w.n; i++) {
		frames[i].file = native[i] == 'x' ? FILE + 1 : FILE;
		frames[i].address = native[i] == 'L' ? LOOP + i : OTHER;
	}
	w = python_merge(s->p, &sample, &w, number, s);
	assert_int_equal(w.complete, !s->cut);
	for (unsigned i = 0; i < w.n; i++) {
		const struct frame *f = &w.frames[i];

		if (f->flags & FRAME_SYNTHETIC)
			g_string_append(out, "[more]");
		else if (f->flags & FRAME_NAMED)
			g_string_append_printf(out, "(%s)", (char *)s->names->pdata[f->file]);
		else
			g_string_append_c(out, f->file != FILE     ? 'x' :
					       f->address == OTHER ? 'o' :
								     'L');
	}
	return g_string_free(out, FALSE);
}

static void assert_merged(struct setup *s, const char *native, const char *want)
{
	g_autofree char *got = merge_stacks(s, 1, TIME, native);

	assert_string_equal(got, want);
}

static void frames_replace_the_interpreters_loop(void **state)
{
	struct setup *s = *state;

	assert_true(code(s, 1, "f") && code(s, 2, "g") && code(s, 3, "h"));
	assert_true(stack(s, 1, false, (int[]){ 1, -2, -3, 0 }));
	assert_merged(s, "xLooLo", "x(py::f:/a.py)(py::g:/a.py)oo(py::h:/a.py)o");
	/* The Python stack belonged to that sample alone. */
	assert_merged(s, "xLooLo", "xLooLo");
}

static void stack_of_a_lost_sample_is_dropped(void **state)
{
	struct setup *s = *state;
	g_autofree char *other = NULL, *later = NULL;

	assert_true(code(s, 1, "f"));
	assert_true(stack(s, 1, false, (int[]){ -1, 0 }));
	other = merge_stacks(s, 2, TIME, "L");
	assert_string_equal(other, "L");
	later = merge_stacks(s, 1, TIME + 1, "L"); /* its sample is lost */
	assert_string_equal(later, "L");
	assert_merged(s, "L", "L");
}

#define CODES 524288

/* Of more code objects than the bound, the latest have names; the end of a task removes its
 * stack. */
static void number_of_code_objects_is_bounded(void **state)
{
	struct setup *s = *state;

	assert_true(code(s, 5, "old") && code(s, 6, "same"));
	assert_true(code(s, 5 + CODES, "new") && code(s, 7 + CODES, "same"));
	assert_true(stack(s, 1, false, (int[]){ -5, -6, -(5 + CODES), -(7 + CODES), 0 }));
	assert_merged(s, "LoLoLoL", "Lo(py::same:/a.py)o(py::new:/a.py)o(py::same:/a.py)");
	assert_true(stack(s, 1, false, (int[]){ -6, 0 }));
	python_task_ended(s->p, 1);
	assert_merged(s, "L", "L");
	assert_true(stack(s, 1, false, (int[]){ -6, 0 }));
	python_drop(s->p, FILE);
	assert_merged(s, "L", "L");
}

/* A complete stack: native and Python frames have the same start. */
static void complete_stacks_of_unequal_length(void **state)
{
	struct setup *s = *state;

	assert_true(code(s, 1, "f") && code(s, 2, "g"));
	assert_true(stack(s, 1, false, (int[]){ -1, 0 }));
	assert_merged(s, "LoL", "Lo(py::f:/a.py)");
	assert_true(stack(s, 1, false, (int[]){ 2, -1, -2, 0 }));
	assert_merged(s, "xLo", "x(py::g:/a.py)o");
	assert_true(stack(s, 1, false, (int[]){ 1, 0 }));
	assert_merged(s, "xo", "xo");
}

/* A partial stack: native and Python frames have the same end. */
static void partial_stacks_share_their_end(void **state)
{
	struct setup *s = *state;

	s->cut = true;
	assert_true(code(s, 1, "f") && code(s, 2, "g"));
	assert_true(stack(s, 1, false, (int[]){ -1, 0 }));
	assert_merged(s, "LoL", "(py::f:/a.py)oL");
	assert_true(stack(s, 1, false, (int[]){ 2, -1, -2, 0 }));
	assert_merged(s, "xLo", "x(py::g:/a.py)(py::f:/a.py)o");
}

static void cut_stacks_have_a_synthetic_frame(void **state)
{
	struct setup *s = *state;

	assert_true(code(s, 1, "f"));
	assert_true(stack(s, 1, true, (int[]){ 1, 1, 0 }));
	assert_merged(s, "Lo", "(py::f:/a.py)(py::f:/a.py)[more]o");
	assert_true(stack(s, 1, true, (int[]){ 1, -1, 0 }));
	assert_merged(s, "LoLo", "(py::f:/a.py)(py::f:/a.py)[more]oLo");
}

/* From 3.12 on: the C function has been called but has no Python frame yet. */
static void call_without_a_python_frame(void **state)
{
	struct setup *s = *state;
	struct tare_python_stack record = { .task = 1,
					    .n = 2,
					    .frame = { 1, 1 << TARE_PYTHON_ID | 1 } };

	assert_true(code(s, 1, "f"));
	record.head = (struct tare_record){ TARE_REC_PYTHON,
					    sizeof(record) - (TARE_PYTHON_FRAMES - 2) * 8, TIME };
	assert_true(python_stack(s->p, &record));
	assert_merged(s, "LoL", "Lo(py::f:/a.py)");
}

static void versions(void **state)
{
	struct tare_python_layout at;

	(void)state;
	for (uint32_t version = 0x0308; version <= 0x030d; version++)
		assert_true(python_layout(version, &at));
	assert_false(python_layout(0x0307, &at) || python_layout(0x030e, &at));
	assert_false(python_layout(0x0208, &at) || python_layout(0, &at));
}

static void names_that_are_not_reported(void **state)
{
	struct setup *s = *state;

	assert_true(stack(s, 1, false, (int[]){ 9, -8, 0 }));
	assert_merged(s, "oL", "oLL");
}

static void texts(void **state)
{
	static const struct {
		const char *bytes;
		uint32_t length, kind;
		const char *want;
	} cases[] = {
		{ "abc", 3, 1, "abc" },
		{ "gr\xf6\xdf", 4, 1, "größ" },
		{ "\x27\x59\x4d\x30", 2, 2, "大き" },
		{ "\x33\xf3\x01\x00", 1, 4, "🌳" },
		{ "\x00\xd8", 1, 2, "\xef\xbf\xbd" },         /* half of a surrogate pair */
		{ "\xff\xff\xff\xff", 1, 4, "\xef\xbf\xbd" }, /* not a character */
		{ "a\0b", 3, 1,
		  "a\xef\xbf\xbd"
		  "b" },
		{ "", 0, 1, "" },
	};

	(void)state;
	for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
		struct tare_python_text t = text(cases[i].bytes, cases[i].length, cases[i].kind);
		g_autofree char *got = python_text(&t, false);

		assert_string_equal(got, cases[i].want);
	}
}

static void texts_that_are_cut(void **state)
{
	g_autofree char *long_one = g_strnfill(1000, 'n'), *part = g_strnfill(128, 'n');
	g_autofree char *head = g_strconcat(part, "…", NULL), *end = g_strconcat("…", part, NULL);
	struct tare_python_text t = text(long_one, 1000, 1), wide = { 1u << 19, 4, { 0 } };
	g_autofree char *name = python_text(&t, false), *path = python_text(&t, true);
	g_autofree char *many = python_text(&wide, false);

	(void)state;
	assert_string_equal(name, head);
	assert_string_equal(path, end);
	assert_true(strlen(many) < 200);
}

static void malformed_records_are_refused(void **state)
{
	struct setup *s = *state;
	struct tare_python_text none = { 5, 0, "abc" }, odd = { 5, 3, "abc" };
	struct tare_python_text huge = { UINT32_MAX, 4, "abc" };
	struct tare_python_stack many = { .n = TARE_PYTHON_FRAMES + 1 }, off = { .n = 2 };

	assert_null(python_text(&none, false));
	assert_null(python_text(&odd, false));
	assert_null(python_text(&huge, true));
	assert_false(code(s, 0, "f"));
	assert_true(code(s, UINT64_MAX, "f")); /* too many: dropped */
	assert_true(code(s, 1ULL << 40, "f"));
	many.head.size = sizeof(many) + 8;
	assert_false(python_stack(s->p, &many));
	off.head.size = sizeof(off);
	assert_false(python_stack(s->p, &off));
	assert_merged(s, "L", "L");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(frames_replace_the_interpreters_loop, up, down),
		cmocka_unit_test_setup_teardown(stack_of_a_lost_sample_is_dropped, up, down),
		cmocka_unit_test_setup_teardown(number_of_code_objects_is_bounded, up, down),
		cmocka_unit_test_setup_teardown(complete_stacks_of_unequal_length, up, down),
		cmocka_unit_test_setup_teardown(partial_stacks_share_their_end, up, down),
		cmocka_unit_test_setup_teardown(cut_stacks_have_a_synthetic_frame, up, down),
		cmocka_unit_test_setup_teardown(names_that_are_not_reported, up, down),
		cmocka_unit_test_setup_teardown(call_without_a_python_frame, up, down),
		cmocka_unit_test(versions),
		cmocka_unit_test(texts),
		cmocka_unit_test(texts_that_are_cut),
		cmocka_unit_test_setup_teardown(malformed_records_are_refused, up, down),
	};

	return cmocka_run_group_tests_name("python", tests, NULL, NULL);
}
