/* SPDX-License-Identifier: GPL-2.0-only */
#include "capture/refuse.h"

#include <bpf/libbpf.h>
#include <errno.h>
#include <glib.h>
#include <linux/bpf.h>
#include <linux/btf.h>
#include <string.h>

#include "base/log.h"

#define OURS "tare_"
#define NO_SUCH_MAP 0x7fff /* a type of map that no kernel has */

/* Ignored if tare runs with file capabilities, that is, with more rights than its caller. */
static const char *requested_names(void)
{
	return secure_getenv("TARE_REFUSE");
}

bool refuse_any(void)
{
	return requested_names() && *requested_names();
}

static char **known_names(void)
{
	const char *list = requested_names();

	return g_strsplit(list ? list : "", ",", -1);
}

static int unknown_name(const char *name)
{
	log_error("TARE_REFUSE: neither tare nor this kernel has anything called '%s'", name);
	return -EINVAL;
}

/* Let its first instruction read a register that was never written: the verifier refuses that. */
static int spoil_program(struct bpf_program *program)
{
	size_t n = bpf_program__insn_cnt(program);
	g_autofree struct bpf_insn *insns = g_new(struct bpf_insn, n);

	memcpy(insns, bpf_program__insns(program), n * sizeof(*insns));
	insns[0] = (struct bpf_insn){
		.code = BPF_ALU64 | BPF_MOV | BPF_X,
		.dst_reg = BPF_REG_0,
		.src_reg = BPF_REG_9,
	};
	return bpf_program__set_insns(program, insns, n);
}

/* Log all names of programs and maps. */
static void hint_parts(struct bpf_object *object)
{
	g_autoptr(GString) all = g_string_new("");
	struct bpf_program *program;
	struct bpf_map *map;

	bpf_object__for_each_program(program, object)
		g_string_append_printf(all, " %s", bpf_program__name(program));
	bpf_object__for_each_map(map, object) if (!bpf_map__is_internal(map))
		g_string_append_printf(all, " %s", bpf_map__name(map));
	log_hint("one of%s", all->str);
}

int refuse_parts(struct bpf_object *object)
{
	g_auto(GStrv) all = known_names();
	int err = 0;

	for (char **name = all; *name && !err; name++) {
		struct bpf_program *program = bpf_object__find_program_by_name(object, *name);
		struct bpf_map *map = bpf_object__find_map_by_name(object, *name);

		if (!g_str_has_prefix(*name, OURS))
			continue;
		if (program)
			err = spoil_program(program);
		else if (map)
			err = bpf_map__set_type(map, NO_SUCH_MAP);
		else
			err = unknown_name(*name);
		if (!program && !map)
			hint_parts(object);
	}
	return err;
}

/* Change the first letter of each string that equals `name`. */
static bool rename_string(char *strings, size_t size, const char *name)
{
	bool found = false;

	/* The first string is the empty one; the last ends with the section. */
	for (char *at = strings + 1; at < strings + size; at += strlen(at) + 1) {
		if (strcmp(at, name))
			continue;
		*at = *at == '_' ? 'z' : '_';
		found = true;
	}
	return found;
}

int refuse_types(void *btf, size_t size)
{
	const struct btf_header *head = btf;
	size_t begin = size >= sizeof(*head) ? (size_t)head->hdr_len + head->str_off : size;
	g_auto(GStrv) all = known_names();
	int n = 0;

	for (char **name = all; *name; name++) {
		if (!**name || g_str_has_prefix(*name, OURS))
			continue;
		if (begin >= size || head->str_len > size - begin || !head->str_len ||
		    ((char *)btf)[begin + head->str_len - 1] ||
		    !rename_string((char *)btf + begin, head->str_len, *name))
			return unknown_name(*name);
		n++;
	}
	return n;
}
