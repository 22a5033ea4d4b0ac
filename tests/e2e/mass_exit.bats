#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
#
# Very many tasks that end at once on busy CPUs: nothing is lost. If records are lost all the
# same (a ring that is far too small, a stopped tare), the report has less detail, but every sum
# is right.
# Runs alone: it takes all pids.

load lib/common
load lib/hold

# Keeps the CPUs busy with twice as many threads as CPUs.
busy_cpus() {
	local i
	for ((i = 2 * $(nproc); i > 0; i--)); do
		sh -c 'while :; do :; done' </dev/null >/dev/null 2>&1 3>&- &
		started+=($!)
	done
}

# As many threads as fit: 30,000 by default.
many_threads() {
	local there most
	there=$(find /proc/[0-9]*/task -mindepth 1 -maxdepth 1 2>/dev/null | wc -l)
	most=$(($(cat /proc/sys/kernel/pid_max) - there - 1500))
	echo $((most < 30000 ? most : 30000))
}

nothing_lost() {
	report assert "$DIR/r.json" "r['lost']['total'] == 0" "r['books']['balanced']" \
		"r['books']['off_pages'] == 0"
}

@test "30,000 threads end at once on busy CPUs and no record is lost" {
	busy_cpus
	"$TARE" run --as-root -o "$DIR/r.json" -- "$PROGRAMS/idle_threads" \
		"$(many_threads)" </dev/null
	nothing_lost
}

@test "with stacks: no record is lost, and samples are taken or thinned by rule" {
	busy_cpus
	"$TARE" run --as-root -r "$DIR/r.tare" -o "$DIR/r.json" -- \
		"$PROGRAMS/thread_churn" 20000 64 </dev/null
	nothing_lost
	report assert "$DIR/r.json" \
		"r['samples']['lost']['vma_changes'] == 0" \
		"r['samples']['lost']['samples'] <= 0.05 * r['samples']['count']" \
		"sum(t['count'] for t in r['samples']['thinned']) <= r['samples']['count']"
}

@test "thousands of processes end at once and each keeps its name" {
	busy_cpus
	# shellcheck disable=SC2016
	"$TARE" run --as-root -o "$DIR/r.json" -- \
		sh -c 'i=0; while [ $((i += 1)) -le 2000 ]; do /bin/true; done' </dev/null
	nothing_lost
	report assert "$DIR/r.json" "sum(p.get('count') or 1 for p in r['processes']) == 2001"
}

stands_still() {
	! grep -L 'State:.T' "/proc/$1"/task/*/status | grep -q .
}

all_ended() {
	grep -q 'State:.Z' "/proc/$1/status" &&
		[ "$(find "/proc/$1/task" -mindepth 1 -maxdepth 1 | wc -l)" -le 1 ]
}

# stopped PROGRAM…: stops tare while its workload ends, with the smallest ring. The program has
# printed "checkpoint made" or "checkpoint churned" by then.
stopped() {
	local child
	hold "$TARE" run --as-root --ring-size 64KiB -o "$DIR/r.json" "$@"
	reaches before
	child=$(awk '{ print $1; exit }' "/proc/${started[0]}"/task/*/children)
	echo >&9
	reaches made
	kill -STOP "${started[0]}"
	until_true 20 stands_still "${started[0]}"
	echo >&9
	# The first thread is a zombie as soon as it has ended; the other threads follow.
	until_true 60 all_ended "$child"
	kill -CONT "${started[0]}"
	let_go
}

@test "a stopped tare: sums are exact though detail is lost" {
	stopped -- "$PROGRAMS/idle_threads" 3000
	report assert "$DIR/r.json" \
		"r['lost']['task_record'] > 1000" \
		"r['lost']['total'] == r['lost']['task_record'] + r['lost']['mm_record'] + \
			r['lost']['event']" \
		"r['books']['balanced']" "r['books']['off_pages'] == 0" \
		"all(r['totals'][k]['net'] == 0 \
			for k in ('anon', 'file', 'shmem', 'swap', 'pagetable'))" \
		"not any(p['alive'] or any(t['alive'] for t in p['tasks']) \
			for p in r['processes'])" \
		"all(p['rss_peak'] >= p['at_peak']['anon'] >= 0 for p in r['processes'])"
}

@test "a ring that is too small: losses are counted, and no sum is missing" {
	run "$TARE" run --ring-size 64KiB --no-priority -o "$DIR/r.json" -- \
		"$PROGRAMS/thread_churn" 4000 64 </dev/null
	status_is 0
	# Each thread touches a page of its own and gives it back.
	report assert "$DIR/r.json" \
		"sum(t.get('count') or 1 for t in tasks) == 4001 or r['lost']['total'] > 0" \
		"r['books']['balanced']" \
		"sum(t['anon']['in'] for t in tasks) >= 4000 * 4096"
}

@test "the command never runs at tare's priority" {
	# shellcheck disable=SC2016
	run "$TARE" run --as-root -- sh -c 'chrt -p $$; nice; cat /proc/$PPID/task/*/comm' \
		</dev/null
	status_is 0
	says 'SCHED_OTHER' '^0$' 'tare-drain'
}

@test "--no-priority: no thread of tare has a higher priority than the workload" {
	# shellcheck disable=SC2016
	local see='for t in /proc/$PPID/task/*; do chrt -p ${t##*/}; nice; done'
	run "$TARE" run --as-root --no-priority -r "$DIR/r.tare" -- sh -c "$see" </dev/null
	status_is 0
	says_not 'SCHED_FIFO'
}

@test "more processes than accounts while tare is stopped: the total is exact" {
	# shellcheck disable=SC2016
	run "$TARE" run --as-root --ring-size 64KiB -o "$DIR/r.json" -- \
		sh -c 'kill -STOP $PPID; "$0" 4600 20; kill -CONT $PPID' \
		"$PROGRAMS/fork_churn" </dev/null
	status_is 0
	report assert "$DIR/r.json" "r['lost']['mm_record'] > 4200" "r['books']['balanced']" \
		"r['books']['off_pages'] == 0" \
		"any(p['pid'] == 0 and p['comm'] == '(lost records)' for p in r['processes'])" \
		"not any(p['alive'] for p in r['processes'])"
}
