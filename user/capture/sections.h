/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Programs of the kinds "tp_btf" and "iter" are bound to the kernel's types by their numbers.
 * libbpf would read all of the kernel's types to find them, though tare has them already.
 */
#ifndef TARE_SECTIONS_H
#define TARE_SECTIONS_H

struct kernel_btf;

/* Have libbpf load such programs by these types, from now on. Before an object is opened; of
 * one that it is loaded, `types` must still be there. 0 or negative errno. */
int sections_bind(const struct kernel_btf *types);

#endif
