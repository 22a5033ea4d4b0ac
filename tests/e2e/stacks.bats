#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
#
# Stacks: known call chains are found, stacks of Debian's own programs reach their start, and
# their sums are the ledger's.

load lib/common
load lib/hold
load lib/stacks

@test "a call chain is unwound by .eh_frame" {
	folded -- "$PROGRAMS/call_tree" calls
	grown_below ';main;outer;middle;inner '
}

@test "a thread's stack starts at clone" {
	folded -- "$PROGRAMS/call_tree" thread
	grown_below ';.*clone.*;start_thread;in_thread;outer;middle;inner '
}

@test "a signal handler's stack includes the interrupted function" {
	folded -- "$PROGRAMS/call_tree" signal
	grown_below ';main;.*;.*restore_rt;on_signal;outer;middle;inner '
}

@test "a static-pie program is unwound" {
	folded -- "$PROGRAMS/call_static" calls
	grown_below ';_start;.*;main;outer;middle;inner '
}

@test "frame-pointer fallback is used and reported" {
	folded -- "$PROGRAMS/call_fp" calls
	grown_below ';main_\[fp\];outer_\[fp\];middle_\[fp\];inner_\[fp\] '
}

@test "a stripped program: each function has one made-up name" {
	folded -- "$PROGRAMS/call_stripped" calls
	local frame='\[call_stripped\+0x[0-9a-f]*\]'
	grown_below "__libc_start.*;$frame;.*;.*;$frame "
}

@test "C++ names are demangled" {
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
	for format in folded speedscope table html json; do
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
	jq -e '.profile.nodes.parent | to_entries | all(.value < .key)' "$DIR/out.json"
}

@test "recursion of 300 whole, of 5,000 marked as truncated" {
	folded -- "$PROGRAMS/call_tree" deep 300
	grown_below ';main;(deep;){301}inner '
	# Samples with 64 KiB of stack, in one burst of no more than the buffer holds.
	folded --period 512KiB -- "$PROGRAMS/call_tree" deep 5000 2>"$DIR/err"
	! grep -q 'did not fit' "$DIR/err" || fail "$(cat "$DIR/err")"
	grown_below ';\[truncated\];deep;.*;inner '
}

@test "a burst of deep stacks is kept by its inner frames" {
	# 256 samples of 64 KiB need twice the buffer.
	folded --period 128KiB -- "$PROGRAMS/call_tree" deep 5000 2>"$DIR/err"
	! grep -q 'did not fit' "$DIR/err" || fail "$(cat "$DIR/err")"
	grown_below ';\[truncated\];deep;.*;inner '
}

@test "freed memory is not live, neither at the peak nor at the end" {
	cat >"$DIR/free.py" <<-'END'
		def kept(): return b"k" * (20 << 20)
		def gone(): return b"g" * (40 << 20)
		a = kept(); b = gone(); del b; c = b"c" * (1 << 20)
		import os, time; os.kill(os.getppid(), 10)
		while not os.path.exists(os.environ['DIR'] + '/out.1.folded'): time.sleep(0.01)
	END
	need python3
	folded --sample-type live-peak -- python3 "$DIR/free.py"
	[ "$(bytes_of python3)" -gt $((60 << 20)) ] || fail "$(bytes_of python3)"
	rm "$DIR/out.1.folded"
	folded --sample-type live-end -- python3 "$DIR/free.py"
	mv "$DIR/out.1.folded" "$DIR/out.folded"
	[ "$(bytes_of python3)" -lt $((45 << 20)) ] &&
		[ "$(bytes_of python3)" -gt $((20 << 20)) ] ||
		fail "$(bytes_of python3)"
}

@test "stacks of sqlite3 are complete" {
	need sqlite3
	PERIOD=16KiB complete sqlite3 :memory: \
		"create table t(a integer primary key, b text);
		 with recursive n(i) as (select 1 union all select i + 1 from n where i < 300000)
		 insert into t select i, 'row ' || i from n; create index x on t(b);"
}

@test "stacks of python3 are complete" {
	need python3
	complete /usr/bin/python3 \
		-c "x = [str(i) * 5 for i in range(600000)]; x.sort(key=lambda s: s[::-1])"
}

# At most 300 C frames.
functions() {
	for i in $(seq 300); do
		echo "int f$i(int *a) { int s = $i; for (int i = 0; i < *a; i++) s += a[i];"
		echo "return s; }"
	done
}

@test "stacks of gcc, cc1 and as are complete" {
	need gcc
	functions >"$DIR/a.c"
	complete gcc -O2 -c -o "$DIR/a.o" "$DIR/a.c"
}

@test "stacks of a C++ program (cppcheck) are complete" {
	need cppcheck
	functions >"$DIR/a.c"
	complete cppcheck --quiet --enable=all "$DIR/a.c"
}

@test "stacks of redis-server are complete" {
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

@test "attached: earlier mappings are known" {
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
	until_true 20 test -e "$DIR/r.1.json" # tare's loop runs, so it is attached
	echo >&9
	until_true 20 grown_twice
	exec 9>&-
	finished "${started[1]}"
	[ "$(jq '.samples.complete_share >= 0.99 and .samples.count > 50' \
		"$DIR/r.json")" = true ] ||
		fail "$(jq -c .samples "$DIR/r.json")"
}
