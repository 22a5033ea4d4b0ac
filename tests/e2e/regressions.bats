#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
#
# Planted regressions: the first row of WHERE is the function that has it, in each language. Every
# program has two variants, so that no test passes by chance.

load lib/common
load lib/hold

DATA=$BATS_TEST_DIRNAME/data/regressions

tare() {
	COLUMNS=220 exec "$TARE" run --as-root --lines --period 32KiB --format table "$@"
}

# The first row of WHERE is in $row.
first_row() {
	row=$(awk '/ GROWN .*(FUNCTION|WHERE)/ { getline; print; exit }' "$DIR/err")
}

top() {
	(tare -- "$@" 2>"$DIR/err" >/dev/null) || fail "$(cat "$DIR/err")"
	first_row
}

# top_of_threads ARG: of threads.py, from a report while its threads live. Their names are read
# now and then, and for a report.
top_of_threads() {
	hold tare -r "$DIR/$1.tare" -- /usr/bin/python3 "$DATA/threads.py" "$1"
	reaches full
	kill -USR1 "${started[0]}"
	until_true 20 grep -q ' GROWN .*FUNCTION\| GROWN .*WHERE' "$DIR/err"
	first_row
	echo >&9
	let_go
	started=()
	"$TARE" export "$DIR/$1.tare" --format json >"$DIR/r.json"
}

# is PATTERN: the row has most of the memory, and the pattern.
is() {
	grep -q -E "^ *[1-9][0-9.]* MiB .*$1" <<<"$row" || fail "not $1:" "$row"
}

# line_of WORD FILE: of the planted code.
line_of() {
	grep -n "planted: $1\$" "$DATA/$2" | cut -d: -f1
}

@test "C++ -O2: the inlined function, its line and the function that it is inlined in" {
	need g++
	for leak in 1:body:keep_body 2:session:open_session; do
		g++ -O2 -g -DLEAK="${leak%%:*}" -o "$DIR/churn" "$DATA/churn.cpp"
		word=${leak#*:}
		top "$DIR/churn"
		is "MiB +churn\.cpp:$(line_of "${word%:*}" churn.cpp) ${leak##*:} .*serve"
	done
}

@test "Rust -O: the function of the program, not the allocator's" {
	need rustc
	rustc -O -o "$DIR/rows" "$DATA/rows.rs"
	top "$DIR/rows" parse
	is 'MiB +rows::parse_rows '
	top "$DIR/rows" index
	is 'MiB +rows::build_index '
}

@test "Go, stripped: the function, and the line that called it" {
	need go
	export GOCACHE=$DIR/cache GOFLAGS= GO111MODULE=off GOTOOLCHAIN=local
	(cd "$DIR" && go build -ldflags='-s -w' -o rows "$DATA/rows.go")
	top "$DIR/rows" parse
	is "MiB +rows\.go:[0-9]+ main\.keep .*rows\.go:$(line_of parse rows.go) main\.parseRows "
	top "$DIR/rows" index
	is "MiB +rows\.go:[0-9]+ main\.keep .*rows\.go:$(line_of index rows.go) main\.buildIndex "
}

# thread NAME: the thread that took most.
thread() {
	report assert "$DIR/r.json" \
		"max(tasks, key=lambda t: t['anon']['in'])['comm'] == '$1'"
}

@test "Python, 30 named threads: the function, its line and the thread" {
	need python3
	top_of_threads load
	is "MiB +threads\.py:$(line_of load threads.py) load_rows .*:[0-9]+ read"
	thread reader-7
	top_of_threads index
	is "MiB +threads\.py:$(line_of index threads.py) build_index .*:[0-9]+ index"
	thread indexer-19
}

@test "PHP: the C function that PHP code called, not the allocator" {
	need php
	top php "$DATA/cache.php" split
	is 'MiB +php_explode '
	top php "$DATA/cache.php" join
	is 'MiB +php_implode '
}

@test "Ruby: the C function that Ruby code called, not the allocator or the interpreter" {
	need ruby
	top ruby "$DATA/cache.rb" repeat
	is 'MiB +rb_str_times .*malloc .*rb_vm_exec'
	top ruby "$DATA/cache.rb" split
	is 'MiB +rb_str_subseq .*new .*rb_vm_exec'
}
