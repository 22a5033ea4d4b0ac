/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The number of program files and code maps kept is bounded, however many come and go.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "symbol/jits.h"
#include "symbol/module.h"
#include "symbol/naming.h"
#include "symbol/stacks.h"
#include "tests/unit/files.h"

#define FILES 100
#define OPEN 32 /* an eighth of the limit of open files */

static char *copy_of_true(const char *dir, unsigned i)
{
	char *path = g_strdup_printf("%s/%u", dir, i);
	g_autofree char *bytes = NULL;
	gsize size;

	assert_true(g_file_get_contents("/bin/true", &bytes, &size, NULL));
	assert_true(g_file_set_contents(path, bytes, (gssize)size, NULL));
	return path;
}

static bool has_id(struct modules *m, uint32_t file)
{
	const struct module *module = modules_get(m, file);

	return module && *module_build_id(module);
}

/* More program files than may be open at once: each can be read when it is needed. */
static void number_of_open_files_is_bounded(void **state)
{
	struct rlimit old, few = { OPEN * 8, OPEN * 8 };
	g_autofree char *dir = new_folder();
	char *path[FILES];
	struct modules *m;

	(void)state;
	getrlimit(RLIMIT_NOFILE, &old);
	few.rlim_max = old.rlim_max;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
	m = modules_new();
	for (uint32_t i = 0; i < FILES; i++) {
		struct module_source source = { .file = i, .pid = getpid() };

		path[i] = copy_of_true(dir, i);
		source.path = path[i];
		assert_non_null(modules_open(m, &source));
		assert_true(modules_count(m) <= OPEN);
	}
	for (int round = 0; round < 2; round++)
		for (uint32_t i = 0; i < FILES; i++)
			assert_true(has_id(m, i));
	/* Its name belongs to another file now, or to none. */
	unlink(path[0]);
	g_free(copy_of_true(dir, 1));
	assert_null(modules_get(m, 0));
	assert_null(modules_get(m, 1));
	assert_true(has_id(m, 2));
	modules_drop(m, 2);
	assert_null(modules_get(m, 2));
	assert_true(modules_count(m) <= OPEN);
	modules_free(m);
	setrlimit(RLIMIT_NOFILE, &old);
	for (int i = 0; i < FILES; i++)
		g_free(path[i]);
	remove_all(dir);
}

static const char *name_of(const struct jits *j, uint64_t mm)
{
	uint64_t start;

	return jits_name(j, mm, 0x1010, &start);
}

static void run_one(struct jits *j, uint64_t mm)
{
	jits_image(j, mm, getpid(), 0);
	jits_look(j, mm, getpid());
	assert_string_equal(name_of(j, mm), "jitted");
}

/* Names of ended code stay while something needs them; a parent's names stay while its child
 * runs the code. */
static void perf_maps_of_ended_processes_are_kept(void **state)
{
	g_autofree char *map = g_strdup_printf("/tmp/perf-%d.map", getpid());
	struct jits *j = jits_new();
	uint64_t mm = 1;

	(void)state;
	assert_true(g_file_set_contents(map, "1000 100 jitted\n", -1, NULL));
	run_one(j, mm);
	jits_fork(j, 2, 1, getpid());
	jits_gone(j, 1);
	for (mm = 3; mm < 10000 && !jits_crowded(j); mm++) {
		run_one(j, mm);
		jits_gone(j, mm);
		assert_string_equal(name_of(j, mm), "jitted");
	}
	assert_true(mm < 1000);
	jits_forget(j);
	assert_false(jits_crowded(j));
	assert_null(name_of(j, 3));
	assert_string_equal(name_of(j, 2), "jitted");
	jits_gone(j, 2);
	jits_forget(j);
	assert_null(name_of(j, 2));
	unlink(map);
	jits_free(j);
}

/* The record of one end was lost. */
static void perf_maps_of_living_processes_only_are_kept(void **state)
{
	g_autofree char *map = g_strdup_printf("/tmp/perf-%d.map", getpid());
	g_autoptr(GHashTable) alive = g_hash_table_new(g_int64_hash, g_int64_equal);
	uint64_t one = 1;
	struct jits *j = jits_new();

	(void)state;
	assert_true(g_file_set_contents(map, "1000 100 jitted\n", -1, NULL));
	run_one(j, 1);
	run_one(j, 2);
	g_hash_table_add(alive, &one);
	jits_keep(j, alive);
	jits_forget(j);
	assert_string_equal(name_of(j, 1), "jitted");
	assert_null(name_of(j, 2));
	unlink(map);
	jits_free(j);
}

static struct frame frame(uint64_t address)
{
	return (struct frame){ .address = address, .file = 1 };
}

/* The same stack node as frame by frame, whatever stacks came before. */
static void whole_stacks_give_the_same_nodes(void **state)
{
	struct samples *s = samples_new(4096);
	struct stacks *st = stacks_new();

	(void)state;
	for (unsigned i = 0; i < 50000; i++) {
		struct frame f[3] = { frame(i % 20000), frame(i % 7), frame(i % 3) };
		unsigned n = i % 4;
		uint32_t node = NO_NODE;

		for (unsigned k = n; k-- > 0;)
			node = samples_push(s, node, &f[k]);
		assert_int_equal(stacks_push(st, s, f, n), node);
	}
	stacks_forget(st);
	stacks_free(st);
	samples_free(s);
}

static struct profile *named_profile(struct naming *n, struct samples *s, struct modules *m,
				     struct jits *j)
{
	struct profile *p = profile_new();

	g_array_set_size(p->frames, intern_count(s->frames));
	naming_fill(n, p, s, m, j, NAMING_SYMBOLS);
	return p;
}

static const char *path_of(const struct profile *p, uint32_t frame)
{
	return profile_module_path(p, g_array_index(p->frames, struct profile_frame, frame).module);
}

/* Programs that run once each: their names are forgotten with their frames. */
static void places_of_forgotten_frames_are_forgotten(void **state)
{
	struct samples *s = samples_new(4096);
	struct modules *m = modules_new();
	struct jits *j = jits_new();
	struct naming *n = naming_new();
	uint32_t now[100];
	struct profile *p;

	(void)state;
	for (unsigned i = 0; i < 100; i++) {
		g_autofree char *path = g_strdup_printf("/nonexistent/conftest%u", i);
		struct frame f = { .address = 4096, .file = samples_file_named(s, 1, 1 + i, path) };

		samples_push(s, NO_NODE, &f);
		now[i] = i == 70 ? 0 : i == 30 ? 1 : NO_NODE;
	}
	p = named_profile(n, s, m, j);
	assert_string_equal(path_of(p, 70), "/nonexistent/conftest70");
	assert_int_equal(naming_places(n), 100);
	profile_free(p);
	naming_renumber(n, now, 100);
	assert_int_equal(naming_places(n), 2);
	intern_free(s->frames); /* as when samples are collected */
	s->frames = intern_new(sizeof(struct frame));
	for (uint32_t file = 70; file; file = file == 70 ? 30 : 0)
		intern_put(s->frames, &(struct frame){ .address = 4096, .file = file });
	p = named_profile(n, s, m, j);
	assert_string_equal(path_of(p, 0), "/nonexistent/conftest70");
	assert_string_equal(path_of(p, 1), "/nonexistent/conftest30");
	assert_int_equal(naming_places(n), 2);
	profile_free(p);
	naming_free(n);
	jits_free(j);
	modules_free(m);
	samples_free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(number_of_open_files_is_bounded),
		cmocka_unit_test(perf_maps_of_ended_processes_are_kept),
		cmocka_unit_test(perf_maps_of_living_processes_only_are_kept),
		cmocka_unit_test(whole_stacks_give_the_same_nodes),
		cmocka_unit_test(places_of_forgotten_frames_are_forgotten),
	};

	return cmocka_run_group_tests_name("symbol_bounds", tests, NULL, NULL);
}
