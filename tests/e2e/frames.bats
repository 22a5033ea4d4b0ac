#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
#
# The table of functions says who to ask: allocators' frames are told of who called them.

load lib/common

# where OPTION… -- COMMAND…: the section WHERE of the table.
where() {
	COLUMNS=140 "$TARE" run --as-root --show where --period 16KiB --format table \
		--record "$DIR/r.tare" "$@" 2>"$DIR/err" >/dev/null
	sed -n '/^WHERE/,/^$/p' "$DIR/err" >"$DIR/where"
}

# first PATTERN: the row that took most.
first() {
	local row
	row=$(sed -n 3p "$DIR/where")
	grep -q -E -e "$1" <<<"$row" || fail "not $1:" "$(head -8 "$DIR/where")"
}

@test "C: memory counts for the function of the program that called malloc" {
	where -- "$PROGRAMS/heap"
	head -5 "$DIR/where"
	! grep -q -E 'malloc +(sys)?malloc|_int_malloc|do_anonymous_page' "$DIR/where" ||
		fail "$(cat "$DIR/where")"
}

@test "sqlite3: the function that called malloc, although few functions have names" {
	need sqlite3
	where -- sqlite3 :memory: "create table t(a, b);
		with recursive n(i) as (select 1 union all select i + 1 from n where i < 200000)
		insert into t select i, hex(randomblob(50)) from n"
	first 'MiB +sqlite3BtreeInsert +malloc'
}

@test "Python: the function and its line that took most" {
	need python3
	cat >"$DIR/leaky.py" <<-'END'
		import threading
		rows = []
		def make_rows(n):
		    x = 1
		    for i in range(n):
		        rows.append(bytearray(64 << 10))
		def serve():
		    make_rows(400)
		t = threading.Thread(target=serve)
		t.start()
		t.join()
	END
	where -- /usr/bin/python3 "$DIR/leaky.py"
	first 'MiB +leaky\.py:6 make_rows .* leaky\.py:8 serve'
}

@test "C++ -O2: the inlined function and its line" {
	cat >"$DIR/prog.cpp" <<-'END'
		#include <memory>
		#include <string>
		#include <vector>
		std::vector<std::unique_ptr<std::string>> open_sessions;
		__attribute__((noinline)) void parse_body(int n)
		{
			for (int i = 0; i < n; i++)
				open_sessions.push_back(std::make_unique<std::string>(1000, 'x'));
		}
		int main() { parse_body(20000); }
	END
	need g++
	g++ -O2 -g -o "$DIR/prog" "$DIR/prog.cpp"
	where --lines -- "$DIR/prog"
	first 'MiB +prog\.cpp:8 parse_body .* main'
}

@test "Go, stripped: the function that allocates" {
	need go
	cat >"$DIR/grow.go" <<-'END'
		package main

		type row struct{ a, b, c [20]int }

		var rows []*row

		//go:noinline
		func makeRows(n int) {
			for i := 0; i < n; i++ {
				rows = append(rows, &row{a: [20]int{i}})
			}
		}

		func main() { makeRows(50000) }
	END
	(cd "$DIR" && GOCACHE=$DIR/cache GO111MODULE=off go build -ldflags='-s -w' -o grow grow.go)
	where -- "$DIR/grow"
	first 'MiB +main\.makeRows'
}

@test "--no-fold shows all frames; --fold takes a file of rules and refuses others" {
	need sqlite3
	where -- sqlite3 :memory: "create table t(a, b);
		with recursive n(i) as (select 1 union all select i + 1 from n where i < 100000)
		insert into t select i, hex(randomblob(50)) from n"
	"$TARE" report "$DIR/r.tare" --show where --no-fold | grep -q -E 'MiB +_int_malloc'
	echo 'insert *sqlite* sqlite3BtreeInsert' >"$DIR/rules"
	run "$TARE" report "$DIR/r.tare" --show where --fold "$DIR/rules"
	says 'MiB .* insert '
	run env TARE_FOLD="$DIR/rules" "$TARE" report "$DIR/r.tare" --show where
	says 'MiB .* insert '
	echo 'malloc' >>"$DIR/rules"
	run "$TARE" report "$DIR/r.tare" --show where --fold "$DIR/rules"
	status_is 125
	says 'rules:2: not a rule'
	run "$TARE" run --fold "$DIR/none" -- true
	status_is 125
	says 'none: No such file'
}
