#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
#
# Resource limits of the shell that starts tare: tare names a limit that stops it and the way
# out, and the command's own limits stay as they were.

load lib/common

did_not_run() {
	[ ! -e "$DIR/ran" ] || fail "the command ran although tare refused"
}

# limited LETTER VALUE ARG…: runs tare under one of the shell's limits.
limited() {
	# shellcheck disable=SC2016 # the inner shell's
	run bash -c 'ulimit "$1" "$2" && shift 2 && exec "$@"' - "$1" "$2" "$TARE" "${@:3}"
}

# As nobody, with exactly the capabilities that profiling one's own programs needs.
with_capabilities() {
	need setpriv setcap
	cp "$TARE" "$DIR/tare"
	setcap cap_bpf,cap_perfmon+ep "$DIR/tare" || skip "no capabilities of files here"
	nobody=(setpriv --reuid 65534 --regid 65534 --clear-groups)
}

@test "too few descriptors: the message names the limit and the way out" {
	local n
	for n in 8 12 30 60; do
		limited -n $n run -- touch "$DIR/ran"
		status_is 125
		says 'open files' "ulimit -n"
		did_not_run
	done
	limited -n 12 attach -p $$
	status_is 1
	says 'open files' 'ulimit -n'
	limited -n 12 doctor
	status_is 1
	says 'open files' 'ulimit -n'
}

@test "a low soft limit of descriptors is raised for tare, not for the command" {
	limited -Sn 20 run -o "$DIR/r.json" -- bash -c 'ulimit -n'
	status_is 0
	[ "$output" = 20 ] || fail "$output"
	report check "$DIR/r.json"
}

@test "a file size limit: the message names the file, and no partial file stays" {
	limited -f 1 run -o "$DIR/r.json" -- sh -c 'exit 5'
	status_is 125
	says "$DIR/r.json" 'ulimit -f'
	[ ! -e "$DIR/r.json" ]
	[ -z "$(ls -A "$DIR" | grep -v '^tare$')" ] || fail "left:" "$(ls -A "$DIR")"
}

@test "a recording at its file size limit: a message, and a full report" {
	limited -f 8 run -r "$DIR/r.tare" -- sh -c 'exit 5'
	[ "$status" != 0 ] || fail "no error was reported:" "$output"
	says "$DIR/r.tare" 'ulimit -f' 'exit 5'
}

@test "the command's own limit still kills it" {
	run "$TARE" run -o "$DIR/r.json" -- bash -c \
		'ulimit -f 1; exec head -c 100000 /dev/zero >"$1"' - "$DIR/big"
	status_is 153 # 128 + SIGXFSZ
}

# The sanitizers need address space and a process of their own.
not_sanitized() {
	! grep -q __asan_init "$TARE" || skip "tare is built with a sanitizer"
}

@test "too little address space: the message names the limit" {
	not_sanitized
	limited -v 30000 run -- touch "$DIR/ran"
	status_is 125
	says 'ulimit -v'
	did_not_run
}

@test "too many processes of this user: the message names the limit" {
	not_sanitized
	with_capabilities
	run "${nobody[@]}" bash -c 'ulimit -u 1; exec "$@"' - "$DIR/tare" run -- touch "$DIR/ran"
	status_is 125
	says 'ulimit -u'
	did_not_run
}

@test "a process that /proc hides is not reported as missing" {
	need unshare
	with_capabilities
	sleep 60 3>&- &
	started=$!
	run unshare -m sh -c 'mount -t proc -o hidepid=2 proc /proc && exec "$@"' - \
		"${nobody[@]}" "$DIR/tare" attach -p $started --duration 10ms
	status_is 1
	says "$started" '/proc' 'hidepid'
	run unshare -m sh -c 'mount -t tmpfs none /proc && exec "$@"' - \
		"$TARE" attach -p $started --duration 10ms
	status_is 1
	says "$started" '/proc'
	run unshare -m sh -c 'mount -t tmpfs none /proc && exec "$@"' - \
		"$TARE" attach --comm sleep --duration 10ms
	status_is 1
	says '/proc'
}

@test "bpf() refused by a seccomp filter: the message does not suggest sudo" {
	run "$LIB/nobpf.py" "$TARE" run -- touch "$DIR/ran"
	status_is 125
	says seccomp
	says_not sudo
	did_not_run
}

teardown() {
	end_all "${started:-}"
}
