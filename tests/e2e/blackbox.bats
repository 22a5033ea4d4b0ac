#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck disable=SC2030,SC2031 # each test has its own `started`
#
# The black box: what a report tells of an OOM kill. oom_scene has three processes: the largest is
# killed, because a small one asks for memory.
# Runs alone: OOM kills of other tests would be dumped too.

load lib/common

setup() {
	started=()
	group=
	"$LIB/kmem.py" home >"$DIR/home" || skip "$(cat "$DIR/home")"
}

kills_at_the_limit() {
	[ "$(wc -l </proc/swaps)" = 1 ] || skip "with swap, no process is killed at the limit"
}

# of_row SORT NAME EXPRESSION: asserts it of a row `x` of the story.
of_row() {
	report assert "$DIR/r.json" "[$3 for x in r['incident']['grew']
		if x['sort'] == '$1' and x['name'] == '$2'][0]"
}

# of_incident EXPRESSION…: asserts them of the incident `i`.
of_incident() {
	local e
	for e; do
		report assert "$DIR/r.json" "[$e for i in [r['incident']]][0]"
	done
}

# What oom_scene's processes held at the kill (its output is on stdin) is what the group was charged
# for, within 2 %. Mapped files do not count: they are in the page cache already.
all_told() {
	local pids
	pids=$(sed -n 's/^fills \([0-9]*\) bystander \([0-9]*\) asks /\1, \2, /p')
	report assert "$DIR/r.json" "[abs(sum(p['at_peak']['anon'] + p['at_peak']['kernel']
		for p in processes if p['pid'] in ($pids) or any(c['ppid'] == p['pid']
			for c in processes if c['pid'] in ($pids))) - i['usage'])
		<= 0.02 * i['usage'] for i in [r['incident']]][0]"
}

@test "run --memory-max: the story of an OOM kill, with victim and trigger apart" {
	kills_at_the_limit
	run "$TARE" run --memory-max 64MiB -r "$DIR/r.tare" -o "$DIR/r.json" -- \
		"$PROGRAMS/oom_scene" 48 100
	status_is 0
	says 'fills ended by 9'
	victim=$(sed -n 's/^fills \([0-9]*\) .*/\1/p' <<<"$output")
	trigger=$(sed -n 's/.* asks \([0-9]*\)$/\1/p' <<<"$output")
	report check "$DIR/r.json"
	of_incident "i['what'] == 'oom-kill'" \
		"i['time_ns'] - i['held_ns'] < 10**9" \
		"i['kills'] >= 1" \
		"i['victim']['pid'] == $victim" \
		"i['victim']['comm'] == 'fills'" \
		"i['trigger']['pid'] == $trigger" \
		"i['trigger']['comm'] == 'asks'" \
		"i['limit'] == 64 << 20" \
		"63 << 20 <= i['usage'] <= 64 << 20" \
		"i['cgroup'] == r['cgroup']['path']" \
		"48 << 20 <= i['victim_held'] <= 51 << 20"
	all_told <<<"$output"
	# A step is 2.4 MiB each 100 ms.
	of_row process fills "x['function'] == 'fill_cache'"
	of_row process fills "x['grown']['1s'] < x['grown']['60s']"
	of_row process fills "48 << 20 <= x['grown']['60s'] <= 52 << 20"
	of_row thread fills "x['thread'] == 'filler' and x['function'] == 'fill_cache'"
	of_row function fill_cache "36 << 20 <= x['grown']['60s'] <= 60 << 20"
	# The recording tells the same, and the default screen opens with it.
	"$TARE" report --format json "$DIR/r.tare" >"$DIR/again.json"
	for of in r again; do
		python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))["incident"])' \
			"$DIR/$of.json" >"$DIR/$of"
	done
	cmp "$DIR/r" "$DIR/again" || fail "the recording tells another story"
	run "$TARE" report "$DIR/r.tare"
	status_is 0
	sed -n 2p <<<"$output" | grep -q "^OOM: *the kernel killed fills (pid $victim), which" ||
		fail "no story on top:" "$output"
	says "by asks (pid $trigger), which is not the victim" '^fills .*fill_cache' \
		'64.0 MiB of 64.0 MiB in'
	# It can be replayed: a round each second, in which the victim grows.
	run --separate-stderr "$TARE" top --replay "$DIR/r.tare" --format jsonl
	status_is 0
	python3 - "$victim" <(printf '%s\n' "$output") <<-'END' || fail "$output"
		import json, sys
		rounds = [json.loads(line) for line in open(sys.argv[2])]
		pid = int(sys.argv[1])
		held = [x["weight"] for r in rounds for x in r["rows"] if x["pid"] == pid]
		times = [r["time_ns"] for r in rounds]
		assert times == sorted(set(times)), times
		assert len(held) >= 2 and held[0] < max(held), held # it may be ending in the last
	END
}

@test "run --memory-max: no story without a kill, nor of another's kill" {
	kills_at_the_limit
	# shellcheck disable=SC2016 # the command's own shell expands it
	"$TARE" run --memory-max 64MiB -o "$DIR/r.json" -- \
		sh -c 'echo >"$0"; sleep 3' "$DIR/up" &
	other=$!
	until_true 10 test -s "$DIR/up"
	run "$TARE" run --memory-max 32MiB -o "$DIR/killed.json" -- "$PROGRAMS/hog" 64 </dev/null
	status_is 137
	wait "$other"
	report assert "$DIR/killed.json" "r['incident']['victim']['comm'] == 'hog'" \
		"r['incident']['trigger']['comm'] == 'hog'"
	report check "$DIR/r.json"
	report assert "$DIR/r.json" "'incident' not in r"
}

@test "run --memory-max: of many kills the first is told, and their number" {
	kills_at_the_limit
	# shellcheck disable=SC2016 # the command's own shell expands them
	run "$TARE" run --memory-max 64MiB -o "$DIR/r.json" -- \
		sh -c 'for i in 1 2 3; do "$PROGRAMS/hog" 256 </dev/null; done; exit 0'
	status_is 0
	report check "$DIR/r.json"
	of_incident "i['kills'] == 3" \
		"i['victim']['comm'] == 'hog'"
}

# The agent's black box. The books of a dump are not checked: nothing waits for that.

# agent LINES…: starts an agent with this configuration, and dumps in $DIR/dumps.
agent() {
	mkdir -p "$DIR/dumps"
	printf '%s\n' "dump-dir = $DIR/dumps" "$@" >"$DIR/agent.conf"
	"$TARE" agent --listen "unix:$DIR/agent.sock" --config "$DIR/agent.conf" 2>"$DIR/log" &
	agent=$!
	started+=("$agent")
	until_true 30 grep -q 'ready:' "$DIR/log" || fail "$(cat "$DIR/log")"
}

# Makes a memory-limited group of v1 or v2; sets group.
limited() {
	group=$(cat "$DIR/home")/tare-blackbox-$BATS_TEST_NUMBER-$$
	mkdir "$group" || skip "no control group can be made"
	echo "$1" >"$group/memory.limit_in_bytes" 2>/dev/null || echo "$1" >"$group/memory.max"
}

in_group() {
	# shellcheck disable=SC2016 # the inner shell expands them
	sh -c 'echo $$ >"$0/cgroup.procs" && exec "$@"' "$group" "$@"
}

# begin GROUP COMMAND…: starts it in a group, with this test's $stdin; sets victim.
begin() {
	# shellcheck disable=SC2016 # the inner shell expands them
	sh -c 'echo $$ >"$0/cgroup.procs" && exec "$@"' "$@" <"${stdin:-/dev/null}" >>"$DIR/out" &
	victim=$!
	started+=("$victim")
}

# out_says WORD TIMES
out_says() {
	[ "$(grep -c "$1" "$DIR/out")" = "$2" ]
}

empty_groups() {
	local pid g
	for g in "$group"/[abc] "$group"; do
		[ -d "$g" ] || continue
		while read -r pid; do
			kill -KILL "$pid" 2>/dev/null
		done <"$g/cgroup.procs"
		rmdir "$g" 2>/dev/null
	done
	[ ! -d "$group" ]
}

teardown() {
	exec 9>&-
	end_all "${started[@]}"
	[ -z "$group" ] || until_true 5 empty_groups
	! mountpoint -q "$DIR/dumps" || umount "$DIR/dumps"
}

dumped() {
	compgen -G "$DIR/dumps/tare-*-$1*.tare" >/dev/null && grep -q "dump: .*-$1" "$DIR/log"
}

dumps_told() {
	[ "$(grep -c 'dump: ' "$DIR/log")" = "$1" ]
}

# The dump of this victim's kill.
killed_dump() {
	sed -n "/OOM kill of .* (pid $1)[,; ]/{n;s/.*dump: \(.*\) (.*/\1/p}" "$DIR/log" | grep .
}

# scraped PATTERN: the metrics have such a line.
scraped() {
	curl -s --unix-socket "$DIR/agent.sock" http://agent/metrics | grep -q -e "$1"
}

the_dump() {
	compgen -G "$DIR/dumps/tare-*-$1*.tare" | head -n 1
}

dumps() {
	[ "$(compgen -G "$DIR/dumps/*" | wc -l)" = "$1" ]
}

@test "agent: an OOM kill in a limited group is dumped with the state at the kill" {
	kills_at_the_limit
	agent
	limited 64M
	in_group "$PROGRAMS/oom_scene" 48 100 >"$DIR/out"
	# Other programs of this machine may run out of memory too: it is this kill's dump.
	victim=$(sed -n 's/^fills \([0-9]*\) .*/\1/p' "$DIR/out")
	until_true 20 killed_dump "$victim"
	file=$(killed_dump "$victim")
	[ "$(stat -c %a "$file")" = 600 ] || fail "$(stat "$file")"
	grep "dump: $file" "$DIR/log" | sed 's/^/# /' >&3
	"$TARE" report --format json "$file" >"$DIR/r.json"
	report dump-check "$DIR/r.json"
	trigger=$(sed -n 's/.* asks \([0-9]*\)$/\1/p' "$DIR/out")
	of_incident "i['what'] == 'oom-kill'" \
		"i['at_kill'] is True" \
		"i['victim']['pid'] == $victim" \
		"i['trigger']['pid'] == $trigger" \
		"i['victim']['cgroup'].endswith('/${group##*/}')" \
		"i['cgroup'] == i['victim']['cgroup']" \
		"i['limit'] == 64 << 20" \
		"63 << 20 <= i['usage'] <= 64 << 20"
	# The victim's figure is the kernel's own, in its log, within 2 %.
	all_told <"$DIR/out"
	anon=$(dmesg 2>/dev/null | grep "Killed process $victim (fills)" | tail -n 1 |
		sed -n 's/.*anon-rss:\([0-9]*\)kB.*/\1/p')
	[ -z "$anon" ] || report assert "$DIR/r.json" \
		"[0.98 * 1024 * $anon <= p['at_peak']['anon'] <= 1.02 * 1024 * $anon
		for p in processes if p['pid'] == $victim][0]"
	of_incident "48 << 20 <= i['victim_held'] <= 52 << 20" \
		"all(x['cgroup'] == i['cgroup'] for x in i['grew'] if x['sort'] != 'function')"
	of_row process asks "x['grown']['60s'] > 1 << 20"
	of_row process fills "x['function'] == 'fill_cache'"
	of_row thread fills "x['thread'] == 'filler' and x['function'] == 'fill_cache'"
	of_row function fill_cache "x['grown']['60s'] >= 36 << 20"
	run "$TARE" report "$file"
	sed -n 2p <<<"$output" | grep -q "^OOM: *the kernel killed fills (pid $victim)" ||
		fail "no story on top:" "$output"
	output=$(cat "$DIR/log")
	says "OOM kill of fills (pid $victim), which held 4.* MiB in .*${group##*/} (64.0 MiB of" \
		"; asked for by asks (pid $trigger); fills grew most: .*, mostly fill_cache"
}

@test "agent: a process that is younger than a second; its growth is its control group's" {
	kills_at_the_limit
	need curl
	agent
	limited 192M
	until_true 20 scraped '^tare_machine' # what grew before the first tick is not known
	begin "$group" "$PROGRAMS/hog" 256
	until_true 20 killed_dump "$victim"
	"$TARE" report --format json "$(killed_dump "$victim")" >"$DIR/r.json"
	of_incident "i['at_kill'] is True" \
		"i['victim']['cgroup'].endswith('/${group##*/}')" \
		"i['cgroup'] == i['victim']['cgroup']" \
		"{x['name'] for x in i['grew'] if x['sort'] == 'process'} == {'hog'}" \
		"[abs(x['grown']['60s'] - i['usage']) <= 0.02 * i['usage']
			for x in i['grew'] if x['sort'] == 'process'] == [True]"
	of_row function main "x['grown']['60s'] > 180 << 20"
}

# The container's root is a file system that only its mount namespace has: nothing of it can be
# opened once it has ended.
begin_container() {
	# shellcheck disable=SC2016 # the inner shell expands them
	begin "$group" unshare -m --propagation private sh -c 'echo 1000 >/proc/self/oom_score_adj
		mount -t tmpfs none "$1" && cp --parents $(ldd "$2" | grep -o "/[^ ]*") "$1" &&
		cp "$2" "$1/server" && shift 2 && exec chroot "$DIR/root" /server "$@"' \
		- "$DIR/root" "$@"
}

@test "agent: the growing function of a container that ended with its victim has a name" {
	kills_at_the_limit
	need unshare chroot curl
	agent
	limited 128M
	mkdir "$DIR/root" "$DIR/many"
	mkfifo "$DIR/go"
	stdin=$DIR/go begin_container "$PROGRAMS/grower" 16
	exec 9>"$DIR/go"
	for i in 1 2 3; do
		until_true 10 out_says grown "$i"
		echo >&9
	done
	until_true 10 scraped 'comm="server".*kind="anon"} 6[0-9]\{7\}'
	# Since then it has not grown, and so many other programs ran that its file was closed.
	for i in {1..120}; do
		cp "$(type -P true)" "$DIR/many/$i"
		"$DIR/many/$i"
	done
	in_group "$PROGRAMS/hog" 256 </dev/null >/dev/null || true
	until_true 20 killed_dump "$victim"
	"$TARE" report --format json "$(killed_dump "$victim")" >"$DIR/r.json"
	of_incident "i['victim']['comm'] == 'server'" "i['trigger']['comm'] == 'hog'"
	of_row process server "x['function'] == 'grow_here' and x['held'] > 64 << 20"
	of_row function grow_here "x['grown']['60s'] > 60 << 20"
}

# killed_at_once NAME…: a hog in each of these groups goes over its limit, at once; sets pid_NAME.
killed_at_once() {
	local name
	mkfifo "$DIR/go"
	for name; do
		stdin=$DIR/go begin "$group/$name" "$PROGRAMS/hog" 96
		declare -g "pid_$name=$victim"
	done
	exec 9>"$DIR/go"
	until_true 10 out_says before $#
	exec 9>&- # at the end of its input each goes on
}

@test "agent: kills in two groups at once have a dump each; in one group the first alone" {
	kills_at_the_limit
	agent
	limited 1G
	for name in a b c; do
		mkdir "$group/$name"
		echo 64M >"$group/$name/memory.limit_in_bytes" 2>/dev/null ||
			echo 64M >"$group/$name/memory.max" || skip "no group within a group"
	done
	killed_at_once a b
	for name in a b; do
		pid=pid_$name
		until_true 20 killed_dump "${!pid}"
		"$TARE" report --format json "$(killed_dump "${!pid}")" >"$DIR/r.json"
		report dump-check "$DIR/r.json"
		of_incident "i['victim']['pid'] == ${!pid}" "i['cgroup'].endswith('/$name')" \
			"60 << 20 <= i['victim_held'] <= 66 << 20 if i['at_kill'] else
				0 < i['victim_held'] <= 66 << 20"
	done
	for i in 1 2 3; do
		begin "$group/c" "$PROGRAMS/hog" 96
		wait "$victim" || true
	done
	until_true 20 grep -q 'OOM kill of hog (pid [0-9]*) too: no dump' "$DIR/log"
}

@test "agent: a hostile name of a victim, in the log and in the report" {
	kills_at_the_limit
	agent
	limited 64M
	name=$'e\e[31m\nOOM\xff'
	cp "$PROGRAMS/hog" "$DIR/$name"
	begin "$group" "$DIR/$name" 256
	until_true 20 killed_dump "$victim"
	! grep -q $'\e\|\xff' "$DIR/log" || fail "escapes in the log"
	[ "$(grep -c "(pid $victim)" "$DIR/log")" = 1 ] || fail "$(cat "$DIR/log")"
	file=$(killed_dump "$victim")
	"$TARE" report --format json "$file" >"$DIR/r.json"
	report dump-check "$DIR/r.json"
	run "$TARE" report "$file"
	status_is 0
	says '^OOM: *the kernel killed e.e.31m.nOOM.xff (pid'
	! grep -q $'\e\|\xff' <<<"$output" || fail "escapes in the report"
}

@test "agent: a growth rule, once in its pause" {
	agent 'dump-when = process hog grows > 30MiB in 60s' 'dump-pause = 1h'
	limited 1G
	mkfifo "$DIR/go"
	for i in 1 2; do
		in_group "$PROGRAMS/hog" 64 <"$DIR/go" >/dev/null &
		started+=($!)
	done
	exec 9>"$DIR/go"
	printf '\n\n' >&9 # "before" of both; then they wait at "survived"
	until_true 20 dumped rule
	dumps 1 || fail "$(ls "$DIR/dumps")"
	"$TARE" report --format json "$(the_dump rule)" >"$DIR/r.json"
	report dump-check "$DIR/r.json"
	of_incident "i['what'] == 'rule'" \
		"i['detail'].startswith('process hog grows > 30MiB in 60s: hog +')" \
		"i['cgroup'].endswith('/${group##*/}')" \
		"i['victim'] is None"
	of_row process hog "x['grown']['60s'] > 30 << 20"
	exec 9>&-
}

@test "agent: SIGUSR2 and POST /dump; the oldest make room" {
	need curl
	agent 'dump-keep = 2'
	for i in 1 2 3; do
		kill -USR2 "$agent"
		until_true 20 dumps_told "$i"
	done
	dumps 2 || fail "$(ls "$DIR/dumps")"
	run curl -s --unix-socket "$DIR/agent.sock" -X POST http://agent/dump
	status_is 0
	[ -f "$output" ] || fail "no such dump: $output"
	"$TARE" report --format json "$output" >"$DIR/r.json"
	report dump-check "$DIR/r.json"
	of_incident "i['what'] == 'requested'" \
		"i['detail'] == 'POST /dump'"
	dumps 2 || fail "$(ls "$DIR/dumps")"
	# A GET does nothing.
	run curl -s -o /dev/null -w '%{http_code}' --unix-socket "$DIR/agent.sock" http://agent/dump
	says 405
}

@test "agent: the group's limit is reached (memory.events max)" {
	agent 'dump-on = max'
	limited 32M
	# Page cache that is reclaimed: no kill, but the limit is reached again and again. The agent
	# knows the group once the first line was read.
	mkfifo "$DIR/go"
	head -c 200M /dev/zero >"$DIR/large" # outside of the group
	# shellcheck disable=SC2016 # the inner shell expands it
	in_group sh -c 'read -r _; while cat "$0" "$0" >"$0.copy"; do :; done' "$DIR/large" \
		<"$DIR/go" &
	started+=($!)
	exec 9>"$DIR/go"
	for i in 1 2; do # a dump is made after a tick: then the group's counts are known
		kill -USR2 "$agent"
		until_true 20 dumps_told "$i"
	done
	echo >&9
	until_true 30 dumped event
	"$TARE" report --format json "$(the_dump event)" >"$DIR/r.json"
	report dump-check "$DIR/r.json"
	of_incident "i['what'] == 'event'" \
		"i['detail'].startswith('memory.events: max +')" \
		"i['cgroup'].endswith('/${group##*/}')" \
		"i['limit'] == 32 << 20"
	exec 9>&-
}

@test "agent: a full disk loses the dump, and says so; the agent goes on" {
	mkdir "$DIR/dumps"
	mount -t tmpfs -o size=64k none "$DIR/dumps" || skip "no mount"
	agent
	kill -USR2 "$agent"
	until_true 20 grep -q 'no dump can be written there' "$DIR/log"
	until_true 20 grep -q 'disk full: the dump is lost' "$DIR/log" || {
		umount "$DIR/dumps"
		fail "$(cat "$DIR/log")"
	}
	dumps 0 || fail "left behind: $(ls "$DIR/dumps")"
	umount "$DIR/dumps"
	kill -USR2 "$agent"
	until_true 20 dumped requested
}

@test "agent: a directory that is missing, read-only, another user's, a link" {
	mkdir "$DIR/dumps"
	mount -t tmpfs -o ro none "$DIR/dumps" || skip "no mount"
	agent
	# It is told at the start, not at a kill.
	until_true 20 grep -q 'no dump can be written there' "$DIR/log"
	kill -USR2 "$agent"
	until_true 20 grep -q 'dumps/.*: Read-only file system' "$DIR/log"
	umount "$DIR/dumps"
	rmdir "$DIR/dumps"
	kill -USR2 "$agent"
	until_true 20 grep -q 'dumps: No such file or directory: no dump is written' "$DIR/log"
	# Files of another user's directory belong to root all the same, and no link is followed.
	mkdir "$DIR/theirs"
	chown 1234 "$DIR/theirs"
	ln -s theirs "$DIR/dumps"
	kill -USR2 "$agent"
	until_true 20 dumped requested
	[ "$(stat -c '%a %u %F' "$(the_dump requested)")" = '600 0 regular file' ] ||
		fail "$(stat "$(the_dump requested)")"
}

@test "agent: wrong lines of the configuration are named" {
	for line in 'dump-when = pod grows 500MiB in 60s' 'dump-when = pods grows > 1MiB in 1s' \
		'dump-on = low' 'dump-size = 1KiB' 'dump-dir = relative' 'dump-keep = 0'; do
		printf '# a comment\n%s\n' "$line" >"$DIR/bad.conf"
		run "$TARE" agent --check --config "$DIR/bad.conf"
		status_is 125
		says "bad.conf:2: ${line%% =*} = "
	done
	says_not Traceback
}

@test "agent: systemd-oomd's hook gets its answer when the dump is written" {
	agent "oomd-hook = $DIR/hook"
	run python3 - "$DIR/hook" <<-'END'
		import json, socket, sys
		s = socket.socket(socket.AF_UNIX)
		s.connect(sys.argv[1])
		call = json.dumps({"method": "io.systemd.oom.Prekill.Notify",
		                   "parameters": {"cgroup": "/system.slice/hog.service"}}).encode()
		s.sendall(call[:10])
		s.sendall(call[10:] + b"\0" + b'{"method": "no.such.Method"}\0nonsense\0')
		text = b""
		while piece := s.recv(4096):
		    text += piece
		print(text)
	END
	status_is 0
	says '{"parameters":{}}.x00{"error":"org.varlink.service.MethodNotFound"'
	file=$(the_dump prekill)
	[ -f "$file" ] || fail "answered before the dump was there"
	run "$TARE" report "$file"
	says '^oomd: *systemd-oomd is about to kill' '^group: */system.slice/hog.service'
	[ "$(stat -c %a "$DIR/hook")" = 660 ] || fail "$(stat "$DIR/hook")" # of root's group
	kill "$agent"
	until_true 20 gone "$agent"
	[ ! -e "$DIR/hook" ] || fail "the socket was left behind"
}
