#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
#
# Ended tasks are folded: one row stands for many, sums stay exact, and tare's own memory stays
# small.

load lib/common

BOUND=$((64 << 20))

churn() {
	"$TARE" run --self --period 0 -o "$DIR/r.json" "$@" </dev/null >"$DIR/out"
	report check "$DIR/r.json"
}

@test "100,000 threads that ended: few rows, all counted, in bounded memory" {
	churn -- "$PROGRAMS/thread_churn" 100000 64
	report assert "$DIR/r.json" \
		"count(tasks) == 100001" \
		"len(tasks) <= 256 + 3" \
		"r['self']['rss'] <= $BOUND"
}

@test "5,000 processes that ended: few rows, all counted, in bounded memory" {
	churn -- "$PROGRAMS/spawn_many" 5000 4
	report assert "$DIR/r.json" \
		"count(processes) == 5001" \
		"len(processes) <= 256 + 3" \
		"sum(p['failed'] for p in processes) == 500" \
		"all(p['rss_peak_min'] <= p['rss_peak_median'] <= \
			p['rss_peak_max'] == p['rss_peak'] \
			for p in processes if p['count'] > 1)" \
		"all(p['parent'] == 'spawn_many' and p['pid'] == 0 \
			for p in processes if p['count'] > 1)" \
		"r['self']['rss'] <= $BOUND"
}

@test "--keep-tasks: none, some or all rows, with the same sums" {
	churn --keep-tasks 0 -- "$PROGRAMS/fork_churn" 300 4
	report assert "$DIR/r.json" \
		"sorted(p['count'] for p in processes) == [1, 300]" \
		"[p['failed'] for p in processes if p['count'] > 1] == [295]" \
		"[p['exit'] for p in processes if p['count'] > 1] == \
			[{'code': None, 'signal': None}]"
	churn --keep-tasks 20 -- "$PROGRAMS/fork_churn" 300 4
	report assert "$DIR/r.json" "count(processes) == 301" "len(processes) in (21, 22)" \
		"sum(t['anon']['in'] for t in tasks) >= 300 * (64 << 10)"
	churn --keep-tasks all -- "$PROGRAMS/fork_churn" 600 4
	report assert "$DIR/r.json" "len(processes) == 601" \
		"all(p['count'] == 1 for p in processes)"
}

@test "the table has one row for all ended processes" {
	run "$TARE" run --show who -- "$PROGRAMS/spawn_many" 1000 4 </dev/null
	status_is 0
	fits_80_columns
	output=$(tr -s ' \n' ' ' <<<"$output") # lines may break between any two words
	says 'spawn_many ×' 'median about' '[0-9] failed'
}
