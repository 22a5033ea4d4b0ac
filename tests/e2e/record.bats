#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
#
# Recordings: a recording gives the same report as the run, also after tare was killed; it keeps
# to its size limit, and it never overwrites a file of another user.

load lib/common

teardown() {
	end_all $pids
}

# A program that grows slowly: one MiB every 20 ms, COUNT times, in a named function.
grower() {
	cat >"$DIR/grow.py" <<-'END'
		import sys, time
		def grow(n): kept.append(b"x" * n)
		kept = []
		for i in range(int(sys.argv[1])):
		    grow(1 << 20)
		    time.sleep(0.02)
	END
}

recorded() {
	"$TARE" run --as-root -r "$DIR/r.tare" "$@" >/dev/null 2>&1
}

ask() {
	sqlite3 -readonly "$DIR/r.tare" "$1"
}

@test "the report of a recording is that of its run" {
	need sqlite3
	COLUMNS=80 recorded --slab --self -o "$DIR/a.json" \
		-- sh -c 'ls -R /usr/share >/dev/null; gcc --version'
	run "$TARE" report "$DIR/r.tare" --format json -o "$DIR/b.json"
	status_is 0
	cmp "$DIR/a.json" "$DIR/b.json"
	recorded -o "$DIR/a.txt" -- "$PROGRAMS/call_tree" calls
	COLUMNS=80 "$TARE" report "$DIR/r.tare" >"$DIR/b.txt"
	cmp "$DIR/a.txt" "$DIR/b.txt"
	[ "$(ls "$DIR" | grep -c r.tare)" = 1 ] # no journal is left
}

@test "the raw log: each sample with its time, address and stack; each change of a VMA" {
	need sqlite3
	recorded --period 4KiB -o "$DIR/a.json" -- "$PROGRAMS/call_tree" calls
	[ "$(ask 'SELECT count(*) FROM samples')" = "$(jq .samples.count "$DIR/a.json")" ]
	[ "$(ask "SELECT sum(bytes) >> 20 FROM samples JOIN entries USING (tally)
		JOIN nodes n ON n.number = node JOIN frames f ON f.number = frame
		WHERE function = 'inner'")" -ge 31 ]
	[ "$(ask "SELECT count(*) FROM samples
		WHERE time_ns > (SELECT value FROM figures WHERE name = 'duration_ns')")" = 0 ]
	[ "$(ask "SELECT count(*) FROM ranges
		WHERE what = 'mmap file' AND detail LIKE '%libc.so.6'")" -ge 1 ]
	[ "$(ask "SELECT count(*) FROM ranges
		WHERE what = 'execve' AND detail LIKE '%call_tree'")" = 1 ]
}

@test "a recording of a killed tare opens, says incomplete, and has what came before" {
	need sqlite3 python3
	grower
	"$TARE" run --as-root -r "$DIR/r.tare" --kill-on-exit -- /usr/bin/python3 \
		"$DIR/grow.py" 1000 >/dev/null 2>&1 &
	pids=$!
	until_true 20 has_sampled 3000000
	kill -KILL "$pids"
	finished "$pids"
	run "$TARE" report --show notes "$DIR/r.tare"
	status_is 0
	says 'is incomplete: tare was ended while it recorded' \
		'recording incomplete' 'snapshot after'
	run -0 "$TARE" export "$DIR/r.tare" --format folded
	says '^python3;'
	[ "$(ask "SELECT value FROM figures WHERE name = 'complete'")" = 0 ]
}

# has_sampled BYTES: the recording's last checkpoint has at least so many.
has_sampled() {
	[ -f "$DIR/r.tare" ] &&
		[ "$(ask 'SELECT sum(grown) FROM entries' 2>/dev/null)" -gt "$1" ] 2>/dev/null
}

@test "tare is killed in the middle of a write, again and again" {
	need sqlite3
	for i in 1 2 3 4 5 6 7 8; do
		"$TARE" run --as-root --kill-on-exit -r "$DIR/r.tare" -- \
			sh -c 'while :; do ls -R /usr/share >/dev/null; done' >/dev/null 2>&1 &
		pids=$!
		until_true 20 test -s "$DIR/r.tare"
		until_true 20 has_sampled 0
		# Kills at a different moment each time, chosen by the file's content and not by
		# a time.
		for ((n = 0; n < i * 8; n++)); do has_sampled 0 || :; done
		kill -KILL "$pids"
		finished "$pids"
		run "$TARE" report "$DIR/r.tare" --format json -o "$DIR/k.json"
		status_is 0
		[ "$(ask 'PRAGMA integrity_check')" = ok ]
		rm -f "$DIR"/r.tare*
	done
}

@test "a recording of a tare killed on busy CPUs opens" {
	need sqlite3 python3
	# The amount lost depends on time: `make check-long` checks it.
	TARE=$TARE run "$BATS_TEST_DIRNAME/../long/kill_recording.sh" 3 0
	status_is 0
	says '3 kills: 0 files that are not as they should be'
}

@test "a recording cut within a write is readable on a read-only file system" {
	need sqlite3 python3
	recorded -o "$DIR/a.json" -- "$PROGRAMS/call_tree" calls
	mkdir "$DIR/half" "$DIR/ro"
	# As a kill leaves it: the transaction is partly in the file, and in its journal.
	python3 - "$DIR/r.tare" "$DIR/half" <<-'END'
		import shutil, sqlite3, sys
		db = sqlite3.connect(sys.argv[1], isolation_level=None)
		for sql in ("PRAGMA synchronous = OFF", "PRAGMA cache_size = 2", "BEGIN",
		            "UPDATE figures SET value = 4711 WHERE name = 'duration_ns'",
		            "UPDATE frames SET function = hex(randomblob(2000))",
		            "DELETE FROM ticks"):
		    db.execute(sql)
		shutil.copy(sys.argv[1], sys.argv[2])
		shutil.copy(sys.argv[1] + "-journal", sys.argv[2])
	END
	mount --bind "$DIR/half" "$DIR/ro"
	mount -o remount,bind,ro "$DIR/ro"
	run "$TARE" report "$DIR/ro/r.tare" --format json -o "$DIR/b.json"
	umount "$DIR/ro"
	status_is 0
	cmp "$DIR/a.json" "$DIR/b.json"
	[ -e "$DIR/half/r.tare-journal" ]
}

@test "a recording that others read meanwhile has a complete report" {
	need sqlite3
	"$TARE" run --as-root -r "$DIR/r.tare" -o "$DIR/a.json" -- \
		sh -c 'for i in 1 2 3 4 5 6 7 8; do ls -R /usr/share >/dev/null; done' \
		>/dev/null 2>&1 &
	pids=$!
	until_true 20 has_sampled 0
	while kill -0 "$pids" 2>/dev/null; do
		"$TARE" report "$DIR/r.tare" >"$DIR/out" 2>&1 || grep 'locked' "$DIR/out"
	done
	finished "$pids"
	"$TARE" report "$DIR/r.tare" --format json -o "$DIR/b.json"
	cmp "$DIR/a.json" "$DIR/b.json"
}

@test "a recording keeps to --max-size, and the report says what was thinned" {
	need sqlite3
	run "$TARE" run --as-root -r "$DIR/r.tare" --max-size 1MiB --period 4KiB \
		-o "$DIR/a.json" -- sh -c 'for i in 1 2 3 4 5 6; do
			gcc -x c -O1 -c -o /dev/null /usr/include/stdio.h
			ls -R /usr/lib >/dev/null
		done'
	says 'single samples w.* kept, to stay below --max-size'
	[ "$(stat -c %s "$DIR/r.tare")" -le $((1 << 20)) ]
	[ "$(ask "SELECT value FROM figures WHERE name = 'log.level'")" -gt 0 ]
	# The sums are still the ledger's.
	"$TARE" report "$DIR/r.tare" --format json -o "$DIR/b.json"
	[ "$(jq -c '.samples.types, .totals' "$DIR/a.json")" = \
		"$(jq -c '.samples.types, .totals' "$DIR/b.json")" ]
}

@test "attach records too" {
	need sqlite3 python3
	grower
	python3 "$DIR/grow.py" 200 &
	pids=$!
	"$TARE" attach -p "$pids" --duration 1500ms -r "$DIR/r.tare" -o "$DIR/a.json"
	"$TARE" report "$DIR/r.tare" --format json -o "$DIR/b.json"
	cmp "$DIR/a.json" "$DIR/b.json"
	[ "$(jq -r .reason "$DIR/b.json")" = detach ]
}

@test "a recording exports every format, with the same figures" {
	need python3
	recorded -o "$DIR/a.folded" -- "$PROGRAMS/call_tree" calls
	"$TARE" export "$DIR/r.tare" --format folded -o "$DIR/b.folded"
	cmp "$DIR/a.folded" "$DIR/b.folded"
	for form in out.pb.gz out.speedscope.json out.json out.html out.csv; do
		"$TARE" export "$DIR/r.tare" -o "$DIR/$form"
		[ -s "$DIR/$form" ]
	done
	gzip -t "$DIR/out.pb.gz"
	grep -q '^<!doctype html>' "$DIR/out.html"
	python3 -m json.tool "$DIR/out.speedscope.json" >/dev/null
	[ "$(jq -r .schema "$DIR/out.json")" = tare.report/2 ]
}

@test "one run writes a page, a report and a recording" {
	"$TARE" run --as-root --html "$DIR/p.html" -r "$DIR/r.tare" -o "$DIR/r.json" \
		-- "$PROGRAMS/call_tree" calls
	grep -q '"inner"' "$DIR/p.html"
	"$TARE" export "$DIR/r.tare" -o "$DIR/q.html"
	cmp "$DIR/p.html" "$DIR/q.html"
}

@test "invalid options are refused before anything starts" {
	echo precious >"$DIR/precious"
	run "$TARE" run -r "$DIR/precious" -- touch "$DIR/started"
	status_is 125
	says 'precious is not a file of tare run -r' 'choose another name'
	run "$TARE" run -r "$DIR/x" -o "$DIR/x" -- touch "$DIR/started"
	status_is 125
	says 'given for two outputs'
	run "$TARE" run -r "$DIR/none/x" -- touch "$DIR/started"
	status_is 125
	run "$TARE" run --max-size 2MiB -- touch "$DIR/started"
	status_is 125
	says 'needs a recording'
	run "$TARE" run --format pprof -- touch "$DIR/started"
	status_is 125
	says 'not for a terminal' 'pb.gz'
	[ ! -e "$DIR/started" ] && [ "$(cat "$DIR/precious")" = precious ]
}

@test "a command that is not there leaves no recording" {
	run -127 "$TARE" run -r "$DIR/r.tare" -- /nonexistent/command
	[ ! -e "$DIR/r.tare" ]
}

@test "a file that is no recording, or has no stacks, is refused with a message" {
	echo x >"$DIR/x"
	run "$TARE" report "$DIR/x"
	status_is 1
	says 'not a file of tare run -r'
	run "$TARE" report "$DIR/none"
	status_is 1
	says 'none'
	run "$TARE" export "$DIR/x"
	status_is 125
	says 'no format given'
	run "$TARE" report
	status_is 125
	recorded --period 0 -- true
	run "$TARE" export "$DIR/r.tare" --format folded
	status_is 1
	says 'no stacks' '--period 0'
	run -0 "$TARE" export "$DIR/r.tare" --format csv
	truncate -s -4096 "$DIR/r.tare"
	run "$TARE" report "$DIR/r.tare"
	status_is 1
	says 'r.tare'
}

@test "a full disk: a message, and the command is not disturbed" {
	mkdir "$DIR/small"
	mount -t tmpfs -o size=128k none "$DIR/small"
	run "$TARE" run --as-root -r "$DIR/small/r.tare" -o "$DIR/r.json" \
		-- sh -c 'ls -R /usr/share >/dev/null; echo done'
	umount "$DIR/small"
	status_is 0
	says 'done' 'small/r.tare: disk full'
	report assert "$DIR/r.json" "r['books']['balanced']"
}

@test "go tool pprof reads the export, and its sums are the ledger's" {
	need go
	export HOME=$DIR PPROF_TMPDIR=$DIR GOFLAGS=-mod=mod GOTOOLCHAIN=local
	recorded -o "$DIR/r.json" -- "$PROGRAMS/call_tree" calls
	"$TARE" export "$DIR/r.tare" -o "$DIR/out.pb.gz"
	go tool pprof -top -unit=B -nodefraction=0 -sample_index=grown \
		"$DIR/out.pb.gz" >"$DIR/top" 2>/dev/null
	grep -q ' inner$' "$DIR/top" || fail "$(cat "$DIR/top")"
	[ "$(sed -n 's/.*of \([0-9]*\)B total.*/\1/p' "$DIR/top")" \
		= "$(jq '.samples.types.grown.total' "$DIR/r.json")" ] ||
		fail "$(head -8 "$DIR/top")"
	go tool pprof -raw "$DIR/out.pb.gz" 2>/dev/null >"$DIR/raw"
	grep -q 'grown/bytes live_peak/bytes' "$DIR/raw" || fail "$(head -20 "$DIR/raw")"
	grep -q 'thread:\[call_tree\]' "$DIR/raw"
}

@test "diff marks a function that grew, and no other" {
	need python3
	"$TARE" run --as-root -r "$DIR/a.tare" -o "$DIR/a.json" -- "$PROGRAMS/call_tree" calls
	"$TARE" run --as-root -r "$DIR/b.tare" -o "$DIR/b.json" -- "$PROGRAMS/call_tree" calls
	"$TARE" diff "$DIR/a.tare" "$DIR/b.tare" --sample-type grown -o "$DIR/same.json"
	[ "$(jq '[.functions[] | select(.function == "inner") | .total.grown.change][0] |
		fabs < 2097152' "$DIR/same.json")" = true ] ||
		fail "$(jq -c '.functions[0:3]' "$DIR/same.json")"
	"$TARE" run --as-root -r "$DIR/c.tare" -o "$DIR/c.json" -- "$PROGRAMS/call_tree" thread
	run -0 "$TARE" diff "$DIR/a.tare" "$DIR/c.tare" --sample-type grown
	says 'WHO' 'WHERE'
	fits_80_columns
	COLUMNS=140 run -0 "$TARE" diff "$DIR/a.tare" "$DIR/c.tare" --sample-type grown --full
	says 'TOTALS' '^STACKS' '≠ .*inner < .*in_thread'
	run "$TARE" diff "$DIR/a.tare"
	status_is 125
	says 'two recordings'
	run "$TARE" diff "$DIR/a.tare" "$DIR/a.json"
	status_is 1
	says 'a.json is not a file of tare run -r'
}
