#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
#
# A tare that was built without node, and so without HTML pages. Asked for HTML, it says what is
# missing and the way out before it starts anything; all else works. Building without node is
# tested in tests/dist.

load lib/common

setup() {
	WITH=$TARE
	TARE=$(dirname "$WITH")/tests/e2e/lib/no_pages
}

# says_why STATUS: the message says that there is no HTML, and names two ways out.
says_why() {
	status_is "$1"
	says 'this tare has no HTML pages' 'make dist'
	[ "$(grep -c '  try: ' <<<"$output")" -eq 2 ]
	[ ! -e "$DIR/started" ] && [ ! -e "$DIR/x.html" ]
}

@test "run and attach with HTML output are refused before anything starts" {
	for how in "--html $DIR/x.html" "-o $DIR/x.html" "--format html"; do
		# shellcheck disable=SC2086 # an option and its value
		run "$TARE" run --as-root $how -- touch "$DIR/started"
		says_why 125
		# shellcheck disable=SC2086
		run "$TARE" attach -p $$ $how
		says_why 1
	done
}

@test "HTML of a recording or of results is refused" {
	"$TARE" run --as-root -r "$DIR/r.tare" -o "$DIR/r.json" -- true
	run "$TARE" export "$DIR/r.tare" -o "$DIR/x.html"
	says_why 1
	run "$TARE" report "$DIR/r.tare" --format html
	says_why 1
	run "$TARE" bench report "$DIR/r.tare" --format html -o "$DIR/x.html"
	says_why 1
	for how in "--html $DIR/x.html" "-o $DIR/x.html" "--format html"; do
		# shellcheck disable=SC2086 # an option and its value
		run "$TARE" diff "$DIR/r.tare" "$DIR/r.tare" $how
		says_why 1
	done
}

@test "all else works, and a tare with pages makes HTML of its recording" {
	"$TARE" run --as-root -r "$DIR/r.tare" -o "$DIR/r.json" -- true
	for form in csv json folded pprof speedscope; do
		"$TARE" export "$DIR/r.tare" --format $form -o "$DIR/$form"
		[ -s "$DIR/$form" ]
	done
	"$WITH" export "$DIR/r.tare" -o "$DIR/y.html"
	grep -q '^<!doctype html>' "$DIR/y.html"
}
