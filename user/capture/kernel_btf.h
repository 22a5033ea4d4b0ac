/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The running kernel's types (BTF): from a file that the user names, from where the kernel
 * shows them, or, where that is hidden as in containers, by a system call. It must not
 * know what is looked up in them.
 */
#ifndef TARE_KERNEL_BTF_H
#define TARE_KERNEL_BTF_H

#include <stdbool.h>

struct btf;

#define KERNEL_BTF "/sys/kernel/btf/vmlinux"

struct kernel_btf {
	struct btf *btf; /* NULL: none */
	char *path;      /* where libbpf is to read it; NULL: it finds it by itself */
	int fd;          /* behind `path`, or -1 */
	bool hidden;     /* there is no KERNEL_BTF, which libbpf needs all the same */
};

/* `file`: --btf, or NULL. 0; -ENOENT and the like when there is none; -EINVAL, said, when
 * what was asked for is wrong. */
int kernel_btf_open(struct kernel_btf *k, const char *file);
void kernel_btf_close(struct kernel_btf *k);

/* Nothing more is looked up in `btf`: its memory, 5 MiB, goes where kernel_btf_with() needs
 * it not. */
void kernel_btf_looked_up(struct kernel_btf *k);

/* Call `load` so that libbpf finds KERNEL_BTF, and return what it returns: if KERNEL_BTF is
 * hidden, in a thread with a mount of its own, which nobody else sees. Negative errno if that
 * can't be. */
typedef int (*kernel_btf_fn)(void *ctx);
int kernel_btf_with(const struct kernel_btf *k, kernel_btf_fn load, void *ctx);

#endif
