/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The running kernel's types (BTF), as far as tare wants them: from a file that the user
 * names, from where the kernel shows them, or, where that is hidden as in containers, by a
 * system call. It must not know what is looked up in them.
 */
#ifndef TARE_KERNEL_BTF_H
#define TARE_KERNEL_BTF_H

#include <stdbool.h>

#include "capture/btf_cut.h"

#define KERNEL_BTF "/sys/kernel/btf/vmlinux"

struct kernel_btf {
	struct btf *btf; /* only what is wanted of them; NULL: none */
	uint32_t *ids;   /* the kernel's number of each */
	char *path;      /* of a file with the same, for libbpf; NULL: none */
	int fd;          /* behind `path` */
	bool hidden;     /* there is no KERNEL_BTF */
};

/* `file`: --btf, or NULL. 0; -ENOENT and the like when there is none; -EINVAL, said, when
 * what was asked for is wrong. */
int kernel_btf_open(struct kernel_btf *k, const char *file, btf_wanted_fn wanted);
void kernel_btf_close(struct kernel_btf *k);

/* The kernel's number of one of the types; 0: it has none of this name. `kind`: BTF_KIND_*. */
uint32_t kernel_btf_id(const struct kernel_btf *k, const char *name, uint32_t kind);

#endif
