#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
#
# The functions of a program in Python, which the interpreter keeps in memory of its own:
# their names, in their places among the C functions. PYTHON: another than the system's.

load lib/common
load lib/stacks

setup() {
	PYTHON=${PYTHON:-/usr/bin/python3}
	need "$PYTHON"
	minor=$("$PYTHON" -c 'import sys; print(sys.version_info.minor)')
	((minor >= 8 && minor <= 13)) || skip "$("$PYTHON" -V)"
	# Up to 3.10 code has no qualified names, and C stands between any two functions.
	next='[^;]*;'
	((minor > 10)) || next='.*;'
	# What has the interpreter's code.
	code=$(ldd "$PYTHON" | sed -n 's/.*libpython.* => \(.*\) (.*/\1/p')
	code=$(readlink -f "${code:-$PYTHON}")
	# It begins when it is told to, and ends at the end of its input.
	cat >"$DIR/keep.py" <<-'END'
		keep = []
		def take(mib):
		    keep.append([bytearray(1 << 16) for _ in range(mib * 16)])
		input()
	END
	mkfifo "$DIR/in"
	exec 9<>"$DIR/in"
}

teardown() {
	exec 9>&-
	end_all ${started:-}
}

# tare has the interpreter's file open: it has been looked at.
looked_at() {
	local link
	for link in /proc/"$1"/fd/*; do
		[[ $(readlink "$link") != "$code" ]] || return 0
	done
	return 1
}

# python SCRIPT…: folded stacks of it; keep.py is part of it.
python() {
	cat "$DIR/keep.py" - >"$DIR/run.py"
	"$TARE" run --as-root -o "$DIR/out.folded" -- "$PYTHON" "$DIR/run.py" \
		<"$DIR/in" 2>"$DIR/err" 3>&- 9>&- &
	started=$!
	until_true 20 looked_at "$started"
	echo >&9
	finished "$started"
	status_is 0
}

# The MiB that these functions, and what they call, grew by; with others between them.
took() {
	between "$(printf ';py::%s:%s/run.py.*' "$1" "$DIR")$3" $((($2 - 1) << 20)) \
		$((($2 + 2) << 20))
}

@test "calls in Python, and through C: map, a generator, a method, sorted" {
	python <<-'END'
		class Tree:
		    def grow(self):
		        take(16)
		        return 1
		def each(i):
		    return Tree().grow()
		def produce():
		    take(8)
		    yield 1
		def key(x):
		    if x == 1:
		        take(4)
		    return x
		def main():
		    list(map(each, [1]))
		    sum(produce())
		    sorted([1, 2], key=key)
		main()
	END
	took '<module>' 28 ';py::main:'
	took main 16 ";py::each:${next}py::(Tree\.)?grow:${next}py::take:"
	took main 8 ';py::produce:'
	took main 4 ';py::key:'
	[ "$(bytes_of ';py::main:[^;]*;py::each:')" = 0 ] ||
		fail "map() is C: $(bytes_of 'py::main')"
	# Each run of functions is in the place of the C function that runs them.
	[ "$(bytes_of 'py::take.*_PyEval_EvalFrameDefault')" = 0 ]
}

@test "threads: each has its own" {
	python <<-'END'
		import threading
		def first():
		    take(8)
		def second():
		    take(16)
		ts = [threading.Thread(target=f) for f in (first, second)]
		for t in ts: t.start()
		for t in ts: t.join()
	END
	between ';start_thread;.*;py::(Thread\.)?run:.*py::first:.*;py::take:' $((7 << 20)) \
		$((10 << 20))
	between ';start_thread;.*;py::(Thread\.)?run:.*py::second:.*;py::take:' $((15 << 20)) \
		$((18 << 20))
	[ "$(bytes_of 'py::first.*py::second|py::second.*py::first')" = 0 ]
}

# Its thread is neither who has the lock nor the last that began.
@test "C that has given the interpreter's lock away" {
	python <<-'END'
		import sqlite3, threading
		db = sqlite3.connect(':memory:', check_same_thread=False)
		both, done = threading.Barrier(2), threading.Event()
		def fill():
		    both.wait()
		    db.execute('''create table t as with n(i) as
		                  (select 1 union all select i + 1 from n where i < 32)
		                  select zeroblob(1 << 20) from n''')
		    done.set()
		def last():
		    both.wait()
		    done.wait()
		ts = [threading.Thread(target=f) for f in (fill, last)]
		for t in ts: t.start()
		for t in ts: t.join()
	END
	between ';py::fill:.*;sqlite3_step;' $((32 << 20)) $((48 << 20)) # with what it moves
}

@test "a fork's, and what it forks" {
	python <<-'END'
		import os
		def child():
		    take(8)
		    if os.fork() == 0:
		        take(4)
		        os._exit(0)
		    os.wait()
		    os._exit(0)
		if os.fork() == 0:
		    child()
		os.wait()
	END
	took child 12 ';py::take:'
}

@test "from their beginning: the command, and what it starts of the same file" {
	[ "$code" = "$(readlink -f "$PYTHON")" ] || skip "a library is found when it is mapped"
	folded --period 4KiB -- "$PYTHON" -c \
		'import subprocess, sys; subprocess.run([sys.executable, "-c", "import json"])'
	local named unnamed
	named=$(bytes_of ';py::')
	unnamed=$(bytes_of '_PyEval_EvalFrameDefault')
	((named > 4 << 20 && unnamed * 20 < named)) || fail "$named with names, $unnamed without"
}

@test "deeper than is read: what is there, and a synthetic frame" {
	python <<-'END'
		def down(n):
		    down(n - 1) if n else take(16)
		down(400)
	END
	took down 16 ';py::down:.*;py::take:'
	between ';\[truncated\];.*py::down:' $((15 << 20)) $((18 << 20))
	[ "$(bytes_of 'py::<module>.*py::down')" -lt $((1 << 20)) ]
}

@test "names of any letters and sizes; none breaks a line" {
	python <<-'END'
		def rename(name):
		    code = (lambda: take(8)).__code__
		    key = 'co_qualname' if hasattr(code, 'co_qualname') else 'co_name'
		    return code.replace(**{key: name})
		for name in ('größe', '大きさ', '\U0001f333', 'a;b\nc d\x1b[31m', 'x' * 1000):
		    exec(rename(name), globals())
	END
	for name in größe 大きさ 🌳 'a[^ ;]*b[^ ;]*c[^;]*' 'x{128}…'; do
		between ";py::$name:$DIR/run.py;" $((7 << 20)) $((10 << 20))
	done
	! grep -P '[\x00-\x08\x0b-\x1f]' "$DIR/out.folded" || fail 'a control character'
}

@test "attached, to one that ran before" {
	cat "$DIR/keep.py" - >"$DIR/run.py" <<-'END'
		def loop():
		    print('ready', flush=True)
		    input()
		    take(16)
		    print('taken', flush=True)
		    input()
		loop()
	END
	"$PYTHON" "$DIR/run.py" <"$DIR/in" >"$DIR/out" 3>&- 9>&- &
	started=$!
	echo >&9
	until_true 10 grep -q ready "$DIR/out"
	"$TARE" attach -p $started -o "$DIR/out.folded" 2>"$DIR/err" 3>&- 9>&- &
	started="$! $started"
	until_true 10 takes_usr1 "${started%% *}"
	kill -USR1 "${started%% *}"
	until_true 10 test -e "$DIR/out.1.folded" # all of it has been looked at
	echo >&9
	until_true 10 grep -q taken "$DIR/out"
	echo >&9
	finished "${started%% *}"
	took loop 16 ';py::take:'
}

# Of calls as of what runs: in a loop, over several lines, in text that is compiled later.
@test "lines" {
	cat >"$DIR/keep.py" <<-'END'
		keep = []
		def make_rows(n):
		    x = 1
		    for i in range(n):
		        x += 1
		        keep.append(
		            bytearray(1 << 20)
		        )
		    keep.append(bytearray(8 << 20))
		def outer():
		    make_rows(
		        16)
		    exec('\n' * 40 + 'make_rows(8)')
		input()
	END
	cat "$DIR/keep.py" - >"$DIR/run.py" <<<'outer()'
	"$TARE" run --as-root --lines -o "$DIR/out.folded" -- "$PYTHON" "$DIR/run.py" \
		<"$DIR/in" 2>"$DIR/err" 3>&- 9>&- &
	started=$!
	until_true 20 looked_at "$started"
	echo >&9
	finished "$started"
	between 'py::<module>:[^ ]* run.py:15;.*py::outer:[^ ]* run.py:11;.*run.py:(7|6);' \
		$((15 << 20)) $((18 << 20))
	between 'run.py:11;.*py::make_rows:[^ ]* run.py:9;' $((7 << 20)) $((10 << 20))
	between ' run.py:13;.*py::<module>:<string> <string>:41;.*run.py:(7|6);' \
		$((7 << 20)) $((10 << 20))
}

@test "threads go by the names that the program gave them" {
	cat >"$DIR/named.py" <<-'END'
		import threading
		rows, done = [], threading.Event()
		def work(mib):
		    rows.append(bytearray(mib << 20))
		    done.wait()
		class Largest(threading.Thread):
		    def __init__(self):
		        self.before = 1
		        super().__init__(name='größe')
		    def run(self):
		        work(8)
		ts = [threading.Thread(target=work, args=(4,), name='loader'), Largest(),
		      threading.Thread(target=work, args=(2,), name='the-indexer-of-all-that-is')]
		for t in ts: t.start()
		print('ready', flush=True)
		input()
		done.set()
	END
	"$TARE" run --as-root --period 64KiB -o "$DIR/r.json" -- "$PYTHON" "$DIR/named.py" \
		<"$DIR/in" >"$DIR/out" 2>&1 3>&- 9>&- &
	started=$!
	until_true 20 grep -q ready "$DIR/out"
	kill -USR1 "$started"
	until_true 20 test -e "$DIR/r.1.json"
	echo >&9
	finished "$started"
	for report in r.1 r; do
		run jq -r '[.processes[] | select(.argv[1] // "" | endswith("named.py")) |
			.tasks[].comm | select(. != "python3")] | sort | join(" ")' \
			"$DIR/$report.json"
		[ "$output" = 'größe loader the-indexer-of-all-that-is' ] ||
			[ "$output" = 'loader the-indexer-of-all-that-is größe' ] ||
			fail "$report: $output"
	done
}

@test "a Python that cannot be read says what could" {
	! ldd "$PYTHON" | grep libpython || skip "it is in a library, which has its own name"
	cp "$code" "$DIR/other"
	PYTHON=$DIR/other code=$DIR/other
	python <<<'take(16)'
	between ';_PyEval_EvalFrameDefault \[names: python 3.8 to 3.13, or -X perf\]' \
		$((15 << 20)) $((40 << 20))
}
