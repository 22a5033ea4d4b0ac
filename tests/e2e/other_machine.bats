#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
#
# A recording from another architecture (arm64, made by a guest: tests/kernels/recording.list)
# is read, reported, exported, and compared with a recording from this machine.

load lib/common

setup() {
	gunzip -c "$BATS_TEST_DIRNAME/data/arm64.tare.gz" >"$DIR/arm64.tare"
}

@test "a recording from arm64 is reported: books, causes, and functions by name" {
	run "$TARE" report --full "$DIR/arm64.tare"
	status_is 0
	says 'books: *balanced' 'page fault .* 32\.[0-9] MiB' ' inner' 'n/m'
	fits_80_columns
}

@test "the figures of the arm64 recording are the program's known ones" {
	"$TARE" report "$DIR/arm64.tare" --format json -o "$DIR/a.json"
	run jq -r '.kernel, .books.balanced, .samples.complete_share >= 0.99' "$DIR/a.json"
	says aarch64
	says_not false null
	# 32 MiB, and its libraries' memory
	[ "$(jq '.peak.rss >= 33554432 and .peak.rss < 36 * 1048576' "$DIR/a.json")" = true ]
}

@test "the exported stacks of the arm64 recording are complete" {
	run "$TARE" export "$DIR/arm64.tare" --format folded
	status_is 0
	says 'main;outer;middle;inner [0-9]'
}

@test "diff compares it with a recording of the same program from here" {
	# A period so short that samples of libraries are not confused with those of `inner`.
	"$TARE" run --period 4KiB -r "$DIR/here.tare" -- "$PROGRAMS/call_tree" calls >/dev/null 2>&1
	run "$TARE" diff "$DIR/arm64.tare" "$DIR/here.tare"
	status_is 0
	says 'differs:.*command' 'aarch64'
	"$TARE" diff "$DIR/arm64.tare" "$DIR/here.tare" --format json -o "$DIR/d.json"
	# 32 MiB each, by the same function
	run jq -c '.functions[] | select(.function == "inner") | .total."live-peak" |
		[.before >= 33554432, .after >= 33554432, .beyond]' "$DIR/d.json"
	[ "$output" = '[true,true,false]' ] || fail "$output"
}
