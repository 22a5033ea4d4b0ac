/* SPDX-License-Identifier: GPL-2.0-only
 *
 * For tests: TARE_REFUSE=NAME[,NAME…] imitates a kernel that refuses or lacks something. A name
 * that begins with tare_ is a BPF program or map, which the kernel then refuses. Any other name is
 * a type, field, enumerator or tracepoint (btf_trace_…) of the kernel, which then is not found.
 * It must not know what any of them is for.
 */
#ifndef TARE_REFUSE_H
#define TARE_REFUSE_H

#include <stdbool.h>
#include <stddef.h>

struct bpf_object;

/* Is TARE_REFUSE set? */
bool refuse_any(void);

/* Change these programs and maps so that the kernel refuses them. Returns 0, or -EINVAL, logged, if
 * there is no such program or map. */
int refuse_parts(struct bpf_object *object);

/* Change all other names in a copy of the kernel's BTF (`btf`, `size` bytes). Returns how many
 * names were changed, or -EINVAL, logged, for a name that the kernel does not have. */
int refuse_types(void *btf, size_t size);

#endif
