/* SPDX-License-Identifier: GPL-2.0-only
 *
 * For tests: what TARE_REFUSE=NAME[,NAME…] names is refused as if by the kernel. A name
 * that begins with tare_ is a BPF program's or map's; any other is one of the kernel's
 * types, fields, enumerators or tracepoints (btf_trace_…), which are not found then.
 * It must not know what any of them is for.
 */
#ifndef TARE_REFUSE_H
#define TARE_REFUSE_H

#include <stdbool.h>
#include <stddef.h>

struct bpf_object;

/* There is something to refuse. */
bool refuse_any(void);

/* Make the programs and maps so that the kernel refuses them. -EINVAL, said, when there is no
 * such program or map, else 0. */
int refuse_parts(struct bpf_object *object);

/* The rest: their names are changed in the kernel's types, as read into memory (`btf`, of
 * `size` bytes). The number of names; -EINVAL, said, for one that the kernel does not have. */
int refuse_types(void *btf, size_t size);

#endif
