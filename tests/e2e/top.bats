#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
#
# tare top: rows compared with /proc, the text for scripts, and the screen, in tmux.

load lib/common
load lib/hold

setup() {
	started=()
	server=tare-$$-$BATS_TEST_NUMBER
}

teardown() {
	exec 9>&- || :
	end_all "${started[@]}"
	[ ! -e "$DIR/tmux" ] || tmux -L "$server" kill-server 2>/dev/null || :
}

# screen WIDTH HEIGHT COMMAND…: an interactive shell in a terminal of that size, where COMMAND is
# typed. The settings of the terminal before and after it are in $DIR/before and $DIR/after.
screen() {
	local width=$1 height=$2
	shift 2
	need tmux
	touch "$DIR/tmux"
	cat >"$DIR/typed" <<-END
		stty -a | tail -n +2 >$DIR/before
		$*
		echo \$? >$DIR/status
		stty -a | tail -n +2 >$DIR/after
	END
	LC_ALL=C.UTF-8 tmux -L "$server" -f /dev/null new-session -d -s t -x "$width" -y "$height" \
		"env LC_ALL=C.UTF-8 ${terminal:+TERM=$terminal} TARE=$TARE PS1=shell: \
		bash --norc --noprofile -i"
	press ". $DIR/typed" Enter
}

press() {
	tmux -L "$server" send-keys -t t "$@"
}

captured() {
	tmux -L "$server" capture-pane -p -t t
}

shown() {
	captured | grep -q -e "$1"
}

not_shown() {
	! shown "$1"
}

shows() {
	until_true 20 shown "$1" || fail "the screen does not show '$1':" "$(captured)"
}

# The program that the shell runs.
tare_pid() {
	local shell
	shell=$(tmux -L "$server" list-panes -t t -F '#{pane_pid}')
	pid=$(cat "/proc/$shell/task/$shell/children")
	pid=${pid// /}
	[ -n "$pid" ] && [ "/proc/$pid/exe" -ef "$TARE" ]
}

# ends_with STATUS: it has ended so, and the terminal is as it was.
ends_with() {
	until_true 20 test -s "$DIR/after"
	[ "$(cat "$DIR/status")" = "$1" ] || fail "status $(cat "$DIR/status")" "$(captured)"
	cmp "$DIR/before" "$DIR/after"
	[ "$(tmux -L "$server" list-panes -t t -F '#{alternate_on} #{cursor_flag}')" = "0 1" ] ||
		fail "not the normal screen with a cursor:" "$(captured)"
}

grower() {
	hold "$PROGRAMS/grower" 1 "$@"
}

@test "top: each step of a program's growth is in its row, to the byte" {
	compared top steps
}

@test "top --all: rows add up to the total while processes come and go" {
	compared top sums
}

@test "top: the thread that grows is the first row, with what it grew by" {
	compared top rates
}

@test "top --schema describes each round" {
	"$TARE" top --schema >"$DIR/schema"
	"$TARE" top -n 2 -d 0.1 --threads --format jsonl >"$DIR/rounds"
	[ "$(wc -l <"$DIR/rounds")" = 2 ]
	python3 - "$DIR/schema" "$DIR/rounds" <<-'END'
		import json, jsonschema, sys
		schema = json.load(open(sys.argv[1]))
		for line in open(sys.argv[2]):
		    jsonschema.Draft202012Validator(schema).validate(json.loads(line))
	END
}

@test "top -b: plain text without escape sequences, -n rounds" {
	TERM=xterm-256color run "$TARE" top -b -n 2 -d 0.1 --rows 3
	status_is 0
	says '━━ tare top: all processes' 'GROWTH/s' 'not known yet'
	says_not $'\e'
	[ "$(grep -c '━━ tare top' <<<"$output")" = 2 ]
}

@test "top -o chooses columns; csv has a line per row" {
	run "$TARE" top -n 1 -o name,pid --rows 2
	status_is 0
	says '^NAME *PID$'
	run "$TARE" top -n 2 -d 0.1 --rows 3 --format csv
	status_is 0
	[ "${#lines[@]}" = 7 ] || fail "$output"
}

@test "top: wrong usage is refused with a hint" {
	for words in '-o pid,shoe' '-d 0' '-n 0' '--sort shoe' '--format xml' '-p 1 --all' \
		'-p x' '--max-size 1GiB' '--replay x -p 1' '--replay x --period 64KiB' \
		'-o pid --format csv' '--all -- true' '--user root'; do
		# shellcheck disable=SC2086
		run "$TARE" top $words
		status_is 125
		says 'tare top --help'
	done
	run "$TARE" top -p 999999999
	status_is 1
	says 'no such process'
}

@test "top -- COMMAND: its output goes to stderr, and it ends with the last round" {
	run --separate-stderr "$TARE" top -b -n 2 -d 0.1 -- sh -c 'echo hello; exec sleep 1000'
	status_is 0
	says 'tare top: sh -c'
	says_not '^hello'
	# shellcheck disable=SC2154
	grep -qx hello <<<"$stderr"
}

@test "top ends with its reader, and when its target ends" {
	"$TARE" top -b -d 0.1 | head -n 1 >"$DIR/first"
	[ -s "$DIR/first" ]
	grower
	reaches grown
	"$TARE" top -b -d 0.1 -p "${started[0]}" >"$DIR/rows" &
	started+=($!)
	until_true 20 test -s "$DIR/rows"
	kill -KILL "${started[0]}"
	finished "${started[1]}"
	status_is 0
}

@test "top: no terminal, or TERM=dumb: plain text and a message" {
	run "$TARE" top -n 1
	status_is 0
	says 'as with -b'
	terminal=dumb screen 80 24 "$TARE top -n 1"
	shows 'as with -b'
	ends_with 0
}

@test "top -r records the session" {
	grower
	reaches grown
	run "$TARE" top -b -n 3 -d 0.2 -p "${started[0]}" -r "$DIR/run.tare"
	status_is 0
	run "$TARE" report "$DIR/run.tare"
	status_is 0
	says 'grower'
}

# replayed FILE LIVE: each round of the replay has the rows that the live round of its time had.
replayed() {
	run --separate-stderr "$TARE" top --replay "$1" --threads --format jsonl
	status_is 0
	python3 - "$2" <(printf '%s\n' "$output") <<-'END'
		import json, sys
		live, replay = ([json.loads(line) for line in open(f)] for f in sys.argv[1:])
		live = {r["time_ns"]: r for r in live}
		def rows(r):
		    members = ["kinds", "in", "out", "faults", "cause", "weight"]
		    if r["time_ns"] == replay[-1]["time_ns"]: # names are as they were seen last
		        members += "cgroup", "uid", "comm"
		    return {(x["pid"], x["tid"], *(str(x[m]) for m in members))
		            for x in r["rows"]}
		assert len(replay) >= 2, len(replay)
		for r in replay:
		    now = live[r["time_ns"]]
		    wrong = [row[:2] for row in rows(r) ^ rows(now)]
		    assert not wrong, wrong
		    for sum in "weight", "in", "out", "faults", "processes", "threads":
		        assert r["total"][sum] == now["total"][sum], sum
	END
}

@test "top --replay: the rows of a recording are those of then" {
	grower 100
	"$TARE" top -n 12 -d 0.3 --threads --format jsonl -r "$DIR/run.tare" >"$DIR/live"
	replayed "$DIR/run.tare" "$DIR/live"
}

@test "top --replay shows what run and attach recorded" {
	grower 100
	"$TARE" attach -p "${started[0]}" --duration 2 -r "$DIR/run.tare" -o "$DIR/report"
	run "$TARE" top -b --replay "$DIR/run.tare"
	status_is 0
	says '+[0-9.]* MiB .*page fault.*grower 1 100'
	run "$TARE" top -b --replay "$DIR/run.tare" -n 1
	status_is 0
	[ "$(grep -c '━━ tare top' <<<"$output")" = 1 ]
}

@test "top --replay: what can't be replayed, and the way out" {
	run "$TARE" top --replay "$DIR/none"
	status_is 1
	says 'none'
	run "$TARE" top -b --replay tests/unit/data/schema1.tare
	status_is 1
	says 'older tare (schema 1)' 'tare report'
	echo text >"$DIR/text"
	run "$TARE" top --replay "$DIR/text"
	status_is 1
	says 'not a file of tare run -r'
}

@test "screen: a replay is moved in time, and has details" {
	grower 100
	"$TARE" attach -p "${started[0]}" --duration 3 --period 64KiB -r "$DIR/run.tare" \
		-o "$DIR/report"
	screen 90 30 "$TARE top --replay $DIR/run.tare"
	shows 'playing 0:'
	shows 'paused 0:'
	press Home
	shows 'paused 0:00'
	shows 'not known yet'
	press Right Right Right
	shows 'growth   +'
	press Enter
	shows 'grow_here'
	press Escape
	press End
	until_true 20 not_shown 'paused 0:00'
	press w
	shows 'tare report and tare export'
	press q
	ends_with 0
}

@test "screen: rows, filter, threads, details, back, quit" {
	grower 100
	screen 100 30 "$TARE top"
	shows 'h help'
	press '\' grower Enter
	shows '+.*page fault.*grower 1 100'
	press H
	shows '· grows'
	press Enter
	shows 'process  '"${started[0]}"'  grower'
	shows 'CAUSES: taken'
	shows 'MAPPINGS: mapped'
	shows '\[anon\]'
	press Escape
	shows 'filter: grower'
	press h
	shows 'who grows, and how fast'
	press q
	ends_with 0
}

@test "screen: the function that grew it is in the details" {
	grower 100
	screen 100 30 "$TARE top --period 64KiB -p ${started[0]}"
	shows 'h help'
	press Enter
	shows 'grow_here'
	press q
	ends_with 0
}

@test "screen: r records, w writes a report" {
	grower 100
	screen 100 30 "cd $DIR; $TARE top -p ${started[0]}"
	shows 'h help'
	press r
	shows 'recording to tare-top-'
	press w
	shows 'report written: tare-top-'
	press r
	shows 'recorded: tare report'
	press q
	ends_with 0
	run "$TARE" report "$DIR"/tare-top-*.tare
	status_is 0
	says 'grower'
	[ "$(find "$DIR" -name 'tare-top-*' | wc -l)" = 2 ] || fail "$(ls "$DIR")"
}

@test "screen: sizes from 200x60 to 40x10; no line is wrapped" {
	screen 80 24 "$TARE top"
	shows 'h help'
	tmux -L "$server" resize-window -t t -x 200 -y 60
	shows 'OWNER .*GROWTH/s .*UNIT'
	tmux -L "$server" resize-window -t t -x 40 -y 10
	until_true 20 not_shown OWNER
	shows 'PID .*NAME'
	shows '^h help'
	[ "$(captured | wc -l)" = 10 ]
	press q
	ends_with 0
}

@test "screen: a pause stops it; 1 2 3 and < > change what is shown" {
	grower 100
	screen 100 30 "$TARE top -p ${started[0]}"
	shows 'page fault.*grower'
	press 1
	press '>'
	shows 'sorted by weight'
	press Space
	shows 'paused'
	press Space
	until_true 20 not_shown paused
	press q
	ends_with 0
}

@test "screen: SIGTERM, Ctrl-C and a crash put the terminal back" {
	for how in TERM INT SEGV; do
		rm -f "$DIR"/{before,after,status}
		screen 80 24 "$TARE top"
		shows 'h help'
		until_true 20 tare_pid
		case $how in
		INT) press C-c ;;
		*) kill -"$how" "$pid" ;;
		esac
		case $how in
		SEGV) ends_with 139 ;;
		*) ends_with 0 ;;
		esac
		tmux -L "$server" kill-server
	done
}

@test "screen: Ctrl-Z gives the shell its terminal; fg goes on" {
	screen 80 24 :
	until_true 20 test -s "$DIR/after"
	press "$TARE top" Enter
	shows 'h help'
	press C-z
	shows 'Stopped'
	press 'stty -a | tail -n +2 | cmp - '"$DIR/before && echo sa''me" Enter
	shows '^same'
	press fg Enter
	shows 'h help'
	press q
	shows '^shell:'
}

@test "screen: it ends when the terminal is closed" {
	screen 80 24 "$TARE top"
	shows 'h help'
	until_true 20 tare_pid
	tmux -L "$server" kill-server
	until_true 20 gone "$pid"
}

@test "screen: names with escape sequences change nothing" {
	hold "$PROGRAMS/hostile"
	reaches
	screen 100 50 "$TARE top -p ${started[0]} --threads --sort in"
	shows '\\e\[31mred\\e\[0m'
	press q
	ends_with 0
}

@test "screen: 5,000 rows" {
	hold "$PROGRAMS/crowd" 5 1000
	reaches ready
	read -ra children <"/proc/${started[0]}/task/${started[0]}/children" || :
	screen 100 30 "$TARE top --threads -p $(IFS=, && echo "${children[*]}")"
	shows '5,000 threads'
	press End
	shows '· crowd'
	press Home
	shows 'crowd 5 1000'
	press q
	ends_with 0
}
