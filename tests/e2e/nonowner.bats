#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
#
# Changes that other processes make to a process's memory: they are on the books, and no task of
# the process is charged for them. Also reclaim at a limit, which the process causes itself.

load lib/common

teardown() {
	[ -z "$CGROUP" ] || rmdir "$CGROUP"
}

@test "process_madvise(PAGEOUT) of file pages from outside" {
	compared nonowner pageout file
}

@test "process_madvise(COLD) changes nothing" {
	compared nonowner cold shmem
}

@test "process_madvise(PAGEOUT) of shared memory from outside" {
	compared nonowner pageout shmem
}

@test "process_vm_writev fills pages from outside" {
	compared nonowner write empty
}

@test "process_vm_readv of untouched memory" {
	compared nonowner read empty
}

# Makes a control group with a memory limit of $1 bytes; sets CGROUP.
limited_cgroup() {
	local root file
	if [ -e /sys/fs/cgroup/memory/memory.limit_in_bytes ]; then
		root=/sys/fs/cgroup/memory file=memory.limit_in_bytes
	elif grep -qw memory /sys/fs/cgroup/cgroup.controllers 2>/dev/null; then
		root=/sys/fs/cgroup file=memory.max
		grep -qw memory $root/cgroup.subtree_control ||
			echo +memory >$root/cgroup.subtree_control
	else
		skip "no memory controller"
	fi
	mkdir "$root/tare-test-$$" || skip "no control group can be made"
	CGROUP=$root/tare-test-$$
	echo "$1" >"$CGROUP/$file"
}

@test "file pages reclaimed under a memory limit" {
	limited_cgroup $((16 << 20))
	exact --facts 0 --checkpoints 2 --opt=-v -- sh -c \
		"echo \$\$ >$CGROUP/cgroup.procs && exec $PROGRAMS/reclaim 64"
	compared nonowner reclaim "$CGROUP"
}
