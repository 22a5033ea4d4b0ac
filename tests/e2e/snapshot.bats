#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
#
# Snapshots: reports while the workload runs. They are numbered, complete, and made by signal or
# at an interval.

load lib/common
load lib/hold

signal_and_wait() {
	kill -USR1 "${started[0]}"
	until_true 10 test -e "$1"
}

@test "SIGUSR1: x.1.json, x.2.json, x.3.json, then x.json" {
	hold "$TARE" run -o "$DIR/x.json" -- "$PROGRAMS/threads" 2 64
	reaches
	for n in 1 2 3; do
		signal_and_wait "$DIR/x.$n.json"
	done
	[ ! -e "$DIR/x.json" ] || fail "the final report is there already"
	let_go
	report check "$DIR"/x.{1,2,3}.json "$DIR/x.json"
	for n in 1 2 3; do
		report assert "$DIR/x.$n.json" "r['reason'] == 'snapshot'" "processes[0]['alive']"
	done
	report assert "$DIR/x.json" "r['reason'] == 'end'" "not processes[0]['alive']"
	[ "$(find "$DIR" -name '*x*' | wc -l)" = 4 ] || fail "left behind:" "$(ls -A "$DIR")"
}

@test "snapshots go to stderr as tables, one after another" {
	hold "$TARE" run -- "$PROGRAMS/threads" 2 64
	reaches
	kill -USR1 "${started[0]}"
	until_true 10 grep -q 'trust:' "$DIR/err"
	let_go
	[ "$(grep -c 'trust:' "$DIR/err")" = 2 ] || fail "$(cat "$DIR/err")"
}

@test "--format json to stderr; --format table to a file" {
	"$TARE" run --format json -- sh -c 'echo out' >"$DIR/out" 2>"$DIR/err"
	[ "$(cat "$DIR/out")" = out ]
	report check "$DIR/err"
	"$TARE" run --format table -o "$DIR/x.json" -- true
	grep -q 'trust:' "$DIR/x.json"
	"$TARE" run -o "$DIR/x.txt" -- true
	grep -q 'trust:' "$DIR/x.txt"
}

@test "--snapshot-every: each snapshot file is complete once it exists" {
	hold "$TARE" run --snapshot-every 50ms -o "$DIR/x.json" -- "$PROGRAMS/threads" 2 64
	for n in 1 2 3 4 5; do
		until_true 10 test -e "$DIR/x.$n.json"
		report assert "$DIR/x.$n.json" "r['reason'] == 'snapshot'"
	done
	let_go
	report check "$DIR/x.json"
	# One interval apart, within what a busy machine may add.
	report get "$DIR/x.1.json" "r['duration_ns']" >"$DIR/first"
	report get "$DIR/x.5.json" "r['duration_ns']" >"$DIR/fifth"
	[ $(($(cat "$DIR/fifth") - $(cat "$DIR/first"))) -ge 150000000 ] ||
		fail "the snapshots are too close"
}

@test "a file is never seen half written, and nothing else is left there" {
	mkdir "$DIR/o"
	hold "$TARE" run --snapshot-every 5ms -o "$DIR/o/x.json" -- "$PROGRAMS/threads" 300 4
	until_true 10 test -e "$DIR/o/x.40.json"
	let_go
	# While the program grows: complete reports, of any moment.
	for f in "$DIR"/o/x.*5.json; do
		report assert "$f" "r['reason'] == 'snapshot'" "len(r['series']) > 0"
	done
	report check "$DIR/o/x.json"
	[ -z "$(find "$DIR/o" -type f ! -regex '.*/x\.\([0-9]+\.\)?json')" ] ||
		fail "$(ls -A "$DIR/o")"
}

@test "while memory grows, no snapshot's peak is below what is held" {
	hold "$TARE" run --period 0 --snapshot-every 5ms -o "$DIR/x.json" -- \
		"$PROGRAMS/threads" 300 4
	until_true 10 test -e "$DIR/x.30.json"
	let_go
	for f in "$DIR"/x.[12]?.json; do
		report assert "$f" "all(p['rss_peak'] >= rss(p) for p in processes)" \
			"r['peak']['rss'] + r['peak']['bound'] >= sum(rss(p) for p in processes)"
	done
}

@test "an existing snapshot file is replaced; an invalid duration is refused" {
	echo old >"$DIR/x.json"
	"$TARE" run -o "$DIR/x.json" -- true
	report check "$DIR/x.json"
	run "$TARE" run --snapshot-every banana -- touch "$DIR/ran"
	status_is 125
	says banana
	[ ! -e "$DIR/ran" ]
}

# Takes another snapshot, x.$n.json, whose curve has a point with 24 MiB.
seen_grown() {
	n=$((n + 1))
	signal_and_wait "$DIR/x.$n.json"
	report assert "$DIR/x.$n.json" "max(s['rss'] for s in r['series']) >= 24 << 20"
}

@test "the curve: points at the interval, up and down with the program" {
	hold "$TARE" run --interval 10ms -o "$DIR/x.json" -- "$PROGRAMS/threads" 2 8192
	reaches grown
	n=0
	until_true 10 seen_grown
	let_go
	report assert "$DIR/x.json" \
		"[s['time_ns'] for s in r['series']] == sorted(s['time_ns'] for s in r['series'])" \
		"len(r['series']) >= 2" \
		"max(s['rss'] for s in r['series']) >= 24 << 20"
}

@test "memory that a reader of /proc frees leaves no negative sum behind" {
	# The process has ended and its memory is gone, but the kernel frees its task later.
	run sh -c 'exec "$TARE" run -o "$DIR/x.json" -- "$PROGRAMS/held_mm" $$ "$DIR/x" 20'
	[ "$status" != 77 ] || skip "$output"
	status_is 0
	for n in $(seq 20); do
		report assert "$DIR/x.$n.json" \
			'all(p["balance"][k]["net"] >= 0 for p in processes for k in RSS)'
	done
	report check "$DIR/x.json"
}
