#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
#
# tare agent and clients that ask for more than their part. Who may connect may also do this.

load lib/common

setup() {
	started=()
	port=$(free_port)
}

teardown() {
	end_all "${started[@]}"
}

is_ready() {
	gone "$agent" || grep -q 'ready: listening' "$DIR/log"
}

# agent [LINE]…: starts one with these lines in its configuration.
agent() {
	printf '%s\n' "listen = 127.0.0.1:$port" "$@" >"$DIR/conf"
	"$TARE" agent --config "$DIR/conf" 2>"$DIR/log" &
	agent=$!
	started+=("$agent")
	until_true 60 is_ready
	! gone "$agent" || fail "it has ended:" "$(cat "$DIR/log")"
}

# named NUMBER: processes, each with a name of its own.
named() {
	python3 -c 'if True:
		import ctypes, os, signal
		for i in range('"$1"'):
			if not os.fork():
				name = "n" + "".join(chr(97 + i // d % 26) for d in (1, 26, 676))
				ctypes.CDLL(None).prctl(15, name.encode())
				ctypes.CDLL(None).prctl(1, signal.SIGKILL)
				signal.pause()
		print("ready", flush=True)
		signal.pause()' >"$DIR/named" &
	started+=("$!")
	until_true 30 grep -q ready "$DIR/named"
}

@test "agent: clients that ask and ask leave time for the events of the kernel" {
	agent
	run -0 timeout 300 "$LIB/crowd.py" "$port" ask
}

@test "agent: clients that do not read do not fill its memory" {
	named 400
	agent 'names = 1000' 'memory = 64MiB'
	curl -s -o "$DIR/metrics" "http://127.0.0.1:$port/metrics"
	size=$(stat -c %s "$DIR/metrics")
	[ "$size" -gt 500000 ] || fail "only $size bytes: this proves nothing"
	"$LIB/crowd.py" "$port" hold >"$DIR/answered" &
	started+=("$!")
	until_true 90 test -s "$DIR/answered"
	answered=$(<"$DIR/answered")
	# A quarter of the memory, and what is answered while another answer is on its way.
	((answered > 0 && (answered - 2) * size < 16 << 20)) ||
		fail "$answered clients hold $size bytes each"
	run -0 curl -s -f "http://127.0.0.1:$port/healthz"
}
