#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
#
# `tare doctor` reports the true state, as root, as nobody, and on a machine where something is
# missing.
# Runs alone: it compares the machine's mounts and BPF programs.

load lib/common

setup() {
	bats_require_minimum_version 1.5.0
	unset NO_COLOR
	export PATH=$PATH:/usr/sbin:/sbin
}

nobody() {
	setpriv --reuid 65534 --regid 65534 --clear-groups --inh-caps=-all --bounding-set=-all "$@"
}

# A copy that any user can run: folders above build/ may be closed to others.
public_tare() {
	chmod 755 "$BATS_RUN_TMPDIR" "$BATS_FILE_TMPDIR" "$BATS_TEST_TMPDIR" "$BATS_SUITE_TMPDIR"
	install -m 755 "$TARE" "$BATS_TEST_TMPDIR/tare"
	echo "$BATS_TEST_TMPDIR/tare"
}

# $output as one line, since texts are wrapped.
flat() {
	tr -s ' \n' ' ' <<<"$output"
}

# Asserts a Python expression over the report `d` and `f`, its features by name.
holds() {
	python3 -c 'import json, sys
d = json.load(open(sys.argv[1]))
f = {x["name"]: x for x in d["features"]}
sys.exit(not eval(sys.argv[2]))' "$1" "$2"
}

@test "doctor: run can work here" {
	run --separate-stderr "$TARE" doctor
	[ "$status" -eq 0 ]
	[ -z "$stderr" ]
	[[ "${lines[0]}" == 'tare works here, with counter backend '* ]]
}

@test "doctor: 80 columns, and no escape sequences in a pipe" {
	run -0 "$TARE" doctor
	for line in "${lines[@]}"; do
		[ "${#line}" -le 80 ]
		[[ "$line" != *$'\e'* ]]
	done
}

@test "doctor: colours on a terminal, none with NO_COLOR" {
	run env TERM=xterm script -qec "$TARE doctor" /dev/null
	[[ "$output" == *$'\e[32myes'* ]]
	run env TERM=xterm NO_COLOR=1 script -qec "$TARE doctor" /dev/null
	[[ "$output" != *$'\e'* ]]
	[[ "$output" == *'yes'* ]]
}

@test "doctor --json: every feature has a state; ok is the exit status" {
	"$TARE" doctor --json >"$BATS_TEST_TMPDIR/d.json"
	holds "$BATS_TEST_TMPDIR/d.json" 'd["schema"] == "tare.doctor/1" and d["ok"]'
	holds "$BATS_TEST_TMPDIR/d.json" 'len(f) == len(d["features"]) and len(f) > 30'
	holds "$BATS_TEST_TMPDIR/d.json" \
		'all(x["state"] in ("yes", "no", "partly", "info", "unknown")
			for x in d["features"])'
	holds "$BATS_TEST_TMPDIR/d.json" 'd["backends"][d["backend"]]["usable"]'
	holds "$BATS_TEST_TMPDIR/d.json" \
		'all(a["usable"] == (a["why_not"] is None) for a in d["backends"].values())'
}

@test "doctor: looks for tasks that the kernel runs without events" {
	"$TARE" doctor --json >"$BATS_TEST_TMPDIR/d.json"
	holds "$BATS_TEST_TMPDIR/d.json" 'f["events of all tasks"]["state"] in ("yes", "no")'
	holds "$BATS_TEST_TMPDIR/d.json" 'f["events of all tasks"]["found"]'
}

@test "doctor: loads the programs and prints refusals, the verdict first" {
	TARE_REFUSE=tare_newtask run -1 "$TARE" doctor
	[[ "${lines[0]}" == "tare can't work here. Missing: tare_newtask: "* ]]
	TARE_REFUSE=tare_sys_exit run -0 "$TARE" doctor
	[[ "${lines[0]}" == 'tare works here'*'Not measured: '*'virtual memory'* ]]
	[[ "$(flat)" == *'virtual memory is not measured (the kernel refused tare_sys_exit: '* ]]
	TARE_REFUSE=tare_samples "$TARE" doctor --json >"$BATS_TEST_TMPDIR/d.json"
	holds "$BATS_TEST_TMPDIR/d.json" 'd["ok"] and "stacks" in d["verdict"]'
	holds "$BATS_TEST_TMPDIR/d.json" \
		'f["stacks"]["state"] == "no" and f["python names"]["state"] == "no"'
}

@test "doctor: a backend that the kernel refuses is replaced by the next" {
	"$TARE" doctor --json >"$BATS_TEST_TMPDIR/d.json"
	backend=$(python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))["backend"])' \
		"$BATS_TEST_TMPDIR/d.json")
	TARE_REFUSE=tare_rss_$backend "$TARE" doctor --json >"$BATS_TEST_TMPDIR/d.json"
	holds "$BATS_TEST_TMPDIR/d.json" \
		"d['ok'] and d['backend'] != '$backend' and not d['backends']['$backend']['usable']"
	TARE_REFUSE=tare_rss_$backend,tare_rss_classic run -1 "$TARE" doctor
	[[ "$(flat)" == *'any counter backend tare '* ]]
}

@test "doctor: tracepoints and backends agree with the kernel's BTF" {
	need bpftool
	"$TARE" doctor --json >"$BATS_TEST_TMPDIR/d.json"
	bpftool btf dump file /sys/kernel/btf/vmlinux format c >"$BATS_TEST_TMPDIR/vmlinux.h"
	for event in rss_stat exit_mmap task_newtask sched_process_free page_fault_kernel \
		sys_exit mod_memcg_state; do
		there=False
		if grep -q "(\*btf_trace_$event)(" "$BATS_TEST_TMPDIR/vmlinux.h"; then
			there=True
		fi
		holds "$BATS_TEST_TMPDIR/d.json" "(f['$event']['state'] == 'yes') is $there"
	done
	there=False
	if grep -q 'struct percpu_counter rss_stat\[' "$BATS_TEST_TMPDIR/vmlinux.h"; then
		there=True
	fi
	holds "$BATS_TEST_TMPDIR/d.json" "d['backends']['percpu']['usable'] is $there"
}

@test "doctor as nobody: says that BPF is refused and how to get it" {
	copy=$(public_tare)
	run -1 nobody "$copy" doctor
	[[ "$(flat)" == *'not root and without CAP_BPF'* ]]
	[[ "$(flat)" == *'sudo tare'* ]]
	[[ "${lines[0]}" == "tare can't work here. Missing: bpf, cap_perfmon" ]]
	nobody "$copy" doctor --json >"$BATS_TEST_TMPDIR/d.json" || true
	holds "$BATS_TEST_TMPDIR/d.json" 'not d["ok"] and f["bpf"]["state"] == "no"'
	holds "$BATS_TEST_TMPDIR/d.json" 'f["kernel reads"]["state"] == "unknown"'
	holds "$BATS_TEST_TMPDIR/d.json" 'f["rss_stat"]["state"] == "yes"'
}

@test "doctor as nobody with file capabilities: run can work" {
	need setcap
	copy=$(public_tare)
	setcap cap_bpf,cap_perfmon+ep "$copy"
	run -0 setpriv --reuid 65534 --regid 65534 --clear-groups "$copy" doctor
	[[ "${lines[0]}" == 'tare works here, with counter backend '* ]]
}

@test "doctor in a user namespace: its capabilities do not count" {
	run -1 unshare --user --map-root-user "$TARE" doctor
	[[ "$(flat)" == *'capabilities of a user namespace do not count'* ]]
}

@test "doctor without BTF: names it, and the states that stay unknown" {
	copy=$(public_tare)
	export copy
	export -f nobody
	# shellcheck disable=SC2016
	run -1 unshare --mount bash -c \
		'mount --bind /dev/null /sys/kernel/btf/vmlinux && nobody "$copy" doctor --json'
	echo "$output" >"$BATS_TEST_TMPDIR/d.json"
	holds "$BATS_TEST_TMPDIR/d.json" 'f["btf"]["state"] == "no" and not d["ok"]'
	holds "$BATS_TEST_TMPDIR/d.json" 'all(way in f["btf"]["mend"] for way in
		("CONFIG_DEBUG_INFO_BTF", "modprobe btf_vmlinux", "mount", "--btf FILE"))'
	holds "$BATS_TEST_TMPDIR/d.json" 'f["rss_stat"]["state"] == "unknown"'
	holds "$BATS_TEST_TMPDIR/d.json" 'd["backend"] is None'
}

# without_btf COMMAND…: runs it where the kernel's BTF file is hidden.
without_btf() {
	# shellcheck disable=SC2016
	unshare --mount sh -c 'mount -t tmpfs tmpfs /sys/kernel && exec "$@"' sh "$@"
}

@test "BTF whose file is hidden, as in a container, is read from the kernel" {
	without_btf "$TARE" doctor --json >"$BATS_TEST_TMPDIR/d.json"
	holds "$BATS_TEST_TMPDIR/d.json" 'd["ok"] and "of the kernel itself" in f["btf"]["found"]'
	run -0 without_btf "$TARE" run -- true
	[[ "$output" == *'all books balance'* ]]
}

@test "--btf FILE works for run, attach, bench and doctor, also without kernel BTF" {
	btf=$BATS_TEST_TMPDIR/types
	cp /sys/kernel/btf/vmlinux "$btf"
	run -0 without_btf "$TARE" run --btf "$btf" -- true
	[[ "$output" == *'all books balance'* ]]
	run -0 "$TARE" run --btf "$btf" -- true
	[[ "$output" == *'all books balance'* ]]
	sleep 60 &
	run -0 without_btf "$TARE" attach --btf "$btf" --duration 10ms -p $!
	kill $!
	without_btf "$TARE" doctor --btf "$btf" --json >"$BATS_TEST_TMPDIR/d.json"
	holds "$BATS_TEST_TMPDIR/d.json" "d['ok'] and f['btf']['found'] == '$btf'"
	run -0 without_btf "$TARE" bench --btf "$btf" --tasks 1,2 --runs 1 -- true {n}
}

@test "a --btf FILE that is no BTF, or of another kernel, is refused" {
	for bad in /etc/passwd /nowhere "$BATS_TEST_DIRNAME/../../build/tare.bpf.o"; do
		[ -e "$bad" ] || [ "$bad" = /nowhere ] || continue
		run -125 "$TARE" run --btf "$bad" -- touch "$BATS_TEST_TMPDIR/ran"
		[[ "$output" == *"--btf $bad: "* ]]
		[ ! -e "$BATS_TEST_TMPDIR/ran" ]
		run -1 "$TARE" doctor --btf "$bad"
	done
	run -125 "$TARE" doctor --btf
}

@test "doctor: leaves no mount and no program behind" {
	before=$(cat /proc/self/mountinfo)
	"$TARE" doctor >"$BATS_TEST_TMPDIR/out"
	[ "$before" = "$(cat /proc/self/mountinfo)" ]
	run bpftool prog show name tare_trial
	[ -z "$output" ]
}

@test "doctor: wrong usage exits with 2 and suggests the nearest option" {
	run -125 "$TARE" doctor --jsno
	[[ "$output" == *'--json'* ]]
	run -125 "$TARE" doctor more
	run -0 "$TARE" doctor --help
	[[ "$output" == *'Usage: tare doctor'* ]]
}

@test "doctor: a full disk and a closed stdout are failures" {
	run -1 sh -c '"$TARE" doctor >/dev/full'
	[[ "$output" == *'No space left'* ]]
	run -1 sh -c '"$TARE" doctor >&-'
}
