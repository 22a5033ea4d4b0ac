#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
#
# --fd-report: scripts get the report by a descriptor, and people the table, at once.

load lib/common
load lib/hold

@test "the table on stderr and JSON on the descriptor, of the same run" {
	"$TARE" run --fd-report 3 -- "$PROGRAMS/spawn_many" 10 2 3>"$DIR/r.json" \
		2>"$DIR/err" </dev/null >"$DIR/out"
	report check "$DIR/r.json"
	report assert "$DIR/r.json" "count(processes) == 11"
	grep -q '^peak:' "$DIR/err" || fail "$(cat "$DIR/err")"
	! grep -q tare "$DIR/out" || fail "$(cat "$DIR/out")"
}

# objects N: so many complete JSON objects are in the file.
objects() {
	[ "$(jq -s length "$DIR/r.json" 2>/dev/null)" = "$1" ]
}

@test "a file that was redirected is not truncated, and gets snapshots one after another" {
	echo '{"before": true}' >"$DIR/r.json"
	exec 7>>"$DIR/r.json"
	hold "$TARE" run --fd-report 7 -- "$PROGRAMS/target" 1
	exec 7>&-
	reaches
	kill -USR1 "${started[0]}"
	until_true 20 objects 2
	echo >&9
	let_go
	[ "$(jq -s -c 'map(.before // .schema != null)' "$DIR/r.json")" = '[true,true,true]' ] ||
		fail "$(jq -c '.schema' "$DIR/r.json")"
}

@test "--format is for the descriptor; without it, that gets JSON whatever the -o file gets" {
	"$TARE" run --as-root --format folded --fd-report 3 -- "$PROGRAMS/call_tree" \
		3>"$DIR/x.folded" 2>"$DIR/err"
	grep -q '^[^ ].*;.* [0-9]*$' "$DIR/x.folded" || fail "$(head -3 "$DIR/x.folded")"
	grep -q '^peak:' "$DIR/err" || fail "$(cat "$DIR/err")"
	"$TARE" run --fd-report 3 -o "$DIR/r.csv" -- true 3>"$DIR/r.json" 2>"$DIR/err"
	report check "$DIR/r.json"
	head -1 "$DIR/r.csv" | grep -q ',' || fail "$(head -1 "$DIR/r.csv")"
	[ ! -s "$DIR/err" ] || fail "$(cat "$DIR/err")"
	run "$TARE" run --format folded --period 0 --fd-report 3 -- touch "$DIR/ran" 3>/dev/null
	status_is 125
	says '--period 0'
	[ ! -e "$DIR/ran" ]
}

@test "stdout: for a pipe, also under sudo, which closes all other descriptors" {
	"$TARE" attach -p $$ --duration 50ms --fd-report 1 2>"$DIR/err" >"$DIR/r.json"
	report check "$DIR/r.json"
	"$TARE" run --fd-report 1 -- sh -c 'echo mine' 2>"$DIR/err" >"$DIR/out"
	[ "$(head -1 "$DIR/out")" = mine ] || fail "$(cat "$DIR/out")"
	tail -n +2 "$DIR/out" >"$DIR/r.json"
	report check "$DIR/r.json"
}

@test "the command does not get the descriptor, and the reader sees the end" {
	need jq
	"$TARE" run --fd-report 3 -- sh -c '[ ! -e /proc/self/fd/3 ] && ls /proc/self/fd' \
		3>"$DIR/r.json" >"$DIR/fds" 2>"$DIR/err" </dev/null
	grep -q '^2$' "$DIR/fds"
	# A daemon that outlives tare must not hold the pipe open.
	mkfifo "$DIR/pipe"
	cat "$DIR/pipe" >"$DIR/piped" &
	started+=($!)
	"$TARE" run --fd-report 3 -- sh -c 'sleep 1000 & echo $!' 3>"$DIR/pipe" >"$DIR/pid" \
		2>"$DIR/err" 4>&- </dev/null
	started+=("$(cat "$DIR/pid")")
	finished "${started[0]}"
	# Whole, but not to the page: sleep may be in execve while the report is made.
	jq -e '.reason == "end"' "$DIR/piped" >"$DIR/out"
	kill -0 "${started[1]}"
}

@test "a descriptor that cannot take a report is refused before the command runs" {
	local bad
	mkfifo "$DIR/pipe"
	exec 5<>"$DIR/pipe" 6>"$DIR/pipe" 5>&- 4</dev/null
	for bad in 3 4 6 0 2 -1 x 99 2147483648; do
		run "$TARE" run --fd-report "$bad" -- touch "$DIR/ran" 3>&-
		status_is 125
		says "fd-report $bad: not"
		[ ! -e "$DIR/ran" ] || fail "the command ran"
	done
	run "$TARE" run --fd-report 6 -- true
	says 'read by anybody'
	run "$TARE" run --fd-report 4 -- true
	says 'open for writing'
	exec 4<&- 6>&-
}

@test "a reader that went away: the table, a message and a status; no signal" {
	mkfifo "$DIR/pipe"
	cat "$DIR/pipe" >/dev/null &
	started+=($!)
	exec 6>"$DIR/pipe"
	# The command ends the reader.
	run "$TARE" run --fd-report 6 -- sh -c "kill $!; until [ ! -e /proc/$! ] ||
		grep -q '^State:.Z' /proc/$!/status; do :; done"
	exec 6>&-
	status_is 125
	says '^peak:' 'cannot write /dev/fd/6: Broken pipe'
}

@test "a full disk behind the descriptor: the table, a message and a status" {
	run "$TARE" run --fd-report 6 -- true 6>/dev/full
	status_is 125
	says '^peak:' 'cannot write /dev/fd/6' 'space'
}
