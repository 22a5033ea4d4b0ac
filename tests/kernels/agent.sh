# shellcheck shell=dash
# SPDX-License-Identifier: GPL-2.0-only
#
# The tests of tests.sh that look at /metrics of tare agent, where control groups are of version 2:
# its figures equal those of memory.stat, memory.events and /proc. tests.sh tells what $dir and
# $LIMIT are. Each test ends what it started and removes the control groups that it made.
# shellcheck disable=SC2154 # $dir

groups=/sys/fs/cgroup
pod=kubepods.slice/kubepods-besteffort.slice
pod=$pod/kubepods-besteffort-pod01234567_89ab_cdef_0123_456789abcdef.slice
container=0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef

# agent: a unit, a pod's container, a unit that runs out of memory, and one that is swapped out
test_agent() {
	grep -qw memory $groups/cgroup.subtree_control 2>/dev/null || return 77
	begin_agent && agent_units && agent_oom && agent_swap
	end_agent $?
}

# agent_plain: a unit without the memory controller: its kernel memory is not measured, which the
# agent says, and its other figures are there
test_agent_plain() {
	grep -qw memory $groups/cgroup.subtree_control 2>/dev/null || return 77
	echo -memory >$groups/cgroup.subtree_control || return 77
	begin_agent && agent_without_memory
	end_agent $?
	status=$?
	echo +memory >$groups/cgroup.subtree_control
	return $status
}

begin_agent() {
	"$TARE" agent --listen 127.0.0.1:9464 2>"$dir/agent.err" </dev/null &
	agent=$!
	wait_for scrape
}

# explain: what both sides say a tick later, and of each process
explain() {
	echo "one tick later:"
	next_tick && grep -E '^tare_(books|lost|(cgroup|name)_resident).* [^0]' "$dir/text"
	find $groups/*.slice -name cgroup.procs -exec cat {} + | while read -r pid; do
		echo "$pid: $(tr '\0' ' ' <"/proc/$pid/cmdline")"
		grep -E '^(Rss|Anonymous|AnonHugePages):' "/proc/$pid/smaps_rollup"
	done
	cat "$dir/agent.err"
}

# end_agent STATUS: returns it; if it is not 0, the output has why
end_agent() {
	[ "$1" = 0 ] || explain
	kill "$agent"
	end_groups $groups/system.slice $groups/kubepods.slice
	wait
	return "$1"
}

# end_groups FOLDER…: their processes are killed, and they are removed
end_groups() {
	find "$@" -depth -type d 2>/dev/null | while read -r at; do
		until rmdir "$at" 2>/dev/null; do
			# shellcheck disable=SC2046 # numbers
			kill -9 $(cat "$at/cgroup.procs") 2>/dev/null
		done
	done
}

scrape() {
	wget -q -O "$dir/text" http://127.0.0.1:9464/metrics 2>/dev/null
}

# wait_for COMMAND…: until it succeeds
wait_for() {
	left=$LIMIT
	until "$@"; do
		left=$((left - 1))
		[ $left -gt 0 ] || { echo "in vain: $*"; return 1; }
		sleep 1
	done
}

# group PATH: makes a control group, with the memory controller where the root gives it
group() {
	at=$groups
	for name in $(echo "$1" | tr / ' '); do
		[ "$at" = $groups ] || echo +memory >"$at/cgroup.subtree_control" 2>/dev/null
		at=$at/$name
		mkdir -p "$at" || return 1
	done
}

# hold PATH PROGRAM ARG…: runs it in a control group. Its output is in $dir/out, and a line to
# $dir/PROGRAM lets it go on from a checkpoint.
hold() {
	into=$groups/$1/cgroup.procs program=$2
	shift 2
	mkfifo "$dir/$program"
	# shellcheck disable=SC2016 # expanded by that shell
	sh -c 'echo 0 >"$0" && exec "$@"' "$into" "$PROGRAMS/$program" "$@" \
		<>"$dir/$program" >"$dir/out" 2>&1 &
}

reaches() {
	wait_for grep -q "^checkpoint $1" "$dir/out"
}

# metric NAME PATH [KIND]: the sum of its series of that control group; "none" if there is none
metric() {
	awk -v name="tare_$1{" -v path="cgroup=\"/$2\"" -v kind="${3:+kind=\"$3\"}" '
		index($0, name) == 1 && index($0, path) && (!kind || index($0, kind)) {
			sum += $NF; found = 1
		}
		END { if (found) printf "%.0f\n", sum; else print "none" }' "$dir/text"
}

# machine NAME: of the machine
machine() {
	awk -v name="tare_machine_$1" '$1 == name { print $2 }' "$dir/text"
}

# kernel PATH LINE: from memory.stat
kernel() {
	awk -v line="$2" '$1 == line { print $2 }' "$groups/$1/memory.stat"
}

# mapped PATH FILE FIELD: of a file in /proc of each of its processes, in bytes. /proc/PID/status is
# not exact before 6.16, smaps_rollup is.
mapped() {
	while read -r pid; do cat "/proc/$pid/$2"; done <"$groups/$1/cgroup.procs" |
		awk -v field="$3:" '$1 == field { sum += $2 * 1024 } END { printf "%.0f\n", sum }'
}

# same WHAT OURS KERNELS [BYTES]: equal, or not further apart
same() {
	far=$(($2 - $3)) || return 1
	[ ${far#-} -gt "${4:-0}" ] || return 0
	echo "$1: $2, the kernel's $3"
	return 1
}

# A tick has looked since.
ticked() {
	scrape && [ "$(awk '$1 == "tare_agent_ticks_total" { print $2 }' "$dir/text")" -gt "$1" ]
}

next_tick() {
	scrape || return 1
	wait_for ticked "$(awk '$1 == "tare_agent_ticks_total" { print $2 }' "$dir/text")"
}

# A unit with kernel memory and each kind of resident memory; a pod with a container.
agent_units() {
	unit=system.slice/shop.service inside=$pod/cri-containerd-$container.scope
	group $unit && group "$inside" && hold $unit kernel_maker 300 && reaches before &&
		echo >"$dir/kernel_maker" && reaches made && hold $unit target 8 &&
		reaches held && hold "$inside" parked && reaches ten && next_tick || return 1
	labelled "cgroup=\"/$unit\",unit=\"shop.service\"" || return 1
	labelled 'container="0123456789ab",pod="01234567-89ab-cdef-0123-456789abcdef"' || return 1
	for path in $unit "$inside"; do
		agent_group "$path" || return 1
	done
	# 300 pipes of 64 KiB: other kernel memory.
	[ "$(metric cgroup_kernel_memory_bytes $unit other)" -ge $((300 * 65536)) ]
}

labelled() {
	grep -qF "$1" "$dir/text" && return 0
	echo "nothing has $1"
	return 1
}

# agent_group PATH: its figures
agent_group() {
	# Pages that a fork shares are charged once, and a shell came with its stack and page tables
	# from another control group: 128 KiB.
	rss=$(mapped "$1" smaps_rollup Rss)
	anon=$(mapped "$1" smaps_rollup Anonymous)
	same "$1 processes" "$(metric cgroup_processes "$1")" \
		"$(wc -l <"$groups/$1/cgroup.procs")" &&
		same "$1 rss" "$(metric cgroup_resident_memory_bytes "$1")" "$rss" &&
		same "$1 anon" "$(metric cgroup_resident_memory_bytes "$1" anon)" "$anon" &&
		same "$1 anon charged" "$anon" "$(kernel "$1" anon)" 131072 || return 1
	for kind in slab_reclaimable slab_unreclaimable percpu sockets:sock; do
		same "$1 ${kind%:*}" "$(metric cgroup_kernel_memory_bytes "$1" "${kind%:*}")" \
			"$(kernel "$1" "${kind#*:}")" || return 1
	done
	same "$1 page tables" "$(metric cgroup_kernel_memory_bytes "$1" page_tables)" \
		"$(kernel "$1" pagetables)" 131072 &&
		same "$1 stacks" "$(metric cgroup_kernel_memory_bytes "$1" stacks)" \
			"$(kernel "$1" kernel_stack)" 131072 &&
		same "$1 all" "$(metric cgroup_kernel_memory_bytes "$1")" \
			$(($(kernel "$1" kernel) + $(kernel "$1" sock))) 131072
}

# A unit that runs out of memory, and one whose memory is swapped out.
agent_oom() {
	short=system.slice/short.service
	group $short && echo 16M >$groups/$short/memory.max &&
		echo 0 >$groups/$short/memory.swap.max || return 1
	hold $short hog 64 && reaches before && echo >"$dir/hog"
	wait_for grep -q '^oom_kill 1' $groups/$short/memory.events && next_tick || return 1
	same "OOM kills" "$(metric cgroup_oom_kills_total $short)" 1 &&
		same "OOM kills by name" "$(metric name_oom_kills_total $short)" 1 &&
		same "OOM kills of the machine" "$(machine oom_kills_total)" \
			"$(awk '$1 == "oom_kill" { print $2 }' /proc/vmstat)"
}

agent_swap() {
	out=system.slice/out.service
	grep -q /dev /proc/swaps || return 0
	group $out && hold $out swapped 8 && reaches out && next_tick || return 1
	same "swapped out" "$(metric cgroup_swapped_memory_bytes $out)" \
		"$(mapped $out smaps_rollup Swap)" &&
		same "swapped out, charged" "$(metric cgroup_swapped_memory_bytes $out)" \
			"$(cat $groups/$out/memory.swap.current)" 65536
}

agent_without_memory() {
	unit=system.slice/shop.service
	group $unit && hold $unit kernel_maker 300 && reaches before && next_tick || return 1
	same "processes" "$(metric cgroup_processes $unit)" 2 &&
		same "rss" "$(metric cgroup_resident_memory_bytes $unit)" \
			"$(mapped $unit smaps_rollup Rss)" &&
		same "page tables" "$(metric cgroup_kernel_memory_bytes $unit page_tables)" \
			"$(mapped $unit status VmPTE)" 65536 || return 1
	for kind in slab_reclaimable slab_unreclaimable percpu sockets other; do
		[ "$(metric cgroup_kernel_memory_bytes $unit $kind)" = none ] ||
			{ echo "$kind has a figure"; return 1; }
	done
	grep 'tare_not_measured{what="kernel memory by control group",reason="' "$dir/text" ||
		{ echo "nothing tells why"; return 1; }
}
