# SPDX-License-Identifier: GPL-2.0-only
#
# Loaded by every .bats file: paths, and assertions that print what they saw. TARE and PROGRAMS
# are absolute paths; the Makefile sets them.

bats_require_minimum_version 1.5.0

LIB=$BATS_TEST_DIRNAME/lib
TARE=${TARE:-$(cd "$BATS_TEST_DIRNAME/../.." && pwd)/build/tare}
PROGRAMS=${PROGRAMS:-$(dirname "$TARE")/programs}
unset SUDO_UID SUDO_GID SUDO_USER SUDO_COMMAND
DIR=${BATS_TEST_TMPDIR:-/nonexistent}
export LIB TARE PROGRAMS DIR PYTHONDONTWRITEBYTECODE=1
# Commands that run as another user must be able to reach it.
for d in "$DIR" "${DIR%/*}" "${DIR%/*/*}"; do
	[ ! -d "$d" ] || chmod a+rx "$d"
done

fail() {
	printf '%s\n' "$@" >&2
	return 1
}

# Runs a script of lib/ that compares; its status 77 is a skip.
compared() {
	run "$LIB/$1.py" "${@:2}"
	[ "$status" != 77 ] || skip "${output#skip: }"
	[ "$status" = 0 ] || fail "$output"
}

exact() {
	compared exact "$@"
}

# Checks $status and $output of the last `run`.
status_is() {
	[ "$status" = "$1" ] || fail "status $status, not $1; output:" "$output"
}

says() {
	local word
	for word; do
		grep -qi -e "$word" <<<"$output" || fail "doesn't say '$word':" "$output"
	done
}

says_not() {
	local word
	for word; do
		! grep -q -e "$word" <<<"$output" || fail "says '$word':" "$output"
	done
}

fits_80_columns() {
	[ "$(LC_ALL=C.UTF-8 wc -L <<<"$output")" -le 80 ] || fail "wider than 80 columns:" "$output"
}

report() {
	"$LIB/report.py" "$@"
}

need() {
	local tool
	for tool; do
		command -v "$tool" >/dev/null || skip "$tool is not here"
	done
}

# A static tare takes no library of a test's.
need_dynamic() {
	ldd "$TARE" 2>/dev/null | grep -q '=>' || skip 'tare is static'
}

# until_true SECONDS COMMAND…: polls until it is true. The deadline only ends a test that hangs;
# it is TARE_PATIENCE times as long for a sanitized tare, which is slow.
until_true() {
	local end=$(($(date +%s%N) + $1 * ${TARE_PATIENCE:-1} * 1000000000))
	shift
	until "$@"; do
		[ "$(date +%s%N)" -lt $end ] || fail "waited too long for: $*" || return 1
		sleep 0.01
	done
}

# Tare handles SIGUSR1 (10: bit 9 of the masks), so it is up. The shell that becomes tare has
# handlers too, until it executes the program.
takes_usr1() {
	[ "/proc/$1/exe" -ef "$TARE" ] || return 1
	grep -q -E '^Sig(Cgt|Blk):.*[2367abef]..$' "/proc/$1/status"
}

# A zombie counts as gone: it has no memory, and its parent may reap it late.
gone() {
	local state
	state=$(sed -n 's/^State:\t//p' "/proc/$1/status" 2>/dev/null) || return 0
	[[ -z $state || $state == [ZX]* ]]
}

# finished PID: waits for a child of this shell, which `run`, a subshell, could not do.
finished() {
	until_true 25 gone "$1" || return 1
	status=0
	wait "$1" || status=$?
	output=
}

# Ends by pid what a test has started; for teardown.
end_all() {
	local pid
	for pid; do
		kill -KILL "$pid" 2>/dev/null && wait "$pid" 2>/dev/null
	done
	return 0
}

# bpf_of PID: the BPF programs and maps that a process holds, for the file $DIR/bpf.
bpf_of() {
	sed -n 's/^\(prog\|map\)_id:\t*/\1 /p' /proc/"$1"/fdinfo/* 2>/dev/null | sort -u
}

# all_unloaded: the kernel has none of those in $DIR/bpf.
all_unloaded() {
	local what id
	while read -r what id; do
		! bpftool "$what" show id "$id" >/dev/null 2>&1 || return 1
	done <"$DIR/bpf"
}

free_port() {
	python3 -c 'import socket
s = socket.socket()
s.bind(("127.0.0.1", 0))
print(s.getsockname()[1])'
}
