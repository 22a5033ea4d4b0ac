#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
#
# The static file alone in another root, as an engine runs it with --pid=host --privileged: it
# names functions of processes inside and outside, and its books balance.

load lib/common
load lib/hold

static=$BATS_TEST_DIRNAME/../../build/static/tare

setup() {
	started=()
	[ "$(id -u)" = 0 ] || skip "not root"
	[ -x "$static" ] || skip "no static file: make static"
}

# contained ARG…: tare in a root of its own; its reports go to $DIR/root/out
contained() {
	mkdir -p "$DIR/root"
	python3 "$LIB/container.py" "$DIR/root" "$static" "$@"
}

exact_with() {
	jq -e '.books.balanced and .books.off_pages == 0' "$1" >/dev/null || fail "not exact"
	grep -q "$2" "$1" || fail "no function $2"
}

@test "container: attach names functions of a process outside, exactly" {
	hold "$PROGRAMS/grower" 1 20
	run contained attach -p "${started[0]}" --duration 2s -o /out/report.json
	status_is 0
	exact_with "$DIR/root/out/report.json" grow_here
}

@test "container: run names functions of a program inside, exactly" {
	local file
	mkdir -p "$DIR/root"
	for file in "$PROGRAMS/deep_stack" $(ldd "$PROGRAMS/deep_stack" | grep -o '/[^ ]*'); do
		install -D "$file" "$DIR/root$file"
	done
	run contained run -o /out/report.json -- "$PROGRAMS/deep_stack" </dev/null
	status_is 0
	exact_with "$DIR/root/out/report.json" '"main"'
}

@test "container: doctor works there" {
	run contained doctor
	status_is 0
	says 'tare works here'
}
