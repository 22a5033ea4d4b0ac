// SPDX-License-Identifier: GPL-2.0-only
/* vmalloc's part of the watched cgroup's kernel memory, on kernels that count vmalloc by node
 * (since 7.1). Loaded only on these: on older kernels tare_kmem gets vmalloc's events, and this
 * event comes for every page that is mapped. */
#include "kmem.bpf.h"

SEC("?tp_btf/mod_memcg_lruvec_state")
int BPF_PROG(tare_vmalloc, struct mem_cgroup *memcg, int item)
{
	__s64 pages = cfg_memcg_long ? (__s64)ctx[2] : (__s32)ctx[2];

	if (item == ITEM(enum node_stat_item___vmalloc, NR_VMALLOC) && kmem_watched() &&
	    in_cgroup(address_of(memcg)))
		__sync_fetch_and_add(&workload.cgroup.vmalloc, pages * cfg_page_size);
	return 0;
}
