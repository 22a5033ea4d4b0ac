/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Finds the numbers of the kernel types that programs of the kinds "tp_btf" and "iter" attach to.
 * libbpf would read all of the kernel's BTF again for that.
 */
#ifndef TARE_SECTIONS_H
#define TARE_SECTIONS_H

struct kernel_btf;

/* From now on libbpf looks up such programs in `types`. Call it before an object is opened; `types`
 * must exist until the object is loaded. Returns 0 or negative errno. */
int sections_bind(const struct kernel_btf *types);

#endif
