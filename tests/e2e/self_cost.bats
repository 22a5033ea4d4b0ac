#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
#
# tare's own cost, as `--self` reports it.
# Runs alone: it compares the kernel's BPF statistics.

load lib/common

@test "--self prints at the end of a run" {
	run "$TARE" run --self -- true
	status_is 0
	says 'MiB' 'update' 'maps'
	"$TARE" run --self -o "$DIR/r.json" -- "$PROGRAMS/threads" 4 4096 </dev/null
	report assert "$DIR/r.json" \
		"r['self']['rss'] > 1 << 20" \
		"r['self']['map_bytes'] > 4096" \
		"r['self']['updates'] >= 10240" \
		"r['self']['ns_per_update'] is None or 5 < r['self']['ns_per_update'] < 5000"
}

@test "without --self the report has none of it" {
	"$TARE" run -o "$DIR/r.json" -- true
	report assert "$DIR/r.json" "'self' not in r"
}

@test "tare takes at most 32 MiB of user RSS for 1,000 live threads" {
	exact --opt=--self --opt=--keep-tasks=all --checkpoints 2 --facts 6000 \
		-- "$PROGRAMS/threads" 1000 4 0
	"$TARE" run --self --period 0 -o "$DIR/r.json" -- "$PROGRAMS/threads" 1000 4 0 </dev/null
	report assert "$DIR/r.json" "count(tasks) == 1001" "r['self']['rss'] <= 32 << 20"
}

@test "tare takes at most 96 MiB for the samples of 10,000 ended processes" {
	"$TARE" run --help | grep -q keep-tasks || skip "this tare does not fold ended processes"
	"$TARE" run --self --period 4KiB -o "$DIR/r.json" \
		-- "$PROGRAMS/fork_churn" 10000 8 </dev/null
	report assert "$DIR/r.json" "r['self']['rss'] <= 96 << 20" \
		"len(r['profile']['entries']) > 0"
}

@test "the kernel's BPF statistics are off again after --self" {
	[ -e /proc/sys/kernel/bpf_stats_enabled ] || skip "this kernel has no BPF statistics"
	before=$(cat /proc/sys/kernel/bpf_stats_enabled)
	"$TARE" run --self -o "$DIR/r.json" -- true
	[ "$(cat /proc/sys/kernel/bpf_stats_enabled)" = "$before" ]
}
