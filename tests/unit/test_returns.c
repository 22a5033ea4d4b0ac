/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Instructions of x86-64, against what objdump says of them, and how code without rules gets
 * back to its caller, against the rules of code that has them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "symbol/insn_x86.h"
#include "symbol/rules.h"

#define PROGRAM "/bin/bash"
#define LINES_MOST 120000 /* of its instructions */
#define EACH 7            /* the way back is searched for at every 7th instruction */

typedef void (*insn_fn)(void *ctx, uint64_t address, const unsigned char *code, unsigned n,
			const char *text);

/* A line of objdump -d -w: "  4010:\tf3 0f 1e fa \tendbr64". */
static bool read_line(char *line, uint64_t *address, unsigned char *code, unsigned *n, char **text)
{
	char *end, *at = strchr(line, '\t');

	*address = strtoull(line, &end, 16);
	if (!at || *end != ':')
		return false;
	for (*n = 0, at++; *at && *at != '\t' && *n < INSN_MOST; at = end) {
		code[*n] = (unsigned char)strtoul(at, &end, 16);
		if (end == at)
			break;
		++*n;
		while (*end == ' ')
			end++;
	}
	*text = strchr(at, '\t');
	return *text && ++*text && *n;
}

static void each_insn(insn_fn fn, void *ctx)
{
	FILE *f = popen("objdump -d -w " PROGRAM, "r");
	unsigned char code[INSN_MOST];
	char line[512], *text;
	uint64_t address;
	unsigned n;

	assert_non_null(f);
	for (int i = 0; i < LINES_MOST && fgets(line, sizeof(line), f); i++)
		if (read_line(line, &address, code, &n, &text))
			fn(ctx, address, code, n, text);
	pclose(f);
}

static bool is(const char *text, const char *name)
{
	size_t n = strlen(name);

	return !strncmp(text, name, n) && (text[n] == ' ' || text[n] == '\n' || !text[n]);
}

/* By its name and operands. */
static enum insn_kind kind_of(const char *text)
{
	if (!strncmp(text, "bnd ", 4) || !strncmp(text, "notrack ", 8))
		text = strchr(text, ' ') + 1;
	if (is(text, "push"))
		return INSN_PUSH;
	if (is(text, "pop"))
		return INSN_POP;
	if (is(text, "ret"))
		return INSN_RETURN;
	if (is(text, "leave"))
		return INSN_LEAVE;
	if (is(text, "hlt") || is(text, "int3") || is(text, "ud2"))
		return INSN_STOP;
	if (is(text, "jmp") && strstr(text, "(%rip)"))
		return INSN_JUMP_MEMORY;
	if (is(text, "jmp"))
		return strchr(text, '*') ? INSN_JUMP_ANY : INSN_JUMP;
	if (*text == 'j')
		return INSN_BRANCH;
	if (is(text, "mov") && strstr(text, "%rsp,%rbp\n"))
		return INSN_FP_FROM_SP;
	if (is(text, "mov") && strstr(text, "(%rsp),%r") && !strstr(text, "d\n"))
		return INSN_LOAD;
	if (is(text, "lea") && strstr(text, "(%rsp),%rbp\n"))
		return INSN_FP_FROM_SP;
	if (strstr(text, ",%rsp\n") && strstr(text, "%rbp"))
		return INSN_SP_FROM_FP;
	if (strstr(text, ",%rsp\n") && strchr(text, '$') && (is(text, "add") || is(text, "sub")))
		return INSN_ADD_SP;
	if (strstr(text, ",%rsp\n") && is(text, "lea"))
		return strstr(text, "(%rsp)") ? INSN_ADD_SP : INSN_LOSE_SP;
	if (strstr(text, ",%rsp\n") && !is(text, "cmp") && !is(text, "test"))
		return INSN_LOSE_SP;
	return INSN_OTHER;
}

struct count {
	unsigned all, wrong;
};

static void check_insn(void *ctx, uint64_t address, const unsigned char *code, unsigned n,
		       const char *text)
{
	struct count *c = ctx;
	struct insn insn;
	bool read = insn_read(code, n, &insn);

	c->all++;
	if (strstr(text, "(bad)"))
		return;
	if (read && insn.size == n && insn.kind == kind_of(text))
		return;
	c->wrong++;
	if (c->wrong < 20)
		print_message("# %lx %d size %u of %u, kind %d of %d: %s", (long)address, read,
			      insn.size, n, insn.kind, kind_of(text), text);
}

static void instructions(void **state)
{
	struct count c = { 0 };

	(void)state;
	if (arch_regs_own() != &arch_regs_x86)
		skip(); /* PROGRAM is of another machine */
	each_insn(check_insn, &c);
	print_message("# %u instructions\n", c.all);
	assert_true(c.all > 10000);
	assert_int_equal(c.wrong, 0);
}

/* Compares the compiler's unwind rules with what is found by following the instructions. */
struct ways {
	struct module *m;
	struct rules *rules;
	struct returns_search *search;
	unsigned met, asked, found, right;
};

static unsigned read_module(void *m, uint64_t address, void *to, unsigned n)
{
	return module_code(m, address, to, n);
}

static void check_way(void *ctx, uint64_t address, const unsigned char *code, unsigned n,
		      const char *text)
{
	struct ways *w = ctx;
	const struct rule *rule;
	struct returns back;

	(void)code, (void)n, (void)text;
	if (w->met++ % EACH)
		return;
	rule = rules_find(w->rules, w->m, 1, address);
	if (!rule->known || rule->last || rule->cfa_reg != arch_regs_x86.sp)
		return;
	w->asked++;
	if (!returns_find(w->search, read_module, w->m, address, &back) || back.by_fp)
		return;
	w->found++;
	if (back.offset + 8 == rule->cfa_offset)
		w->right++;
}

static void ways_back(void **state)
{
	struct modules *ms = modules_new();
	struct ways w = { .m = modules_open(ms, &(struct module_source){ .file = 1,
									 .path = PROGRAM }) };

	(void)state;
	if (arch_regs_own() != &arch_regs_x86) {
		modules_free(ms);
		skip();
	}
	assert_non_null(w.m);
	w.rules = rules_new(ms, &arch_regs_x86);
	w.search = returns_new();
	each_insn(check_way, &w);
	print_message("# of %u places %u found, %u right\n", w.asked, w.found, w.right);
	assert_true(w.asked > 5000);
	assert_true(w.found > w.asked / 100 * 95);
	/* The others are mostly behind calls that never return; no return address is there. */
	assert_true(w.right > w.found / 100 * 97);
	returns_free(w.search);
	rules_free(w.rules);
	modules_free(ms);
}

/* Code that consists of any bytes: each search ends, and nothing outside of the bytes is read. */
static unsigned read_bytes(void *bytes, uint64_t address, void *to, unsigned n)
{
	GByteArray *all = bytes;

	if (address >= all->len)
		return 0;
	n = MIN(n, all->len - (unsigned)address);
	memcpy(to, all->data + address, n);
	return n;
}

static void any_bytes(void **state)
{
	struct returns_search *search = returns_new();
	unsigned found = 0;

	(void)state;
	srandom(20261128);
	for (int i = 0; i < 3000; i++) {
		unsigned size = random() % 2000;
		GByteArray *all = g_byte_array_sized_new(size);
		struct returns back;
		struct insn insn;

		g_byte_array_set_size(all, size);
		for (unsigned k = 0; k < size; k++) /* many of those that push, branch and pop */
			all->data[k] =
				(unsigned char)(random() % 3 ? 0x40 + random() % 64 : random());
		found += returns_find(search, read_bytes, all, random() % 100, &back);
		returns_find_erlang(search, read_bytes, all, random() % 100, &back);
		returns_erlang_end(read_bytes, all, random() % 2000);
		returns_by_entry(read_bytes, all, random() % 2000, &back);
		for (unsigned k = 0; k < size; k++) {
			if (insn_read(all->data + k, size - k, &insn))
				assert_in_range(insn.size, 1, MIN(INSN_MOST, size - k));
			insn_ends_with_call(all->data, k);
		}
		g_byte_array_unref(all);
	}
	assert_true(found > 0);
	returns_free(search);
}

/* The entry of a HotSpot method writes far below the stack pointer, saves rbp and reserves stack.
 * The search finds the nearest entry before the address. */
static void by_entry(void **state)
{
	static const unsigned char one[] = { 0x89, 0x84, 0x24, 0x00, 0xc0, 0xfe,
					     0xff, 0x55, 0x48, 0x83, 0xec, 0x30 };
	static const unsigned char two[] = { 0x89, 0x84, 0x24, 0x00, 0xc0, 0xfe, 0xff, 0x55,
					     0x48, 0x81, 0xec, 0x90, 0x01, 0x00, 0x00 };
	GByteArray *all = g_byte_array_sized_new(4096);
	struct returns back;

	(void)state;
	g_byte_array_set_size(all, 4096);
	memset(all->data, 0x90, 4096);
	memcpy(all->data + 500, one, sizeof(one));
	memcpy(all->data + 1000, two, sizeof(two));
	assert_true(returns_by_entry(read_bytes, all, 900, &back));
	assert_int_equal(back.offset, 0x38);
	assert_int_equal(back.saved, 1 << 5);
	assert_int_equal(back.at[5], 0x30);
	assert_true(returns_by_entry(read_bytes, all, 3900, &back));
	assert_int_equal(back.offset, 0x198);
	assert_false(returns_by_entry(read_bytes, all, 400, &back));
	g_byte_array_unref(all);
}

/* The instructions by which Erlang's JIT reserves stack are found anywhere in its code. The code is
 * read in pieces; the instructions may lie across the end of a piece. */
static void by_room(void **state)
{
	static const unsigned char two[] = { 0x48, 0x81, 0xec, 0x10, 0x41, 0x00,
					     0x00, 0x48, 0x83, 0xe4, 0xc0 };
	uint32_t room;

	(void)state;
	for (unsigned at = 240; at < 1300; at += 7) {
		GByteArray *all = g_byte_array_sized_new(4096);

		g_byte_array_set_size(all, 4096);
		memset(all->data, 0x90, 4096);
		assert_false(returns_room(read_bytes, all, 0, 4096, &room));
		memcpy(all->data + at, two, sizeof(two));
		assert_true(returns_room(read_bytes, all, 0, 4096, &room));
		assert_int_equal(room, 0x4110);
		assert_false(returns_room(read_bytes, all, at + 1, 4096, &room));
		g_byte_array_unref(all);
	}
}

/* A function of Erlang's JIT: a branch to a call that never returns, with the words of the next
 * function after it, whose bytes are no code. The way back is a jump by r12. */
static void by_erlang(void **state)
{
	static const unsigned char function[] = {
		0x75, 0x09,                   /* jne raise */
		0x48, 0x83, 0xc4, 0x18,       /* add $0x18,%rsp */
		0x42, 0xff, 0x24, 0xe0,       /* jmp *(%rax,%r12,8) */
		0xcc,                         /* raise: call */
		0xe8, 0,    0,    0,    0,    /* the next function's first call */
		0,    0,    0,    0,    0x0b, /* its words */
		0x53, 0xcb, 0x67,
	};
	GByteArray *all = g_byte_array_new();
	struct returns_search *search = returns_new();
	struct returns back;

	(void)state;
	g_byte_array_append(all, function, sizeof(function));
	g_byte_array_set_size(all, 128);
	assert_true(returns_find_erlang(search, read_bytes, all, 0, &back));
	assert_int_equal(back.offset, 0x18);
	assert_false(!back.by_fp && returns_find(search, read_bytes, all, 2, &back));
	/* Zero bytes end a path: the lret behind them is not a return. */
	assert_false(returns_find_erlang(search, read_bytes, all, 11, &back));
	all->data[9] = 0xd8; /* (%rax,%rbx,8): a table of a switch */
	assert_false(returns_find_erlang(search, read_bytes, all, 2, &back));
	returns_free(search);
	g_byte_array_unref(all);
}

/* As OTP 25 and OTP 29 generate it. */
static void erlang_end(void **state)
{
	static const unsigned char new[] = { 0xc5, 0xf8, 0x77, 0x49, 0xc7, 0x45, 0x68, 0x41,
					     0x04, 0x00, 0x00, 0x41, 0xc6, 0x85, 0x85, 0x00,
					     0x00, 0x00, 0x00, 0x4c, 0x89, 0xef, 0xbe };
	static const unsigned char one[] = { 0x48, 0x8d, 0x63, 0x80, 0x49, 0xc7, 0x45, 0x70,
					     0x41, 0x04, 0x00, 0x00, 0x49, 0xc7, 0x85, 0xb8,
					     0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x4c,
					     0x89, 0xef, 0xbe, 0x0b, 0x02, 0x00, 0x00 };
	GByteArray *all = g_byte_array_new();

	(void)state;
	g_byte_array_append(all, one, sizeof(one));
	g_byte_array_set_size(all, 128);
	assert_true(returns_erlang_end(read_bytes, all, 0));
	assert_false(returns_erlang_end(read_bytes, all, 5));
	for (unsigned n = 0; n < 27; n++) { /* cut short */
		GByteArray *part = g_byte_array_new();

		g_byte_array_append(part, one, n);
		assert_false(returns_erlang_end(read_bytes, part, 0));
		g_byte_array_unref(part);
	}
	all->data[8] = 0x42; /* another reason */
	assert_false(returns_erlang_end(read_bytes, all, 0));
	g_byte_array_set_size(all, 0);
	g_byte_array_append(all, new, sizeof(new));
	assert_true(returns_erlang_end(read_bytes, all, 0));
	g_byte_array_unref(all);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(instructions), cmocka_unit_test(ways_back),
		cmocka_unit_test(by_entry),     cmocka_unit_test(by_room),
		cmocka_unit_test(by_erlang),    cmocka_unit_test(erlang_end),
		cmocka_unit_test(any_bytes),
	};

	return cmocka_run_group_tests_name("returns", tests, NULL, NULL);
}
