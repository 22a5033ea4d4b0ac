/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Hostile program files: whatever one contains, and however it changes meanwhile, a reader
 * finds correct data or nothing.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <elf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "symbol/naming.h"
#include "symbol/unwind.h"
#include "tests/unit/files.h"
#include "tests/unit/segments.h"

#define PLACES_MOST 400 /* addresses looked up per segment */

struct found {
	unsigned names, lines, rules;
};

static void on_line(void *ctx, const char *function, const char *file, int line)
{
	struct found *f = ctx;

	f->lines += line > 0 && (function || file);
}

static void look_at_one(struct unwinder *u, const struct space *space, struct module *m,
			uint64_t address, struct found *f)
{
	static const uint64_t stack[64];
	struct tare_sample sample = { .stack = sizeof(stack) };
	uint64_t offset;
	const char *name = module_symbol(m, address, &offset);
	g_autofree char *plain = name ? naming_demangle(name) : NULL;

	sample.regs[ARCH_REG_FP] = sample.regs[ARCH_REG_SP] = 0x7fff0000;
	sample.regs[ARCH_REG_PC] = address;
	unwind_sample(u, space, &sample, stack);
	f->names += !!plain;
	module_function(m, address);
	module_in_init(m, address);
	module_lines(m, address, true, on_line, f);
}

static struct found look_at(struct modules *ms, struct module *m)
{
	struct unwinder *u = unwinder_new(ms, arch_regs_own());
	struct space *space = space_new(1);
	const struct segment *seg;
	struct found f = { 0 };
	unsigned n;

	seg = module_segments(m, &n);
	map_segments(space, m);
	for (unsigned i = 0; i < n; i++) {
		uint64_t size = MIN(seg[i].size, 1 << 24), step = size / PLACES_MOST + 1;

		for (uint64_t at = 0; at < size; at += step)
			look_at_one(u, space, m, seg[i].address + at, &f);
	}
	f.rules = unwinder_rules(u);
	space_free(space);
	unwinder_free(u);
	return f;
}

static struct found look_at_file(const char *path)
{
	struct modules *ms = modules_new();
	struct module_source source = { .file = 1, .path = path };
	struct module *m = modules_open(ms, &source);
	struct found f = { 0 };

	if (m)
		f = look_at(ms, m);
	modules_free(ms);
	return f;
}

/* Random changes of bytes: near the front, where the headers are, anywhere, or all in one place.
 * Some files are cut as well. */
static void mutate(const char *whole, size_t size, int rounds)
{
	unsigned seed = getenv("SEED") ? atoi(getenv("SEED")) : 4;

	print_message("# SEED=%u\n", seed);
	srandom(seed);
	for (int round = 0; round < rounds; round++) {
		g_autofree char *copy = g_memdup2(whole, size), *path = NULL;
		size_t cut = round % 5 ? size : random() % size, from = random() % size;

		for (int k = 0; k < 1 + round % 60; k++) {
			size_t at[] = { random() % 1024, random(), from + random() % 4096 };

			copy[at[round % 3] % size] = (char)random();
		}
		path = write_file(copy, cut);
		look_at_file(path);
		unlink(path);
	}
}

static void any_program_file_is_harmless(void **state)
{
	g_autofree char *whole = NULL;
	struct found f = look_at_file("/bin/true");
	gsize size;

	(void)state;
	assert_true(f.rules > 100);
	assert_true(g_file_get_contents("/bin/true", &whole, &size, NULL));
	mutate(whole, size, 200);
}

/* This test's own file: with symbols and debug information. */
static void changed_debug_information_is_harmless(void **state)
{
	g_autofree char *whole = NULL;
	struct found f = look_at_file("/proc/self/exe");
	gsize size;

	(void)state;
	assert_true(f.names > 50);
	assert_true(f.lines > 50);
	assert_true(g_file_get_contents("/proc/self/exe", &whole, &size, NULL));
	mutate(whole, size, 60);
}

/* The file is cut or overwritten between two reads. */
static void file_changed_between_two_reads(void **state)
{
	g_autofree char *whole = NULL, *noise = NULL;
	gsize size;

	(void)state;
	assert_true(g_file_get_contents("/proc/self/exe", &whole, &size, NULL));
	noise = g_malloc(size);
	for (gsize i = 0; i < size; i++)
		noise[i] = (char)random();
	for (int way = 0; way < 4; way++) {
		g_autofree char *path = write_file(whole, size);
		struct modules *ms = modules_new();
		struct module_source source = { .file = 1, .path = path };
		struct module *m = modules_open(ms, &source);
		FILE *f = fopen(path, "r+");

		assert_non_null(m);
		assert_non_null(f);
		if (way & 1)
			look_at(ms, m);
		if (way & 2)
			assert_int_equal(fwrite(noise, 1, size, f), size);
		else
			assert_int_equal(ftruncate(fileno(f), 0), 0);
		fclose(f);
		look_at(ms, m);
		modules_free(ms);
		unlink(path);
	}
}

/* Opening a device may have effects. A pipe stands for a device here, also behind a link. */
static void no_device_is_opened(void **state)
{
	g_autofree char *folder = new_folder();
	g_autofree char *pipe = g_build_filename(folder, "pipe", NULL);
	g_autofree char *link = g_build_filename(folder, "link", NULL);
	struct modules *ms = modules_new();
	struct module_source source = { .file = 1, .path = pipe, .pid = getpid() };
	int watch = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	char event[512];

	(void)state;
	assert_int_equal(mkfifo(pipe, 0600), 0);
	assert_int_equal(symlink("pipe", link), 0);
	assert_true(inotify_add_watch(watch, pipe, IN_OPEN) >= 0);
	assert_null(modules_open(ms, &source));
	source = (struct module_source){ .file = 2, .path = link };
	assert_null(modules_open(ms, &source));
	assert_int_equal(read(watch, event, sizeof(event)), -1);
	assert_int_equal(errno, EAGAIN);
	close(watch);
	modules_free(ms);
	remove_all(folder);
}

/* A sparse file that claims a table of any size, or any number of sections. */
static void too_large_tables_are_not_read(void **state)
{
	struct {
		Elf64_Ehdr head;
		Elf64_Phdr segment;
		Elf64_Shdr section[2];
	} elf = {
		.head = { .e_ident = { ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB,
				       EV_CURRENT },
			  .e_type = ET_DYN,
			  .e_machine = EM_X86_64,
			  .e_version = EV_CURRENT,
			  .e_phoff = offsetof(typeof(elf), segment),
			  .e_shoff = offsetof(typeof(elf), section),
			  .e_ehsize = sizeof(Elf64_Ehdr),
			  .e_phentsize = sizeof(Elf64_Phdr),
			  .e_phnum = 1,
			  .e_shentsize = sizeof(Elf64_Shdr),
			  .e_shnum = 2 },
		.segment = { PT_LOAD, PF_R | PF_X, 0, 0, 0, sizeof(elf), sizeof(elf), 4096 },
		.section = { { 0 },
			     { .sh_type = SHT_SYMTAB, .sh_offset = 4096, .sh_entsize = 24 } },
	};
	struct module_source source = { 0 };

	(void)state;
	for (int i = 0; i < 4; i++) {
		struct modules *ms = modules_new();
		g_autofree char *path = NULL;

		elf.section[1].sh_size = i == 1 ? 6ULL << 30 : 24;
		elf.head.e_shnum = i == 2 ? 0 : 2;
		elf.section[0].sh_size = i == 2 ? 1 << 24 : 0;
		elf.segment.p_type = i == 3 ? PT_GNU_EH_FRAME : PT_LOAD;
		elf.segment.p_filesz = i == 3 ? 6ULL << 30 : sizeof(elf);
		source.path = path = write_file(&elf, sizeof(elf));
		source.file = 1;
		assert_int_equal(truncate(path, 7LL << 30), 0);
		if (i)
			assert_null(modules_open(ms, &source));
		else
			assert_non_null(modules_open(ms, &source));
		unlink(path);
		modules_free(ms);
	}
}

/* The kernel uses the first of several interpreters; so does tare. */
static void first_of_several_interpreters(void **state)
{
	struct {
		Elf64_Ehdr head;
		Elf64_Phdr segment[2];
		char name[2][16];
	} elf = {
		.head = { .e_ident = { ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB,
				       EV_CURRENT },
			  .e_type = ET_DYN,
			  .e_machine = EM_X86_64,
			  .e_version = EV_CURRENT,
			  .e_phoff = sizeof(Elf64_Ehdr),
			  .e_ehsize = sizeof(Elf64_Ehdr),
			  .e_phentsize = sizeof(Elf64_Phdr),
			  .e_phnum = 2 },
		.name = { "/lib/ld.so", "/dev/watchdog" },
	};
	g_autofree char *path = NULL;
	struct modules *ms = modules_new();
	struct module_source source = { .file = 1 };
	struct module *m;

	(void)state;
	for (int i = 0; i < 2; i++)
		elf.segment[i] = (Elf64_Phdr){ .p_type = PT_INTERP,
					       .p_offset = (size_t)(elf.name[i] - (char *)&elf),
					       .p_filesz = sizeof(elf.name[i]) };
	source.path = path = write_file(&elf, sizeof(elf));
	m = modules_open(ms, &source);
	assert_non_null(m);
	assert_string_equal(module_interpreter(m), "/lib/ld.so");
	modules_free(ms);
	unlink(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(any_program_file_is_harmless),
		cmocka_unit_test(changed_debug_information_is_harmless),
		cmocka_unit_test(file_changed_between_two_reads),
		cmocka_unit_test(no_device_is_opened),
		cmocka_unit_test(first_of_several_interpreters),
		cmocka_unit_test(too_large_tables_are_not_read),
	};

	return cmocka_run_group_tests_name("symbol_hostile", tests, NULL, NULL);
}
