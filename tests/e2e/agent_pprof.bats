#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
#
# tare agent: profiles over HTTP. Read by pprof itself, and by a client with the rules of the other
# programs that read them (lib/pprof_rules.py).

load lib/common
load lib/hold

setup() {
	started=()
	name=grow$$
	export PPROF_TMPDIR=$DIR
}

teardown() {
	end_all "${started[@]}"
	[ ! -d "${group:-}" ] || until_true 10 rmdir "$group" 2>/dev/null
}

begin() {
	"$@" >>"$DIR/out" 2>>"$DIR/err" &
	started+=($!)
}

answers() {
	curl -sf -o /dev/null --max-time 60 "http://127.0.0.1:$port/healthz"
}

agent() {
	port=$(free_port)
	url=http://127.0.0.1:$port/debug/pprof
	begin "$TARE" agent --listen "127.0.0.1:$port" "$@"
	agent=${started[-1]}
	until_true 120 answers || fail "$(cat "$DIR/err")"
}

rules() {
	run "$LIB/pprof_rules.py" "$@"
	status_is 0
}

sum() {
	"$LIB/pprof_rules.py" sum "$@"
}

# resident PID: bytes, by the kernel.
resident() {
	awk '/^Rss:/ { print $2 * 1024 }' "/proc/$1/smaps_rollup"
}

# within PERCENT A B
within() {
	python3 -c 'import sys
share, a, b = map(float, sys.argv[1:])
sys.exit(not abs(a - b) <= share / 100 * max(a, b))' "$@" ||
		fail "$2 and $3 differ by more than $1 %"
}

# The grower has touched at least so many bytes.
has_grown() {
	[ "$(resident "$grower")" -ge "$1" ]
}

# grower MIB MS: by a name that no other program of this machine has, $name.
grower() {
	cp "$PROGRAMS/grower" "$DIR/$name"
	begin "$DIR/$name" "$@"
	grower=${started[-1]}
}

@test "the client finds each rule broken" {
	rules self-test
}

@test "pprof names the function that grows" {
	need go curl
	agent
	grower 1 50
	until_true 30 has_grown $((40 << 20))
	for path in heap allocs; do
		run go tool pprof -top "$url/$path?comm=$name"
		status_is 0
		says "inuse_space" "[0-9.]*% *9[0-9.]*% .*% *grow_here"
	done
	run go tool pprof -top -sample_index=alloc_space "$url/allocs"
	status_is 0
	says "grow_here"
	run go tool pprof -tags "$url/heap?comm=$name"
	status_is 0
	says "comm: Total" "$name" "thread: Total" "grows"
}

@test "held memory of a program is what the kernel says, and comm selects it" {
	need curl
	agent
	grower 300 100000
	until_true 30 has_grown $((300 << 20))
	within 3 "$(sum "$url/heap?comm=$name" inuse_space)" "$(resident "$grower")"
	within 3 "$(sum "$url/heap?comm=$name" inuse_space grow_here)" $((300 << 20))
	# By samples, one per MiB; on a busy machine one per 2, 4 … MiB.
	within 5 "$(sum "$url/heap?comm=$name" alloc_space grow_here)" $((300 << 20))
	run "$LIB/pprof_rules.py" labels "$url/heap?comm=$name" comm
	[ "$output" = "$name" ] || fail "$output"
	[ "$(sum "$url/heap?comm=nobody" inuse_space)" = 0 ]
}

# difference NAME QUERY: begins one, which waits in the agent when this returns.
difference() {
	curl -s -v -o "$DIR/$1" "$url/allocs?$2" 2>"$DIR/$1.err" &
	started+=($!)
	until_true 30 grep -q '^> GET' "$DIR/$1.err"
	# The agent answers one after the other: the second has come after the difference.
	until_true 60 answers
	until_true 60 answers
}

@test "a difference has what grew meanwhile, and clients that wait do not disturb each other" {
	need curl
	agent
	hold "$PROGRAMS/hog" 300
	reaches before
	difference early "seconds=15&comm=hog"
	early=${started[-1]}
	echo >&9
	reaches survived
	difference late "seconds=1&comm=hog"
	finished "${started[-1]}"
	[ "$(sum "file://$DIR/late" alloc_space)" = 0 ]
	[ "$(sum "file://$DIR/late" inuse_space)" = 0 ]
	finished "$early"
	within 5 "$(sum "file://$DIR/early" alloc_space)" $((300 << 20))
	within 5 "$(sum "file://$DIR/early" inuse_space)" $((300 << 20))
	rules delta "$url/heap?seconds=1"
	rules delta "$url/kernel?seconds=1"
}

# Processes begin and end all the time, and are folded.
@test "successive profiles obey the rules of Alloy, Pyroscope and Parca" {
	need curl
	agent
	grower 1 20
	for i in 1 2 3; do
		begin bash -c 'while :; do /bin/true; ls -R /usr/share/doc >/dev/null; done'
	done
	rules check "$url/heap" 5 1.1
	rules check "$url/allocs" 3 1.1
	rules check "$url/kernel" 3 1.1
	rules check "$url/heap?comm=$name" 3 1.1
}

# labelled NAME VALUE [QUERY]: a sample has this label.
labelled() {
	"$LIB/pprof_rules.py" labels "$url/heap$3" "$1" | grep -qx "$2"
}

# A control group as docker makes it, and in it a program that grows and children that end.
@test "profiles have the container, also of processes that have ended" {
	need curl
	local home id=0123456789ab$$
	home=$("$LIB/kmem.py" home) || skip "${home#skip: }"
	id=$(printf '%s%0*d' "$id" $((64 - ${#id})) 0)
	group=$home/docker-$id.scope
	mkdir "$group" || skip "no control group can be made in $home"
	agent
	cp "$PROGRAMS/grower" "$DIR/$name"
	# shellcheck disable=SC2016 # expanded by that shell
	begin sh -c 'echo 0 >"$0"/cgroup.procs && exec "$@"' "$group" "$DIR/$name" 30 100000
	# shellcheck disable=SC2016
	begin bash -c 'echo 0 >"$0"/cgroup.procs
		while :; do ls -R /usr/share/doc >/dev/null; done' "$group"
	until_true 30 labelled container "${id:0:12}" "?comm=$name"
	within 3 "$(sum "$url/heap?cgroup=${id:0:12}" inuse_space grow_here)" $((30 << 20))
	until_true 30 labelled container "${id:0:12}" "?comm=ls"
	[ "$(sum "$url/heap?cgroup=/nowhere" inuse_space)" = 0 ]
}

status_of() {
	curl -s -o "$DIR/body" -w '%{http_code}' --max-time 60 "$url/$1"
}

@test "profiles that there are not, and wrong queries" {
	need curl
	agent
	for path in block goroutine mutex profile cmdline trace heapx; do
		[ "$(status_of $path)" = 404 ] || fail "$path"
	done
	for query in seconds=0 seconds=61 seconds=-1 seconds=1s seconds=; do
		[ "$(status_of "heap?$query")" = 400 ] || fail "$query"
	done
	[ "$(status_of heap)" = 200 ]
}

# Each begins a difference, so each makes the agent take a report.
leave_early() {
	local n=0 status
	while [ $n -lt "$1" ]; do
		status=0
		curl -s -o /dev/null --max-time 0.12 "$url/heap?seconds=60" || status=$?
		case $status in
		28) ((++n)) ;;
		0) sleep 0.05 ;; # the agent has not noticed yet that the ones before have left
		*) fail "curl: $status" || return 1 ;;
		esac
	done
}

@test "clients that leave during a difference, and 100 reports without growth" {
	need curl
	agent
	leave_early 80
	before=$(resident "$agent")
	leave_early 100
	after=$(resident "$agent")
	# The machine goes on meanwhile, and new programs bring their symbols. A report that stays
	# would be 100 MiB and more.
	[ $((after - before)) -le $((48 << 20)) ] || fail "from $before to $after bytes"
	[ "$(status_of 'heap?seconds=1')" = 200 ]
	kill -TERM "$agent"
	finished "$agent"
	status_is 0
}

@test "too many clients that wait are refused, and the others are answered" {
	need curl
	agent
	[ "$(status_of heap)" = 200 ] # the first one takes longest: it opens many programs
	for ((i = 0; i < 8; i++)); do
		# The request below may take the last place before them: then they ask again.
		begin curl -s -o /dev/null --retry 100 --retry-delay 1 "$url/heap?seconds=60"
	done
	until_true 50 eval '[ "$(status_of "heap?seconds=1")" = 503 ]'
	[ "$(status_of heap)" = 200 ]
}
