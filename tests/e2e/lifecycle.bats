#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
#
# Births, names, executed programs and ends of tasks: every task is accounted for.

load lib/common
load lib/hold

run_json() {
	"$TARE" run -o "$DIR/r.json" "$@" </dev/null >"$DIR/out"
	report check "$DIR/r.json"
}

@test "20,000 threads, 64 at a time, are all counted" {
	exact --seconds 60 -- "$PROGRAMS/thread_churn" 20000 64
}

@test "5,000 threads one after another are all counted" {
	exact --seconds 60 -- "$PROGRAMS/thread_churn" 5000 1
}

@test "2,000 processes are all counted, with exit status and memory" {
	run_json --keep-tasks all -- "$PROGRAMS/fork_churn" 2000 16
	report assert "$DIR/r.json" \
		"len(processes) == 2001" \
		"len(tasks) == 2001" \
		"sorted(p['exit']['code'] for p in processes) == \
			sorted([0] + [i & 63 for i in range(2000)])" \
		"sum(t['anon']['in'] >= 64 << 10 for t in tasks) >= 2000" \
		"all(p['end_ns'] >= p['start_ns'] > 0 or p['ppid'] not in pids \
			for p in processes)" \
		"sum(p['ppid'] == processes[0]['pid'] or p['ppid'] in pids \
			for p in processes) == 2000"
}

@test "a child's row has its parent, program and arguments" {
	run_json -- "$PROGRAMS/spawn"
	report assert "$DIR/r.json" \
		"len(processes) == 4" \
		"sum(p['argv'][:2] == ['spawn', 'grow'] for p in processes) == 3" \
		"all(p['exit'] == {'code': 0, 'signal': None} for p in processes)" \
		"len({p['ppid'] for p in processes}) == 2"
}

@test "the report has all programs that a process executed" {
	cat >"$DIR/script" <<-END
		#!/bin/sh
		exec "$PROGRAMS/exec_chain" 3
	END
	chmod +x "$DIR/script"
	run_json -- "$DIR/script"
	report assert "$DIR/r.json" \
		"len(processes) == 1" \
		"processes[0]['argv'] == ['$PROGRAMS/exec_chain', '1', '3', '3145728']" \
		"len(processes[0]['images']) == 3" \
		"len(tasks) == 1" \
		"'execve' in causes(tasks[0])"
}

@test "exec from another thread: its tid ends, the first thread's goes on" {
	run_json -- "$PROGRAMS/exec_thread"
	report assert "$DIR/r.json" \
		"len(processes) == 1" \
		"processes[0]['exit']['code'] == 0" \
		"not any(t['alive'] for t in tasks)" \
		"len(tasks) == 4" \
		"len(by_comm('other-1')) == 1 and len(by_comm('other-2')) == 1"
}

@test "every name of a renamed task is kept" {
	run_json -- "$PROGRAMS/threads" 2 4
	report assert "$DIR/r.json" \
		"by_comm('worker-1')[0]['names'] == ['threads']" \
		"by_comm('threads')[0]['tid'] == pids[0]"
}

@test "a daemon is followed; tare ends with the command, and the daemon lives on" {
	local daemon
	hold "$TARE" run -o "$DIR/r.json" -- "$PROGRAMS/daemonize"
	reaches parent
	daemon=$(sed -n 's/^daemon pid=//p' "$DIR/out")
	started+=("$daemon")
	echo >&9
	finished "${started[0]}"
	status_is 3
	report check "$DIR/r.json"
	report assert "$DIR/r.json" \
		"len(processes) == 3" \
		"[p['alive'] for p in processes if p['pid'] == $daemon] == [True]" \
		"r['exit'] == {'code': 3, 'signal': None}"
	kill -0 "$daemon"
	exec 9>&-
	until_true 20 gone "$daemon"
}

@test "--wait-all waits for the daemon's end" {
	# Repeated, since the daemon's memory is freed just as tare ends.
	for _ in 1 2 3 4 5 6 7 8; do
		run "$TARE" run --wait-all -o "$DIR/r.json" -- "$PROGRAMS/daemonize" </dev/null
		status_is 3
		report check "$DIR/r.json"
		report assert "$DIR/r.json" \
			"len(processes) == 3" \
			"sorted(p['exit']['code'] for p in processes) == [0, 3, 5]" \
			"not any(p['alive'] for p in processes)" \
			"r['books']['mms_closed'] == 3"
	done
}

@test "--no-children follows the first process only" {
	run_json --no-children -- "$PROGRAMS/fork_churn" 20 4
	report assert "$DIR/r.json" "len(processes) == 1"
	run_json --no-children -- "$PROGRAMS/threads" 4 64
	report assert "$DIR/r.json" "len(tasks) == 5"
	exact --opt=--no-children --checkpoints 2 --facts 8 -- "$PROGRAMS/threads" 4 64
}

@test "a killed command: the report has the signal, and its books close" {
	run "$TARE" run -o "$DIR/r.json" -- "$PROGRAMS/die_by" 11 8 </dev/null
	status_is 139
	report check "$DIR/r.json"
	report assert "$DIR/r.json" \
		"r['exit'] == {'code': None, 'signal': 11}" \
		"processes[0]['exit'] == {'code': None, 'signal': 11}" \
		"tasks[0]['anon']['in'] >= 8 << 20"
}

@test "the command's initial balance is zero" {
	run_json -- true
	report assert "$DIR/r.json" \
		"all(r['totals'][k]['initial'] == 0 for k in KINDS)" \
		"r['command'] == ['true']" \
		"processes[0]['comm'] == 'true'" \
		"r['books']['mms_closed'] >= 1 and r['books']['mms_nonzero'] == 0"
}

# The copy of the address space existed for a moment, when the weight was highest.
@test "a refused fork: the copied memory is charged to the forking task" {
	run_json -- "$PROGRAMS/fork_refused" 32
	report assert "$DIR/r.json" "len(processes) == 1" \
		"r['peak']['weight']['user'] >= 2 * (32 << 20)" \
		"processes[0]['at_peak']['user'] >= 2 * (32 << 20)"
}
