#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
#
# Stress programs that only change address spaces, with snapshots meanwhile: the books of every
# report balance, and nothing is left in the last one.

load lib/common

# torture STRESSORS…: runs stressors of stress-ng for a second. Page tables are counted with the
# next update: while memory changes, some are not counted yet.
torture() {
	# reaper.py reaps orphans, so that a hidden init does not. Memory that RCU frees while a
	# hidden task runs has no event: the cgroup's counter may be lower than the events say.
	run timeout -k 5 60 "$LIB/reaper.py" "$TARE" run --wait-all --snapshot-every 200ms \
		-o "$DIR/r.json" -- stress-ng --oomable -t 1 "$@"
	status_is 0
	report check "$DIR/r.json"
	for file in "$DIR"/r*.json; do
		report assert "$file" "r['books']['balanced']" "r['lost']['total'] == 0" \
			"all(b['initial'] + b['in'] - b['out'] + p['by_others'][k]['in']
			     - p['by_others'][k]['out'] + p['unattributed'][k] == b['net'] >= 0
			     for p in processes for k, b in p['balance'].items() if k != 'kmem')"
	done
	report assert "$DIR/r.json" "not any(p['alive'] for p in processes)"
}

@test "threads that come and go, and allocate" {
	torture --pthread 2 --malloc 2
}

@test "mappings made, moved, given back" {
	torture --mmap 1 --mremap 1 --madvise 2 --brk 1
}

@test "memory is written over and over" {
	torture --vm 3 --vm-bytes 32m
}

@test "processes forked by the thousand" {
	torture --fork 2
}

@test "processes that share their parent's memory" {
	torture --vfork 1 --clone 1
}

@test "daemons and zombies" {
	torture --daemon 1 --zombie 1
}

@test "shared memory" {
	torture --shm 1 --memfd 1 --shm-sysv 1
}
