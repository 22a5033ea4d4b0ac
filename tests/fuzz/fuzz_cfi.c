/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Any unwinding rules, applied to any registers and stack: rules that loop, are cut, or
 * overflow. A stack always ends within the bound on frames, either complete or with a synthetic
 * frame that says that it was cut.
 */
/* runs: 6000 */
#include <sys/mman.h>

#include "tests/fuzz/elf.h"

#define STARTS 4 /* addresses at which unwinding starts */

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc, (void)argv;
	be_quiet();
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct small_elf elf;
	struct input in = { data, size };
	size_t n = input_number(&in, 2);
	struct modules *ms = modules_new();
	struct unwinder *u = unwinder_new(ms, arch_regs_own());
	int fd = memfd_create("elf", MFD_CLOEXEC);
	struct module *m;

	n = smaller(n, smaller(in.left, RULES_MOST));
	elf_fill(&elf, in.at, n);
	in.at += n;
	in.left -= n;
	m = elf_open(ms, fd, &elf, sizeof(elf));
	must(m);
	for (int i = 0; i < STARTS; i++) {
		struct space *space = elf_space(m);

		space->start_stack = i & 1 ? STACK_AT + 64 : 0;
		elf_unwind(u, space, TEXT + input_number(&in, 2) % TEXT_SIZE,
			   &(struct input){ in.at, in.left });
		space_free(space);
	}
	unwinder_free(u);
	modules_free(ms);
	close(fd);
	return 0;
}
