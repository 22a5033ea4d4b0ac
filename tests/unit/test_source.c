/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Inlined functions and lines, against what addr2line says of the same addresses.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "symbol/module.h"

#define MAPPINGS 400 /* addresses, about, that are looked at */
#define LEAST 250    /* of them have lines */
#define INLINED 100  /* of them have something inlined */

static char *dir;

static int make_dir(void **state)
{
	(void)state;
	dir = g_strdup("/tmp/tare-source-XXXXXX");
	return !mkdtemp(dir);
}

static int remove_dir(void **state)
{
	g_autofree char *command = g_strdup_printf("rm -r '%s'", dir);

	(void)state;
	g_clear_pointer(&dir, g_free);
	return system(command);
}

/* Run it in a shell; what it says. */
static char *output_of(const char *command)
{
	char *out = NULL;
	int status = 0;
	const char *argv[] = { "/bin/sh", "-c", command, NULL };

	assert_true(g_spawn_sync(NULL, (char **)argv, NULL, G_SPAWN_DEFAULT, NULL, NULL, &out, NULL,
				 &status, NULL));
	if (status)
		fail_msg("%s: status %d", command, status);
	return out;
}

/* Addresses, evenly spread over all functions that `nm` lists for the program. */
static GArray *addresses_of(const char *program)
{
	g_autofree char *command = g_strdup_printf("nm -S --defined-only '%s' | "
						   "awk 'NF == 4 && $3 ~ /[tTwW]/' | sort",
						   program);
	g_autofree char *out = output_of(command);
	g_auto(GStrv) lines = g_strsplit(out, "\n", -1);
	GArray *found = g_array_new(FALSE, FALSE, sizeof(uint64_t));
	uint64_t all = 0, passed = 0;

	for (unsigned i = 0; lines[i]; i++)
		if (strchr(lines[i], ' '))
			all += g_ascii_strtoull(strchr(lines[i], ' '), NULL, 16);
	assert_true(all > MAPPINGS);
	for (unsigned i = 0; lines[i]; i++) {
		char *space = strchr(lines[i], ' ');
		uint64_t start = g_ascii_strtoull(lines[i], NULL, 16);
		uint64_t size = space ? g_ascii_strtoull(space, NULL, 16) : 0;

		for (uint64_t at = 0; at < size; at++)
			if (passed++ % (all / MAPPINGS + 1) == 0) {
				uint64_t address = start + at;

				g_array_append_val(found, address);
			}
	}
	return found;
}

/* A line "name file:line" for each level, the innermost first. */
struct told {
	GString *text;
	unsigned levels;
	const char *outer; /* a name, by the symbol table */
};

static const char *base_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static void add_level(void *ctx, const char *function, const char *file, int line)
{
	struct told *t = ctx;

	g_string_append_printf(t->text, "%s %s:%d\n", function ? function : t->outer,
			       file && line ? base_of(file) : "?", line);
	t->levels++;
}

/* Convert addr2line's output, "function\nfile:line (discriminator 1)\n…", to that form. Where it
 * knows no line, addr2line prints the file of the symbol table, which is replaced by "?". */
static GString *as_told(const char *theirs)
{
	g_auto(GStrv) lines = g_strsplit(theirs, "\n", -1);
	GString *text = g_string_new(NULL);

	for (unsigned i = 0; lines[i] && *lines[i] && lines[i + 1]; i += 2) {
		char *end = strstr(lines[i + 1], " (discriminator");
		char *colon;

		if (end)
			*end = '\0';
		colon = strrchr(lines[i + 1], ':');
		assert_non_null(colon);
		*colon = '\0';
		g_string_append_printf(text, "%s %s:%d\n", lines[i],
				       atoi(colon + 1) ? base_of(lines[i + 1]) : "?",
				       atoi(colon + 1));
	}
	return text;
}

/* addr2line's output for the addresses: one text for each address. */
static char **ask_addr2line(const char *program, const GArray *addresses, const char *with)
{
	g_autofree char *list = g_build_filename(dir, "addresses", NULL);
	g_autoptr(GString) text = g_string_new(NULL);
	g_autofree char *command = NULL, *out = NULL;
	GPtrArray *each = g_ptr_array_new();
	char *at;

	for (unsigned i = 0; i < addresses->len; i++)
		g_string_append_printf(text, "0x%" G_GINT64_MODIFIER "x\n",
				       g_array_index(addresses, uint64_t, i));
	assert_true(g_file_set_contents(list, text->str, -1, NULL));
	command = g_strdup_printf("%s -a -i -f -e '%s' <'%s'", with, program, list);
	out = output_of(command);
	for (at = out; at; at = strstr(at, "\n0x")) {
		char *next, *line;

		at += *at == '\n';
		line = strchr(at, '\n') + 1;
		next = strstr(line, "\n0x");
		g_ptr_array_add(each, next ? g_strndup(line, next - line + 1) : g_strdup(line));
	}
	assert_int_equal(each->len, addresses->len);
	g_ptr_array_add(each, NULL);
	return (char **)g_ptr_array_free(each, FALSE);
}

/* Constructors and destructors have two names for one piece of code: C1 and C2, D1 and D2. */
static bool is_alias(const char *symbol, const char *name, size_t len)
{
	unsigned differ = 0;

	if (strlen(symbol) != len)
		return false;
	for (size_t i = 0; i < len; i++)
		differ += symbol[i] != name[i];
	return differ <= 1;
}

/* One level, "name file:line". Where debug information has no linkage name, addr2line takes
 * the symbol at the address: for the outermost, as tare does, and for the innermost too. */
static bool same_level(const char *ours, const char *theirs, const char *symbol)
{
	const char *our_place = strrchr(ours, ' '), *their_place = strrchr(theirs, ' ');

	if (!strcmp(ours, theirs))
		return true;
	return symbol && our_place && their_place && !strcmp(our_place, their_place) &&
	       !g_str_has_prefix(ours, "_Z") && !g_str_has_prefix(ours, "_R") &&
	       is_alias(symbol, theirs, their_place - theirs);
}

static bool same(const char *ours, const char *theirs, const char *symbol)
{
	g_auto(GStrv) our = g_strsplit(ours, "\n", -1), their = g_strsplit(theirs, "\n", -1);
	unsigned n = g_strv_length(our) - 1;

	if (n != g_strv_length(their) - 1)
		return false;
	for (unsigned i = 0; i < n; i++)
		if (!same_level(our[i], their[i], i == 0 || i == n - 1 ? symbol : NULL))
			return false;
	return true;
}

/* Compare name, file and line of every level of every address with addr2line's. */
static void compare(const char *program, const char *with)
{
	g_autoptr(GArray) addresses = addresses_of(program);
	g_auto(GStrv) theirs = ask_addr2line(program, addresses, with);
	struct modules *ms = modules_new();
	struct module *m = modules_open(ms, &(struct module_source){ .file = 1, .path = program });
	unsigned inlined = 0, lined = 0, differ = 0;

	assert_non_null(m);
	for (unsigned i = 0; i < addresses->len; i++) {
		uint64_t address = g_array_index(addresses, uint64_t, i), offset;
		g_autoptr(GString) ours = g_string_new(NULL), they = as_told(theirs[i]);
		struct told told = { ours, 0, module_symbol(m, address, &offset) };

		module_lines(m, address, true, add_level, &told);
		if (!told.levels)
			add_level(&told, NULL, NULL, 0);
		inlined += told.levels > 1;
		lined += !strstr(ours->str, " ?:0");
		if (!same(ours->str, they->str, told.outer)) {
			print_message("# 0x%lx\n# ours:\n%s# addr2line's:\n%s", (long)address,
				      ours->str, they->str);
			differ++;
		}
	}
	print_message("# %u addresses, %u with lines, %u with inlined functions\n", addresses->len,
		      lined, inlined);
	assert_int_equal(differ, 0);
	assert_true(lined >= LEAST);
	assert_true(inlined >= INLINED);
	modules_free(ms);
}

static char *build(const char *with, const char *source)
{
	char *program = g_strdup_printf("%s/program", dir);
	g_autofree char *command =
		g_strdup_printf("%s -o '%s' tests/programs/%s 2>&1", with, program, source);

	g_free(output_of(command));
	return program;
}

static void cxx(void **state)
{
	/* Version 2.40 of binutils finds nothing inlined in what clang 14 makes. */
	static const char *const with[][2] = {
		{ "g++ -O2 -g", "addr2line" },
		{ "g++ -O3 -gdwarf-4", "addr2line" },
		{ "g++ -O2 -g -fno-pie -no-pie -gz", "addr2line" },
		{ "clang++ -O2 -g", "llvm-addr2line" },
		{ "clang++ -O2 -g -gdwarf-4", "llvm-addr2line" },
	};

	(void)state;
	for (unsigned i = 0; i < G_N_ELEMENTS(with); i++) {
		g_autofree char *program = build(with[i][0], "inlined.cc");

		print_message("# %s\n", with[i][0]);
		compare(program, with[i][1]);
	}
}

static void rust(void **state)
{
	g_autofree char *found = g_find_program_in_path("rustc"), *program = NULL;

	(void)state;
	if (!found) {
		print_message("# no rustc here\n");
		skip();
	}
	program = build("rustc -g -C opt-level=2", "inlined.rs");
	compare(program, "addr2line");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cxx),
		cmocka_unit_test(rust),
	};

	return cmocka_run_group_tests_name("source", tests, make_dir, remove_dir);
}
