/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Any bytes in the place of a program file: segments, symbols, lines and unwinding rules.
 * libelf and libdw are not instrumented, but a sanitizer sees what they do to tare's memory.
 */
/* runs: 9000 */
#include <sys/mman.h>

#include "symbol/naming.h"
#include "symbol/python.h"
#include "tests/fuzz/elf.h"

#define PLACES 8

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc, (void)argv;
	be_quiet();
	return 0;
}

static void on_line(void *ctx, const char *function, const char *file, int line)
{
	(void)ctx, (void)line;
	must(!function || strlen(function) < 1 << 20);
	must(!file || strlen(file) < 1 << 20);
}

static void look_at(struct modules *ms, struct module *m)
{
	struct unwinder *u = unwinder_new(ms, arch_regs_own());
	struct space *space = elf_space(m);
	struct python *p = python_new();
	struct tare_python_file found;
	const struct segment *seg;
	unsigned n;

	seg = module_segments(m, &n);
	for (unsigned i = 0; i < n; i++)
		for (uint64_t at = 0; at < PLACES; at++) {
			uint64_t address = seg[i].address + at * seg[i].size / PLACES, offset;
			const char *name = module_symbol(m, address, &offset);
			struct input none = { (const uint8_t *)"", 0 };

			g_free(name ? naming_demangle(name) : NULL);
			module_function(m, address);
			module_in_init(m, address);
			module_lines(m, address, at & 1, on_line, NULL);
			elf_unwind(u, space, address, &none);
		}
	must(strlen(module_build_id(m)) <= 64);
	python_module(p, 1, "/usr/bin/python3.11", m, &found);
	python_free(p);
	space_free(space);
	unwinder_free(u);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct modules *ms = modules_new();
	int fd = memfd_create("elf", MFD_CLOEXEC);
	struct module *m = elf_open(ms, fd, data, size);

	if (m)
		look_at(ms, m);
	modules_free(ms);
	close(fd);
	return 0;
}
