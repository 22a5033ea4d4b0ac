#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
#
# Figures that must fit together, on real programs: what a function grew and holds, what was mapped
# and touched, when the command ended, what was held before tare came. Most is checked by
# lib/report.py, which every other test runs too.

load lib/common
load lib/hold

# sampled PROGRAM…: runs it with samples, and checks its report.
sampled() {
	"$TARE" run --as-root --wait-all --period 64KiB -o "$DIR/r.json" -- "$@" >/dev/null
	report check "$DIR/r.json"
}

@test "Python: no function holds more than it grew" {
	sampled python3 -c 'x = [str(i) for i in range(500000)]'
}

@test "a g++ build: no function holds more than it grew" {
	need g++
	cat >"$DIR/x.cpp" <<-'END'
		#include <map>
		#include <string>
		int main() { return std::map<int, std::string>().size(); }
	END
	sampled g++ -O2 -o "$DIR/x" "$DIR/x.cpp"
}

@test "node: no function holds more than it grew" {
	need node
	sampled node -e 'let a = []; for (let i = 0; i < 300000; i++) a.push({ i });'
}

@test "redis: no function holds more than it grew" {
	need redis-server redis-cli
	local port
	port=$(free_port)
	"$TARE" run --as-root --period 64KiB -o "$DIR/r.json" -- redis-server --port "$port" \
		--bind 127.0.0.1 --save '' --dir "$DIR" >/dev/null &
	started+=($!)
	until_true 20 redis-cli -p "$port" ping >/dev/null 2>&1
	redis-cli -p "$port" debug populate 100000 k 100 >/dev/null
	redis-cli -p "$port" flushall async >/dev/null
	redis-cli -p "$port" debug populate 30000 k 100 >/dev/null
	redis-cli -p "$port" shutdown nosave || true
	finished "${started[0]}"
	report check "$DIR/r.json"
}

@test "the most address space is the kernel's, and no process touched more" {
	local peak
	hold "$TARE" run --as-root -o "$DIR/r.json" -- python3 -c 'import mmap
mmap.mmap(-1, 64 << 20).close()
print(open("/proc/self/status").read(), "checkpoint 0", sep="", flush=True)
input()'
	reaches 0
	peak=$(($(awk '$1 == "VmPeak:" { print $2 }' "$DIR/out") << 10))
	let_go 1
	report check "$DIR/r.json"
	report assert "$DIR/r.json" \
		"0 <= max(p['vm_peak'] for p in processes) - $peak < 1 << 20"
	# What its children touch was mapped by fork and execve too, not by calls.
	"$TARE" run --as-root --show mapped -- sh -c 'for i in 1 2 3; do (:); done' 2>"$DIR/table"
	awk '/MAPPED \/ TOUCHED/ { on = 1 } on' "$DIR/table" | grep -o '[0-9]*%' >"$DIR/shares" ||
		fail "$(cat "$DIR/table")"
	while read -r share; do
		[ "${share%\%}" -le 100 ] || fail "$(cat "$DIR/table")"
	done <"$DIR/shares"
}

@test "the end of the command and the end of the last process are told apart" {
	cd "$DIR" || return
	hold "$TARE" run --as-root --wait-all -o "$DIR/r.json" -- \
		sh -c 'exec 3<&0; cat <&3 & echo $$ >pid.new; mv pid.new pid; exit 3'
	until_true 20 test -e pid
	until_true 20 gone "$(cat pid)"
	let_go 3
	report check "$DIR/r.json"
	report assert "$DIR/r.json" 'r["command_ns"] < r["last_end_ns"] <= r["duration_ns"]' \
		'r["command_ns"] == proc("sh")[0]["end_ns"]' \
		'r["last_end_ns"] == proc("cat")[0]["end_ns"]'
}

@test "a command whose children go on ended when it did" {
	cd "$DIR" || return
	hold "$TARE" run --as-root -o "$DIR/r.json" -- sh -c 'exec 3<&0; cat <&3 & exit 0'
	finished "${started[0]}"
	report assert "$DIR/r.json" 'r["last_end_ns"] is None' \
		'r["command_ns"] == proc("sh")[0]["end_ns"]'
}

@test "what was held before tare came is told apart from growth" {
	local rss
	hold python3 -c 'x = bytearray(32 << 20); print("checkpoint 0", flush=True); input()'
	reaches 0
	rss=$(($(awk '$1 == "Rss:" { print $2 }' "/proc/${started[0]}/smaps_rollup") << 10))
	"$TARE" attach -p "${started[0]}" --period 64KiB -o "$DIR/r.json" 3>&- 9>&- &
	started+=($!)
	until_true 20 takes_usr1 "${started[1]}"
	kill -USR1 "${started[1]}" # its snapshot says that it follows the target
	until_true 20 test -s "$DIR/r.1.json"
	let_go 1
	finished "${started[1]}"
	for r in "$DIR/r.1.json" "$DIR/r.json"; do
		report check "$r"
		report assert "$r" "r['held_before']['user'] == $rss" \
			'r["processes"][0]["held_before"]["user"] == r["held_before"]["user"]'
	done
	# In the stacks it is one part with a name.
	jq -e --argjson rss "$rss" '.profile as $p | [$p.entries | range(.node | length) as $i
		| select($p.strings[.label[$i]] == "held before tare came") | .live_end[$i]]
		| add >= $rss' "$DIR/r.1.json" || fail "$(jq -c .profile.entries "$DIR/r.1.json")"
}
