/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Tables made from a profile: by function, and over time.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "model/frame_rules.h"
#include "model/functions.h"
#include "model/timeline.h"

static uint32_t frame(struct profile *p, const char *function, uint64_t address)
{
	struct profile_frame f = {
		.function = g_strdup(function),
		.module = profile_module(p, "/lib/x", NULL),
		.address = address,
	};

	g_array_append_val(p->frames, f);
	return p->frames->len - 1;
}

static uint32_t node(struct profile *p, uint32_t parent, uint32_t of)
{
	struct stack_node n = { parent, of };

	g_array_append_val(p->nodes, n);
	return p->nodes->len - 1;
}

static void entry(struct profile *p, uint32_t at, int64_t grown, int64_t live)
{
	struct profile_entry e = {
		.node = at,
		.count = 1,
		.mapping_label = g_strdup("heap"),
		.bytes = { grown, live, 0 },
	};

	g_array_append_val(p->entries, e);
}

static const struct function *find(const GArray *functions, const char *name)
{
	for (unsigned i = 0; i < functions->len; i++)
		if (!strcmp(g_array_index(functions, struct function, i).name, name))
			return &g_array_index(functions, struct function, i);
	fail_msg("no %s", name);
	return NULL;
}

static void functions_have_self_and_total(void **state)
{
	struct profile *p = profile_new();
	uint32_t top = node(p, NO_NODE, frame(p, "main", 1));
	uint32_t once = node(p, top, frame(p, "walk", 2));
	uint32_t again = node(p, once, frame(p, "walk", 3)); /* another address in it */
	uint32_t leaf = node(p, again, frame(p, "alloc", 4));
	g_autoptr(GArray) f = NULL;

	(void)state;
	entry(p, leaf, 100, 40);
	entry(p, once, 7, 7);
	entry(p, NO_NODE, 1000, 1000); /* without a function */
	f = functions_of(p, SAMPLE_TYPE_LIVE_PEAK);
	assert_int_equal(f->len, 3);
	assert_string_equal(g_array_index(f, struct function, 0).name, "alloc");
	assert_int_equal(find(f, "alloc")->self[SAMPLE_TYPE_GROWN], 100);
	assert_int_equal(find(f, "alloc")->total[SAMPLE_TYPE_LIVE_PEAK], 40);
	/* A recursive call does not count twice. */
	assert_int_equal(find(f, "walk")->total[SAMPLE_TYPE_GROWN], 107);
	assert_int_equal(find(f, "walk")->self[SAMPLE_TYPE_GROWN], 7);
	assert_int_equal(find(f, "walk")->count, 1);
	assert_int_equal(find(f, "main")->self[SAMPLE_TYPE_GROWN], 0);
	assert_int_equal(find(f, "main")->total[SAMPLE_TYPE_LIVE_PEAK], 47);
	assert_string_equal(find(f, "main")->module, "/lib/x");
	profile_free(p);
}

static uint32_t frame_in(struct profile *p, const char *function, const char *module)
{
	uint32_t f = frame(p, function, 1);

	g_array_index(p->frames, struct profile_frame, f).module = profile_module(p, module, NULL);
	return f;
}

static void fold(struct profile *p, const char *own, bool unfolded)
{
	struct frame_rules *rules = frame_rules_new();

	assert_int_equal(frame_rules_add(rules, own), 0);
	frame_rules_apply(rules, p, unfolded);
	frame_rules_free(rules);
}

/* The caller of a function: the nearest caller with a name in another file; if there is none, the
 * nearest one with a name in the same file. */
static void callers(void **state)
{
	struct profile *p = profile_new();
	uint32_t begin = node(p, NO_NODE, frame_in(p, "__libc_start_main", "/lib/c"));
	uint32_t main = node(p, begin, frame_in(p, "main", "/bin/x"));
	uint32_t few = node(p, main, frame_in(p, "few", "/lib/z"));
	uint32_t nameless = node(p, main, frame_in(p, "[x+0x10]", "/bin/x"));
	uint32_t outer = frame_in(p, "wrap", "/lib/c"), inner = frame_in(p, "take", "/lib/c");
	uint32_t leaf = node(p, node(p, main, frame_in(p, "part", "/bin/x")),
			     frame_in(p, "[x+0x20]", "/bin/x"));
	g_autoptr(GArray) f = NULL;

	(void)state;
	entry(p, node(p, node(p, nameless, outer), inner), 1, 100);
	entry(p, node(p, node(p, few, outer), inner), 1000, 30);
	entry(p, few, 9, 9);
	entry(p, leaf, 7, 7);
	fold(p, "", true);
	f = functions_of(p, SAMPLE_TYPE_LIVE_PEAK);
	assert_string_equal(find(f, "take")->caller, "main");
	assert_string_equal(find(f, "few")->caller, "main");
	assert_string_equal(find(f, "[x+0x20]")->caller, "part");
	assert_null(find(f, "wrap")->caller); /* it took nothing itself */
	assert_null(find(f, "main")->caller);
	g_array_unref(f);
	f = functions_of(p, SAMPLE_TYPE_GROWN);
	assert_string_equal(find(f, "take")->caller, "few");
	g_array_unref(f);
	fold(p, "", false);
	f = functions_of(p, SAMPLE_TYPE_GROWN);
	assert_int_equal(find(f, "part")->self[SAMPLE_TYPE_GROWN], 7); /* it has a name */
	profile_free(p);
}

/* In Python programs: the running Python function, not the C frames between. */
static void callers_in_python_are_python_functions(void **state)
{
	struct profile *p = profile_new();
	uint32_t outer = node(p, NO_NODE, frame_in(p, "py::main:/a.py", "[python]"));
	uint32_t run = node(p, outer, frame_in(p, "py::Tree.grow:/a.py", "[python]"));
	uint32_t c = node(p, run, frame_in(p, "PyList_Append", "/bin/python3.11"));
	uint32_t other = node(p, run, frame_in(p, "py::Tree.grow:/a.py", "[python]"));
	g_autoptr(GArray) f = NULL;

	(void)state;
	g_array_index(p->frames, struct profile_frame, 1).line = 7;
	g_array_index(p->frames, struct profile_frame, 3).line = 9;
	entry(p, node(p, c, frame_in(p, "malloc", "/lib/c")), 100, 100);
	entry(p, c, 50, 50);
	entry(p, run, 10, 10);
	entry(p, other, 120, 0);
	entry(p,
	      node(p,
		   node(p, outer,
			frame_in(p, "py::encode:/usr/lib/python3.11/json/x.py", "[python]")),
		   frame_in(p, "scan", "/lib/_json.so")),
	      10, 10);
	fold(p, "", true);
	f = functions_of(p, SAMPLE_TYPE_GROWN);
	assert_string_equal(find(f, "malloc")->caller, "py::Tree.grow:/a.py");
	assert_string_equal(find(f, "PyList_Append")->caller, "py::Tree.grow:/a.py");
	assert_string_equal(find(f, "py::Tree.grow:/a.py")->caller, "py::main:/a.py");
	assert_string_equal(find(f, "scan")->caller, "py::main:/a.py");
	g_array_unref(f);
	fold(p, "", false);
	f = functions_of(p, SAMPLE_TYPE_GROWN);
	assert_int_equal(find(f, "py::Tree.grow:/a.py")->self[SAMPLE_TYPE_GROWN], 280);
	assert_int_equal(find(f, "py::Tree.grow:/a.py")->line, 7);
	assert_string_equal(find(f, "py::Tree.grow:/a.py")->via, "list");
	profile_free(p);
}

/* Memory that folded frames took is attributed to their caller; its `via` is the label of the
 * folded frame that it called. */
static void folded(void **state)
{
	struct profile *p = profile_new();
	uint32_t begin = node(p, NO_NODE, frame_in(p, "_start", "/bin/x"));
	uint32_t insert = node(p, begin, frame_in(p, "sqlite3BtreeInsert", "/lib/sqlite"));
	uint32_t outer = node(p, insert, frame_in(p, "malloc", "/lib/libc.so.6"));
	uint32_t inner = node(p, outer, frame_in(p, "_int_malloc", "/lib/libc.so.6"));
	uint32_t cut = node(p, NO_NODE, frame_in(p, "[truncated]", "-"));
	uint32_t alone = node(p, node(p, cut, frame_in(p, "calloc", "/lib/libc.so.6")),
			      frame_in(p, "_int_malloc", "/lib/libc.so.6"));
	g_autoptr(GArray) f = NULL;

	(void)state;
	g_array_index(p->frames, struct profile_frame, 4).synthetic = true;
	entry(p, node(p, inner, frame_in(p, "do_anonymous_page", "[kernel]")), 60, 60);
	entry(p, node(p, insert, frame_in(p, "__x64_sys_mremap", "[kernel]")), 20, 20);
	entry(p, insert, 1, 1);
	entry(p, alone, 5, 5);
	fold(p, "# a comment\n\nmine /lib/sq* nothing\n", false);
	f = functions_of(p, SAMPLE_TYPE_LIVE_PEAK);
	assert_int_equal(find(f, "sqlite3BtreeInsert")->self[SAMPLE_TYPE_LIVE_PEAK], 81);
	assert_int_equal(find(f, "sqlite3BtreeInsert")->count, 3);
	assert_string_equal(find(f, "sqlite3BtreeInsert")->via, "malloc");
	assert_int_equal(find(f, "malloc")->self[SAMPLE_TYPE_LIVE_PEAK], 0);
	assert_int_equal(find(f, "malloc")->total[SAMPLE_TYPE_LIVE_PEAK], 60);
	/* The stack is truncated above calloc, so the caller is not known. */
	assert_int_equal(find(f, "calloc")->self[SAMPLE_TYPE_LIVE_PEAK], 5);
	g_array_unref(f);
	/* A user's own rules come first. */
	fold(p, "! * malloc\ninsert sqlite sqlite3*\n", false);
	f = functions_of(p, SAMPLE_TYPE_LIVE_PEAK);
	assert_int_equal(find(f, "malloc")->self[SAMPLE_TYPE_LIVE_PEAK], 60);
	g_array_unref(f);
	fold(p, "", true);
	f = functions_of(p, SAMPLE_TYPE_LIVE_PEAK);
	assert_int_equal(find(f, "do_anonymous_page")->self[SAMPLE_TYPE_LIVE_PEAK], 60);
	assert_int_equal(find(f, "_int_malloc")->self[SAMPLE_TYPE_LIVE_PEAK], 5);
	profile_free(p);
}

/* A function without a name that an allocator calls is a part of it, whoever else calls it. One
 * that an interpreter calls is not: it owns its memory, and the interpreter is its caller. */
static void nameless_parts_of_an_allocator(void **state)
{
	struct profile *p = profile_new();
	const char *php = "/usr/bin/php8.2";
	uint32_t begin = node(p, NO_NODE, frame_in(p, "_start", php));
	uint32_t loop = node(p, begin, frame_in(p, "execute_ex", php));
	uint32_t builtin = node(p, loop, frame_in(p, "[php8.2+0x267b90]", php));
	uint32_t outer = node(p, builtin, frame_in(p, "_safe_emalloc", php));
	uint32_t part = node(p, outer, frame_in(p, "[php8.2+0x2d4ff0]", php));
	uint32_t named = node(p, loop, frame_in(p, "php_explode", php));
	uint32_t hash = node(p, named, frame_in(p, "zend_hash_real_init_packed", php));
	uint32_t handler = node(p, loop, frame_in(p, "[php8.2+0x32c870]", php));
	g_autoptr(GArray) f = NULL;

	(void)state;
	entry(p, node(p, part, frame_in(p, "[php8.2+0x2d5000]", php)), 100, 100);
	entry(p, node(p, handler, frame_in(p, "[php8.2+0x2d4ff0]", php)), 7, 7);
	entry(p, node(p, hash, frame_in(p, "[php8.2+0x2d4ff0]", php)), 40, 40);
	fold(p, "", false);
	f = functions_of(p, SAMPLE_TYPE_GROWN);
	assert_int_equal(find(f, "[php8.2+0x267b90]")->self[SAMPLE_TYPE_GROWN], 100);
	assert_string_equal(find(f, "[php8.2+0x267b90]")->via, "emalloc");
	assert_string_equal(find(f, "[php8.2+0x267b90]")->caller, "execute_ex");
	assert_int_equal(find(f, "[php8.2+0x32c870]")->self[SAMPLE_TYPE_GROWN], 7);
	assert_int_equal(find(f, "php_explode")->self[SAMPLE_TYPE_GROWN], 40);
	assert_string_equal(find(f, "php_explode")->via, "hash");
	assert_string_equal(find(f, "php_explode")->caller, "execute_ex");
	profile_free(p);
}

static void no_rules(void **state)
{
	struct frame_rules *r = frame_rules_new();

	(void)state;
	assert_int_equal(frame_rules_add(r, "a b c\nmalloc libc\n"), 2);
	assert_int_equal(frame_rules_add(r, "\n\n \nmalloc\n"), 4);
	assert_int_equal(frame_rules_add(r, "x y \xff\n"), 1);
	assert_int_equal(frame_rules_add(r, "x * operator new(unsigned long)"), 0);
	frame_rules_free(r);
}

static void titles(void **state)
{
	static const struct {
		const char *name, *file;
		int line;
		const char *want;
	} cases[] = {
		{ "py::Tree.grow:/src/a.py", NULL, 7, "a.py:7 Tree.grow" },
		{ "py::f:a.py", "/other", 0, "a.py f" },
		{ "py::f.<locals>.g.<locals>.<listcomp>:/a.py", NULL, 4, "a.py:4 f.g.<listcomp>" },
		{ "py::odd", NULL, 3, "py::odd" },
		{ "fill", "/src/prog.cpp", 9, "prog.cpp:9 fill" },
		{ "malloc", NULL, 0, "malloc" },
	};

	(void)state;
	for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autofree char *title =
			function_title(cases[i].name, cases[i].file, cases[i].line);

		assert_string_equal(title, cases[i].want);
	}
}

static void sums(const struct timeline *t, uint64_t *in, uint64_t *out)
{
	g_autoptr(GArray) ticks = timeline_ticks(t);

	*in = *out = 0;
	for (unsigned i = 0; i < ticks->len; i++) {
		const struct tick *tick = &g_array_index(ticks, struct tick, i);

		assert_true(tick->slot < TIMELINE_SLOTS);
		if (i) {
			const struct tick *before = tick - 1;

			assert_true(before->slot < tick->slot ||
				    (before->slot == tick->slot &&
				     before->aggregate < tick->aggregate));
		}
		*in += tick->in;
		*out += tick->out;
	}
}

/* Over any duration nothing gets lost, and each slot is at its time. */
static void slots_keep_their_time(void **state)
{
	struct timeline *t = timeline_new();
	const uint64_t begin = 5000000000, ms = 1000000;
	uint64_t in, out, slot;

	(void)state;
	timeline_add(t, begin, 3, 10, 0);
	timeline_add(t, begin + ms / 2, 3, 1, 0);
	assert_int_equal(t->ticks->len, 1);
	timeline_add(t, begin - ms, 3, 1, 0); /* it started late */
	for (uint64_t i = 0; i < 100000; i++)
		timeline_add(t, begin + i * ms, i % 5, 2, i % 2);
	sums(t, &in, &out);
	assert_int_equal(in, 12 + 200000);
	assert_int_equal(out, 50000);
	slot = 99999 * ms / t->slot_ns;
	assert_in_range(slot, TIMELINE_SLOTS / 2 - 1, TIMELINE_SLOTS - 1);
	timeline_free(t);
}

/* Many aggregates at once: the time resolution drops before memory runs out. */
static void many_aggregates_take_bounded_memory(void **state)
{
	struct timeline *t = timeline_new();
	uint64_t in, out;

	(void)state;
	for (uint64_t i = 0; i < 2000000; i++)
		timeline_add(t, 1 + i * 200, i % 100000, 1, 1);
	assert_true(t->ticks->len <= TIMELINE_TICKS);
	sums(t, &in, &out);
	assert_int_equal(in, 2000000);
	assert_int_equal(out, 2000000);
	timeline_free(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(functions_have_self_and_total),
		cmocka_unit_test(callers),
		cmocka_unit_test(callers_in_python_are_python_functions),
		cmocka_unit_test(folded),
		cmocka_unit_test(nameless_parts_of_an_allocator),
		cmocka_unit_test(no_rules),
		cmocka_unit_test(titles),
		cmocka_unit_test(slots_keep_their_time),
		cmocka_unit_test(many_aggregates_take_bounded_memory),
	};

	return cmocka_run_group_tests_name("profile", tests, NULL, NULL);
}
