/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The few types out of a kernel's 120,000 that somebody wants, as a BTF of their own: libbpf
 * walks through all types for each name that it looks up. It must not know who wants them.
 */
#ifndef TARE_BTF_CUT_H
#define TARE_BTF_CUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct btf;

struct btf_cut {
	struct btf *btf;
	uint32_t *ids; /* number in the whole of each type of `btf` */
};

/* Copy the types whose names are wanted, and what they are made of. What a pointer points to
 * is there only if it is wanted itself, but for prototypes of functions and plain types.
 * `data` is a BTF as a file has it; `kind` is BTF_KIND_*. 0, -EINVAL (`data` is no BTF) or another
 * negative errno. */
typedef bool (*btf_wanted_fn)(const char *name, uint32_t kind);
int btf_cut(struct btf_cut *out, const void *data, size_t size, btf_wanted_fn wanted);
void btf_cut_free(struct btf_cut *cut);

#endif
