#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
#
# tare diff of two versions of a program, of which the later has a planted regression: the table
# and the page begin with its function and thread. Wrong outputs are refused before anything is
# read.

load lib/common

setup_file() {
	cd "$BATS_FILE_TMPDIR"
	# The later one keeps three times as many bodies, and half the sessions.
	"$TARE" run --as-root -r old.tare -o old.json -- "$PROGRAMS/regress" 16000 128
	"$TARE" run --as-root -r new.tare -o new.json -- "$PROGRAMS/regress" 48000 64
}

setup() {
	OLD=$BATS_FILE_TMPDIR/old.tare
	NEW=$BATS_FILE_TMPDIR/new.tare
}

# The JSON in a page.
data_of() {
	sed -n 's/.*<script type="application\/json" id="data">//; /^{/,/^}/p' "$1" |
		sed 's/^}<\/script>.*/}/'
}

# rows SECTION: the lines below the section's column titles.
rows() {
	sed -n "/^$1 /,/^\$/p" <<<"$output" | tail -n +3
}

@test "one screen begins with the function and the thread that grew" {
	COLUMNS=80 run -0 "$TARE" diff "$OLD" "$NEW"
	[ "${#lines[@]}" -le 25 ] || fail "$output"
	[ "$(wc -l <<<"$output")" -le 25 ]
	fits_80_columns
	says "^before: .*regress 16000 128, " "^after: .*regress 48000 64, "
	says '^peak: .* MiB → .* MiB, +.* MiB (+[0-9]* %)'
	rows WHO | sed -n 2p | grep -q '^  parser .*+3[0-9]\.[0-9] MiB' || fail "$output"
	rows WHERE | head -1 | grep -q '^parse_body.*+3[0-9]\.[0-9] MiB.*≠' || fail "$output"
	rows WHERE | grep -q 'open_session.*-[34]\.[0-9]* MiB.*≠' || fail "$output"
	rows WHERE | grep 'load_index' | grep -q '≠' && fail "load_index did not change:" "$output"
	says 'more: --full' 'a page counts for its first toucher'
}

@test "--full shows kinds and stacks, --all every row" {
	COLUMNS=80 run -0 "$TARE" diff "$OLD" "$NEW" --full
	says '^TOTALS' '^STACKS' 'Linux' 'standard error'
	full=$(wc -l <<<"$output")
	COLUMNS=80 run -0 "$TARE" diff "$OLD" "$NEW" --all
	says '^TOTALS' '^STACKS'
	[ "$(wc -l <<<"$output")" -gt "$full" ]
}

@test "the page begins with the same function, with its error" {
	run -0 "$TARE" diff "$OLD" "$NEW" --html "$DIR/d.html" -o "$DIR/d.json"
	[ -z "$output" ]
	[ "$(stat -c %a "$DIR/d.html")" = 600 ]
	data_of "$DIR/d.html" >"$DIR/page.json"
	jq -e '.functions[0] | (.function | test("parse_body")) and .self["live-peak"].beyond and
		.self["live-peak"].change > 30e6 and .self["live-peak"].error > 0' \
		"$DIR/page.json" || fail "$(jq -c '.functions[0]' "$DIR/page.json")"
	jq -e '.stacks | map(.held["live-peak"].before) | add' "$DIR/page.json" >"$DIR/sum"
	jq -e '.sample_types["live-peak"].before' "$DIR/page.json" | cmp - "$DIR/sum"
	jq -e '.left_out == {functions: 0, stacks: 0, processes: 0, threads: 0}' "$DIR/page.json"
	jq -e '.folded | any(test("malloc"))' "$DIR/d.json" || fail "$(jq -c .folded "$DIR/d.json")"
	cmp <(jq -S . "$DIR/page.json") <(jq -S . "$DIR/d.json")
}

@test "an output that cannot be written is refused before a recording is read" {
	for how in "--html $DIR/no/x.html" "-o $DIR/no/x.json" "-o $DIR/x.xml" "--format xml"; do
		# shellcheck disable=SC2086 # an option and its value
		run "$TARE" diff "$DIR/missing.tare" "$NEW" $how
		status_is 125
		[[ $output != *missing.tare* ]] || fail "$how: read it first:" "$output"
	done
	run "$TARE" diff "$DIR/missing.tare" "$NEW" --html "$DIR/x.html" -o "$DIR/x.html"
	status_is 125
	says 'is given for two outputs'
	run "$TARE" diff "$DIR/missing.tare" "$NEW" --html "$DIR/x.html"
	status_is 1
	says 'missing.tare'
	[ ! -e "$DIR/x.html" ]
}

@test "a format by the name of the file" {
	"$TARE" diff "$OLD" "$NEW" -o "$DIR/x.html"
	grep -q '^<!doctype html>' "$DIR/x.html"
	"$TARE" diff "$OLD" "$NEW" --format html >"$DIR/y.html"
	cmp "$DIR/x.html" "$DIR/y.html"
	"$TARE" diff "$OLD" "$NEW" -o "$DIR/x.txt"
	grep -q '^WHERE' "$DIR/x.txt"
}
