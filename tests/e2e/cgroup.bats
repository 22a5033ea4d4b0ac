#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
#
# The control group that tare makes for a command: it exists before the command starts, is
# removed in every case, and never disturbs the command. If none can be made, tare says so.

load lib/common
load lib/hold

setup() {
	started=()
	cgroups=()
	home=$("$LIB/kmem.py" home) || skip "${home#skip: }"
}

teardown() {
	exec 9>&-
	end_all "${started[@]}"
	for cgroup in "${cgroups[@]}"; do
		[ ! -d "$cgroup" ] || until_true 5 rmdir_below "$cgroup" || :
	done
}

# Removes also what a killed tare left in it.
rmdir_below() {
	local pid
	while read -r pid; do
		kill -KILL "$pid" 2>/dev/null
	done < <(find "$1" -name cgroup.procs -exec cat {} + 2>/dev/null)
	find "$1" -depth -type d -exec rmdir {} + 2>/dev/null
	[ ! -d "$1" ]
}

# Makes a group for the test, in which tare makes its own; sets cgroup.
own_cgroup() {
	cgroup=$home/tare-test-$BATS_TEST_NUMBER-$$
	mkdir "$cgroup" || skip "no control group can be made in $home"
	cgroups+=("$cgroup")
}

# Prints the directories of the groups in $cgroup.
below() {
	find "$cgroup" -mindepth 1 -type d
}

nothing_below() {
	[ -z "$(below)" ]
}

no_cgroup_left() {
	until_true 5 nothing_below || fail "left behind:" "$(below)"
}

# cgroup_of PID: the directory of its memory group.
cgroup_of() {
	local path
	path=$(sed -n -E 's/^[0-9]+:([^:]*,)?memory(,[^:]*)?://p' "/proc/$1/cgroup")
	[ -n "$path" ] || path=$(sed -n 's/^0:://p' "/proc/$1/cgroup")
	# Below the group: the path of the hierarchy's mount is cut off.
	[[ $path == */"${cgroup##*/}"* ]] || { echo "elsewhere: $path"; return; }
	echo "$cgroup${path#*/"${cgroup##*/}"}"
}

# held OPTIONS… -- CMD…: starts tare in the background, up to the command's checkpoint; sets
# weigher and child.
held() {
	hold "$TARE" run --cgroup "$cgroup" -o "$DIR/r.json" "$@"
	weigher=${started[-1]}
	reaches
	child=$(sed -n 's/^target pid=\([0-9]*\) .*/\1/p' "$DIR/out")
	[ -z "$child" ] || started+=("$child")
}

# Ended by teardown.
remember() {
	started+=("$1")
}

@test "the command gets a new control group, which is removed with it" {
	run "$TARE" run -o "$DIR/r.json" -- sh -c 'cat /proc/self/cgroup; echo $$'
	status_is 0
	report check "$DIR/r.json"
	says '/tare-[0-9]*-[0-9]*$'
	report assert "$DIR/r.json" "r['cgroup']['own'] is True" "r['cgroup']['others'] == 0" \
		"r['cgroup']['version'] in (1, 2)" "r['cgroup']['oom_kills'] == 0" \
		"r['cgroup']['limit'] is None" "r['weight']['source'] == 'cgroup'" \
		"r['cgroup']['peak'] >= r['cgroup']['current'] >= 0"
	path=$(report get "$DIR/r.json" "r['cgroup']['path']")
	grep -q ":$path\$" <<<"$output" || fail "not in $path:" "$output"
	dir=$("$LIB/kmem.py" of "$DIR/r.json")
	[ ! -e "$dir" ] || fail "left behind: $dir"
}

@test "a command under sudo gets a control group too" {
	need setpriv
	run env SUDO_UID=65534 SUDO_GID=65534 "$TARE" run -o "$DIR/r.json" -- cat /proc/self/cgroup
	status_is 0
	says '/tare-[0-9]*-[0-9]*$'
}

@test "--cgroup PATH takes a directory or a path within the hierarchy" {
	own_cgroup
	run "$TARE" run --cgroup "$cgroup" -o "$DIR/r.json" -- cat /proc/self/cgroup
	status_is 0
	says "/${cgroup##*/}/tare-"
	report assert "$DIR/r.json" "'/${cgroup##*/}/tare-' in r['cgroup']['path']"
	no_cgroup_left
}

@test "--cgroup that is no control group is refused before anything starts" {
	for bad in /no/such/group "$DIR" "$home/no-such-group" ''; do
		run "$TARE" run --cgroup "$bad" -- touch "$DIR/ran"
		status_is 125
		[ -z "$bad" ] || says "$bad"
		[ ! -e "$DIR/ran" ] || fail "the command ran although tare refused"
	done
}

@test "--no-cgroup leaves the command in the caller's group and says so" {
	run "$TARE" run --no-cgroup -o "$DIR/r.json" -- cat /proc/self/cgroup
	status_is 0
	[ "$output" = "$(cat /proc/self/cgroup)" ] || fail "not the caller's:" "$output"
	not_measured no-cgroup
	run "$TARE" run --no-cgroup -- true
	status_is 0
	says 'not measured'
	for with in --memory-max=1G "--cgroup=$home"; do
		run "$TARE" run --no-cgroup "$with" -- touch "$DIR/ran"
		status_is 125
		[ ! -e "$DIR/ran" ] || fail "the command ran although tare refused"
	done
}

# not_measured WORD: r.json has no figure of kernel memory, and gives the reason.
not_measured() {
	run "$LIB/kmem.py" check "$DIR/r.json"
	status_is 0
	report assert "$DIR/r.json" "r['kmem']['level'] == 'none'" "r['books']['balanced']" \
		"r['totals']['kmem']['net'] is None" "r['weight']['source'] == 'processes'"
	why=$(report get "$DIR/r.json" "r['features']['cgroup']['why']")
	grep -qi -e "$1" <<<"$why" || fail "doesn't say '$1': $why"
}

@test "read-only control groups: not measured, with the reason; the command's status" {
	need unshare
	cat >"$DIR/ro" <<-'END'
		awk '$3 ~ /^cgroup2?$/ { print $2 }' /proc/mounts | while read -r at; do
			mount -o remount,ro,bind "$at" || exit 99
		done || exit 99
		exec "$@"
	END
	run unshare -m sh "$DIR/ro" true
	[ "$status" = 0 ] || skip "mounts can't be made read-only: $output"
	run unshare -m sh "$DIR/ro" "$TARE" run -o "$DIR/r.json" -- sh -c 'echo ran'
	status_is 0
	[ "$output" = ran ] || fail "$output"
	not_measured 'read-only'
	# Page tables and stacks are known in any case.
	report assert "$DIR/r.json" "r['totals']['kstack']['in'] > 0" \
		"r['totals']['pagetable']['in'] > 0"
	run unshare -m sh "$DIR/ro" "$TARE" run --full -- sh -c 'exit 3'
	status_is 3
	says 'not measured' 'read-only' 'balanced'
	run unshare -m sh "$DIR/ro" "$TARE" run --memory-max 64MiB -- touch "$DIR/ran"
	status_is 125
	says 'read-only'
	[ ! -e "$DIR/ran" ] || fail "the command ran without the limit"
}

no_swap() {
	[ "$(wc -l </proc/swaps)" = 1 ] || skip "with swap, no process is killed at the limit"
}

@test "--memory-max: an OOM kill is reported, and the books balance" {
	no_swap
	own_cgroup
	run "$TARE" run --full --cgroup "$cgroup" --memory-max 64MiB -- \
		"$PROGRAMS/hog" 256 </dev/null
	status_is 137
	says 'OOM: .* killed hog (pid' 'books: .*balanced' '64' '^OOM .* hog 256'
	says_not survived
	run "$TARE" run --cgroup "$cgroup" --memory-max 64MiB -o "$DIR/r.json" -- \
		"$PROGRAMS/hog" 256 </dev/null
	status_is 137
	run "$LIB/kmem.py" check "$DIR/r.json"
	status_is 0
	# Near the limit, never above it.
	report assert "$DIR/r.json" "r['cgroup']['oom_kills'] >= 1" "r['exit']['signal'] == 9" \
		"r['cgroup']['limit'] == 64 << 20" "60 << 20 <= r['cgroup']['peak'] <= 64 << 20" \
		"60 << 20 <= r['peak']['weight']['total']"
	no_cgroup_left
}

@test "--memory-max: a child is killed and the command goes on" {
	no_swap
	# shellcheck disable=SC2016 # the command's own shell expands them
	run "$TARE" run --memory-max 64M -o "$DIR/r.json" -- \
		sh -c '"$PROGRAMS/hog" 256 </dev/null; echo "child $?"; exit 5'
	status_is 5
	says 'child 137'
	report check "$DIR/r.json"
	report assert "$DIR/r.json" "r['cgroup']['oom_kills'] == 1" "r['exit']['code'] == 5"
}

@test "--memory-max: a sufficient limit does nothing; an invalid size is refused" {
	run "$TARE" run --memory-max 64MiB -o "$DIR/r.json" -- "$PROGRAMS/hog" 16 </dev/null
	status_is 0
	says survived
	report assert "$DIR/r.json" "r['cgroup']['oom_kills'] == 0" \
		"r['cgroup']['limit'] == 64 << 20"
	for bad in banana 0 -1 1.2.3M '' 99999999999999999999G; do
		run "$TARE" run --memory-max "$bad" -- touch "$DIR/ran"
		status_is 125
		[ ! -e "$DIR/ran" ] || fail "the command ran all the same with $bad"
	done
}

@test "no group is left after SIGTERM, SIGHUP, Ctrl-C, or a killed command" {
	own_cgroup
	for sig in TERM HUP; do
		held -- "$PROGRAMS/target" 1
		[ -n "$(below)" ] || fail "no group in $cgroup"
		kill -$sig "$weigher"
		until_true 10 gone "$weigher"
		exec 9>&-
		no_cgroup_left
	done
	held -- "$PROGRAMS/target" 1
	kill -KILL "$child"
	finished "$weigher"
	status_is 137
	no_cgroup_left
	run "$LIB/terminal.py" --send '^C' --after ready -- "$TARE" run --cgroup "$cgroup" -- \
		sh -c 'echo ready; exec sleep 15'
	status_is 130
	no_cgroup_left
	run "$LIB/terminal.py" --send '^C' --after ready --again -- "$TARE" run --cgroup "$cgroup" \
		-- \
		sh -c 'trap "" INT; echo ready; sleep 15'
	status_is 137
	no_cgroup_left
}

@test "a command that cannot be started leaves no group" {
	own_cgroup
	run -127 "$TARE" run --cgroup "$cgroup" -- no-such-command-here
	no_cgroup_left
	printf '#!/no/such/interpreter\n' >"$DIR/bad"
	chmod +x "$DIR/bad"
	run "$TARE" run --cgroup "$cgroup" -- "$DIR/bad"
	no_cgroup_left
}

@test "the next run removes the empty group of a tare that was killed" {
	own_cgroup
	held -- "$PROGRAMS/target" 1
	left=$(cgroup_of "$child")
	[ -d "$left" ] && [ "$left" != "$cgroup" ] || fail "$left"
	kill -KILL "$weigher"
	until_true 10 gone "$weigher"
	# In use: the group stays, and no process in it is killed.
	"$TARE" run --cgroup "$cgroup" -o "$DIR/r.json" -- true
	[ -d "$left" ] || fail "$left was swept with a process in it"
	[ "$(cgroup_of "$child")" = "$left" ] || fail "$(cgroup_of "$child")"
	kill -0 "$child"
	exec 9>&-
	until_true 10 gone "$child"
	swept || fail "it is still there:" "$(below)"
}

# The next run removes it; a zombie leaves the group after a moment.
swept() {
	until_true 5 sweeps
}

sweeps() {
	"$TARE" run --cgroup "$cgroup" -o "$DIR/r.json" -- true && nothing_below
}

@test "the group of a running tare is not touched by another tare" {
	own_cgroup
	held --wait-all -- "$PROGRAMS/target" 1
	before=$(below)
	"$TARE" run --cgroup "$cgroup" -o "$DIR/other.json" -- true
	[ "$(below)" = "$before" ] || fail "was: $before" "is: $(below)"
	exec 9>&-
	finished "$weigher"
	status_is 0
	no_cgroup_left
}

@test "a daemon left behind moves to the parent group, and the group is removed" {
	own_cgroup
	held -- "$PROGRAMS/daemonize"
	until_true 10 grep -q 'daemon pid=' "$DIR/out"
	daemon=$(sed -n 's/^daemon pid=//p' "$DIR/out")
	remember "$daemon"
	made=$(cgroup_of "$daemon")
	[[ $made == "$cgroup"/tare-* ]] || fail "$made"
	until_true 10 grep -q 'checkpoint parent' "$DIR/out"
	echo >&9
	finished "$weigher"
	status_is 3
	no_cgroup_left
	kill -0 "$daemon"
	[ "$(cgroup_of "$daemon")" = "$cgroup" ] || fail "$(cgroup_of "$daemon")"
	exec 9>&-
	until_true 10 gone "$daemon"
}

@test "every process of a tree is in the group" {
	own_cgroup
	held -- "$PROGRAMS/fork_tree" 3 4
	# 1 + 4 + 16 + 64
	[ "$(wc -l <"$(below)/cgroup.procs")" = 85 ] || fail "$(wc -l <"$(below)/cgroup.procs")"
	kill -USR1 "$weigher"
	until_true 10 test -e "$DIR/r.1.json"
	run "$LIB/kmem.py" check "$DIR/r.1.json"
	status_is 0
	report assert "$DIR/r.1.json" "len([p for p in processes if p['alive']]) == 85" \
		"r['cgroup']['others'] == 0" \
		"r['totals']['kstack']['net'] == 85 * 16384"
	# Each process fills a pipe with 64 KiB.
	[ "$(report get "$DIR/r.1.json" "r['kmem']['level']")" != events ] ||
		report assert "$DIR/r.1.json" \
		"all(p['balance']['kmem']['in'] >= 1 << 16 for p in processes)"
	exec 9>&-
	finished "$weigher"
	status_is 0
	no_cgroup_left
}

@test "two runs at once, or nested, have a group each" {
	own_cgroup
	held -- "$PROGRAMS/target" 1
	first=$(below)
	run "$TARE" run --cgroup "$cgroup" -o "$DIR/o.json" -- cat /proc/self/cgroup
	status_is 0
	says_not "${first##*/}"
	exec 9>&-
	finished "$weigher"
	no_cgroup_left
	run "$TARE" run --cgroup "$cgroup" -o "$DIR/outer.json" -- \
		"$TARE" run -o "$DIR/inner.json" -- sh -c 'cat /proc/self/cgroup; exit 6'
	status_is 6
	report check "$DIR/outer.json" "$DIR/inner.json"
	report assert "$DIR/inner.json" "(r['kmem']['level'] == 'none'
		or r['cgroup']['path'].count('/tare-') >= 2)"
	no_cgroup_left
}

@test "many runs leave no group behind" {
	own_cgroup
	for _ in 1 2 3 4 5 6 7 8; do
		"$TARE" run --cgroup "$cgroup" -o "$DIR/r.json" -- \
			"$PROGRAMS/fork_churn" 20 4 </dev/null >"$DIR/out"
		nothing_below || fail "$(below)"
	done
}

# in_cgroup OUT: starts a process in $cgroup that writes to OUT when it is at its checkpoint.
in_cgroup() {
	# shellcheck disable=SC2016 # that shell expands them
	sh -c 'echo $$ >"$0/cgroup.procs" && exec "$@"' "$cgroup" "$PROGRAMS/target" 1 \
		<"$DIR/in" >"$DIR/$1" 2>&1 3>&- 9>&- &
	started+=($!)
}

@test "attach names the target's group and the other processes in it" {
	own_cgroup
	mkfifo "$DIR/in"
	in_cgroup target
	in_cgroup stranger
	exec 9>"$DIR/in"
	until_true 10 grep -q checkpoint "$DIR/target"
	until_true 10 grep -q checkpoint "$DIR/stranger"
	run "$TARE" attach -p "${started[0]}" --duration 200ms -o "$DIR/r.json"
	status_is 0
	report assert "$DIR/r.json" "r['cgroup']['path'].endswith('/${cgroup##*/}')" \
		"r['cgroup']['own'] is False" "r['cgroup']['others'] == 1" \
		"r['weight']['source'] == 'processes'" "r['totals']['kstack']['net'] == 16384"
	run "$TARE" attach -p "${started[0]},${started[1]}" --duration 200ms -o "$DIR/r.json"
	status_is 0
	report assert "$DIR/r.json" "r['cgroup']['path'].endswith('/${cgroup##*/}')" \
		"r['cgroup']['others'] == 0" "r['cgroup']['own'] is False"
	run "$TARE" attach -p "${started[0]}" --duration 200ms --show charged
	status_is 0
	says "${cgroup##*/}" '1 other'
	[ -d "$cgroup" ] || fail "attach removed a group that was not its own"
}

@test "version 2 is used where it has the memory controller" {
	at=$(awk '$3 == "cgroup2" { print $2; exit }' /proc/mounts)
	[ -n "$at" ] || skip "version 2 is not mounted"
	grep -qw memory "$at/cgroup.controllers" || skip "version 1 has the memory controller here"
	grep -qw memory "$at/cgroup.subtree_control" ||
		skip "the top group does not enable it for its children"
	own_cgroup
	run "$TARE" run --cgroup "$cgroup" -o "$DIR/r.json" -- "$PROGRAMS/threads" 8 64 </dev/null
	status_is 0
	report check "$DIR/r.json"
	report assert "$DIR/r.json" "r['cgroup']['version'] == 2" \
		"all(r['cgroup']['stat'][k] is not None for k in
		     ('anon', 'file', 'shmem', 'pagetables', 'kernel_stack', 'slab_reclaimable',
		      'slab_unreclaimable', 'sock', 'percpu'))"
	no_cgroup_left
}
