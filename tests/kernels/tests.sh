#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Runs the tests of a list on the running kernel and prints TAP. The same script runs on the host
# and in a guest, which has busybox only.
# usage: TARE=file PROGRAMS=dir CHECK=file BACKEND=backend tests.sh tests.list
# BACKEND: the counter backend that this kernel should get; "any": the one that doctor prints.

: "${TARE:?}" "${PROGRAMS:?}" "${CHECK:?}" "${BACKEND:?}"
# Seconds for one test; a guest without KVM is some ten times slower.
LIMIT=${LIMIT:-60}
top=$(mktemp -d) || exit 1
trap 'rm -rf "$top"' EXIT

# Each test_* function gets its arguments from the list, and an empty folder $dir. It prints what
# is wrong, the reason first, and fails. Status 77: not for this kernel.

# doctor: `run` works here, with the backend that this kernel should have
test_doctor() {
	timeout -k 5 "$LIMIT" "$TARE" doctor >"$dir/out" 2>&1
	status=$?
	if [ $status -eq 0 ] && grep -q "counter backend $BACKEND\b" "$dir/out" &&
		! grep -q 'refused tare_' "$dir/out"; then
		cat "$dir/out"
		return 0
	fi
	echo "exit $status; should be 0 and name the backend $BACKEND, and nothing is refused"
	cat "$dir/out"
	return 1
}

# samples PROGRAM…: stacks are taken and are complete, and nothing is lost
test_samples() {
	program=$PROGRAMS/$1
	shift
	rm -f "$dir/run.json"
	timeout -k 5 "$LIMIT" "$TARE" run --period 16KiB -o "$dir/run.json" \
		-- "$program" "$@" >"$dir/out" 2>&1
	status=$?
	[ $status -eq 0 ] && grep -q '"balanced": *true' "$dir/run.json" &&
		grep -Eq '"complete_share": *(1|0\.99)' "$dir/run.json" &&
		grep -Eq '"samples": *0, "bytes": *0' "$dir/run.json" && return 0
	echo "exit $status; should be 0, with 99 % of the stacks complete"
	cat "$dir/out"
	grep -E '"samples"|"lost"' "$dir/run.json" | cut -c-2000
	return 1
}

# run STATUS CMD…: tare exits with CMD's status, and the books balance
test_run() {
	want=$1
	shift
	timeout -k 5 "$LIMIT" "$TARE" run -o "$dir/run.json" -- "$@" >"$dir/out" 2>&1
	status=$?
	[ $status -eq "$want" ] && grep -q '"balanced": *true' "$dir/run.json" && return 0
	echo "exit $status; should be $want, with balanced books"
	cat "$dir/out" "$dir/run.json"
	return 1
}

# exact PROGRAM ARG…: at each checkpoint the books equal the kernel's figures
test_exact() {
	program=$1
	shift
	"$CHECK" -d "$dir" -t "$LIMIT" "$TARE" "$PROGRAMS/$program" "$@"
}

# attach PROGRAM ARG…: as `exact`, by `tare attach` from the first checkpoint on
test_attach() {
	program=$1
	shift
	"$CHECK" -p -d "$dir" -t "$LIMIT" "$TARE" "$PROGRAMS/$program" "$@"
}

# backend NAME PROGRAM ARG…: as `exact`, with this backend forced. A kernel supports either
# "percpu" or "count": the other must be refused before anything runs.
test_backend() {
	backend=$1 program=$2
	shift 2
	if [ "$backend" != classic ] && [ "$backend" != "$BACKEND" ]; then
		test_refused "$backend"
		return
	fi
	"$CHECK" -a "$backend" -d "$dir" -t "$LIMIT" "$TARE" "$PROGRAMS/$program" "$@"
}

test_refused() {
	timeout -k 5 "$LIMIT" "$TARE" run --force-backend "$1" -- touch "$dir/ran" >"$dir/out" 2>&1
	status=$?
	[ $status -eq 125 ] && [ -s "$dir/out" ] && [ ! -e "$dir/ran" ] && return 0
	echo "exit $status; should be 125, with a message and nothing run"
	ls "$dir"
	cat "$dir/out"
	return 1
}

# kmem PROGRAM N BYTES: as `exact`, with the memory control group, and with events of kernel
# memory if the kernel has them. Each of the N things made must be charged with BYTES or more.
test_kmem() {
	level=cgroup
	"$TARE" doctor | grep -q 'yes  *mod_memcg_state' && level=events
	"$CHECK" -k "$level:$(($2 * $3))" -d "$dir" -t "$LIMIT" "$TARE" "$PROGRAMS/$1" "$2"
}

# settled N PROGRAM ARG…: N times: when all tasks have ended, the events of kernel memory add up
# to the control group's own counter, within its bound
test_settled() {
	times=$1 program=$PROGRAMS/$2
	shift 2
	"$TARE" doctor | grep -q 'yes  *mod_memcg_state' || return 77
	while [ "$times" -gt 0 ]; do
		times=$((times - 1))
		timeout -k 5 "$LIMIT" "$TARE" run -o "$dir/run.json" \
			-- "$program" "$@" </dev/null >"$dir/out" 2>&1
		status=$?
		figures='\("by_events": [0-9-]*\), .*\("difference": [0-9-]*\)'
		figures="$figures, .*\("'"hidden": [0-9a-z-]*\)'
		sed -n "s/^\"kmem\": .*$figures, .*/\1, \2, \3/p" "$dir/run.json"
		[ $status -eq 0 ] && grep -q '"balanced": *true' "$dir/run.json" && continue
		echo "exit $status; should be 0, with balanced books"
		cat "$dir/out"
		return 1
	done
}

# old WHAT: on a kernel that tare can't work on, it says so, names WHAT as missing, and runs
# nothing
test_old() {
	timeout -k 5 "$LIMIT" "$TARE" run -- touch "$dir/ran" >"$dir/out" 2>&1
	status=$?
	"$TARE" doctor >"$dir/doctor" 2>&1
	doctor=$?
	[ $status -eq 125 ] && [ $doctor -eq 1 ] && [ ! -e "$dir/ran" ] &&
		grep -q "error: $1: " "$dir/out" && sed 2q "$dir/doctor" |
			grep -q "can't work here. Missing: .*$1" && return 0
	echo "exit $status, doctor $doctor; should be 125 and 1, and name $1"
	cat "$dir/out" "$dir/doctor"
	return 1
}

# python: Python functions have names
test_python() {
	command -v python3 >/dev/null || return 77
	cat >"$dir/run.py" <<-END
		keep = []
		def take(n):
		    keep.append(bytearray(n))
		def outer():
		    for i in range(300):
		        take(1 << 16)
		outer()
	END
	timeout -k 5 "$LIMIT" "$TARE" run --as-root --period 16KiB -o "$dir/x.folded" -- \
		"$(command -v python3)" -I -S "$dir/run.py" >"$dir/out" 2>&1
	status=$?
	[ $status -eq 0 ] && grep -q ';py::outer:.*;py::take:' "$dir/x.folded" && return 0
	echo "exit $status; should be 0, with the stack outer, take"
	cat "$dir/out"
	head -n 20 "$dir/x.folded" | cut -c1-300
	return 1
}

# untouched PROGRAM ARG BYTES: at its checkpoints at least BYTES are mapped and untouched
test_untouched() {
	"$CHECK" -u "$3" -d "$dir" -t "$LIMIT" "$TARE" "$PROGRAMS/$1" "$2"
}

# group: the figures of control groups of version 2
test_group() {
	timeout -k 5 "$LIMIT" "$TARE" run -o "$dir/run.json" \
		-- "$PROGRAMS/parked" </dev/null >"$dir/out" 2>&1
	status=$?
	grep -q '"cgroup": {"version": 1' "$dir/run.json" && return 77
	[ $status -eq 0 ] &&
		grep -Eq '"cgroup": {"version": 2, [^{]*"peak": [1-9]' "$dir/run.json" &&
		grep -Eq '"stat": {"anon": [0-9].*"slab_unreclaimable": [0-9].*"sock": [0-9]' \
			"$dir/run.json" &&
		grep -Eq '"level": "(events|cgroup)", "whole": true' "$dir/run.json" && return 0
	echo "exit $status; should be 0, with a group of version 2, its peak and its parts"
	cat "$dir/out"
	grep -E '"cgroup"|"kmem"' "$dir/run.json"
	return 1
}

# until_line FILE WORDS: waits for a line with these words
until_line() {
	for _ in $(seq "$LIMIT"); do
		grep -q "$2" "$1" && return 0
		sleep 1
	done
	echo "waited for '$2'"
	return 1
}

# what the log says, and the report, of kills in a group (all of it), or of the machine
oom_is_told() {
	case $1 in
	machine)
		until_line "$dir/log" 'OOM kill of hog (pid [0-9]*), which held [0-9.]* [MG]iB;' &&
			until_line "$dir/log" 'dump: ' && kill -0 "$agent" &&
			"$TARE" report "$dir"/dumps/* | grep -q 'the machine had no memory'
		;;
	*)
		until_line "$dir/log" 'OOM kill of fills .* in /tare-oom (4[78].[0-9] MiB of' &&
			until_line "$dir/log" 'dump: ' && grep -q 'mostly fill_cache' "$dir/log" &&
			"$TARE" report "$dir"/dumps/* | grep -q '^fills .*fill_cache' &&
			{ [ "$1" = group ] || until_line "$dir/log" 'bystander .* too: no dump'; }
		;;
	esac
}

# oom HOW PROGRAM ARG…: the agent's dump tells of the program that is killed. HOW: group (a control
# group of version 2 is at its limit), whole (and all of it is killed), machine
test_oom() {
	how=$1 program=$2 group=/sys/fs/cgroup/tare-oom
	shift 2
	grep -q memory /sys/fs/cgroup/cgroup.subtree_control 2>/dev/null || return 77
	[ "$how" != machine ] || [ -n "$GUEST" ] || return 77
	mkdir "$dir/dumps" "$group"
	echo "dump-dir = $dir/dumps" >"$dir/conf"
	if [ "$how" != machine ]; then
		echo 48M >"$group/memory.max"
		echo 0 >"$group/memory.swap.max" 2>/dev/null
	fi
	[ "$how" != whole ] || echo 1 >"$group/memory.oom.group"
	[ "$how" != machine ] || echo 1 >/proc/sys/vm/overcommit_memory
	"$TARE" agent --listen "unix:$dir/sock" --config "$dir/conf" 2>"$dir/log" &
	agent=$!
	until_line "$dir/log" ready:
	# shellcheck disable=SC2016 # the inner shell expands them
	sh -c 'echo $$ >"$0/cgroup.procs" && exec "$@"' "$group" "$PROGRAMS/$program" "$@" \
		>"$dir/out" 2>&1
	oom_is_told "$how"
	status=$?
	kill "$agent"
	wait "$agent"
	rmdir "$group"
	[ "$how" != machine ] || echo 0 >/proc/sys/vm/overcommit_memory
	if [ $status -eq 0 ]; then
		sed -n 's/.*(\(.* after the kill\))/the dump was there \1/p' "$dir/log"
	else
		cat "$dir/log" "$dir/out"
	fi
	return $status
}

# packed PROGRAM ARG…: as `exact`, with slots as close together as on many CPUs
test_packed() {
	TARE_SLOTS=packed
	export TARE_SLOTS
	test_exact "$@"
}

# fexit PROGRAM ARG…: as `exact`, without the tracepoint exit_mmap: a program at the end of that
# function replaces it. Where no program can attach to a function (maybe this machine, and arm64
# before 6.4; not in guests of x86) it is refused.
test_fexit() {
	TARE_REFUSE=btf_trace_exit_mmap
	export TARE_REFUSE
	if { [ -n "${GUEST-}" ] && [ "$(uname -m)" = x86_64 ]; } ||
		"$TARE" doctor >"$dir/doctor"; then
		test_exact "$@"
		return
	fi
	"$TARE" run -- touch "$dir/ran" >"$dir/out" 2>&1
	status=$?
	[ $status -eq 125 ] && [ ! -e "$dir/ran" ] &&
		grep -q "Missing: tare_exit_mmap_end: no tracepoint" "$dir/doctor" &&
		grep -q "refused tare_exit_mmap_end, .*: no tracepoint exit_mmap, and no fexit: " \
			"$dir/out" && return 0
	echo "exit $status; should be 125, with nothing run, and what cannot be attached"
	cat "$dir/out" "$dir/doctor"
	return 1
}

# shape: if the layout of the counters is unknown, the classic backend is used and reported
test_shape() {
	why='"why": "backend percpu: mm_struct.rss_stat is'

	[ "$BACKEND" = percpu ] || return 77
	TARE_REFUSE=percpu_counter timeout -k 5 "$LIMIT" "$TARE" run -o "$dir/run.json" \
		-- "$PROGRAMS/parked" \
		</dev/null >"$dir/out" 2>&1
	status=$?
	[ $status -eq 0 ] && grep -q '"checked": *false' "$dir/run.json" &&
		grep -q "\"ledger\": {\"state\": \"classic\", $why" "$dir/run.json" &&
		grep -Eq '"peak": {"rss": [1-9]' "$dir/run.json" && return 0
	echo "exit $status; should be 0, by backend classic, with the reason"
	cat "$dir/out"
	grep -E '"books"|"features"|"peak"' "$dir/run.json"
	return 1
}

# programs: the verifier's figures for each program: name, instructions, bytes of stack,
# microseconds
test_programs() {
	"$TARE" run -vvv --period 16KiB -o "$dir/run.json" -- true 2>&1 |
		awk -F"'" '/BEGIN PROG LOAD LOG/ { name = $2 }
		/verification time/ { split($0, w, " "); us = w[4] }
		/stack depth/ { n = split($0, w, " "); n = split(w[n], part, "+"); stack = 0
			for (i = 1; i <= n; i++) if (part[i] > stack) stack = part[i] + 0 }
		/processed [0-9]* insns/ { match($0, /processed [0-9]+/)
			print "program", name, substr($0, RSTART + 10, RLENGTH - 10), stack, us }' \
		>"$dir/programs"
	cat "$dir/programs"
	grep -q '^program tare_exit_mmap [1-9]' "$dir/programs"
}

# refuse parts|own: simulates that the kernel refuses each program or map: those in `refused`
# (parts), without which the run succeeds and a feature is not measured, or the ledger's own
# (own), without which nothing runs
test_refuse() {
	which=$1
	refused_names "$which" >"$dir/names"
	while read -r name feature pattern; do
		if [ "$which" = own ]; then
			refuse_own "$name"
		else
			refuse_part "$name" "$feature" "$pattern"
		fi >>"$dir/bad"
	done <"$dir/names"
	[ -s "$dir/names" ] && [ ! -s "$dir/bad" ] && return 0
	echo "of $(wc -l <"$dir/names") names, these went wrong"
	cat "$dir/bad"
	return 1
}

refused_names() {
	list=$(dirname "$0")/refused
	if [ "$1" = parts ]; then
		case $(uname -m) in
		x86_64) grep -v '^#' "$list" ;;
		*) grep -Ev '^(#|fsbase )' "$list" ;; # x86's own field of the thread pointer
		esac
		return
	fi
	TARE_REFUSE=tare_ "$TARE" run -- true 2>&1 | sed -n 's/.*one of //p' |
		tr ' ' '\n' >"$dir/all"
	sed -n 's/^\(tare_[a-z_]*\).*/\1/p' "$list" | grep -vxF -f - "$dir/all"
}

# refuse_part NAME FEATURE PATTERN: this kernel may not use NAME if it lacks the feature
refuse_part() {
	TARE_REFUSE=$1 timeout -k 5 "$LIMIT" "$TARE" run --period 16KiB -o "$dir/run.json" -- \
		"$PROGRAMS/parked" </dev/null >"$dir/out" 2>&1
	status=$?
	# A name that this kernel does not have.
	[ "$2" = - ] && grep -q 'this kernel has anything called' "$dir/out" && return 0
	balanced=$(grep -c '"balanced": *true' "$dir/run.json")
	said=1
	[ "$2" = - ] || said=$(grep -Ec "\"$2\": *\{\"state\": *\"not measured\", *\"why\": *\"" \
		"$dir/run.json")
	found=1
	[ -z "$3" ] || found=$(grep -Ec "$3" "$dir/run.json")
	[ $status -eq 0 ] && [ "$balanced" -gt 0 ] && [ "$said" -gt 0 ] &&
		[ "$found" -gt 0 ] && return 0
	echo "$1 refused: exit $status, balanced $balanced, \"$2\" not measured $said, $3 $found"
	cat "$dir/out"
	return 1
}

refuse_own() {
	rm -f "$dir/ran"
	TARE_REFUSE=$1 timeout -k 5 "$LIMIT" "$TARE" run -- touch "$dir/ran" >"$dir/out" 2>&1
	status=$?
	[ $status -eq 125 ] && [ ! -e "$dir/ran" ] &&
		grep -q "refused $1, which the ledger" "$dir/out" && return 0
	echo "$1 refused: exit $status; should be 125, with nothing run and a message"
	cat "$dir/out"
	return 1
}

# recording PROGRAM ARG…: prints a recording of it, compressed, in base64, on lines that begin
# with "recording"
test_recording() {
	program=$PROGRAMS/$1
	shift
	timeout -k 5 "$LIMIT" "$TARE" run --period 256KiB -r "$dir/r.tare" \
		-- "$program" "$@" >"$dir/out" 2>&1
	status=$?
	[ $status -eq 0 ] && gzip -c "$dir/r.tare" >"$dir/r.tare.gz" &&
		base64 "$dir/r.tare.gz" | sed 's/^/recording /' && return 0
	echo "exit $status; should be 0, with a recording"
	cat "$dir/out"
	return 1
}

# shellcheck source=agent.sh
. "$(dirname "$0")/agent.sh"

# log: the kernel has logged no warning since the first test
test_log() {
	warnings >"$dir/warnings"
	diff "$top/warnings" "$dir/warnings" >"$dir/diff" && return 0
	echo "the kernel has warned"
	cat "$dir/diff"
	return 1
}

warnings() {
	dmesg 2>/dev/null | grep -E 'WARNING:|BUG:|Oops|INFO: (task|rcu)' || true
}

now() {
	cut -d' ' -f1 /proc/uptime
}

if [ "$BACKEND" = any ]; then
	BACKEND=$("$TARE" doctor 2>/dev/null | sed -n 's/.*with counter backend \([a-z]*\).*/\1/p')
	BACKEND=${BACKEND:-none}
fi
n=0 failed=0
warnings >"$top/warnings"
while read -r name what words; do
	case $name in '' | '#'*) continue ;; esac
	n=$((n + 1))
	start=$(now)
	dir=$top/$n
	mkdir "$dir"
	# shellcheck disable=SC2086 # the list's words are words, and no patterns
	(set -f; set -- $words; set +f; "test_$what" "$@") >"$top/said" 2>&1 </dev/null
	status=$?
	rm -rf "$dir"
	took=$(awk "BEGIN { printf \"%.1f\", $(now) - $start }")
	case $status in
	0) echo "ok $n - $name # $took s" ;;
	77) echo "ok $n - $name # SKIP not for this kernel" ;;
	*)
		failed=$((failed + 1))
		echo "not ok $n - $name # $took s"
		;;
	esac
	sed 's/^/#   /' "$top/said"
done <"$1"
echo "1..$n"
[ $failed -eq 0 ]
