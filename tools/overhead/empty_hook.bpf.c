/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The least that a tool on rss_stat can cost: a program that does nothing.
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
