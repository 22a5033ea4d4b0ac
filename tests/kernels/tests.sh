#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Runs the tests of a list against the running kernel and prints TAP: the same
# script on the host and in a guest, where busybox is all there is.
# usage: TARE=file PROGRAMS=dir CHECK=file ARM=arm tests.sh tests.list
# (ARM: the ledger arm that this kernel should get; "any": the one that doctor says)

: "${TARE:?}" "${PROGRAMS:?}" "${CHECK:?}" "${ARM:?}"
# Seconds for one test; a guest without KVM is some ten times slower.
LIMIT=${LIMIT:-60}
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT

# Each test_* function takes its words from the list, says on stdout what is
# wrong and fails; status 77 is "not for this kernel".

# doctor: `run` works here, and by the arm that this kernel is known for
test_doctor() {
	timeout -k 5 "$LIMIT" "$TARE" doctor >"$dir/out" 2>&1
	status=$?
	[ $status -eq 0 ] && grep -q "ledger arm $ARM\b" "$dir/out" && return 0
	echo "exit $status; should be 0 and name the arm $ARM"
	cat "$dir/out"
	return 1
}

# samples PROGRAM…: stacks are taken and reach where they began, and nothing is lost
test_samples() {
	program=$PROGRAMS/$1
	shift
	rm -f "$dir/run.json"
	timeout -k 5 "$LIMIT" "$TARE" run --period 16KiB -o "$dir/run.json" -- "$program" "$@" >"$dir/out" 2>&1
	status=$?
	[ $status -eq 0 ] && grep -q '"balanced": *true' "$dir/run.json" &&
		grep -Eq '"complete_share": *(1|0\.99)' "$dir/run.json" &&
		grep -Eq '"samples": *0, "bytes": *0' "$dir/run.json" && return 0
	echo "exit $status; should be 0, with 99 % of the stacks complete"
	cat "$dir/out"
	grep '"samples"' "$dir/run.json"
	return 1
}

# run STATUS CMD…: CMD's exit status comes through, and the books balance
test_run() {
	want=$1
	shift
	rm -f "$dir/run.json"
	timeout -k 5 "$LIMIT" "$TARE" run -o "$dir/run.json" -- "$@" >"$dir/out" 2>&1
	status=$?
	[ $status -eq "$want" ] && grep -q '"balanced": *true' "$dir/run.json" && return 0
	echo "exit $status; should be $want, with balanced books"
	cat "$dir/out" "$dir/run.json"
	return 1
}

# exact PROGRAM ARG…: at each of its checkpoints the books equal the kernel's
test_exact() {
	program=$1
	shift
	"$CHECK" -d "$dir" -t "$LIMIT" "$TARE" "$PROGRAMS/$program" "$@"
}

# attach PROGRAM ARG…: the same by `tare attach`, from the first checkpoint on
test_attach() {
	program=$1
	shift
	"$CHECK" -p -d "$dir" -t "$LIMIT" "$TARE" "$PROGRAMS/$program" "$@"
}

# arm NAME PROGRAM ARG…: as `exact`, with this arm forced. Of "percpu" and
# "count" a kernel has one: the other must be refused, and nothing run.
test_arm() {
	arm=$1 program=$2
	shift 2
	if [ "$arm" != classic ] && [ "$arm" != "$ARM" ]; then
		test_refused "$arm"
		return
	fi
	"$CHECK" -a "$arm" -d "$dir" -t "$LIMIT" "$TARE" "$PROGRAMS/$program" "$@"
}

test_refused() {
	timeout -k 5 "$LIMIT" "$TARE" run --force-arm "$1" -- touch "$dir/ran" >"$dir/out" 2>&1
	status=$?
	[ $status -eq 125 ] && [ -s "$dir/out" ] && [ ! -e "$dir/ran" ] && return 0
	echo "exit $status; should be 125, with a message and nothing run"
	ls "$dir"
	cat "$dir/out"
	return 1
}

# kmem PROGRAM N BYTES: the memory control group, and kernel memory as events where
# the kernel has them: while the N stand, BYTES or more are charged for each
test_kmem() {
	rm -f "$dir"/run*.json "$dir/in" "$dir/said-so"
	mkfifo "$dir/in" "$dir/said-so"
	exec 8<>"$dir/said-so" 9<>"$dir/in"
	timeout -k 5 "$LIMIT" "$TARE" run -o "$dir/run.json" -- "$PROGRAMS/$1" "$2" \
		<"$dir/in" >"$dir/said-so" 2>"$dir/out" 8>&- 9>&- &
	# Nothing else runs while tare attaches and detaches: a kernel that patches
	# itself while another CPU runs there is more than qemu without KVM can do.
	echo >&9
	while read -r line <&8 && [ "$line" != 'checkpoint made' ]; do :; done
	kill -USR1 "$(pidof tare | awk '{ print $1 }')"
	await test -e "$dir/run.1.json"
	echo >&9
	wait $! || { cat "$dir/out"; return 1; }
	level=group
	"$TARE" doctor | grep -q 'yes  *mod_memcg_state' && level=events
	charged=$(sed -n 's/^"cgroup": {"version": [12], .*"own": true, .*"current": \([0-9]*\), "peak".*/\1/p' \
		"$dir/run.1.json")
	grep -q "^\"kmem\": {\"level\": \"$level\", \"whole\": true, .*\"by_group\": [1-9]" "$dir/run.1.json" &&
		[ "${charged:-0}" -ge $(($2 * $3)) ] && return 0
	echo "should be of level $level, in a group of its own, with $2 x $3 bytes: ${charged:-none}"
	cat "$dir/out" "$dir/run.1.json"
	return 1
}

# await COMMAND…: polled, until it succeeds or LIMIT is over
await() {
	tries=$((LIMIT * 20))
	until "$@"; do
		tries=$((tries - 1))
		[ $tries -gt 0 ] || return 1
		sleep 0.05
	done
}

# log: no warning of the kernel's since the first test
test_log() {
	warnings >"$dir/warnings"
	cmp -s "$dir/warnings0" "$dir/warnings" && return 0
	diff "$dir/warnings0" "$dir/warnings"
	return 1
}

warnings() {
	dmesg 2>/dev/null | grep -E 'WARNING:|BUG:|Oops|INFO: (task|rcu)' || true
}

now() {
	cut -d' ' -f1 /proc/uptime
}

if [ "$ARM" = any ]; then
	ARM=$("$TARE" doctor 2>/dev/null | sed -n 's/.*with ledger arm \([a-z]*\).*/\1/p')
	ARM=${ARM:-none}
fi
n=0 failed=0
warnings >"$dir/warnings0"
while read -r name what words; do
	case $name in '' | '#'*) continue ;; esac
	n=$((n + 1))
	start=$(now)
	# shellcheck disable=SC2086 # the list's words are words
	(set -f; "test_$what" $words) >"$dir/said" 2>&1 </dev/null
	status=$?
	took=$(awk "BEGIN { printf \"%.1f\", $(now) - $start }")
	case $status in
	0) echo "ok $n - $name # $took s" ;;
	77) echo "ok $n - $name # SKIP not for this kernel" ;;
	*)
		failed=$((failed + 1))
		echo "not ok $n - $name # $took s"
		;;
	esac
	sed 's/^/#   /' "$dir/said"
done <"$1"
echo "1..$n"
[ $failed -eq 0 ]
