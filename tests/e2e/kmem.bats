#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
#
# Kernel memory of a program, compared with the files of its control group and with the known
# cost of a unit (UNITS in lib/kmem.py). Each program makes one kind of kernel memory in one
# task, and the report must name that task.

load lib/common
load lib/hold

setup() {
	started=()
	cgroups=()
	# On a disk: the test folder, with what a killed stat_tree leaves, is removed in the end.
	TARE_TEST_DIR=$(mktemp -d "${TARE_TEST_DIR:-/var/tmp}/tare-kmem-XXXXXX")
	export TARE_TEST_DIR
}

teardown() {
	exec 9>&-
	end_all "${started[@]}"
	remove_groups
	rm -rf "$TARE_TEST_DIR"
}

kmem() {
	compared kmem "$@"
}

@test "a million io_uring timeouts: 264 bytes each in the kernel, none in RSS" {
	kmem uring_timeouts 1000000
}

@test "10,000 idle threads: a stack of 16 KiB each, exact; page tables are VmPTE" {
	kmem idle_threads 10000
}

@test "9,000 pipes with a page of data in each" {
	kmem full_pipes 9000
}

@test "10,000 TCP connections, their buffers full: sockets" {
	kmem full_sockets 10000
}

@test "100,000 epoll registrations of timers" {
	kmem epoll_many 100000
}

@test "a deep tree stat'ed: dentries, and they go with the tree" {
	kmem stat_tree 100000
}

@test "maker and freer have different rows, and the parent has none of it" {
	kmem kernel_maker 500
}

@test "kernel memory by the classic backend" {
	kmem --opt=--force-backend --opt=classic full_pipes 1000
}

@test "attached: earlier memory is the initial balance, later memory has its task" {
	home=$("$LIB/kmem.py" home) || skip "$home"
	cgroup=$home/tare-test-$$
	mkdir "$cgroup" || skip "no control group can be made"
	cgroups=("$cgroup")
	kmem --attach "$cgroup" full_pipes 2000
	kmem --attach "$cgroup" uring_timeouts 100000
	kmem --attach "$cgroup" epoll_many 20000
}

@test "the arithmetic of every report holds, with living and ended tasks" {
	for what in 'threads 20 64' 'fork_cow 2' 'thread_churn 200 8' 'exec_chain 3' 'daemonize' \
		'clone_vm' 'leader_gone'; do
		# shellcheck disable=SC2086
		set -- $what
		"$TARE" run --wait-all -o "$DIR/r.json" \
			-- "$PROGRAMS/$1" "${@:2}" </dev/null >"$DIR/out" ||
			[ "$1" = daemonize ]
		run "$LIB/kmem.py" check "$DIR/r.json"
		[ "$status" = 0 ] || fail "$what:" "$output"
	done
}

@test "the peak is the highest sum of user and kernel memory at one time" {
	run "$TARE" run -o "$DIR/r.json" -- "$PROGRAMS/kernel_maker" 500 </dev/null
	status_is 0
	measured
	# 500 pipes with 64 KiB each. Half of them are closed before the end.
	report assert "$DIR/r.json" \
		"r['peak']['weight']['total'] >= 500 << 16" \
		"r['peak']['weight']['kernel'] >= 500 << 16" \
		"r['peak']['rss'] < 16 << 20" \
		"0 < r['peak']['weight']['time_ns'] <= r['duration_ns']"
	by_task
	report assert "$DIR/r.json" \
		"by_comm('maker')[0]['at_peak']['kmem'] >= 500 << 16" \
		"max(processes, key=lambda p: p['at_peak']['weight'])['pid'] != \
			processes[0]['ppid']"
}

# Skips unless r.json has kernel memory by task.
measured() {
	[ "$(report get "$DIR/r.json" "r['kmem']['level']")" != none ] ||
		skip "$(report get "$DIR/r.json" "r['features']['cgroup']['why']")"
}

by_task() {
	[ "$(report get "$DIR/r.json" "r['kmem']['level']")" = events ] ||
		skip "not by task: $(report get "$DIR/r.json" "r['features']['kmem']['why']")"
}

@test "the table explains why the charged memory differs from the sum of RSS" {
	run "$TARE" run --full -- "$PROGRAMS/kernel_maker" 500 </dev/null
	status_is 0
	says 'books: .*balanced' USER KERNEL WEIGHT 'kernel stacks' charged RSS maker
	fits_80_columns
}

# held OPTIONS… -- CMD…: starts tare in the background, up to the program's checkpoint `made`.
held() {
	hold "$TARE" run -o "$DIR/r.json" "$@"
	reaches before
	echo >&9
	reaches made
}

# has EXPRESSION: it is true of a new snapshot.
has() {
	local next=$((snapshots + 1))
	kill -USR1 "${started[0]}"
	until_true 10 test -e "$DIR/r.$next.json" || return 1
	snapshots=$next
	report assert "$DIR/r.$next.json" "$1" 2>/dev/null
}

# A pipe that is full when tare starts: its pages are charged to the process that filled it, and
# are freed while the command reads them.
@test "memory of another group that the command frees is not on its books" {
	cat >"$DIR/full_stdin.py" <<-'END'
		import fcntl, os, sys
		r, w = os.pipe()
		size = fcntl.fcntl(w, fcntl.F_SETPIPE_SZ, 1 << 20)
		os.write(w, bytes(size))
		os.dup2(r, 0)
		os.execvp(sys.argv[1], sys.argv[1:])
	END
	/usr/bin/python3 "$DIR/full_stdin.py" "$TARE" run -o "$DIR/r.json" -- cat >"$DIR/read"
	[ "$(stat -c %s "$DIR/read")" = 1048576 ] || fail "cat read $(stat -c %s "$DIR/read")"
	report check "$DIR/r.json"
	[ "$(report get "$DIR/r.json" "r['kmem']['level']")" = events ] ||
		skip "this kernel has no events of kernel memory"
	report assert "$DIR/r.json" "r['kmem']['elsewhere'] == 0" \
		"all(t['kmem']['out'] - t['kmem']['in'] < 256 << 10 for t in tasks)" \
		"r['peak']['weight']['kernel'] >= 0" "r['weight']['kernel'] >= 0"
}

@test "--slab lists the slab caches" {
	[ -r /proc/slabinfo ] && [ "$(wc -l </proc/slabinfo)" -gt 2 ] || skip "no /proc/slabinfo"
	grep -q '^io_kiocb ' /proc/slabinfo || skip "this kernel merges io_kiocb with others"
	held --slab -- "$PROGRAMS/uring_timeouts" 100000
	snapshots=0
	# Polled at intervals, so the next poll sees it at the latest.
	until_true 10 has "any(c['name'] == 'io_kiocb' and 90_000 <= c['objects'] <= 110_000
		and 224 <= c['object_size'] <= 512 and c['bytes'] >= c['objects'] * 200
		for c in r['slabs']['caches'])" || fail "$(report get "$DIR/r.1.json" "r['slabs']")"
	let_go
	# The caches are of the whole machine, and the report says so.
	report assert "$DIR/r.json" "r['slabs']['note']" \
		"any(c['name'] == 'io_kiocb' for c in r['slabs']['caches'])"
	run "$TARE" run --slab --show slabs -- "$PROGRAMS/epoll_many" 20000 </dev/null
	status_is 0
	says 'indicative'
}

@test "without --slab the report has no caches" {
	"$TARE" run -o "$DIR/r.json" -- true
	report assert "$DIR/r.json" "r['slabs'] is None"
}

@test "doctor lists the features for kernel memory" {
	run "$TARE" doctor
	status_is 0
	says 'kernel memory' 'mod_memcg_state' 'control group' 'slabinfo'
}
