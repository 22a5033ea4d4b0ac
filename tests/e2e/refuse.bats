#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
#
# Programs and maps that the kernel refuses, simulated by TARE_REFUSE. An optional one is off,
# with the kernel's reason in the report; one that the ledger needs ends the run.
# tests/kernels/refused tries all of them one by one, also on other kernels.

load lib/common

setup() {
	bats_require_minimum_version 1.5.0
}

holds() {
	python3 -c 'import json, sys
r = json.load(open(sys.argv[1]))
f = {k: v["why"] for k, v in r["features"].items() if v["state"] == "not measured"}
sys.exit(not eval(sys.argv[2]))' "$DIR/r.json" "$1"
}

# without NAME WHAT: tare runs and WHAT is not measured, or tare refuses to run, as
# tests/kernels/fields says
without() {
	rm -f "$DIR/r.json" "$DIR/ran"
	TARE_REFUSE=$1 run "$TARE" run --period 16KiB -o "$DIR/r.json" -- touch "$DIR/ran"
	if [ "$2" = ledger ]; then
		[ "$status" -eq 125 ] && [ ! -e "$DIR/ran" ] &&
			[[ "$output" == *"can't do without"* ]]
		return
	fi
	[ "$status" -eq 0 ] && [ -e "$DIR/ran" ] && case $2 in
	backend) holds 'r["features"]["ledger"]["why"] and not r["books"]["checked"]' ;;
	-) holds 'r["books"]["balanced"]' ;;
	*) holds "r['books']['balanced'] and f.get('$2')" ;;
	esac
}

@test "each kernel field and enumerator that the programs use is taken away in turn" {
	object=$(dirname "$TARE")/tare.bpf.o
	[ -e "$object" ] || skip "no $object"
	python3 "$LIB/relocs.py" "$object" /sys/kernel/btf/vmlinux >"$DIR/names"
	[ "$(wc -l <"$DIR/names")" -gt 50 ]
	while read -r name what; do
		grep -qx "$name" "$DIR/names" || continue
		without "$name" "$what" || {
			echo "$name refused ($what): exit $status: $output"
			wrong=1
		}
	done < <(grep -v '^#' "$BATS_TEST_DIRNAME/../kernels/fields")
	[ -z "${wrong-}" ]
}

@test "the report has the kernel's reason, and -v prints it in one line" {
	TARE_REFUSE=tare_sys_exit run -0 "$TARE" run -v -o "$DIR/r.json" -- true
	[ "$(grep -c 'without sys_exit: the kernel refused tare_sys_exit: ' <<<"$output")" -eq 1 ]
	holds '"the kernel refused tare_sys_exit: " in f["virtual"]'
	holds 'all(v is None for p in r["processes"] for t in p["tasks"]
		for v in t["virtual"].values())'
	TARE_REFUSE=tare_sys_exit run -0 "$TARE" run --show notes -- true
	[[ "$output" == *'NOT MEASURED'*'virtual: the kernel refused tare_sys_exit: '* ]]
}

@test "a refused ledger program: nothing runs, and the verifier's last lines are shown" {
	TARE_REFUSE=tare_exit_mmap run -125 "$TARE" run -- touch "$DIR/ran"
	[ ! -e "$DIR/ran" ]
	[[ "$output" == *"refused tare_exit_mmap, which the ledger can't do without"* ]]
	[[ "$output" == *'verifier: R9 !read_ok'* ]]
	TARE_REFUSE=tare_ring run -125 "$TARE" run -- touch "$DIR/ran"
	[ ! -e "$DIR/ran" ]
	[[ "$output" == *'refused tare_ring, which'*'failed to create: '* ]]
}

@test "attach: refused programs are handled as in run" {
	sleep 60 &
	TARE_REFUSE=tare_kmem run -0 "$TARE" attach --duration 10ms -o "$DIR/r.json" -p $!
	TARE_REFUSE=tare_sweep run -1 "$TARE" attach --duration 10ms -p $!
	kill $!
	holds 'r["books"]["balanced"] and "the kernel refused tare_kmem: " in f["kmem"]'
}

@test "a refused backend is replaced, unless --force-backend named it" {
	backend=$("$TARE" doctor --json |
		python3 -c 'import json, sys; print(json.load(sys.stdin)["backend"])')
	TARE_REFUSE=tare_rss_$backend run -0 "$TARE" run -o "$DIR/r.json" -- true
	holds 'r["books"]["balanced"] and r["features"]["ledger"]["state"] == "classic"'
	holds "'the kernel refused tare_rss_$backend: ' in r['features']['ledger']['why']"
	TARE_REFUSE=tare_rss_$backend run -125 "$TARE" run --force-backend "$backend" -- \
		touch "$DIR/ran"
	[ ! -e "$DIR/ran" ]
}

@test "refused stacks: formats that need them are refused, with the reason" {
	TARE_REFUSE=tare_samples run -125 "$TARE" run -o "$DIR/x.folded" -- touch "$DIR/ran"
	[ -e "$DIR/ran" ]
	[[ "$output" == *'stacks are not measured: the kernel refused tare_samples: '* ]]
	TARE_REFUSE=tare_samples run -0 "$TARE" run -r "$DIR/x.tare" -o "$DIR/r.json" -- true
	holds '"samples" in f and "samples" not in r'
	run -0 "$TARE" report --show notes "$DIR/x.tare"
	[[ "$output" == *'samples: the kernel refused tare_samples: '* ]]
}

@test "what could not be measured is unknown in a recording too" {
	TARE_REFUSE=MEMCG_SOCK,MEMCG_VMALLOC "$TARE" run -r "$DIR/x.tare" -o "$DIR/r.json" \
		-- true 2>/dev/null
	holds 'r["kmem"]["sock"] is None and r["kmem"]["vmalloc"] is None'
	"$TARE" report "$DIR/x.tare" --format json >"$DIR/r.json"
	holds 'r["kmem"]["sock"] is None and r["kmem"]["vmalloc"] is None'
}

@test "an unknown name in TARE_REFUSE is an error that lists the known ones" {
	TARE_REFUSE=tare_nothing run -125 "$TARE" run -- touch "$DIR/ran"
	[[ "$output" == *"'tare_nothing'"*'one of '*'tare_sys_exit'* ]]
	TARE_REFUSE=no_such_field run -125 "$TARE" run -- touch "$DIR/ran"
	[[ "$output" == *"'no_such_field'"* ]]
	[ ! -e "$DIR/ran" ]
}

@test "TARE_REFUSE is ignored for a tare with file capabilities" {
	need setcap
	chmod 755 "$BATS_RUN_TMPDIR" "$BATS_FILE_TMPDIR" "$BATS_TEST_TMPDIR" "$BATS_SUITE_TMPDIR"
	install -m 755 "$TARE" "$BATS_TEST_TMPDIR/tare"
	setcap cap_bpf,cap_perfmon+ep "$BATS_TEST_TMPDIR/tare"
	TARE_REFUSE=tare_ring run -0 setpriv --reuid 65534 --regid 65534 --clear-groups \
		"$BATS_TEST_TMPDIR/tare" run -- true
}
