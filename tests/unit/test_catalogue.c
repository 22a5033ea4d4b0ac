/* SPDX-License-Identifier: GPL-2.0-only
 *
 * bench/catalogue: what is read, what is refused and with which message, and what --only
 * selects.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "bench/catalogue.h"
#include "model/bench.h"
#include "tests/unit/bench_file.h"

/* An entry with all required keys, followed by `more`. Its { is on a line of its own. */
#define ENTRY(id, more)                                                                       \
	"{\n\"id\": \"" id "\", \"title\": \"T {\\\" \\\\\", \"language\": \"C\","            \
	" \"family\": \"sleep\", \"task\": \"one\", \"root\": \"bookworm\", \"build\": null," \
	" \"run\": [\"{out}/x\", \"{n}\"], \"version\": \"true\", \"needs\": [],"             \
	" \"packages\": [], \"max\": 1000, \"limits\": null, \"stackful\": false,"            \
	" \"after\": true" more "\n}"
#define FILE_OF(workloads) \
	"{\"schema\": \"tare.workloads/1\",\n\"workloads\": [\n" workloads "\n]}\n"

static void write_catalogue(const char *text)
{
	FILE *f = fopen(file, "w");

	assert_true(f && fputs(text, f) >= 0 && !fclose(f));
}

/* Refused with -EINVAL; the message has FILE:LINE: and the reason. */
static void assert_refused(const char *text, int line, const char *why)
{
	g_autofree char *where = g_strdup_printf("%s:%d: ", file, line);
	struct catalogue *c = NULL;

	write_catalogue(text);
	if (catalogue_load(&c, file) != -EINVAL)
		fail_said(text);
	assert_null(c);
	assert_said(where, why);
}

/* A valid entry of which one piece is replaced. It is the second in the file, on line 6. */
static void entry_refused(const char *from, const char *to, const char *why)
{
	g_autoptr(GString) text = g_string_new(FILE_OF(ENTRY("first", "") ",\n" ENTRY("x", "@")));
	char *second = strstr(text->str, "\"id\": \"x\"");
	g_autoptr(GString) tail = g_string_new(second);

	if (!g_string_replace(tail, from, to, 1))
		fail_msg("not in the entry: %s", from);
	g_string_replace(tail, "@", "", 0);
	g_string_truncate(text, second - text->str);
	g_string_append(text, tail->str);
	assert_refused(text->str, 6, why);
}

static struct catalogue *load_text(const char *text)
{
	struct catalogue *c = NULL;

	write_catalogue(text);
	if (catalogue_load(&c, file))
		fail_said("not loaded");
	return c;
}

#define FIRST ENTRY("a", ", \"folder\": \"other\", \"env\": {\"A\": \"1\", \"B\": \"x y\"}")
#define SECOND ENTRY("b", ", \"npm\": [\"p\"]")

static void valid_catalogue_is_read(void **state)
{
	struct catalogue *c =
		load_text("{\"schema\": \"tare.workloads/1\", \"workloads\": [" FIRST ", " SECOND
			  "], \"published\": [{\"source\": \"2023\", \"version\": \"v\","
			  " \"workloads\": [\"b\"], \"rss\": {\"1\": 5, \"1000\": 9}}]}");
	struct workload *a = c->workloads->pdata[0], *b = c->workloads->pdata[1];
	struct bench_published *p = b->published->pdata[1];
	g_autofree char *other = g_build_filename(folder, "other", NULL);

	(void)state;
	assert_int_equal(c->workloads->len, 2);
	assert_string_equal(a->id, "a");
	assert_string_equal(a->title, "T {\" \\");
	assert_string_equal(a->source, other);
	assert_string_equal(a->env[0], "A=1");
	assert_string_equal(a->env[1], "B=x y");
	assert_null(a->env[2]);
	assert_string_equal(a->build, "");
	assert_string_equal(a->run[1], "{n}");
	assert_null(a->run[2]);
	assert_null(a->limits);
	assert_int_equal(a->max, 1000);
	assert_true(a->after && !a->stackful);
	assert_int_equal(a->published->len, 0);
	assert_int_equal(b->published->len, 2);
	assert_string_equal(p->source, "2023");
	assert_int_equal(p->tasks, 1000);
	assert_int_equal(p->rss, 9);
	catalogue_free(c);
	catalogue_free(NULL);
	catalogue_free(load_text(FILE_OF("")));
}

static void invalid_entries_are_refused(void **state)
{
	static const struct {
		const char *from, *to, *why;
	} wrong[] = {
		{ "\"title\": \"T {\\\" \\\\\",", "", "title" },
		{ "\"max\": 1000,", "", "max" },
		{ "\"run\"", "\"ran\"", "run" },
		{ "@", ", \"more\": 1", "more" },
		{ "\"C\"", "7", "string" },
		{ "true@", "\"yes\"", "true or false" },
		{ "1000", "\"1000\"", "integer" },
		{ "1000", "0", "max: not a number above 0" },
		{ "1000", "-5", "max" },
		{ "\"x\"", "\"first\"", "another of this name" },
		{ "\"x\"", "\"a/b\"", "id: not a plain name" },
		{ "\"x\"", "\"\"", "id: not a plain name" },
		{ "\"x\"", "\"..\"", "id: not a plain name" },
		{ "@", ", \"folder\": \"..\"", "folder: not a plain name" },
		{ "@", ", \"folder\": \"/etc\"", "folder: not a plain name" },
		{ "@", ", \"folder\": \"a/../../b\"", "folder: not a plain name" },
		{ "@", ", \"folder\": 5", "string" },
		{ "@", ", \"env\": {\"A\": 1}", "env: not an object of texts" },
		{ "@", ", \"env\": [\"A=1\"]", "env: not an object of texts" },
		{ "@", ", \"npm\": \"p\"", "npm: not a list of texts" },
		{ "\"sleep\"", "\"nap\"", "family: not sleep, connect, touch or channel" },
		{ "\"bookworm\"", "\"trixie\"", "root: not bookworm or sid" },
		{ "@", ", \"twin\": \"none\"", "twin: names no workload of this file" },
		{ "@", ", \"twin\": 5", "string" },
		{ "@", ", \"get\": 5", "string" },
		{ "@", ", \"silent\": 5", "true or false" },
		{ "[\"{out}/x\", \"{n}\"]", "[]", "run: names no program" },
		{ "[\"{out}/x\", \"{n}\"]", "[\"\"]", "run: names no program" },
		{ "[\"{out}/x\", \"{n}\"]", "\"{out}/x {n}\"", "run: not a list of texts" },
		{ "[\"{out}/x\", \"{n}\"]", "[\"x\", 5]", "run: not a list of texts" },
		{ "\"needs\": []", "\"needs\": \"gcc\"", "needs: not a list of texts" },
		{ "\"packages\": []", "\"packages\": [null]", "packages: not a list of texts" },
		{ "\"build\": null", "\"build\": 5", "build: not a text or null" },
		{ "\"limits\": null", "\"limits\": []", "limits: not a text or null" },
	};

	(void)state;
	for (unsigned i = 0; i < G_N_ELEMENTS(wrong); i++)
		entry_refused(wrong[i].from, wrong[i].to, wrong[i].why);
	assert_refused(FILE_OF(ENTRY("a", "") ",\n\"b\""), 6, "object");
}

static void invalid_published_figures_are_refused(void **state)
{
	static const struct {
		const char *text, *why;
	} wrong[] = {
		{ "\"version\": \"v\", \"workloads\": [\"no\"], \"rss\": {\"1\": 5}",
		  "names no workload of this file" },
		{ "\"version\": \"v\", \"workloads\": [\"a\"]", "rss" },
		{ "\"workloads\": [\"a\"], \"rss\": {\"1\": 5}", "version" },
		{ "\"version\": \"v\", \"workloads\": \"a\", \"rss\": {\"1\": 5}", "workloads" },
		{ "\"version\": \"v\", \"workloads\": [7], \"rss\": {\"1\": 5}", "workloads" },
		{ "\"version\": \"v\", \"workloads\": [\"a\"], \"rss\": {\"1k\": 5}", "rss" },
		{ "\"version\": \"v\", \"workloads\": [\"a\"], \"rss\": {\"1\": -5}", "rss" },
		{ "\"version\": \"v\", \"workloads\": [\"a\"], \"rss\": {\"1\": \"5\"}", "rss" },
		{ "\"version\": \"v\", \"workloads\": [\"a\"], \"rss\": {\"1\": 9007199254740993}",
		  "rss" },
		{ "\"version\": \"v\", \"workloads\": [\"a\"], \"rss\": [5]", "rss" },
	};

	(void)state;
	for (unsigned i = 0; i < G_N_ELEMENTS(wrong); i++) {
		/* Placed before "workloads", since the names of that array occur in it too. */
		g_autofree char *text = g_strdup_printf(
			"{\"schema\": \"tare.workloads/1\",\n\"published\": [\n{\"source\": \"s\","
			" \"version\": \"v\", \"workloads\": [], \"rss\": {}},\n\n"
			"{\"source\": \"s\","
			" %s}],\n\"workloads\": [" ENTRY("a", "") "]}",
			wrong[i].text);

		assert_refused(text, 5, wrong[i].why);
	}
	assert_refused(
		"{\"schema\": \"tare.workloads/1\",\n\"published\": [{\"source\": \"{\","
		" \"version\": \"v\", \"workloads\": [], \"rss\": {}}],\n\"workloads\": [\n" ENTRY(
			"a", "") ",\n" ENTRY("a", "") "]}",
		7, "another of this name");
}

static void files_that_are_no_catalogue_are_refused(void **state)
{
	g_autofree char *large = g_strnfill(20 << 20, ' '), *deep = g_strnfill(100000, '[');
	struct catalogue *c = NULL;

	(void)state;
	assert_refused("", 1, "");
	assert_refused("{}", 1, "not a catalogue of workloads");
	assert_refused("[]", 1, "not a catalogue of workloads");
	assert_refused("{\"schema\": \"tare.workloads/2\", \"workloads\": []}", 1,
		       "tare.workloads/1");
	assert_refused("{\"schema\": \"tare.workloads/1\"}", 1, "workloads");
	assert_refused("{\"schema\": \"tare.workloads/1\", \"workloads\": {}}", 1, "workloads");
	assert_refused("{\"schema\": \"tare.workloads/1\", \"workloads\": [], \"published\": 5}", 1,
		       "");
	assert_refused("{\"schema\": \"tare.workloads/1\",\n\"workloads\": [\n{\"id\" \"x\"}]}", 3,
		       "");
	assert_refused(FILE_OF(ENTRY("a", ", \"max\": 5")), 4, "duplicate");
	assert_refused("\xff\xfe\n", 1, "");
	assert_refused(deep, 1, "depth");
	write_catalogue(large);
	assert_int_equal(catalogue_load(&c, file), -EINVAL);
	assert_said(file, "too large");
	g_unlink(file);
	assert_int_equal(catalogue_load(&c, file), -ENOENT);
	assert_said(file, "No such file");
	assert_int_equal(catalogue_load(&c, folder), -EINVAL);
	assert_said(folder, "not a file");
	assert_int_equal(catalogue_load(&c, "/dev/zero"), -EINVAL);
	assert_said("/dev/zero", "not a file");
	assert_null(c);
}

/* The selected ids, separated by spaces. */
static void assert_chosen(const struct catalogue *c, const char *list, const char *ids)
{
	GPtrArray *some = catalogue_select(c, list);
	GString *text;

	if (!some) {
		fail_said(list);
		return;
	}
	text = g_string_new(NULL);
	for (unsigned i = 0; i < some->len; i++)
		g_string_append_printf(text, "%s%s", i ? " " : "",
				       ((struct workload *)some->pdata[i])->id);
	assert_string_equal(text->str, ids);
	g_string_free(text, TRUE);
	g_ptr_array_unref(some);
}

static void ids_are_selected(void **state)
{
	struct catalogue *c = load_text(FILE_OF(ENTRY("go", "") ", " ENTRY(
		"go-connect", "") ", " ENTRY("py-trio", "") ", " ENTRY("py-asyncio", "")));
	struct workload *w = c->workloads->pdata[2];

	(void)state;
	g_free(w->language);
	w->language = g_strdup("Python");
	g_free(w->family);
	w->family = g_strdup("connect");
	assert_chosen(c, NULL, "go go-connect py-trio py-asyncio");
	assert_chosen(c, "go", "go");
	assert_chosen(c, "go*", "go go-connect");
	assert_chosen(c, "py-*,go", "go py-trio py-asyncio"); /* the catalogue's order, each once */
	assert_chosen(c, "go,go*,go", "go go-connect");
	assert_chosen(c, "py-tri?", "py-trio");
	assert_chosen(c, "python", "py-trio");
	assert_chosen(c, "connect", "py-trio");
	/* A word that is an id selects only that id, though it may be a language too. */
	g_free(w->language);
	w->language = g_strdup("Go");
	assert_chosen(c, "go", "go");
	assert_chosen(c, "Go", "py-trio");
	assert_chosen(c, "bookworm", "go go-connect py-trio py-asyncio");
	assert_null(catalogue_select(c, "py-asynci"));
	assert_said("py-asynci: no workload", "--only py-asyncio");
	assert_null(catalogue_select(c, "go,zzzzzzzz"));
	assert_said("zzzzzzzz: no workload", "--list");
	assert_null(catalogue_select(c, ""));
	assert_said("no workload", "--list");
	assert_null(catalogue_select(c, "go,"));
	assert_said("no workload", "--list");
	catalogue_free(c);
}

static void assert_filled(const char *text, const char *expected)
{
	const char *values[] = { "n", "1000", "out", "/tmp/o", "peer", "", NULL };
	g_autofree char *got = catalogue_fill(text, values);

	assert_string_equal(got, expected);
}

static void placeholders_are_filled(void **state)
{
	(void)state;
	assert_filled("", "");
	assert_filled("plain", "plain");
	assert_filled("{n}", "1000");
	assert_filled("{out}/x-{n}-{n}", "/tmp/o/x-1000-1000");
	assert_filled("a{peer}b", "ab");
	assert_filled("{seconds} {} { {n ${N} {{n}}", "{seconds} {} { {n ${N} {1000}");
}

static void shipped_catalogue_is_valid(void **state)
{
	struct catalogue *c = NULL;

	(void)state;
	if (catalogue_load(&c, "tools/workloads/catalogue.json"))
		fail_said("tools/workloads/catalogue.json");
	assert_true(c->workloads->len > 40);
	for (unsigned i = 0; i < c->workloads->len; i++) {
		const struct workload *w = c->workloads->pdata[i];
		bool n = false;

		for (char **arg = w->run; *arg; arg++)
			n |= strstr(*arg, "{n}") != NULL;
		if (!n || !g_file_test(w->source, G_FILE_TEST_IS_DIR))
			fail_msg("%s: no {n}, or no folder %s", w->id, w->source);
	}
	assert_chosen(c, "c-pthread", "c-pthread");
	catalogue_free(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(valid_catalogue_is_read),
		cmocka_unit_test(invalid_entries_are_refused),
		cmocka_unit_test(invalid_published_figures_are_refused),
		cmocka_unit_test(files_that_are_no_catalogue_are_refused),
		cmocka_unit_test(ids_are_selected),
		cmocka_unit_test(placeholders_are_filled),
		cmocka_unit_test(shipped_catalogue_is_valid),
	};

	return cmocka_run_group_tests_name("catalogue", tests, setup, teardown);
}
