#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
#
# Where it grew: known chains of calls are found, stacks of Debian's own programs
# reach where they began, and sums are the ledger's.

load lib/common
load lib/stacks

setup() {
	started=()
}

teardown() {
	exec 9>&-
	end_all "${started[@]}"
}

@test "a chain of calls, by the rules in .eh_frame" {
	folded -- "$PROGRAMS/call_tree" calls
	grown_below ';main;outer;middle;inner '
}

@test "in a thread, from clone on" {
	folded -- "$PROGRAMS/call_tree" thread
	grown_below ';.*clone.*;start_thread;in_thread;outer;middle;inner '
}

@test "in a signal's handler, and what was interrupted" {
	folded -- "$PROGRAMS/call_tree" signal
	grown_below ';main;.*;.*restore_rt;on_signal;outer;middle;inner '
}

@test "static-pie" {
	folded -- "$PROGRAMS/call_static" calls
	grown_below ';_start;.*;main;outer;middle;inner '
}

@test "frame pointers only, and it says so" {
	folded -- "$PROGRAMS/call_fp" calls
	grown_below ';main_\[fp\];outer_\[fp\];middle_\[fp\];inner_\[fp\] '
}

@test "stripped: one name a function, all of them there" {
	folded -- "$PROGRAMS/call_stripped" calls
	grown_below '__libc_start.*;\[call_stripped\+0x[0-9a-f]*\];.*;.*;\[call_stripped\+0x[0-9a-f]*\] '
}

@test "C++ names" {
	folded -- "$PROGRAMS/call_cxx"
	grown_below ';main;.*known::Store<char>::grow'
}

@test "inlined functions are frames; with --lines each at its line, in every format" {
	local fill keep main at
	fill=$(grep -n 'grows here' "$BATS_TEST_DIRNAME/../programs/inlined.cc" | cut -d: -f1)
	keep=$(grep -n 'calls fill' "$BATS_TEST_DIRNAME/../programs/inlined.cc" | cut -d: -f1)
	main=$(grep -n 'store.keep' "$BATS_TEST_DIRNAME/../programs/inlined.cc" | cut -d: -f1)
	folded -- "$PROGRAMS/inlined"
	grown_below ';main;known::Store::keep;known::fill_\[i\];std::vector<[^;]*::assign_\[i\];'
	"$TARE" run --as-root --lines -r "$DIR/r.tare" -o "$DIR/direct" --format folded -- \
		"$PROGRAMS/inlined"
	for format in folded speedscope table html; do
		"$TARE" export "$DIR/r.tare" --format $format -o "$DIR/out.$format"
	done
	diff "$DIR/direct" "$DIR/out.folded"
	at="inlined.cc:${fill}_\[i\];"
	grown_below ";main inlined.cc:$main;known::Store::keep inlined.cc:$keep;known::fill $at"
	jq -e --argjson line "$fill" '.shared.frames |
		any(.name == "known::fill" and .line == $line)' "$DIR/out.speedscope"
	COLUMNS=240 "$TARE" report "$DIR/r.tare" >"$DIR/table"
	grep -Eq "MiB +inlined.cc:$fill known::fill +vector +inlined.cc:$keep known::Store::keep" \
		"$DIR/table" || fail "$(cat "$DIR/table")"
	"$TARE" report "$DIR/r.tare" --no-fold | grep -Eq 'stl_algobase.h:[0-9]* |memset'
	grep -q known::fill "$DIR/out.html"
}

@test "recursion of 300 whole, of 5,000 marked as truncated" {
	folded -- "$PROGRAMS/call_tree" deep 300
	grown_below ';main;(deep;){301}inner '
	# 64 KiB of stack a sample, in one burst: no more of them than the buffer holds.
	folded --period 512KiB -- "$PROGRAMS/call_tree" deep 5000 2>"$DIR/err"
	! grep -q 'did not fit' "$DIR/err" || fail "$(cat "$DIR/err")"
	grown_below ';\[truncated\];deep;.*;inner '
}

@test "a burst from deep down: by its inner frames rather than not at all" {
	# 256 samples of 64 KiB would be twice what the buffer holds.
	folded --period 128KiB -- "$PROGRAMS/call_tree" deep 5000 2>"$DIR/err"
	! grep -q 'did not fit' "$DIR/err" || fail "$(cat "$DIR/err")"
	grown_below ';\[truncated\];deep;.*;inner '
}

@test "what is freed is not live: at the peak, at the end" {
	cat >"$DIR/free.py" <<-'END'
		def kept(): return b"k" * (20 << 20)
		def gone(): return b"g" * (40 << 20)
		a = kept(); b = gone(); del b; c = b"c" * (1 << 20)
		import os, time; os.kill(os.getppid(), 10)
		while not os.path.exists(os.environ['DIR'] + '/out.1.folded'): time.sleep(0.01)
	END
	need python3
	folded --picture live-peak -- python3 "$DIR/free.py"
	[ "$(bytes_of python3)" -gt $((60 << 20)) ] || fail "$(bytes_of python3)"
	rm "$DIR/out.1.folded"
	folded --picture live-end -- python3 "$DIR/free.py"
	mv "$DIR/out.1.folded" "$DIR/out.folded"
	[ "$(bytes_of python3)" -lt $((45 << 20)) ] &&
		[ "$(bytes_of python3)" -gt $((20 << 20)) ] ||
		fail "$(bytes_of python3)"
}

@test "sqlite3" {
	need sqlite3
	PERIOD=16KiB complete sqlite3 :memory: \
		"create table t(a integer primary key, b text);
		 with recursive n(i) as (select 1 union all select i + 1 from n where i < 300000)
		 insert into t select i, 'row ' || i from n; create index x on t(b);"
}

@test "python3" {
	need python3
	complete /usr/bin/python3 -c "x = [str(i) * 5 for i in range(600000)]; x.sort(key=lambda s: s[::-1])"
}

@test "gcc: driver, cc1, as" {
	need gcc
	for i in $(seq 300); do echo "int f$i(int *a) { int s = $i; for (int i = 0; i < *a; i++) s += a[i]; return s; }"; done >"$DIR/a.c"
	complete gcc -O2 -c -o "$DIR/a.o" "$DIR/a.c"
}

@test "a C++ program: cppcheck" {
	need cppcheck
	for i in $(seq 300); do echo "int f$i(int *a) { int s = $i; for (int i = 0; i < *a; i++) s += a[i]; return s; }"; done >"$DIR/a.c"
	complete cppcheck --quiet --enable=all "$DIR/a.c"
}

@test "redis-server" {
	need redis-server redis-benchmark redis-cli
	local port
	port=$(free_port)
	"$TARE" run --as-root --period 64KiB -o "$DIR/r.json" -- redis-server --port "$port" \
		--bind 127.0.0.1 --save '' --appendonly no --dir "$DIR" >/dev/null 3>&- &
	until_true 20 redis-cli -p "$port" ping >/dev/null 2>&1
	redis-benchmark -p "$port" -n 30000 -r 100000 -d 256 -q -t set,lpush >/dev/null
	redis-cli -p "$port" shutdown nosave || true
	wait
	summary
}

grown_twice() {
	[ "$(grep -c grown "$DIR/out")" = 2 ]
}

@test "attached: what was mapped before is known" {
	need python3
	mkfifo "$DIR/in"
	python3 -c "
a = []
def grow():
    for i in range(20): a.append(b'x' * (4 << 20))
    print('grown', flush=True)
grow()
input()
grow()
input()" <"$DIR/in" >"$DIR/out" 2>&1 3>&- &
	started+=($!)
	exec 9>"$DIR/in"
	until_true 20 grep -q grown "$DIR/out"
	"$TARE" attach -p "${started[0]}" --period 64KiB -o "$DIR/r.json" 3>&- 9>&- &
	started+=($!)
	until_true 20 takes_usr1 "${started[1]}"
	kill -USR1 "${started[1]}"
	until_true 20 test -e "$DIR/r.1.json" # the loop runs: all is attached
	echo >&9
	until_true 20 grown_twice
	exec 9>&-
	finished "${started[1]}"
	[ "$(jq '.samples.complete_share >= 0.99 and .samples.count > 50' "$DIR/r.json")" = true ] ||
		fail "$(jq -c .samples "$DIR/r.json")"
}
