/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The running kernel's types (BTF), as far as tare needs them: from the file that the user
 * names, from /sys/kernel/btf, or by bpf() where /sys is hidden, as in containers. It must not
 * know what is looked up in them.
 */
#ifndef TARE_KERNEL_BTF_H
#define TARE_KERNEL_BTF_H

#include <stdbool.h>

#include "capture/btf_cut.h"

#define KERNEL_BTF "/sys/kernel/btf/vmlinux"

struct kernel_btf {
	struct btf *btf; /* only the types that are wanted; NULL: none */
	uint32_t *ids;   /* for each type of `btf`, its number in the kernel's BTF */
	char *path;      /* a file with the content of `btf`, for libbpf; NULL: none */
	int fd;          /* of that file */
	bool hidden;     /* KERNEL_BTF does not exist */
};

/* `file`: --btf, or NULL. Returns 0; -EINVAL, logged, if `file` can't be read or is not the BTF
 * of this kernel; another negative errno, such as -ENOENT, if the kernel shows no types. */
int kernel_btf_open(struct kernel_btf *k, const char *file, btf_wanted_fn wanted);
void kernel_btf_close(struct kernel_btf *k);

/* The number of a type in the kernel's BTF; 0: no type has this name. `kind`: BTF_KIND_*. */
uint32_t kernel_btf_id(const struct kernel_btf *k, const char *name, uint32_t kind);

#endif
