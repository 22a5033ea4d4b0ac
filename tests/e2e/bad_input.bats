#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
#
# Bad input and a hostile environment: the message names the cause and the way out, the exit
# status is right, the command does not run, and nothing is left behind.

load lib/common
load lib/hold

did_not_run() {
	[ ! -e "$DIR/ran" ] || fail "the command ran although tare refused"
}

# as_nobody COMMAND…: runs a copy of tare that the user nobody can reach.
as_nobody() {
	need setpriv
	[ -e "$DIR/tare" ] || cp "$TARE" "$DIR/tare"
	chmod 755 "$DIR" "$DIR/tare"
	run setpriv --reuid 65534 --regid 65534 --clear-groups "$@"
}

@test "without root the message names the capabilities and how to get them" {
	as_nobody "$DIR/tare" run -- true
	status_is 125
	says 'cap_bpf' 'cap_perfmon' 'setcap' "sudo $DIR/tare run -- true"
	[ "$(printf '%s\n' 6.9 "$(uname -r)" | sort -V | head -n1)" != 6.9 ] || says 'BPF token'
	as_nobody "$DIR/tare" attach -p $$
	status_is 1
	says 'cap_bpf' 'sudo'
	as_nobody "$DIR/tare" doctor
	status_is 1
	says 'sudo\|setcap'
}

@test "one missing capability is named" {
	need setpriv
	run setpriv --bounding-set -perfmon,-sys_admin --inh-caps -perfmon,-sys_admin \
		"$TARE" run -- touch "$DIR/ran"
	if [ "$status" != 0 ]; then
		status_is 125
		says 'cap_perfmon'
		did_not_run
	fi
}

@test "bpf() that is refused is reported" {
	run "$LIB/nobpf.py" "$TARE" run -- touch "$DIR/ran"
	status_is 125
	says 'bpf'
	did_not_run
	run "$LIB/nobpf.py" "$TARE" doctor
	status_is 1
	says 'bpf'
}

# Without the kernel's BTF file tare reads it from the kernel: see doctor.bats.
@test "a file that is no BTF is refused" {
	: >"$DIR/types"
	for file in "$DIR/types" "$DIR/nothing" "$DIR"; do
		run "$TARE" run --btf "$file" -- touch "$DIR/ran"
		status_is 125
		says 'BTF' "$file"
		did_not_run
	done
}

@test "without tracefs tare works, or names tracefs as the reason" {
	need unshare
	run unshare -m sh -c 'for d in /sys/kernel/tracing /sys/kernel/debug; do
		[ ! -d $d ] || mount -t tmpfs none $d; done; exec "$@"' - \
		"$TARE" run -o "$DIR/r.json" -- true
	if [ "$status" = 0 ]; then
		report check "$DIR/r.json"
	else
		status_is 125
		says tracefs
	fi
}

@test "unknown subcommands and options: the nearest name is suggested" {
	run "$TARE" rnu -- true
	status_is 125
	says "rnu" "run"
	run "$TARE" atach -p 1
	status_is 125
	says "atach" "attach"
	run "$TARE" run --formt json -- touch "$DIR/ran"
	status_is 125
	says '--formt' '--format'
	run "$TARE" attach --durration 1s -p 1
	status_is 125
	says '--durration' '--duration'
	run "$TARE" run --format yaml -- touch "$DIR/ran"
	status_is 125
	says yaml json table
	did_not_run
}

@test "a missing command, target or subcommand is reported" {
	run "$TARE" run
	status_is 125
	says 'command'
	run "$TARE" run --
	status_is 125
	run "$TARE" attach
	status_is 125
	says '-p'
	run "$TARE"
	[ "$status" != 0 ] || fail "status 0"
	says 'run' 'attach' 'doctor'
	run "$TARE" help
	status_is 0
	says 'run' 'attach' 'doctor'
	run "$TARE" run --help
	status_is 0
	says '--snapshot-every'
	run "$TARE" --version
	status_is 0
	says '[0-9]\.[0-9]'
}

@test "options without a value, and values out of range, are refused" {
	local bad
	for bad in '-o' '--interval' '--interval 0' '--interval -1s' '--max-mms banana' \
		'--max-mms 0' '--ring-size 3' '--threads some' '--snapshot-every 0'; do
		# shellcheck disable=SC2086
		run "$TARE" run $bad
		status_is 125
		[ -n "$output" ]
	done
	for bad in '-p' '-p banana' '-p -5' '-p 0' '-p 1x' '-p ,' '-p 99999999999999999999' \
		'--duration soon -p 1' '--comm' '--cgroup /no/such/group'; do
		# shellcheck disable=SC2086
		run "$TARE" attach $bad
		[ "$status" = 125 ] || [ "$status" = 1 ] || fail "$bad: $status: $output"
		[ -n "$output" ] || fail "$bad: says nothing"
	done
}

@test "a pid that does not exist is refused" {
	local pid
	true &
	pid=$!
	wait $pid
	run "$TARE" attach -p $pid -o "$DIR/r.json"
	status_is 1
	says "$pid"
	[ ! -e "$DIR/r.json" ]
	run "$TARE" attach --comm "no-such-$$" -o "$DIR/r.json"
	status_is 1
	says "no-such-$$"
}

@test "a kernel thread is refused" {
	grep -q '^Kthread:.1$\|^VmSize' /proc/2/status && ! grep -q '^VmSize' /proc/2/status ||
		[ "$(cat /proc/2/comm 2>/dev/null)" = kthreadd ] || skip "kernel threads are hidden"
	run "$TARE" attach -p 2 -o "$DIR/r.json"
	status_is 1
	says 'kernel thread' 2
}

@test "a thread id in the place of a pid is accepted or explained" {
	hold "$PROGRAMS/threads" 2 4
	reaches
	tid=$(sed -n 's/^touched tid=\([0-9]*\) .*/\1/p' "$DIR/out" | head -1)
	run "$TARE" attach -p "$tid" --duration 100ms -o "$DIR/r.json"
	if [ "$status" = 0 ]; then
		report assert "$DIR/r.json" "pids == [${started[0]}]"
	else
		status_is 1
		says "$tid" "${started[0]}"
	fi
}

@test "processes that end while tare attaches do no harm" {
	local i
	for i in 1 2 3 4 5 6 7 8; do
		# Lifetimes of about the time that attaching takes.
		sleep "0.0$i" 3>&- &
		run timeout 20 "$TARE" attach -p $! -o "$DIR/r.json"
		[ "$status" = 0 ] || [ "$status" = 1 ] || fail "status $status: $output"
		if [ "$status" = 0 ]; then
			report check "$DIR/r.json"
		else
			[ -n "$output" ]
		fi
	done
}

@test "an -o that cannot be written is reported before the command runs" {
	run "$TARE" run -o "$DIR/no/such/dir/r.json" -- touch "$DIR/ran"
	status_is 125
	says "$DIR/no/such/dir"
	did_not_run
	mkdir "$DIR/r.json"
	run "$TARE" run -o "$DIR/r.json" -- touch "$DIR/ran"
	status_is 125
	says "$DIR/r.json"
	did_not_run
}

@test "a full disk for -o: a message, an exit status, and no partial file" {
	need unshare
	run unshare -m sh -c 'mkdir "$1/disk" && mount -t tmpfs -o size=16k none "$1/disk" &&
		{ head -c 20000 /dev/zero >"$1/disk/fill" 2>/dev/null; true; }
		"$2" run -o "$1/disk/r.json" -- sh -c "exit 5"; s=$?; ls -A "$1/disk"; exit $s' - \
		"$DIR" "$TARE"
	status_is 125
	says "$DIR/disk" 'space'
	[ "$(tail -n 1 <<<"$output")" = fill ] || fail "left there:" "$output"
}

@test "-o to a device or a pipe writes into it and does not replace it" {
	mknod "$DIR/null" c 1 3
	run "$TARE" run -o "$DIR/null" -- sh -c 'exit 5'
	status_is 5
	[ -c "$DIR/null" ] || fail "the device was replaced"
	mknod "$DIR/full" c 1 7
	run "$TARE" run -o "$DIR/full" -- true
	status_is 125
	says 'space'
	[ -c "$DIR/full" ] || fail "the device was replaced"
	"$TARE" run --format json -o /dev/stdout -- true >"$DIR/out.json"
	report check "$DIR/out.json"
}

@test "closed stdout and stderr do no harm" {
	run bash -c '"$TARE" report --schema | true; echo "${PIPESTATUS[0]}"'
	[[ "${lines[-1]}" =~ ^(0|1|141)$ ]] || fail "$output"
	run bash -c '"$TARE" doctor --json | true; echo "${PIPESTATUS[0]}"'
	[[ "${lines[-1]}" =~ ^(0|1|141)$ ]] || fail "$output"
	run bash -c '"$TARE" report --schema >&-'
	[ "$status" != 0 ] && [ "$status" -lt 128 ] || fail "$status"
	run bash -c '"$TARE" report --schema >/dev/full'
	[ "$status" != 0 ] && [ "$status" -lt 128 ] || fail "$status"
	# Still the command's status, since it ran.
	run bash -c '"$TARE" run -o "$DIR/r.json" -- sh -c "exit 4" <&- >&- 2>&-'
	status_is 4
	report check "$DIR/r.json"
}

@test "a closed report pipe does not kill tare, which waits for the command" {
	run bash -c '{ "$TARE" run -- sh -c "touch \"$DIR/ran\"; exit 0" 2>&1 >/dev/null
		echo $? >"$DIR/status"; } | true'
	until_true 10 test -s "$DIR/status"
	[ -e "$DIR/ran" ]
	[ "$(cat "$DIR/status")" -lt 128 ] || fail "status $(cat "$DIR/status")"
}

@test "a command line of a megabyte is cut and marked as cut" {
	local big i args=()
	big=$(head -c 100000 /dev/zero | tr '\0' x)
	for i in 1 2 3 4 5 6 7 8 9 10; do
		args+=("$big")
	done
	run "$TARE" run -o "$DIR/r.json" -- true "${args[@]}"
	status_is 0
	report check "$DIR/r.json"
	report assert "$DIR/r.json" "processes[0]['argv_truncated'] is True" \
		"processes[0]['argv'][0] == 'true'"
	run "$TARE" run -- true "${args[@]}"
	status_is 0
	[ "${#output}" -lt 20000 ] || fail "${#output} characters of report"
	fits_80_columns
}

@test "hostile arguments and program names are harmless" {
	printf '#!/bin/sh\nexit 0\n' >"$DIR/"$'a\e[31m"b\\\n\xff'
	chmod +x "$DIR/"$'a\e[31m"b\\\n\xff'
	run "$TARE" run -- "$DIR/"$'a\e[31m"b\\\n\xff' $'\e]0;x\a' $'\xff\xfe' ''
	status_is 0
	says_not $'\e' $'\a'
	run "$TARE" run -o "$DIR/r.json" -- "$DIR/"$'a\e[31m"b\\\n\xff' $'\e]0;x\a' $'\xff\xfe' ''
	report check "$DIR/r.json"
	report assert "$DIR/r.json" "r['command'][1:] == ['\x1b]0;x\x07', '\ufffd\ufffd', '']"
	run -127 "$TARE" run -- $'no-such-\e[31m'
	status_is 127
	says_not $'\e'
}

@test "a second tare can attach to the workload of a first one" {
	hold "$TARE" run -o "$DIR/one.json" -- "$PROGRAMS/target" 4
	reaches
	pid=$(sed -n 's/^target pid=\([0-9]*\) .*/\1/p' "$DIR/out")
	run "$TARE" attach -p "$pid" --duration 200ms -o "$DIR/two.json"
	status_is 0
	kill -USR1 "${started[0]}"
	until_true 10 test -e "$DIR/one.1.json"
	report check "$DIR/one.1.json" "$DIR/two.json"
	for kind in anon file shmem pagetable; do
		[ "$(report get "$DIR/one.1.json" \
			"proc('target')[0]['balance']['$kind']['net']")" = \
			"$(report get "$DIR/two.json" \
				"processes[0]['balance']['$kind']['net']")" ] ||
			fail "$kind differs"
	done
	echo >&9
	echo >&9
	finished "${started[0]}"
	status_is 0
}

@test "updates lost in too small maps are counted and reported" {
	run "$TARE" run --max-mms 4 -o "$DIR/r.json" -- "$PROGRAMS/fork_tree" 2 5 </dev/null
	status_is 0
	report assert "$DIR/r.json" "r['lost']['mm_state'] > 0" "not r['books']['balanced']" \
		"r['lost']['total'] >= r['lost']['mm_state']"
	run "$TARE" run --max-mms 4 -- "$PROGRAMS/fork_tree" 2 5 </dev/null
	status_is 0
	says 'lost' '--max-mms'
}

@test "doctor exits with 0 where run works, and lists the features" {
	run "$TARE" doctor
	status_is 0
	says 'BTF' 'tracepoint' 'percpu\|count\|classic' 'task storage' 'lockdown'
	"$TARE" doctor --json | python3 -m json.tool >/dev/null
	run "$TARE" doctor --nonsense
	status_is 125
}

@test "report --schema prints JSON, and reports use only its names" {
	"$TARE" report --schema >"$DIR/schema.json"
	"$TARE" run -o "$DIR/r.json" -- true
	python3 - "$DIR" <<-'END'
		import json, sys
		schema = json.load(open(sys.argv[1] + "/schema.json"))
		r = json.load(open(sys.argv[1] + "/r.json"))
		missing = set(r) - set(schema["properties"])
		assert not missing, missing
		assert set(schema["required"]) <= set(r), set(schema["required"]) - set(r)
	END
}
