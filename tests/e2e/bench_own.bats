#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
#
# tare bench with a command of the user's own, which may misbehave; options; a bench that is
# interrupted, killed, or resumed.

load lib/common

setup() {
	started=()
	cgroups=$(left_cgroups)
}

teardown() {
	local file pid
	for file in "$DIR"/pids "$DIR"/seen; do
		[ ! -e "$file" ] || while read -r pid _; do end_all "$pid"; done <"$file"
	done
	end_all "${started[@]}"
}

results() {
	run "$LIB/bench.py" "$@"
	[ "$status" = 0 ] || fail "$output"
}

# Control groups of tares that have ended.
left_cgroups() {
	local cgroup pid under
	# Below this test's own group, if that is known (v1): other tests may run at the same
	# time.
	under=$(sed -n 's|^[0-9]*:[^:]*memory[^:]*:\(/..*\)$|\1|p' /proc/self/cgroup)
	while read -r cgroup; do
		pid=${cgroup##*/tare-}
		[ -e "/proc/${pid%%-*}" ] || echo "$cgroup"
	done < <(find /sys/fs/cgroup -type d -name 'tare-[0-9]*-*' \
		-path "*$under/tare-*" 2>/dev/null)
}

# own SCRIPT: runs a script with one and with three tasks, once each; {n} is $0 in the script.
own() {
	rm -f "$DIR/r.db"
	run "$TARE" bench --tasks "${TASKS:-1,3}" --runs 1 --time-limit "${LIMIT:-20s}" "${@:2}" \
		-o "$DIR/r.db" -- sh -c "$1" '{n}'
}

# own_fails REASON: the bench failed for that reason: exit 1, one run, nothing left behind.
own_fails() {
	status_is 1
	says "$1"
	results assert "$DIR/r.db" "row('own')['status'] in ('failed', 'stopped')" \
		"len({x['tasks'] for x in row('own')['runs']}) == 1"
	[ "$(left_cgroups)" = "$cgroups" ] || fail "a control group is left:" "$(left_cgroups)"
}

@test "a command that prints ready is weighed when it is settled, then ended" {
	TASKS=1,100,1k own 'exec python3 -c "
import signal, sys
n = int(sys.argv[1])
held = b\"x\" * (n * 20000)
print(\"ready\", n, flush=True)
signal.pause()" $0' --runs 2
	status_is 0
	results check "$DIR/r.db"
	results assert "$DIR/r.db" "r['complete']" "row('own')['state'] == 'steady'" \
		"row('own')['family'] == 'own'" "'{n}' in row('own')['command']" \
		"len(runs('own')) == 6" "abs(slope('own', 'anon') - 20000) < 400" \
		"all(0 < x['ready_s'] < 10 and x['cpu_s'] > 0 for x in runs('own'))"
}

@test "a backend that the kernel refuses is replaced, and the results name the other" {
	backend=$("$TARE" doctor --json |
		python3 -c 'import json, sys; print(json.load(sys.stdin)["backend"])')
	TARE_REFUSE=tare_rss_$backend own 'exit 0'
	status_is 0
	says 'ledger by classic'
	results assert "$DIR/r.db" "row('own')['status'] == 'ok'"
	sqlite3 "$DIR/r.db" 'SELECT measured FROM bench' | grep -q '^ledger by classic; '
}

@test "a command that prints nothing is weighed at its peak" {
	own 'head -c $(($0 * 1000)) /dev/zero | tail >/dev/null'
	status_is 0
	results assert "$DIR/r.db" "row('own')['state'] == 'peak'" "len(runs('own', 'peak')) == 2" \
		"len(runs('own')) == 0" "all(x['ready_s'] is None for x in row('own')['runs'])" \
		"all(x['outcome'] == 'ok' and x['weight'] > 100000 for x in row('own')['runs'])"
}

@test "commands without {n}, without --, or that do not exist are refused" {
	run "$TARE" bench -- sleep 1
	status_is 125
	says '{n}' 'tare bench -- sleep {n}'
	run "$TARE" bench sleep '{n}'
	status_is 125
	says '--'
	run "$TARE" bench --tasks 1 --runs 1 -- no-such-command-here '{n}'
	status_is 1
	says 'no-such-command-here could not be started: No such file'
	run "$TARE" bench --tasks 1 --runs 1 -- "$DIR" '{n}'
	status_is 1
	says 'Permission denied'
	local option
	for option in --only=go --catalogue=x --build-dir=x --after --touch=8KiB --list; do
		run "$TARE" bench "$option" -- sleep '{n}'
		status_is 125
		says 'the catalogue, not to a command'
	done
}

@test "a command that dies: its status or signal and its last output are shown" {
	own 'echo first >&2; echo "cannot do $0" >&2; echo >&2; exit 7'
	own_fails 'exit status 7: cannot do 1'
	own 'kill -SEGV $$'
	own_fails 'killed by SIGSEGV'
	own 'echo ready $0; exit 0'
	own_fails 'ended before it was weighed'
	own 'printf "stopped at 5 of 10: %s\n" "Too many open files" >&2; exit 3'
	own_fails 'exit status 3: stopped at 5 of 10' # the N is 1, so this line is not believed
	own 'echo "stopped at 18446744073709551615 of 1: no" >&2; exit 3'
	own_fails 'exit status 3'
}

@test "a command that a limit stops: the limit, the count, and the most that fits" {
	TASKS=10 own '[ $0 -le 5 ] ||
		{ echo "stopped at 5 of 10: Too many open files" >&2; exit 3; }
		echo ready $0; exec sleep 1000'
	status_is 0
	says 'stopped at 5 of 10: RLIMIT_NOFILE = [0-9]* (Too many open files)'
	results check "$DIR/r.db"
	results assert "$DIR/r.db" "row('own')['most'] == 5" \
		"[(x['tasks'], x['outcome']) for x in runs('own')] == [(5, 'ok')]" \
		"[x['stopped_at'] for x in row('own')['runs'] if x['outcome'] == 'stopped'] == [5]"
}

@test "a command that prints a wrong N, or hangs, is reported" {
	own 'echo ready 77; exec sleep 1000'
	own_fails 'it said ready 77'
	LIMIT=2s own 'exec sleep 1000'
	own_fails 'time limit of 2.* s'
	# This does not limit settling, which has a limit of its own.
	LIMIT=1s TASKS=1 own 'echo ready $0; exec sleep 1000'
	status_is 0
	# The command ignores SIGTERM: it is killed some seconds later, and weighed all the same.
	TASKS=1 own \
		'trap "" TERM; echo $$ >>"$DIR/pids"; echo ready $0; while :; do sleep 1000; done'
	status_is 0
	gone "$(tail -n 1 "$DIR/pids")"
}

@test "a command that prints megabytes, or never stops printing, does no harm" {
	own 'head -c 50000000 /dev/zero; echo; echo ready $0; exec sleep 1000'
	status_is 0
	results assert "$DIR/r.db" "len(runs('own')) == 2"
	own 'yes | head -n 2000000; yes | head -c 5000000 >&2; echo ready $0; exec sleep 1000' \
		--tasks 1
	status_is 0
	results assert "$DIR/r.db" "len(runs('own')) == 1"
	LIMIT=2s own 'exec yes "a line, or many of them"'
	own_fails 'time limit of 2.* s'
	LIMIT=2s own 'exec yes >&2'
	own_fails 'time limit of 2.* s'
	printf 'ready 1\0\nready 2\377\n\033[31mready 1\nready 1 \n' >"$DIR/noise"
	TASKS=1 own 'cat "$DIR/noise" >&2; exit 9'
	own_fails 'exit status 9: ready 1'
	! grep -q $'\033' <<<"$output" || fail "an escape sequence comes through"
}

@test "children that a command leaves behind are ended" {
	own 'setsid sh -c "trap \"\" TERM HUP; while :; do sleep 1000; done" & echo $! >>"$DIR/pids"
		echo ready $0; exec sleep 1000'
	status_is 0
	own 'setsid sleep 1000 & echo $! >>"$DIR/pids"; echo ready $0; exit 0'
	own_fails 'ended before it was weighed'
	local pid
	while read -r pid; do
		gone "$pid" || fail "$pid lives: $(tr '\0' ' ' <"/proc/$pid/cmdline")"
	done <"$DIR/pids"
	[ "$(wc -l <"$DIR/pids")" = 3 ]
}

@test "a command that needs more than --memory-max is reported" {
	[ "$(wc -l </proc/swaps)" = 1 ] || skip "with swap, no process is killed at the limit"
	"$TARE" doctor --json >"$DIR/doctor" || true
	own 'exec python3 -c "x = bytearray(300 << 20); print(\"ready\", 1)"' --memory-max 64MiB
	! grep -q 'control group' <<<"$output" || [ -e "$DIR/r.db" ] ||
		skip "no control group: $output"
	own_fails 'out of memory: 64.0 MiB'
}

@test "invalid options are refused, with the way out" {
	local option
	for option in --tasks=-1 --tasks=1000000000000 --tasks=abc --tasks= --tasks=1,,2 \
		--tasks=1kk \
		--runs=0 --runs=-1 --runs=x --time-limit=0 --time-limit=abc --memory-max=0 \
		--memory-max=x --touch=0 --touch=-1 --nonsense; do
		run "$TARE" bench "$option" --list
		status_is 125
		says "^tare: .*${option%%=*}" 'tare bench --help'
	done
	run "$TARE" bench --task 5 --list # an abbreviation of --tasks
	status_is 0
	run "$TARE" bench --raise-limit-s
	status_is 125
	says '--raise-limits'
	run "$TARE" bench --tasks
	status_is 125
	says 'needs an argument'
	run "$TARE" bench --user nobody --as-root
	status_is 125
	run "$TARE" bench --help
	status_is 0
	fits_80_columns
	TASKS=0 own 'echo ready $0; exec sleep 1000'
	status_is 0
	results assert "$DIR/r.db" "[x['tasks'] for x in runs('own')] == [0]"
}

@test "-o does not overwrite results; --resume needs the same options" {
	own 'echo ready $0; exec sleep 1000'
	status_is 0
	cp "$DIR/r.db" "$DIR/copy"
	go_on() {
		run "$TARE" bench --tasks 1,3 --runs 1 "$@" \
			-- sh -c 'echo ready $0; exec sleep 1000' '{n}'
	}
	go_on -o "$DIR/r.db"
	status_is 1
	says 'already exists' '--resume'
	go_on -o "$DIR/no/such/r.db"
	status_is 125
	says "$DIR/no/such"
	go_on --resume
	status_is 125
	says '-o FILE'
	go_on -o "$DIR/r.db" --resume --memory-max 1GiB
	[ "$status" != 0 ] || fail "resumed with other options"
	says 'another --memory-max'
	run "$TARE" bench --tasks 1,3,4 --runs 1 -o "$DIR/r.db" --resume -- true '{n}'
	[ "$status" != 0 ] || fail "resumed with another command"
	says 'another command'
	go_on -o "$DIR/none.db" --resume
	status_is 1
	says none.db
	cmp "$DIR/r.db" "$DIR/copy"
	# All runs are done: none is started.
	go_on -o "$DIR/r.db" --resume
	status_is 0
	[ "$(sqlite3 "$DIR/r.db" 'SELECT * FROM weights')" = \
		"$(sqlite3 "$DIR/copy" 'SELECT * FROM weights')" ]
}

# Starts a bench of six runs in the background. Each run writes "PID N" to $DIR/seen when it
# starts.
begin() {
	"$TARE" bench --tasks 1,2,3 --runs 2 "$@" -o "$DIR/r.db" -- \
		sh -c 'echo $$ $0 >>"$DIR/seen"; echo ready $0; exec sleep 1000' '{n}' \
		>"$DIR/out" 2>&1 3>&- &
	started+=($!)
}

seen() {
	[ -e "$DIR/seen" ] && [ "$(wc -l <"$DIR/seen")" -ge "$1" ]
}

kept() {
	sqlite3 "$DIR/r.db" "SELECT r.tasks, r.repeat, w.state, w.time_s, m.part, m.bytes
		FROM runs r JOIN weighings w ON w.run = r.number
		JOIN measures m ON m.run = w.run AND m.state = w.state
		ORDER BY r.number, w.state, m.part"
}

# Ends the bench after its third run began: two runs are kept, then --resume makes the others.
was_cut_short() {
	local pid
	until_true 10 gone "$(sed -n '3s/ .*//p' "$DIR/seen")"
	results check "$DIR/r.db"
	results assert "$DIR/r.db" "not r['complete']" "len(runs('own')) == 2"
	run "$TARE" bench report "$DIR/r.db"
	status_is 0
	says interrupted
	kept >"$DIR/before"
	begin --resume
	finished "${started[-1]}"
	status_is 0
	kept >"$DIR/all"
	cmp <(head -n "$(wc -l <"$DIR/before")" "$DIR/all") "$DIR/before"
	results assert "$DIR/r.db" "r['complete']" \
		"[(x['tasks'], x['repeat']) for x in runs('own')] == \
			[(n, i) for n in (1, 2, 3) for i in (1, 2)]"
	# The run that was cut short is repeated, the kept ones are not.
	[ "$(cut -d' ' -f2 "$DIR/seen" | tr '\n' ' ')" = '1 1 2 2 2 3 3 ' ] ||
		fail "$(cat "$DIR/seen")"
	[ "$(left_cgroups)" = "$cgroups" ] || fail "a control group is left:" "$(left_cgroups)"
}

@test "Ctrl-C: status 130, finished runs are kept, --resume makes the rest" {
	begin
	until_true 20 seen 1
	kill -USR1 "${started[0]}" # an option of tare run, unknown here
	until_true 20 seen 3
	kill -INT "${started[0]}"
	finished "${started[0]}"
	status_is 130
	grep -q 'interrupted' "$DIR/out"
	grep -q -e '--resume' "$DIR/out"
	was_cut_short
}

@test "kill -9: finished runs are kept, the workload ends, --resume makes the rest" {
	begin
	until_true 20 seen 3
	kill -KILL "${started[0]}"
	finished "${started[0]}"
	status_is 137
	was_cut_short
}

@test "a bench whose output nobody reads runs to its end" {
	mkfifo "$DIR/pipe"
	"$TARE" bench --tasks 1 --runs 2 -o "$DIR/r.db" -- sh -c 'echo ready $0; exec sleep 1000' \
		'{n}' \
		>"$DIR/out" 2>"$DIR/pipe" 3>&- &
	started+=($!)
	head -n 1 "$DIR/pipe" >"$DIR/line"
	finished "${started[0]}"
	status_is 0
	results assert "$DIR/r.db" "r['complete']" "len(runs('own')) == 2"
}

# Changes this machine's limits for the time of one run.
@test "--raise-limits restores the limits, also after Ctrl-C" {
	limits() { cat /proc/sys/kernel/pid_max /proc/sys/kernel/threads-max \
		/proc/sys/vm/max_map_count; }
	[ ! -e /run/tare-limits ] || skip "another tare has raised them"
	local before
	before=$(limits)
	begin --raise-limits
	until_true 20 seen 1
	[ "$(cat /proc/sys/vm/max_map_count)" -ge 16777216 ] || fail "the limit was not raised"
	kill -INT "${started[0]}"
	finished "${started[0]}"
	status_is 130
	[ "$(limits)" = "$before" ] || fail "not put back:" "$before" "$(limits)"
	[ ! -e /run/tare-limits ] || fail "the note of the raised limits is left"
	results assert "$DIR/r.db" "'vm.max_map_count = 16777216' in r['machine']['limits']"
}
