#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
#
# tare agent: start, answers, limits, signals, and what is left when it is killed.

load lib/common

setup() {
	started=()
	group=
	port=$(free_port)
	url=http://127.0.0.1:$port
	: >"$DIR/log"
}

teardown() {
	end_all "${started[@]}"
	[ -z "$group" ] || find "$group" -depth -type d -exec rmdir {} +
}

MEMCG=/sys/fs/cgroup
[ ! -d /sys/fs/cgroup/memory ] || MEMCG=/sys/fs/cgroup/memory

is_ready() {
	gone "$agent" || grep -q 'ready: listening' "$DIR/log"
}

# agent [OPTION]…: starts one, and waits until it is ready.
agent() {
	: >"$DIR/log"
	"$TARE" agent "$@" 2>>"$DIR/log" &
	agent=$!
	started+=("$agent")
	until_true 60 is_ready
	! gone "$agent" || fail "it has ended:" "$(cat "$DIR/log")"
}

# ends SIGNAL: the agent ends by it, with status 0.
ends() {
	kill "-$1" "$agent"
	finished "$agent"
	[ "$status" = 0 ] || fail "status $status:" "$(cat "$DIR/log")"
}

# answers STATUS CURL-ARGUMENT…: the body is in $output.
answers() {
	local want=$1
	shift
	run -0 curl -s -m 120 -w '\n%{http_code}' "$@"
	status=${output##*$'\n'}
	output=${output%$'\n'*}
	[ "$status" = "$want" ] || fail "status $status, not $want: $*" "$output"
}

# refused [OPTION]…: an agent that does not start, with status 125; its messages are in $output.
refused() {
	run timeout 60 "$TARE" agent "$@"
	status_is 125
}

raw() {
	"$LIB/rude_http.py" "$port" "$@"
}

@test "agent: it answers, and ends at SIGTERM and SIGINT" {
	agent --listen "127.0.0.1:$port"
	answers 200 "$url/healthz"
	[ "${output%$'\n'}" = ok ] || fail "$output"
	answers 200 "$url/"
	says 'who holds most'
	answers 404 "$url/nothing"
	answers 404 "$url/debug/pprof/profile"
	answers 404 "$url/../etc/passwd" --path-as-is
	ends TERM
	agent --listen "127.0.0.1:$port"
	ends INT
}

@test "agent: only GET and HEAD, no body" {
	agent --listen "127.0.0.1:$port"
	answers 405 -X POST "$url/healthz"
	answers 405 -X DELETE "$url/healthz"
	answers 405 -X POST "$url/dump"
	answers 405 "$url/dump"
	answers 413 -X GET -d body "$url/healthz"
	answers 413 -X GET -H 'Transfer-Encoding: chunked' -d body "$url/healthz"
	run -0 curl -s -m 30 -I -X POST "$url/healthz"
	says '^allow: GET, HEAD'
	run -0 curl -s -m 30 -I "$url/healthz"
	says '200 OK' '^content-type: text/plain'
	answers 421 -H 'Host: evil.example' "$url/healthz"
	answers 200 -H 'Host: localhost' "$url/healthz"
	answers 200 "$url/healthz"
}

@test "agent: a page shows a hostile name escaped, and no arguments" {
	cp "$PROGRAMS/grower" "$DIR/<b>x&\"'"
	"$DIR/<b>x&\"'" 300 987654 >/dev/null &
	started+=("$!")
	# A colour of the terminal, and a mark that turns the direction of writing.
	odd=$DIR/$'a\e[31m\u202eb'
	cp "$PROGRAMS/grower" "$odd"
	"$odd" 300 987654 >/dev/null &
	started+=("$!")
	agent --listen "127.0.0.1:$port"
	page_has() {
		answers 200 "$url/" && grep -q '&lt;b&gt;x&amp;&quot;' <<<"$output" &&
			grep -qF 'a\e[31m\u202eb' <<<"$output"
	}
	until_true 20 page_has
	says_not '<b>x' '987654' $'\e' $'\u202e'
}

@test "agent: a port in use, a bad address, options" {
	agent --listen "127.0.0.1:$port"
	refused --listen "127.0.0.1:$port"
	says "127.0.0.1:$port" 'in use' 'another port'
	refused --listen nonsense
	says 'nonsense'
	refused --listen 0.0.0.0:"$port"
	says 'token'
	refused --config /nonexistent
	says '/nonexistent'
	refused extra
	says 'extra'
	refused --listne x
	says 'listen'
	answers 200 "$url/healthz"
}

@test "agent: a configuration that is wrong names the line" {
	printf '# fine\ngroups = 10\nmemry = 64MiB\nperiod = often\n' >"$DIR/conf"
	refused --config "$DIR/conf"
	says 'conf:3: unknown key: memry' 'memory' 'conf:4: period = often'
	refused --check --config "$DIR/conf"
	printf 'groups = 10\n' >"$DIR/conf"
	run -0 "$TARE" agent --check --config "$DIR/conf"
}

@test "agent: a token" {
	(umask 077 && echo 0123456789abcdef0123 >"$DIR/token")
	printf 'listen = 127.0.0.1:%s\ntoken-file = %s\n' "$port" "$DIR/token" >"$DIR/conf"
	agent --config "$DIR/conf"
	answers 401 "$url/healthz"
	answers 401 -H 'Authorization: Bearer wrong' "$url/healthz"
	answers 401 -H 'Authorization: Bearer 0123456789abcdef012' "$url/healthz"
	answers 401 -H 'Authorization: Bearer 0123456789abcdef01234' "$url/healthz"
	answers 401 -H 'Authorization: Basic 0123456789abcdef0123' "$url/healthz"
	answers 401 -H 'Authorization: Bearer ' "$url/nothing"
	answers 200 -H 'Authorization: Bearer 0123456789abcdef0123' "$url/healthz"
	says_not 0123456789abcdef
	! grep -q 0123456789abcdef "$DIR/log" || fail "$(cat "$DIR/log")"
	chmod 644 "$DIR/token"
	refused --config "$DIR/conf" --listen "127.0.0.1:$(free_port)"
	says 'token' 'chmod 600'
}

@test "agent: a unix socket" {
	agent --listen "unix:$DIR/socket"
	[ "$(stat -c %a "$DIR/socket")" = 660 ] || fail "$(stat "$DIR/socket")"
	answers 200 --unix-socket "$DIR/socket" http://tare/healthz
	refused --listen "unix:$DIR/socket"
	says 'listens at .*socket already'
	answers 200 --unix-socket "$DIR/socket" http://tare/healthz
	ends TERM
	[ ! -e "$DIR/socket" ] || fail 'the socket is left'
	echo precious >"$DIR/file"
	refused --listen "unix:$DIR/file"
	[ "$(cat "$DIR/file")" = precious ] || fail 'the file is gone'
}

@test "agent: kill -9 leaves nothing in the kernel, and the next one starts" {
	agent --listen "127.0.0.1:$port" --listen "unix:$DIR/socket"
	bpf_of "$agent" >"$DIR/bpf"
	grep -q prog "$DIR/bpf"
	kill -KILL "$agent"
	finished "$agent"
	[ -S "$DIR/socket" ] || fail 'no socket: the test proves nothing'
	! command -v bpftool >/dev/null || until_true 20 all_unloaded
	agent --listen "127.0.0.1:$port" --listen "unix:$DIR/socket"
	answers 200 "$url/healthz"
	answers 200 --unix-socket "$DIR/socket" http://tare/healthz
}

@test "agent: SIGHUP takes a good configuration and refuses a bad one" {
	logged() {
		[ "$(grep -c "$1" "$DIR/log")" = "$2" ]
	}
	printf 'listen = 127.0.0.1:%s\n' "$port" >"$DIR/conf"
	agent --config "$DIR/conf"
	(umask 077 && echo 0123456789abcdef0123 >"$DIR/token")
	echo "token-file = $DIR/token" >>"$DIR/conf"
	kill -HUP "$agent"
	until_true 20 logged 'configuration read again' 1
	answers 401 "$url/healthz"
	echo 'nonsense = 1' >>"$DIR/conf"
	kill -HUP "$agent"
	until_true 20 logged 'stays as it was' 1
	until_true 20 logged 'conf:3: unknown key: nonsense' 1
	answers 401 "$url/healthz"
	printf 'listen = 127.0.0.1:%s\n' "$port" >"$DIR/conf"
	kill -HUP "$agent"
	until_true 20 logged 'configuration read again' 2
	answers 200 "$url/healthz"
}

@test "agent: a log file survives its rotation" {
	has() {
		grep -q "$2" "$1" 2>/dev/null
	}
	printf 'listen = 127.0.0.1:%s\nlog-file = %s\n' "$port" "$DIR/agent.log" >"$DIR/conf"
	"$TARE" agent --config "$DIR/conf" &
	agent=$!
	started+=("$agent")
	until_true 60 has "$DIR/agent.log" 'ready: listening'
	mv "$DIR/agent.log" "$DIR/agent.log.1"
	kill -HUP "$agent"
	until_true 20 has "$DIR/agent.log" 'configuration read again'
	: >"$DIR/agent.log" # copytruncate
	kill -HUP "$agent"
	until_true 20 has "$DIR/agent.log" 'configuration read again'
	[ "$(head -c 4 "$DIR/agent.log")" = tare ] || fail 'a hole'
	[ "$(stat -c %a "$DIR/agent.log")" = 600 ] || fail 'others can read it'
	ln -s /etc/passwd "$DIR/link"
	printf 'log-file = %s\n' "$DIR/link" >"$DIR/conf"
	before=$(sha256sum /etc/passwd)
	run timeout 60 "$TARE" agent --config "$DIR/conf" --listen "127.0.0.1:$(free_port)" \
		--check
	[ "$(sha256sum /etc/passwd)" = "$before" ] || fail 'a link was followed'
}

@test "agent: the service manager is told" {
	"$LIB/notified.py" "$DIR/notify" >"$DIR/told" &
	started+=("$!")
	until_true 20 test -S "$DIR/notify"
	NOTIFY_SOCKET=$DIR/notify agent --listen "127.0.0.1:$port"
	told() {
		grep -q "$1" "$DIR/told"
	}
	until_true 20 told READY=1
	until_true 20 told WATCHDOG=1
	kill -HUP "$agent"
	until_true 20 told RELOADING=1
	ends TERM
	until_true 20 told STOPPING=1
}

@test "agent: its unit leaves it what it reads and writes" {
	unit=$BATS_TEST_DIRNAME/../../tools/agent/tare-agent.service
	run -0 grep -v '^#' "$unit"
	says 'CapabilityBoundingSet=.*CAP_SYSLOG'
	# systemd.exec(5): /proc/kallsyms becomes inaccessible; without /dev/kmsg, CAP_SYSLOG
	# goes too.
	says_not ProtectKernelTunables ProtectKernelLogs ProcSubset ProtectProc
	says 'ReadWritePaths=.*/run/systemd/oomd.prekill.hook' # a directory that is read-only else
}

@test "agent: malformed and huge requests, slow and many clients" {
	agent --listen "127.0.0.1:$port"
	raw slow >"$DIR/slow" 2>&1 & # half a minute
	slow=$!
	started+=("$slow")
	for what in garbage huge_line huge_header many_headers nul bare_cr no_host half; do
		run -0 raw "$what"
		answers 200 "$url/healthz"
	done
	run -0 raw crowd
	answers 200 "$url/healthz"
	wait "$slow" || fail "$(cat "$DIR/slow")"
	answers 200 "$url/healthz"
}

@test "agent: a thousand control groups come and go" {
	[ -w "$MEMCG" ] || skip 'no control groups here'
	agent --listen "127.0.0.1:$port"
	group=$MEMCG/tare-agent-$$
	mkdir "$group"
	run -0 "$LIB/many_groups.py" 1000 "$group"
	answers 200 "$url/healthz"
	answers 200 "$url/"
	run -0 ls -l "/proc/$agent/fd"
	says_not "tare-agent-$$"
	rss=$(awk '/^VmRSS/ { print $2 }' "/proc/$agent/status")
	[ "$rss" -lt 131072 ] || fail "$rss KiB"
}

@test "agent: kernel memory is known by process, on the whole machine" {
	hold_pipes() {
		[ -e "$DIR/in" ] || mkfifo "$DIR/in"
		"$PROGRAMS/full_pipes" 400 <"$DIR/in" >"$DIR/out" 2>&1 9>&- &
		started+=("$!")
		exec 9>"$DIR/in"
	}
	agent --listen "127.0.0.1:$port"
	answers 200 "$url/"
	! grep -q 'is not measured' <<<"$output" || skip 'this kernel has no events'
	hold_pipes
	until_true 20 grep -q 'checkpoint before' "$DIR/out"
	echo >&9
	# The third figure of the row is kernel memory.
	mib='[0-9.]{2,4} MiB'
	has_kernel() {
		answers 200 "$url/"
		row="<th[^>]*>full_pipes[^/]*(</small>)?</th>(<td[^>]*>[^<]*</td>){2}<td[^>]*>$mib"
		grep -q -E "$row" <<<"$output"
	}
	until_true 20 has_kernel
}

@test "agent: pid 1 of a container ends at SIGTERM, and says what it does not see" {
	unshare --pid --fork --mount-proc "$TARE" agent --listen "127.0.0.1:$port" \
		2>"$DIR/log" &
	agent=$!
	started+=("$agent")
	until_true 60 is_ready
	grep -q 'processes of its own container only' "$DIR/log" || fail "$(cat "$DIR/log")"
	grep -q 'pid=host' "$DIR/log" || fail "$(cat "$DIR/log")"
	answers 200 "$url/"
	says 'own container only'
	inner=$(pgrep -P "$agent")
	kill -TERM "$inner"
	finished "$agent"
	[ "$status" = 0 ] || fail "status $status:" "$(cat "$DIR/log")"
}

@test "agent: systemd accepts its unit" {
	command -v systemd-analyze >/dev/null || skip 'no systemd-analyze'
	sed "s|^ExecStart=tare|ExecStart=$TARE|" tools/agent/tare-agent.service \
		>"$DIR/tare-agent.service"
	run -0 systemd-analyze verify --man=no "$DIR/tare-agent.service"
	[ -z "$output" ] || fail "$output"
	# 0 is the least that it could do, 10 the most.
	run -0 systemd-analyze security --offline=true --threshold=40 "$DIR/tare-agent.service"
}

@test "agent: it lives within the MemoryMax of its unit while thousands of programs run" {
	[ -w "$MEMCG" ] || skip 'no control groups here'
	group=$MEMCG/tare-agent-$$-unit
	limit=$(sed -n 's/^MemoryMax=//p' tools/agent/tare-agent.service)
	mkdir "$group"
	if [ -e "$group/memory.max" ]; then
		echo "$limit" >"$group/memory.max"
		events=$group/memory.events
	else
		echo "$limit" >"$group/memory.limit_in_bytes"
		events=$group/memory.oom_control
	fi
	mkdir "$DIR/dumps"
	printf 'listen = 127.0.0.1:%s\ndump-dir = %s\nmemory = 64MiB\n' "$port" "$DIR/dumps" \
		>"$DIR/conf"
	(
		echo "$BASHPID" >"$group/cgroup.procs"
		exec "$TARE" agent --config "$DIR/conf" 2>"$DIR/log"
	) &
	agent=$!
	started+=("$agent")
	until_true 60 is_ready
	grep -qx "$agent" "$group/cgroup.procs" || fail 'it is in another group'
	for ((i = 0; i < 300; i++)); do
		cp "$(type -P true)" "$DIR/job-$i"
		for ((j = 0; j < 10; j++)); do "$DIR/job-$i"; done
		rm "$DIR/job-$i"
	done
	for path in / /metrics /debug/pprof/allocs /debug/pprof/kernel; do
		answers 200 "$url$path"
	done
	kill -USR2 "$agent"
	until_true 60 grep -q '^tare: dump: ' "$DIR/log"
	grep -qx 'oom_kill 0' "$events" || fail "$(cat "$events")"
	ends TERM
}
