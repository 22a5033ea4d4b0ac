/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Unwinding rules: tare's reader finds in files what libdw finds there. Invalid rules are
 * refused without a read or an allocation beyond the file's size.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <dwarf.h>
#include <elfutils/libdw.h>
#include <fcntl.h>
#include <gelf.h>
#include <glib.h>
#include <gnu/lib-names.h>
#include <link.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "symbol/module.h"
#include "symbol/rules.h"

#define STEP 5 /* distance of the tested addresses: about an instruction's length */

static Elf *open_elf(const char *path, int *fd)
{
	Elf *elf;

	elf_version(EV_CURRENT);
	*fd = open(path, O_RDONLY | O_CLOEXEC);
	assert_true(*fd >= 0);
	elf = elf_begin(*fd, ELF_C_READ, NULL);
	assert_non_null(elf);
	return elf;
}

static struct cfi_section eh_frame(Elf *elf)
{
	struct cfi_section s = { .eh = true };
	Elf_Scn *scn = NULL;
	size_t names;

	assert_int_equal(elf_getshdrstrndx(elf, &names), 0);
	while (!s.data && (scn = elf_nextscn(elf, scn))) {
		GElf_Shdr header;

		assert_non_null(gelf_getshdr(scn, &header));
		if (strcmp(elf_strptr(elf, names, header.sh_name), ".eh_frame") == 0) {
			Elf_Data *data = elf_rawdata(scn, NULL);

			s.data = data->d_buf;
			s.size = data->d_size;
			s.address = header.sh_addr;
		}
	}
	assert_non_null(s.data);
	return s;
}

/* One register's rule in libdw's form. */
static struct cfi_rule theirs(Dwarf_Frame *frame, int reg)
{
	struct cfi_rule rule = { .how = CFI_UNDEFINED };
	Dwarf_Op mem[3], *ops;
	size_t n;

	assert_int_equal(dwarf_frame_register(frame, reg, mem, &ops, &n), 0);
	if (!n)
		rule.how = ops ? CFI_UNDEFINED : CFI_SAME;
	else if (ops != mem)
		rule.how = ops[n - 1].atom == DW_OP_stack_value ? CFI_IS_EXPR : CFI_AT_EXPR;
	else if (ops[0].atom == DW_OP_regx)
		rule = (struct cfi_rule){ .how = CFI_REGISTER, .offset = (int64_t)ops[0].number };
	else
		rule.how = ops[n - 1].atom == DW_OP_stack_value ? CFI_IS_CFA : CFI_AT_CFA;
	if (n > 1 && ops == mem && ops[1].atom == DW_OP_plus_uconst)
		rule.offset = (int64_t)ops[1].number;
	return rule;
}

static void same_rules(Dwarf_Frame *frame, const struct cfi_row *row,
		       const struct arch_regs *machine)
{
	Dwarf_Op *ops;
	bool signal;
	size_t n;

	assert_int_equal(dwarf_frame_info(frame, NULL, NULL, &signal), row->ra);
	assert_int_equal(signal, row->signal);
	assert_int_equal(dwarf_frame_cfa(frame, &ops, &n), 0);
	if (row->cfa.how == CFI_REGISTER) {
		assert_int_equal(ops[0].atom, DW_OP_bregx);
		assert_int_equal(ops[0].number, row->cfa.reg);
		assert_int_equal(ops[0].number2, row->cfa.offset);
	} else {
		assert_int_equal(row->cfa.how, CFI_IS_EXPR);
		assert_true(n > 0 && row->cfa.expr_size > 0);
	}
	for (int reg = 0; reg < machine->regs; reg++) {
		struct cfi_rule rule = theirs(frame, reg);

		if (rule.how == row->reg[reg].how)
			assert_int_equal(rule.offset, row->reg[reg].offset);
		else /* without a rule libdw's x86 backend keeps rax and loses rbx */
			assert_true(row->reg[reg].how ==
				    (machine->kept >> reg & 1 ? CFI_SAME : CFI_UNDEFINED));
	}
}

/* Looks rules up by the file's table, and by an index of all entries. Returns how many addresses
 * have rules. */
static unsigned compare(const char *path)
{
	const struct arch_regs *machine = arch_regs_own();
	struct module_source source = { .file = 1, .path = path };
	struct modules *ms = modules_new();
	struct module *m = modules_open(ms, &source);
	int fd;
	Elf *elf = open_elf(path, &fd);
	struct cfi_section s = eh_frame(elf);
	struct cfi_index *index = cfi_index_new(&s);
	Dwarf_CFI *cfi = dwarf_getcfi_elf(elf);
	unsigned n_segments, found = 0;
	const struct segment *seg = module_segments(m, &n_segments);

	assert_non_null(cfi);
	for (unsigned i = 0; i < n_segments; i++)
		for (uint64_t at = 0; seg[i].code && at < seg[i].file_size; at += STEP) {
			uint64_t address = seg[i].address + at;
			struct cfi_row row, again;
			Dwarf_Frame *frame = NULL;
			bool has = !dwarf_cfi_addrframe(cfi, address, &frame);

			assert_int_equal(module_cfi_row(m, machine, address, &row), has);
			assert_int_equal(
				cfi_row(&s, machine, address, cfi_index_find, index, &again), has);
			if (has) {
				same_rules(frame, &row, machine);
				same_rules(frame, &again, machine);
				found++;
			}
			free(frame);
		}
	dwarf_cfi_end(cfi);
	cfi_index_free(index);
	elf_end(elf);
	close(fd);
	modules_free(ms);
	return found;
}

static int find_libc(struct dl_phdr_info *info, size_t size, void *path)
{
	(void)size;
	if (g_str_has_suffix(info->dlpi_name, "/" LIBC_SO))
		*(char **)path = g_strdup(info->dlpi_name);
	return 0;
}

static void rules_equal_libdws(void **state)
{
	g_autofree char *libc = NULL;

	(void)state;
	dl_iterate_phdr(find_libc, &libc);
	assert_true(compare("/proc/self/exe") > 1000);
	assert_non_null(libc);
	assert_true(compare(libc) > 10000);
}

/* A section with one CIE and one FDE with these instructions, for addresses 0x1000 to 0x1100. */
static bool row_of(const char *letters, const void *program, size_t n, struct cfi_row *row)
{
	GByteArray *b = g_byte_array_new();
	const uint8_t zeros[8] = { 0 };
	uint64_t start = 0x1000, size = 0x100;
	uint32_t length, back;
	struct cfi_section s = { .eh = true };
	struct cfi_index *index;
	bool known;

	length = (uint32_t)(4 + 1 + strlen(letters) + 1 + 3 + 1);
	g_byte_array_append(b, (uint8_t *)&length, 4);
	g_byte_array_append(b, zeros, 4);
	g_byte_array_append(b, (const uint8_t *)"\1", 1);
	g_byte_array_append(b, (const uint8_t *)letters, (guint)strlen(letters) + 1);
	g_byte_array_append(b, (const uint8_t *)"\1\x78\x10", 3); /* 1, -8, rip */
	g_byte_array_append(b, zeros, 1); /* augmentation's size, or a nop */
	back = b->len + 4;
	length = (uint32_t)(4 + 16 + (*letters == 'z') + n);
	g_byte_array_append(b, (uint8_t *)&length, 4);
	g_byte_array_append(b, (uint8_t *)&back, 4);
	g_byte_array_append(b, (uint8_t *)&start, 8);
	g_byte_array_append(b, (uint8_t *)&size, 8);
	g_byte_array_append(b, zeros, *letters == 'z');
	g_byte_array_append(b, program, (guint)n);
	/* A block of exactly this size, so that a sanitizer sees each read beyond it. */
	s.size = b->len;
	s.data = g_byte_array_free(b, FALSE);
	s.data = g_realloc((void *)s.data, s.size);
	index = cfi_index_new(&s);
	known = cfi_row(&s, &arch_regs_x86, 0x1080, cfi_index_find, index, row);
	cfi_index_free(index);
	g_free((void *)s.data);
	return known;
}

static void each_instruction_is_executed(void **state)
{
	static const uint8_t program[] = {
		DW_CFA_def_cfa,
		7,
		16,
		0x80 | 16,
		1, /* rip at CFA - 8 */
		0x40 | 0x10,
		DW_CFA_remember_state, /* 0x1010 */
		0x80 | 3,
		2,
		DW_CFA_def_cfa_offset,
		32,
		0x40 | 0x10,
		DW_CFA_restore_state, /* 0x1020 */
		0x80 | 6,
		3,
		DW_CFA_undefined,
		40, /* a vector register */
		DW_CFA_advance_loc2,
		0,
		1,
		DW_CFA_def_cfa,
		5,
		5, /* behind the wanted address */
	};
	struct cfi_row row;

	(void)state;
	assert_true(row_of("", program, sizeof(program), &row));
	assert_int_equal(row.cfa.reg, 7);
	assert_int_equal(row.cfa.offset, 16);
	assert_int_equal(row.ra, 16);
	assert_int_equal(row.reg[16].how, CFI_AT_CFA);
	assert_int_equal(row.reg[16].offset, -8);
	assert_int_equal(row.reg[3].how,
			 CFI_SAME); /* remembered state is dropped; a call keeps rbx */
	assert_int_equal(row.reg[6].offset, -24);
	assert_int_equal(row.reg[0].how, CFI_UNDEFINED);
	assert_int_equal(row.reg[7].how, CFI_IS_CFA);
	assert_false(row.signal);
	assert_true(row_of("zS", program, sizeof(program), &row));
	assert_true(row.signal);
}

/* libdw takes 2 GiB for the first of these. */
static void invalid_rules_are_refused(void **state)
{
	static const struct {
		const char *what, *letters;
		uint8_t program[12];
		size_t n;
		bool known;
	} cases[] = {
		{ "a register of 28 bits", "", { 7, 0xff, 0xff, 0xff, 0x7f, 0x0c, 7, 8 }, 8, true },
		{ "a CFA of no register", "", { DW_CFA_def_cfa, 0xff, 0x7f, 0 }, 4, false },
		{ "a number that does not end", "", { DW_CFA_undefined, 0x80, 0x80 }, 3, false },
		{ "an operand that is not there", "", { DW_CFA_advance_loc4, 0 }, 2, false },
		{ "too long an expression", "", { DW_CFA_expression, 3, 0x7f, 0 }, 4, false },
		{ "nothing remembered", "", { DW_CFA_restore_state }, 1, false },
		{ "an unknown instruction", "", { 0x3f }, 1, false },
		{ "half of a CFA", "", { DW_CFA_def_cfa_offset, 8 }, 2, false },
		{ "letters without a size", "R", { 0 }, 1, false },
		{ "a letter without its byte", "zR", { 0 }, 1, false },
		{ "too many letters", "zSSSSSSSSSSSSSSSS", { 0 }, 1, false },
	};
	uint8_t deep[256];
	struct cfi_row row;

	(void)state;
	for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++)
		if (row_of(cases[i].letters, cases[i].program, cases[i].n, &row) != cases[i].known)
			fail_msg("%s", cases[i].what);
	memset(deep, DW_CFA_remember_state, sizeof(deep));
	assert_false(row_of("", deep, sizeof(deep), &row));
}

/* Each byte of a section in turn, with every value. */
static void any_changed_byte_is_harmless(void **state)
{
	int fd;
	Elf *elf = open_elf("/proc/self/exe", &fd);
	struct cfi_section s = eh_frame(elf), cut;
	struct cfi_row row;

	(void)state;
	s.size = MIN(s.size, 2000);
	for (size_t i = 0; i < s.size; i++) {
		g_autofree uint8_t *copy = g_memdup2(s.data, s.size);
		struct cfi_index *index;

		copy[i] ^= (uint8_t)(1 + i % 255);
		cut = (struct cfi_section){ copy, s.size, s.address, true };
		index = cfi_index_new(&cut);
		for (uint64_t at = 0; at < 4096; at += 256)
			cfi_row(&cut, &arch_regs_x86, s.address - 65536 + at, cfi_index_find, index,
				&row);
		cfi_index_free(index);
	}
	elf_end(elf);
	close(fd);
}

/* A page of zeros in the copy is one that could not be read: what it holds is not known. */
static void a_word_of_an_unread_page_is_unknown(void **state)
{
	static unsigned char stack[3 * 4096];
	struct registers m = { .base = 0x7fff0ff0, .size = sizeof(stack), .stack = stack };
	uint64_t value;

	(void)state;
	assert_true(registers_load(&m, m.base + 8, &value)); /* the page of the stack pointer */
	assert_false(registers_load(&m, m.base + 16, &value));
	assert_false(registers_load(&m, m.base + sizeof(stack) - 8, &value));
	stack[16 + 4096 - 1] = 1; /* the last byte of the first whole page */
	assert_true(registers_load(&m, m.base + 16, &value));
	assert_int_equal(value, 0);
	assert_false(registers_load(&m, m.base + 16 + 4096, &value));
	assert_false(registers_load(&m, m.base + sizeof(stack) - 7, &value));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rules_equal_libdws),
		cmocka_unit_test(each_instruction_is_executed),
		cmocka_unit_test(invalid_rules_are_refused),
		cmocka_unit_test(any_changed_byte_is_harmless),
		cmocka_unit_test(a_word_of_an_unread_page_is_unknown),
	};

	return cmocka_run_group_tests_name("cfi", tests, NULL, NULL);
}
