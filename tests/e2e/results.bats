#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
#
# tools/results: it says how long it takes, and goes on where it was killed.

load lib/common

top=$BATS_TEST_DIRNAME/../..

setup() {
	command -v jq >/dev/null || skip "jq is missing"
	[ "$(id -u)" = 0 ] || skip "not root"
	[ ! -e /run/tare-limits ] || skip "another tare has raised the limits"
}

results() {
	"$top/tools/results" "$@" "$DIR/r.db" --only c-stackless,c-pthread --tasks 1,10 --runs 2 \
		--build-dir "$DIR/built"
}

@test "the estimate counts what is left" {
	run results --estimate
	status_is 0
	says 'about [0-9]* min for 2 workloads; longest: c-pthread'
	"$TARE" bench --only c-stackless,c-pthread --tasks 1 --runs 1 --build-dir "$DIR/built" \
		-o "$DIR/r.db" >/dev/null 2>&1
	run results --estimate
	status_is 0
	# The last one that has runs may lack some.
	says 'for 1 workloads (1 of 2 are in .*r.db); longest: c-stackless'
	run "$top/tools/results" --estimate "$DIR/none.db"
	status_is 0
	says 'about [0-9]* min for 1[0-9][0-9] workloads'
}

log_has() {
	[ -e "$DIR/r.log" ] && [ "$(grep -c 'run [12] of 2\|left after' "$DIR/r.log")" -ge "$1" ]
}

@test "killed by SIGKILL again and again, it ends with each run once, and limits as before" {
	local before count run limits='/proc/sys/kernel/pid_max /proc/sys/vm/max_map_count'
	# shellcheck disable=SC2086 # two names
	before=$(cat $limits)
	for count in 1 5; do
		setsid "$top/tools/results" --busy "$DIR/r.db" --only c-stackless,c-pthread \
			--tasks 1,10 --runs 2 --build-dir "$DIR/built" >"$DIR/out" 2>&1 3>&- &
		run=$!
		until_true 300 log_has "$count" || fail "$(cat "$DIR/out" "$DIR/r.log")"
		kill -KILL -- "-$run"
		wait "$run" || true
	done
	run results --busy
	status_is 0
	run "$LIB/bench.py" check "$DIR/r.db"
	status_is 0
	run "$LIB/bench.py" assert "$DIR/r.db" "r['complete']" "len(r['rows']) == 2" \
		"[(x['tasks'], x['repeat']) for x in runs('c-pthread', 'steady') \
			if not x['after']] == [(1, 1), (1, 2), (10, 1), (10, 2)]" \
		"[x['tasks'] for x in runs('c-stackless', 'after')] == [10]"
	status_is 0
	# shellcheck disable=SC2086 # two names
	[ "$(cat $limits)" = "$before" ] || fail "limits: $before, now $(cat $limits)"
}
