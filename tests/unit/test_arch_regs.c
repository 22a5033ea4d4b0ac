/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The register tables of bpf/arch/ and symbol/arch_regs_*.c agree with this machine's headers;
 * stacks of other architectures are unwound too.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <elf.h>
#include <seccomp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include "bpf/calls.h"
#include "symbol/unwind.h"

#define NO_CALL 0x7fff /* NR_NONE if the architecture lacks it */
#define STACK 0x7fff0000UL
#define CODE 0x10000UL
#define SIGNED (0x2aUL << 48) /* bits that pointer authentication sets above an address */

/* Looked up by name in libseccomp's tables, also for 32-bit programs. */
static void call_numbers_are_libseccomps(void **state)
{
	static const struct {
		const char *name;
		int nr, nr_32;
	} calls[] = {
		{ "munmap", NR_MUNMAP, NR32_MUNMAP },
		{ "mmap", NR_MMAP, -1 },
		{ "mmap2", -1, NR32_MMAP },
		{ "mremap", NR_MREMAP, NR32_MREMAP },
		{ "brk", NR_BRK, NR32_BRK },
		{ "shmat", NR_SHMAT, NR32_SHMAT },
		{ "shmdt", NR_SHMDT, NR32_SHMDT },
		{ "mprotect", NR_MPROTECT, NR32_MPROTECT },
		{ "madvise", NR_MADVISE, NR32_MADVISE },
		{ "prctl", NR_PRCTL, NR32_PRCTL },
		{ "clone", NR_CLONE, NR32_CLONE },
		{ "clone3", NR_CLONE3, NR32_CLONE3 },
		{ "execve", NR_EXECVE, NR32_EXECVE },
		{ "fork", NR_FORK, NR32_FORK },
		{ "execveat", NR_EXECVEAT, NR32_EXECVEAT },
		{ "vfork", NR_VFORK, NR32_VFORK },
		{ "wait4", NR_WAIT4, NR32_WAIT4 },
		{ "waitid", NR_WAITID, NR32_WAITID },
		{ "waitpid", -1, NR32_WAITPID },
	};

	(void)state;
	assert_int_equal(seccomp_arch_native(), ARCH_AUDIT);
	for (unsigned i = 0; i < G_N_ELEMENTS(calls); i++) {
		uint32_t arch[] = { ARCH_AUDIT, ARCH_AUDIT_32 };
		int nr[] = { calls[i].nr, calls[i].nr_32 };

		for (int k = 0; k < 2; k++) {
			char *name = nr[k] < 0 ? NULL :
						 seccomp_syscall_resolve_num_arch(arch[k], nr[k]);

			if (name)
				assert_string_equal(name, calls[i].name);
			else /* an architecture without this call has NR_NONE */
				assert_true(nr[k] < 0 || nr[k] == NO_CALL);
			free(name);
		}
	}
	assert_true(calls_execve(SYS_execve) && calls_clone(SYS_clone) && calls_map(SYS_mmap) &&
		    calls_wait(SYS_wait4) && calls_wait(SYS_waitid));
	assert_false(calls_execve(SYS_mmap) || calls_clone(SYS_execve) || calls_map(SYS_clone) ||
		     calls_wait(SYS_getdents64));
}

/* libc takes these numbers from the kernel's headers. */
static void uapi_values_are_the_headers(void **state)
{
	(void)state;
	assert_int_equal(UAPI_PROT_EXEC, PROT_EXEC);
	assert_int_equal(UAPI_MAP_ANONYMOUS, MAP_ANONYMOUS);
	assert_int_equal(UAPI_PR_SET_VMA, PR_SET_VMA);
	assert_int_equal(UAPI_PR_SET_VMA_ANON_NAME, PR_SET_VMA_ANON_NAME);
	assert_true(calls_gives_back(MADV_DONTNEED) && calls_gives_back(MADV_REMOVE) &&
		    calls_gives_back(MADV_DONTNEED_LOCKED));
	assert_false(calls_gives_back(MADV_FREE) || calls_gives_back(MADV_WILLNEED));
	assert_true(calls_makes_code(PROT_READ | PROT_EXEC));
	assert_false(calls_makes_code(PROT_READ | PROT_WRITE));
}

/* The architecture of this build has as many words as a sample, and its registers are at the
 * places where the BPF program reads them. */
static void this_build_reads_the_registers_of_a_sample(void **state)
{
	const struct arch_regs *m = arch_regs_own();

	(void)state;
	assert_non_null(m);
	assert_int_equal(m->words, TARE_REGS);
	assert_int_equal(m->word[ARCH_REG_SP], m->sp);
	assert_int_equal(m->word[ARCH_REG_PC], m->pc);
	assert_int_equal(m->word[ARCH_REG_FP], m->fp);
}

/* Each register comes from at most one word, and is one that the unwinder tracks. */
static void each_register_has_a_word_of_its_own(void **state)
{
	static const struct arch_regs *const all[] = { &arch_regs_x86, &arch_regs_arm64,
						       &arch_regs_riscv };

	(void)state;
	for (unsigned i = 0; i < G_N_ELEMENTS(all); i++) {
		uint64_t met = 0;

		assert_in_range(all[i]->regs, 1, ARCH_REGS_MAX);
		for (int k = 0; k < all[i]->words; k++) {
			int reg = all[i]->word[k];

			if (reg == NO_REGISTER)
				continue;
			assert_in_range(reg, 0, all[i]->regs - 1);
			assert_false(met >> reg & 1);
			met |= 1ULL << reg;
		}
		assert_true(met >> all[i]->pc & met >> all[i]->sp & met >> all[i]->fp & 1);
	}
}

static struct space *code_space(void)
{
	struct space *space = space_new(1);
	struct vma code = { .start = CODE,
			    .end = CODE + 0x1000,
			    .file = NO_FILE,
			    .mapping = MAPPING_JIT,
			    .code = true };

	space_set(space, &code);
	return space;
}

static void put_word(const struct arch_regs *m, __u64 *words, int reg, uint64_t value)
{
	for (int i = 0; i < m->words; i++)
		if (m->word[i] == reg)
			words[i] = value;
}

/* Three frames without unwinding rules, up to the end of the frame-pointer chain; on arm64 with
 * signed return addresses. */
static void frame_pointer_chain_reaches_the_end(void **state)
{
	static const struct arch_regs *const all[] = { &arch_regs_x86, &arch_regs_arm64,
						       &arch_regs_riscv };

	(void)state;
	for (unsigned i = 0; i < G_N_ELEMENTS(all); i++) {
		const struct arch_regs *m = all[i];
		uint64_t sign = m == &arch_regs_arm64 ? SIGNED : 0;
		__u64 words[ARCH_WORDS_MAX] = { 0 };
		uint64_t stack[32] = { 0 };
		struct stack_top top = { .words = words, .stack = stack, .size = sizeof(stack) };
		struct modules *modules = modules_new();
		struct unwinder *u = unwinder_new(modules, m);
		struct space *space = code_space();
		struct unwound w;

		put_word(m, words, m->pc, CODE + 0x10);
		put_word(m, words, m->sp, STACK);
		put_word(m, words, m->fp, STACK + 32);
		stack[4 + m->frame_next / 8] = STACK + 64;
		stack[4 + m->frame_back / 8] = (CODE + 0x20) | sign;
		stack[8 + m->frame_next / 8] = STACK + 96;
		stack[8 + m->frame_back / 8] = (CODE + 0x30) | sign;
		w = unwind(u, space, &top);
		assert_true(w.complete && w.fallback);
		assert_int_equal(w.n, 3);
		assert_int_equal(w.frames[0].address, CODE + 0x10);
		assert_int_equal(w.frames[1].address, CODE + 0x20 - 1);
		assert_int_equal(w.frames[2].address, CODE + 0x30 - 1);
		space_free(space);
		unwinder_free(u);
		modules_free(modules);
	}
}

/* clone() has no unwinding rules: the return address is where the call instruction left it. */
static void clone_has_its_return_address_on_the_stack(void **state)
{
	static const struct arch_regs *const all[] = { &arch_regs_x86, &arch_regs_arm64,
						       &arch_regs_riscv };

	(void)state;
	for (unsigned i = 0; i < G_N_ELEMENTS(all); i++) {
		const struct arch_regs *m = all[i];
		__u64 words[ARCH_WORDS_MAX] = { 0 };
		uint64_t stack[8] = { CODE + 0x40 };
		struct stack_top top = { words, stack, sizeof(stack), true, NULL, 0 };
		struct modules *modules = modules_new();
		struct unwinder *u = unwinder_new(modules, m);
		struct space *space = code_space();
		struct unwound w;

		if (m->link != NO_REGISTER) {
			stack[0] = 0;
			put_word(m, words, m->link, CODE + 0x40);
		}
		put_word(m, words, m->pc, CODE + 0x10);
		put_word(m, words, m->sp, STACK);
		w = unwind(u, space, &top);
		assert_in_range(w.n, 2, UNWIND_MOST);
		assert_int_equal(w.frames[1].address, CODE + 0x40 - 1);
		space_free(space);
		unwinder_free(u);
		modules_free(modules);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(call_numbers_are_libseccomps),
		cmocka_unit_test(uapi_values_are_the_headers),
		cmocka_unit_test(this_build_reads_the_registers_of_a_sample),
		cmocka_unit_test(each_register_has_a_word_of_its_own),
		cmocka_unit_test(frame_pointer_chain_reaches_the_end),
		cmocka_unit_test(clone_has_its_return_address_on_the_stack),
	};

	return cmocka_run_group_tests_name("arch_regs", tests, NULL, NULL);
}
