/* SPDX-License-Identifier: GPL-2.0-only */
#include "capture/sections.h"

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <glib.h>
#include <linux/bpf.h>
#include <string.h>

#include "bpf/abi.h"
#include "capture/kernel_btf.h"

static const struct kernel_btf *bound;

/* A kind of section: how the type of its target is named, and the type's BTF_KIND_*. */
struct section {
	const char *kind;
	const char *before; /* prefix of the target's type name */
	uint32_t type_kind;
	enum bpf_attach_type attach;
};

static const struct section sections[] = {
	{ "tp_btf", "btf_trace_", BTF_KIND_TYPEDEF, BPF_TRACE_RAW_TP },
	{ "iter", "bpf_iter_", BTF_KIND_FUNC, BPF_TRACE_ITER },
	{ "fexit", "", BTF_KIND_FUNC, BPF_TRACE_FEXIT },
};

/* If the target is the descriptor of another program, libbpf does not read the kernel's types. The
 * value does not matter: before_load() replaces it. */
static int on_open(struct bpf_program *program, long cookie)
{
	(void)cookie;
	return bpf_program__set_attach_target(program, 1, NULL);
}

/* Turn calls of TARE_CALL_CAST into calls of the kernel function bpf_rdonly_cast(). */
static int bind_calls(struct bpf_program *program)
{
	const struct bpf_insn *old = bpf_program__insns(program);
	size_t n = bpf_program__insn_cnt(program);
	g_autofree struct bpf_insn *insns = g_memdup2(old, n * sizeof(*insns));
	uint32_t cast = kernel_btf_id(bound, "bpf_rdonly_cast", BTF_KIND_FUNC);
	bool any = false;

	for (size_t i = 0; cast && i < n; i++) {
		if (insns[i].code != (BPF_JMP | BPF_CALL) || insns[i].src_reg ||
		    insns[i].imm != TARE_CALL_CAST)
			continue;
		insns[i].src_reg = BPF_PSEUDO_KFUNC_CALL;
		insns[i].imm = cast;
		any = true;
	}
	return any ? bpf_program__set_insns(program, insns, n) : 0;
}

static int before_load(struct bpf_program *program, struct bpf_prog_load_opts *opts, long cookie)
{
	const struct section *s = &sections[cookie];
	const char *target = strchr(bpf_program__section_name(program), '/');
	g_autofree char *type = g_strconcat(s->before, target ? target + 1 : "", NULL);

	opts->attach_prog_fd = 0;
	opts->attach_btf_id = kernel_btf_id(bound, type, s->type_kind);
	return opts->attach_btf_id ? bind_calls(program) : -ESRCH;
}

static int attach_raw(const struct bpf_program *program, long cookie, struct bpf_link **link)
{
	(void)cookie;
	*link = bpf_program__attach_trace(program);
	return *link ? 0 : -errno;
}

/* The handlers are registered only once: objects keep pointers to them. */
int sections_bind(const struct kernel_btf *types)
{
	int err = 0;

	for (size_t i = 0; !bound && !err && i < G_N_ELEMENTS(sections); i++) {
		LIBBPF_OPTS(libbpf_prog_handler_opts, opts, .cookie = i, .prog_setup_fn = on_open,
			    .prog_prepare_load_fn = before_load, .prog_attach_fn = attach_raw);
		g_autofree char *kind = g_strconcat(sections[i].kind, "+", NULL);

		err = libbpf_register_prog_handler(kind, BPF_PROG_TYPE_TRACING, sections[i].attach,
						   &opts);
		err = MIN(err, 0);
	}
	if (!err)
		bound = types;
	return err;
}
