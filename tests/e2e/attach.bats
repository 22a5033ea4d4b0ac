#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
#
# `tare attach`: initial balances and all later changes are exact, and nothing of tare is left
# behind.

load lib/common
load lib/hold

teardown() {
	exec 9>&-
	end_all "${started[@]}"
	for cgroup in "${cgroups[@]}"; do
		rmdir "$cgroup"
	done
}

@test "initial balances and all later changes equal the kernel's figures" {
	compared attach --checkpoints 2 -- "$PROGRAMS/threads" 16 256
}

@test "file pages, shared memory and anonymous memory are exact" {
	compared attach --checkpoints 2 -- "$PROGRAMS/target"
	compared attach --checkpoints 3 -- "$PROGRAMS/file_map"
}

@test "children forked after attaching are followed" {
	compared attach --checkpoints 4 -- "$PROGRAMS/fork_cow"
	compared attach --checkpoints 3 -- "$PROGRAMS/shared"
}

@test "exec and the end of the first thread after attaching are followed" {
	compared attach --checkpoints 2 -- "$PROGRAMS/exec_thread"
	compared attach --checkpoints 3 -- "$PROGRAMS/exec_chain" 3
	compared attach --checkpoints 2 -- "$PROGRAMS/leader_gone"
}

@test "memory held before attaching may be given back by any thread" {
	compared attach --checkpoints 2 -- "$PROGRAMS/give_take"
	compared attach --checkpoints 2 -- "$PROGRAMS/huge"
}

@test "detaching reports, leaves the target alive, and unloads everything" {
	need bpftool
	compared attach --detach --checkpoints 2 -- "$PROGRAMS/threads" 4 64
}

@test "two tares attached at once are both right" {
	compared attach --second --checkpoints 2 -- "$PROGRAMS/threads" 4 256
}

@test "attaching to three processes whose threads change memory all the time" {
	compared real_programs --attach --every 150 --times 4 -- "$PROGRAMS/busy" 4 3
}

@test "attaching by the classic backend is exact" {
	compared real_programs --attach --opt=--force-backend --opt=classic \
		--every 150 --times 3 -- \
		"$PROGRAMS/busy" 4 2
	compared attach --opt=--force-backend --opt=classic --checkpoints 2 -- \
		"$PROGRAMS/threads" 4 64
}

@test "--comm selects processes by name" {
	cp "$PROGRAMS/threads" "$DIR/tare-t-$$"
	compared attach --select '--comm {comm}' --checkpoints 2 -- "$DIR/tare-t-$$" 2 64
}

# hold_targets N: starts N `target`s, up to their first checkpoint; sets pids.
hold_targets() {
	local i
	pids=()
	mkfifo "$DIR/in"
	exec 9<>"$DIR/in"
	for ((i = 0; i < $1; i++)); do
		(cd "$DIR" && exec "$PROGRAMS/target" 1) <"$DIR/in" >"$DIR/out.$i" 2>&1 3>&- 9>&- &
		started+=($!)
		pids+=($!)
	done
	for ((i = 0; i < $1; i++)); do
		until_true 10 grep -q 'checkpoint held' "$DIR/out.$i"
	done
}

# attached OPTIONS…: starts tare in the background and waits for its first snapshot.
attached() {
	"$TARE" attach -o "$DIR/r.json" "$@" >"$DIR/tare.out" 2>&1 3>&- 9>&- &
	tare=$!
	started+=("$tare")
	until_true 10 takes_usr1 "$tare"
	kill -USR1 "$tare"
	until_true 10 test -e "$DIR/r.1.json"
}

@test "several pids, by commas or several -p; tare ends with the last process" {
	hold_targets 3
	attached -p "${pids[0]},${pids[1]}" -p "${pids[2]}"
	report check "$DIR/r.1.json"
	report assert "$DIR/r.1.json" "sorted(pids) == sorted([${pids[0]}, ${pids[1]}, ${pids[2]}])"
	kill "${pids[0]}" "${pids[1]}"
	until_true 10 gone "${pids[0]}"
	kill -USR1 "$tare"
	until_true 10 test -e "$DIR/r.2.json"
	report assert "$DIR/r.2.json" "sum(p['alive'] for p in processes) == 1"
	kill "${pids[2]}"
	finished "$tare"
	status_is 0
	report check "$DIR/r.json"
	report assert "$DIR/r.json" "r['reason'] == 'end'" \
		"[p['exit']['signal'] for p in processes] == [15, 15, 15]"
}

@test "--duration ends tare, and the target lives on" {
	hold_targets 1
	run "$TARE" attach -p "${pids[0]}" --duration 300ms -o "$DIR/r.json"
	status_is 0
	report check "$DIR/r.json"
	report assert "$DIR/r.json" "r['reason'] == 'detach'" "processes[0]['alive']" \
		"3 * 10**8 <= r['duration_ns'] < 5 * 10**9"
	kill -0 "${pids[0]}"
}

@test "--all --duration attaches to every process" {
	hold_targets 1
	run "$TARE" attach --all --duration 500ms -o "$DIR/r.json"
	status_is 0
	# The other processes keep running: only checks that hold for them too.
	report assert "$DIR/r.json" "r['lost']['total'] == 0" "${pids[0]} in pids" "$$ in pids" \
		"len(pids) > 2" \
		"all(p['balance'][k]['initial'] >= 0 for p in processes \
			for k in KINDS if k != 'kmem')" \
		"r['cgroup'] is not None or r['totals']['kmem']['net'] is None" \
		"r['features']['kmem']['state'] == 'events' or \
			all(t['kmem']['net'] is None for t in tasks)"
}

@test "--all: a process that stands still equals the kernel's figures" {
	compared attach --select=--all --others --detach --checkpoints 2 -- "$PROGRAMS/threads" 4 64
}

cgroup_in() {
	[ -d "$1" ] && mkdir "$1/tare-test-$$" 2>/dev/null || return 1
	cgroups+=("$1/tare-test-$$")
	cgroup=$1/tare-test-$$
}

# by_cgroup ROOT: attaches by a control group, and by its parent.
by_cgroup() {
	cgroups=()
	cgroup_in "$1" || skip "no control groups at $1"
	mkdir "$cgroup/below"
	cgroups=("$cgroup/below" "$cgroup")
	hold_targets 3
	echo "${pids[0]}" >"$cgroup/cgroup.procs"
	echo "${pids[1]}" >"$cgroup/below/cgroup.procs"
	attached --cgroup "$cgroup"
	report check "$DIR/r.1.json"
	report assert "$DIR/r.1.json" "sorted(pids) == sorted([${pids[0]}, ${pids[1]}])"
	kill "${pids[@]}"
	finished "$tare"
	status_is 0
	until_true 10 gone "${pids[0]}"
	until_true 10 gone "${pids[1]}"
}

@test "--cgroup selects a control group of version 2" {
	by_cgroup "$(awk '$3 == "cgroup2" { print $2; exit }' /proc/mounts)"
}

@test "--cgroup selects a control group of version 1" {
	by_cgroup "$(awk '$3 == "cgroup" && $4 ~ /memory/ { print $2; exit }' /proc/mounts)"
}

@test "a stopped target stays stopped, and a running one is not stopped" {
	hold_targets 1
	kill -STOP "${pids[0]}"
	attached -p "${pids[0]}"
	grep -q '^State:.T' "/proc/${pids[0]}/status"
	grep -q '^TracerPid:.0$' "/proc/${pids[0]}/status"
	kill -INT "$tare"
	finished "$tare"
	grep -q '^State:.T' "/proc/${pids[0]}/status"
}
