/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Copies the few types that a caller wants out of a kernel's 120,000 into a BTF of their own:
 * libbpf searches all types for each name that it looks up. It must not know who the caller is.
 */
#ifndef TARE_BTF_CUT_H
#define TARE_BTF_CUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct btf;

struct btf_cut {
	struct btf *btf;
	uint32_t *ids; /* for each type of `btf`, its number in the BTF that it was copied from */
};

/* Copy the types for which `wanted` returns true, and the types that they are made of. The
 * target of a pointer is copied only if it is wanted itself, or is a function's prototype or a
 * plain type. `data` is the content of a BTF file; `kind` is BTF_KIND_*. Returns 0, -EINVAL if
 * `data` is not BTF, or another negative errno. */
typedef bool (*btf_wanted_fn)(const char *name, uint32_t kind);
int btf_cut(struct btf_cut *out, const void *data, size_t size, btf_wanted_fn wanted);
void btf_cut_free(struct btf_cut *cut);

#endif
