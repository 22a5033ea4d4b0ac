/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Stacks of x86-64 code without rules, in a file that is made up: what is taken for a caller,
 * what is not, and where another stack goes on.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tests/fuzz/elf.h"

#define WORDS_OF_STACK 64
#define AT(offset) (TEXT + (offset))

/* Places in the code. */
enum { LOOP = 0x100, CALLED = 0x200, NOT_CALLED = 0x300, FIRST = 0x400, RESTORE = 0x500 };

struct stand {
	struct small_elf elf;
	struct modules *modules;
	struct unwinder *unwinder;
	struct space *space;
	int fd;
	uint64_t stack[WORDS_OF_STACK];
	__u64 words[ARCH_WORDS_MAX];
	struct stack_top top;
};

static void put(struct stand *s, unsigned at, const void *code, size_t n)
{
	memcpy(s->elf.text + at, code, n);
}

/* LOOP jumps to itself, so only the frame pointer leads to its caller. CALLED is the address after
 * a call; NOT_CALLED is after other instructions. */
static void fill_code(struct stand *s)
{
	memset(s->elf.text, 0xcc, sizeof(s->elf.text));
	put(s, LOOP, "\xeb\xfe", 2);
	put(s, CALLED - 5, "\xe8\0\0\0\0\xeb\xfe", 7);
	put(s, NOT_CALLED - 5, "\x90\x90\x90\x90\x90\xeb\xfe", 7);
	put(s, FIRST - 1, "\x90\xe8\0\0\0\0\x90", 7);
	put(s, RESTORE, "\x48\xc7\xc0\x0f\0\0\0\x0f\x05", 9);
}

static void set_word(struct stand *s, unsigned reg, uint64_t value)
{
	for (int i = 0; i < arch_regs_x86.words; i++)
		if (arch_regs_x86.word[i] == (int)reg)
			s->words[i] = value;
}

static struct stand *stand_new(void)
{
	struct stand *s = g_new0(struct stand, 1);
	struct module *m;

	elf_fill(&s->elf, (const uint8_t *)"", 0);
	fill_code(s);
	s->fd = memfd_create("elf", MFD_CLOEXEC);
	s->modules = modules_new();
	m = elf_open(s->modules, s->fd, &s->elf, sizeof(s->elf));
	assert_non_null(m);
	s->unwinder = unwinder_new(s->modules, &arch_regs_x86);
	s->space = elf_space(m);
	s->top = (struct stack_top){ .words = s->words,
				     .stack = s->stack,
				     .size = sizeof(s->stack) };
	set_word(s, arch_regs_x86.pc, AT(LOOP));
	set_word(s, arch_regs_x86.sp, STACK_AT);
	set_word(s, arch_regs_x86.fp, STACK_AT + 32);
	return s;
}

static void stand_free(struct stand *s)
{
	space_free(s->space);
	unwinder_free(s->unwinder);
	modules_free(s->modules);
	close(s->fd);
	g_free(s);
}

static bool cut(const struct unwound *w)
{
	return !w->complete && w->frames[w->n - 1].flags & FRAME_SYNTHETIC &&
	       w->frames[w->n - 1].address == SYNTHETIC_TRUNCATED;
}

static void a_call_stands_before(void **state)
{
	struct stand *s = stand_new();
	struct unwound w;

	(void)state;
	s->stack[4] = 0;
	s->stack[5] = AT(CALLED);
	w = unwind(s->unwinder, s->space, &s->top);
	assert_true(w.complete && w.fallback);
	assert_int_equal(w.n, 2);
	assert_int_equal(w.frames[1].address, AT(CALLED) - 1);
	stand_free(s);
}

/* No call is before this address, so it is not taken as a return address: the frame is left out,
 * and the stack is marked as truncated. */
static void no_call_stands_before(void **state)
{
	struct stand *s = stand_new();
	struct unwound w;

	(void)state;
	s->stack[5] = AT(NOT_CALLED);
	w = unwind(s->unwinder, s->space, &s->top);
	assert_true(cut(&w));
	assert_int_equal(w.n, 2);
	assert_int_equal(w.frames[0].address, AT(LOOP));
	stand_free(s);
}

/* As of a goroutine: the frame pointer leads to another stack, which the kernel followed. */
static void another_stack(void **state)
{
	const __u64 chain[] = { AT(LOOP), AT(CALLED), AT(CALLED), AT(FIRST) };
	const __u64 wrong[] = { AT(LOOP), AT(CALLED), AT(NOT_CALLED), AT(FIRST) };
	struct stand *s = stand_new();
	struct unwound w;

	(void)state;
	set_word(s, arch_regs_x86.fp, 0xc000001000);
	w = unwind(s->unwinder, s->space, &s->top);
	assert_true(cut(&w));
	s->top.chain = chain;
	s->top.n_chain = G_N_ELEMENTS(chain);
	w = unwind(s->unwinder, s->space, &s->top);
	assert_true(w.complete && w.fallback);
	assert_int_equal(w.n, 4);
	assert_int_equal(w.frames[1].address, AT(CALLED) - 1);
	assert_int_equal(w.frames[3].address, AT(FIRST) - 1);
	s->top.n_chain--; /* the chain ends before the start of the goroutine */
	w = unwind(s->unwinder, s->space, &s->top);
	assert_true(cut(&w));
	assert_int_equal(w.n, 4);
	s->top.chain = wrong;
	s->top.n_chain = G_N_ELEMENTS(wrong);
	w = unwind(s->unwinder, s->space, &s->top);
	assert_true(cut(&w));
	assert_int_equal(w.n, 3);
	/* A chain that has none of the unwound frames is not used. */
	s->top.chain = wrong + 3;
	s->top.n_chain = 1;
	w = unwind(s->unwinder, s->space, &s->top);
	assert_true(cut(&w));
	assert_int_equal(w.n, 2);
	stand_free(s);
}

/* Above the signal handler's frame is a ucontext_t with the registers of the interrupted code. */
static void a_signal(void **state)
{
	struct stand *s = stand_new();
	uint64_t *context = s->stack + 6;
	struct unwound w;

	(void)state;
	s->stack[4] = 0xdead0; /* what rbp was is in the context */
	s->stack[5] = AT(RESTORE);
	context[5 + 10] = STACK_AT + 8 * 40; /* rbp */
	context[5 + 15] = STACK_AT + 8 * 36; /* rsp */
	context[5 + 16] = AT(LOOP);
	s->stack[40] = 0;
	s->stack[41] = AT(CALLED);
	w = unwind(s->unwinder, s->space, &s->top);
	assert_true(w.complete);
	assert_int_equal(w.n, 4);
	assert_int_equal(w.frames[1].address, AT(RESTORE));
	assert_int_equal(w.frames[2].address, AT(LOOP));
	assert_true(w.frames[2].flags & FRAME_EXACT);
	assert_int_equal(w.frames[3].address, AT(CALLED) - 1);
	stand_free(s);
}

#define PAGE 4096
#define JIT_BYTES (2 * PAGE)

/* Code of Erlang's JIT, in the memory of this process: a function whose last jump lies across the
 * end of a page, and the code that a process returns to in the end. */
static unsigned char *fill_jit(struct stand *s)
{
	static const char function[] = "\x48\x83\xc4\x08\x42\xff\x24\xe0";
	static const char last[] = "\x49\xc7\x45\x70\x41\x04\0\0\x49\xc7\x45\x78\0\0\0\0"
				   "\x4c\x89\xef\xbe\x0b\x02\0\0\xcc";
	unsigned char *code =
		mmap(NULL, JIT_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	uint64_t at = (uintptr_t)code;

	assert_ptr_not_equal(code, MAP_FAILED);
	memset(code, 0xcc, JIT_BYTES);
	memcpy(code, "\x48\x81\xec\x10\x41\0\0\x48\x83\xe4\xc0", 11);
	memcpy(code + PAGE - 6, function, sizeof(function) - 1);
	memcpy(code + PAGE + 0x100, last, sizeof(last) - 1);
	space_set(s->space, &(struct vma){ .start = at,
					   .end = at + JIT_BYTES,
					   .file = NO_FILE,
					   .mapping = MAPPING_JIT,
					   .code = true });
	s->space->pid = (uint32_t)getpid();
	set_word(s, arch_regs_x86.pc, at + PAGE - 6);
	set_word(s, arch_regs_x86.fp, 0); /* the JIT does not use it */
	s->stack[1] = at + PAGE - 6;      /* the function calls itself once */
	s->stack[3] = at + PAGE + 0x100;
	return code;
}

/* The stack is whole only if it ends at the code that a process returns to in the end. */
static void an_erlang_process(void **state)
{
	(void)state;
	for (int whole = 1; whole >= 0; whole--) {
		struct stand *s = stand_new();
		unsigned char *code = fill_jit(s);
		struct unwound w;

		code[PAGE + 0x100 + 4] = whole ? 0x41 : 0x42;
		w = unwind(s->unwinder, s->space, &s->top);
		assert_int_equal(w.complete, whole);
		assert_int_equal(w.n, 3 + !whole);
		assert_true(whole || cut(&w));
		assert_int_equal(w.frames[1].address, (uintptr_t)code + PAGE - 7);
		assert_int_equal(w.frames[2].address, (uintptr_t)code + PAGE + 0xff);
		stand_free(s);
		munmap(code, JIT_BYTES);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_call_stands_before), cmocka_unit_test(no_call_stands_before),
		cmocka_unit_test(another_stack),        cmocka_unit_test(a_signal),
		cmocka_unit_test(an_erlang_process),
	};

	return cmocka_run_group_tests_name("unwind", tests, NULL, NULL);
}
