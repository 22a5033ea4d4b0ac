/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The running kernel's types (BTF): of a file that the user names, or from where the
 * kernel shows them. It must not know what is looked up in them.
 */
#ifndef TARE_KERNEL_BTF_H
#define TARE_KERNEL_BTF_H

struct btf;

#define KERNEL_BTF "/sys/kernel/btf/vmlinux"

struct kernel_btf {
	struct btf *btf; /* NULL: none */
	char *path;      /* where libbpf is to read it; NULL: it finds it by itself */
	int fd;          /* behind `path`, or -1 */
};

/* `file`: --btf, or NULL. 0; -ENOENT and the like when there is none; -EINVAL, said, when
 * what was asked for is wrong. */
int kernel_btf_open(struct kernel_btf *k, const char *file);
void kernel_btf_close(struct kernel_btf *k);

#endif
