#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
#
# Processes of one name are told apart: by the title that they gave themselves, or by their
# arguments.

load lib/common

setup() {
	mkfifo "$DIR/in"
	exec 9<>"$DIR/in"
}

teardown() {
	exec 9>&-
	end_all ${started:-}
}

# Takes a snapshot and waits for it. True: it has the three titles. tare reads the titles of
# processes that have lived for a while, so the first snapshot may come too early.
snapshots=0
titled_snapshot() {
	snapshots=$((snapshots + 1))
	kill -USR1 "$started"
	until_true 20 test -e "$DIR/r.$snapshots.json"
	jq -r '.processes[] | .title // .comm' "$DIR/r.$snapshots.json" >"$DIR/titles"
	[ "$(grep -cE '^titled: (reader|writer [12])$' "$DIR/titles")" = 3 ]
}

thrice_ready() {
	[ "$(grep -c ready "$DIR/out")" = 3 ]
}

@test "processes of one name are told apart by titles that they set after exec" {
	exec 9>&-
	exec 9<>"$DIR/in"
	"$TARE" run --as-root -o "$DIR/r.json" -- "$PROGRAMS/titled" long-enough-for-any-title \
		<"$DIR/in" >"$DIR/out" 2>&1 3>&- 9>&- &
	started=$!
	until_true 20 thrice_ready
	until_true 20 titled_snapshot
	exec 9>&-
	finished "$started"
	# What has ended is still called so.
	run jq -r '[.processes[] | .title // .comm] | sort | join("|")' "$DIR/r.json"
	[ "$output" = 'titled|titled: reader|titled: writer 1|titled: writer 2' ] || fail "$output"
}

@test "compilers are told apart by the source file in their arguments" {
	need gcc
	for i in one two; do echo "int $i[1 << 10];" >"$DIR/$i.c"; done
	COLUMNS=140 run --separate-stderr "$TARE" run --as-root --show who -- sh -c \
		"cd '$DIR'; gcc -c one.c; gcc -c two.c"
	output=$stderr
	says ' cc1 one.c' ' cc1 two.c'
}
