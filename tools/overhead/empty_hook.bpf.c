/* SPDX-License-Identifier: GPL-2.0-only
 *
 * An empty program on rss_stat: the least that any tool on this hook can cost.
 */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "GPL";

SEC("tp_btf/rss_stat")
int tare_empty(void *ctx)
{
	(void)ctx;
	return 0;
}
