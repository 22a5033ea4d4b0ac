#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
#
# /metrics of tare agent: its syntax, its figures compared with the kernel's, counters that never
# fall, bounds, and a Prometheus server that reads it.

load lib/common
load lib/hold

setup() {
	started=()
	groups=()
	namespaces=()
	agent= port= extra=
}

teardown() {
	exec 9>&- || :
	end_all "${started[@]}" ${agent:+"$agent"}
	for name in "${namespaces[@]}"; do
		ip netns del "$name"
	done
	remove_groups
}

# agent [CONFIGURATION-LINE]…: starts one, as $agent, at $port.
agent() {
	port=$(free_port)
	printf '%s\n' "$@" >"$DIR/agent.conf"
	"$TARE" agent --listen "127.0.0.1:$port" --config "$DIR/agent.conf" \
		2>"$DIR/agent.err" 3>&- 9>&- &
	agent=$!
	until_true 120 answers || fail "no answer:" "$(cat "$DIR/agent.err")"
}

answers() {
	curl -fsS -o "$DIR/first" "http://127.0.0.1:$port/metrics" 2>/dev/null
}

scrape() {
	curl -fsS -o "$1" "http://127.0.0.1:$port/metrics" "${@:2}"
}

value() {
	"$LIB/metrics.py" value "$@"
}

# of_group METRIC [LABEL=VALUE]…: the value in $DIR/text of the control group $path.
of_group() {
	value "$DIR/text" "tare_$1" "cgroup=$path" "${@:2}"
}

# Waits until the next tick.
next_tick() {
	local ticks
	ticks=$(scrape "$DIR/tick" && value "$DIR/tick" tare_agent_ticks_total)
	until_true 20 ticked "$ticks"
}

ticked() {
	scrape "$DIR/tick" && [ "$(value "$DIR/tick" tare_agent_ticks_total)" -gt "$1" ]
}

# group NAME: makes a control group, in $group; $path is what the kernel calls it.
group() {
	local home
	home=$("$LIB/kmem.py" home) || skip "${home#skip: }"
	group=$home/tare-test-$BATS_TEST_NUMBER-$$-$1
	mkdir "$group" || skip "no control group can be made in $home"
	groups+=("$group")
}

# in_group COMMAND…: for hold.
in_group() {
	# shellcheck disable=SC2016 # expanded by that shell
	hold sh -c 'echo 0 >"$0"/cgroup.procs && exec "$@"' "$group" "$@"
}

path_of() {
	sed -n -E 's/^[0-9]+:([^:]*,)?memory(,[^:]*)?://p' "/proc/$1/cgroup" | grep . ||
		sed -n 's/^0:://p' "/proc/$1/cgroup"
}

@test "promtool finds nothing to say, in both formats; gzip; what is asked for is answered" {
	need promtool
	agent
	scrape "$DIR/text" -D "$DIR/head"
	grep -qi '^content-type: text/plain; version=0.0.4; charset=utf-8' "$DIR/head"
	run promtool check metrics <"$DIR/text"
	status_is 0
	[ -z "$output" ] || fail "$output"
	scrape "$DIR/open" -D "$DIR/head" \
		-H 'Accept: application/openmetrics-text;version=1.0.0,text/plain;q=0.5'
	grep -qi '^content-type: application/openmetrics-text; version=1.0.0' "$DIR/head"
	[ "$(tail -n 1 "$DIR/open")" = "# EOF" ]
	grep -q '^# UNIT tare_cgroup_memory_in_bytes bytes' "$DIR/open"
	scrape "$DIR/gz" --compressed -D "$DIR/head"
	grep -qi '^content-encoding: gzip' "$DIR/head"
	grep -q '^tare_machine_threads ' "$DIR/gz"
	"$LIB/metrics.py" labels "$DIR/text"
	"$LIB/metrics.py" documented "$DIR/text" "$BATS_TEST_DIRNAME/../../user/man/tare-metrics.5"
}

@test "a control group's figures are those of the kernel" {
	local pid rss anon path
	group one
	agent
	in_group "$PROGRAMS/target" 32
	reaches held
	pid=${started[0]}
	path=$(path_of "$pid")
	next_tick
	scrape "$DIR/text"
	rss=$(awk '/^Rss:/ { print $2 * 1024 }' "/proc/$pid/smaps_rollup")
	[ "$(of_group cgroup_resident_memory_bytes)" = "$rss" ]
	[ "$(of_group name_resident_memory_bytes comm=target)" = "$rss" ]
	[ "$(of_group cgroup_processes)" = 1 ]
	anon=$(of_group cgroup_resident_memory_bytes kind=anon)
	[ "$anon" = "$(awk '/^(rss|anon) / { print $2; exit }' "$group/memory.stat")" ]
	[ "$(of_group cgroup_memory_in_bytes_total)" -ge $((96 << 20)) ]
	"$LIB/metrics.py" adds "$DIR/text"
}

@test "counters never fall while processes come and go, and none is missed" {
	local i path came went files=()
	group storm
	agent
	in_group "$PROGRAMS/fork_churn" 3000 8
	for ((i = 0; i < 200; i++)); do
		scrape "$DIR/scrape.$i"
		files+=("$DIR/scrape.$i")
		! grep -q 'checkpoint churned' "$DIR/out" || break
	done
	reaches churned
	path=$(path_of "${started[0]}")
	let_go
	next_tick
	scrape "$DIR/text"
	"$LIB/metrics.py" rises "${files[@]}" "$DIR/text"
	"$LIB/metrics.py" adds "$DIR/text"
	[ "$(of_group cgroup_processes_started_total)" -ge 3000 ]
	# Each touched 64 KiB. All that came in went out, and what the shell had before it came.
	[ "$(of_group cgroup_memory_in_bytes_total "cause=page fault")" -ge $((3000 * 65536)) ]
	came=$(of_group cgroup_memory_in_bytes_total)
	went=$(of_group cgroup_memory_out_bytes_total)
	[ "$went" -ge "$came" ]
	[ "$went" -lt $((came + (16 << 20))) ]
}

# few_groups N: tare remembers less than N control groups.
few_groups() {
	scrape "$DIR/few" && [ "$(value "$DIR/few" tare_groups)" -lt "$1" ]
}

@test "a thousand control groups come and go: series are bounded, and all is counted" {
	local before series
	group many
	agent "groups = 20"
	scrape "$DIR/before"
	"$LIB/many_groups.py" 1000 "$group"
	next_tick
	scrape "$DIR/after"
	series=$(grep -c '^tare_cgroup_processes{' "$DIR/after")
	[ "$series" -le 22 ]
	"$LIB/metrics.py" rises "$DIR/before" "$DIR/after"
	[ $(($(value "$DIR/after" tare_machine_processes_started_total) - \
		$(value "$DIR/before" tare_machine_processes_started_total))) -ge 1000 ]
	# What is gone is forgotten.
	until_true 60 few_groups 100
}

# start_prometheus: a server that reads the agents at $targets, as ${started[-1]} at $web.
start_prometheus() {
	need prometheus promtool
	web=$(free_port)
	cat >"$DIR/prometheus.yml" <<-END
		global: { scrape_interval: 1s }
		scrape_configs:
		  - job_name: tare
		    ${extra:-}
		    static_configs: [ { targets: [ $targets ] } ]
	END
	mkdir "$DIR/tsdb"
	prometheus --config.file="$DIR/prometheus.yml" --storage.tsdb.path="$DIR/tsdb" \
		--web.listen-address="127.0.0.1:$web" >"$DIR/prometheus.log" 2>&1 3>&- 9>&- &
	started+=($!)
}

# ask QUERY: prints the results, one a line: the value, and the labels.
ask() {
	curl -fsS -G --data-urlencode "query=$1" "http://127.0.0.1:$web/api/v1/query" |
		jq -r '.data.result[] | .value[1] + " " + (.metric | tojson)'
}

says_query() {
	ask "$1" 2>/dev/null | grep -q "$2"
}

@test "a Prometheus server reads it, and tells whose kernel memory grew" {
	local user mine query
	group kernel
	agent
	targets="'127.0.0.1:$port'"
	start_prometheus
	until_true 60 says_query 'count_over_time(up{job="tare"}[1m]) >= 2 and up == 1' . ||
		fail "$(tail -n 20 "$DIR/prometheus.log")"
	in_group "$PROGRAMS/kernel_maker" 900
	reaches before
	user=$group
	group user
	"$PROGRAMS/grower" 1 200 >/dev/null 2>&1 3>&- 9>&- &
	started+=($!)
	echo $! >"$group/cgroup.procs"
	mine="{cgroup=~\".*/tare-test-$BATS_TEST_NUMBER-$$-.*\"}"
	query="sum by (cgroup) (delta(tare_cgroup_kernel_memory_bytes$mine[1m]))"
	until_true 60 says_query "count($query)" '^2' || fail "$(ask "$query")"
	echo >&9
	reaches made
	until_true 60 says_query "topk(1, $query) > 20e6" "${user##*/}" || fail "$(ask "$query")"
}

rss() {
	awk '/^VmRSS/ { print $2 }' "/proc/$agent/status"
}

# scrapes N
scrapes() {
	curl -fsS --compressed "http://127.0.0.1:$port/metrics?[1-$1]" >"$DIR/all" 2>/dev/null
}

# Without samples: the names of functions that other programs bring would be in the figures. What a
# scrape leaves behind is there in each of three rounds; what new programs of the machine cost is not.
@test "a thousand scrapes leave nothing behind" {
	local before after least=999999
	agent "period = 0"
	scrapes 1000 # what the first ones need stays
	for _ in 1 2 3; do
		before=$(rss)
		scrapes 1000
		after=$(rss)
		[ $((after - before)) -ge $least ] || least=$((after - before))
	done
	[ $least -lt 1024 ] || fail "each thousand costs $least KiB or more"
}

# netns NAME: a network namespace, joined to this one: $inside is its address.
netns() {
	local n=${#namespaces[@]}
	ip netns add "$1" 2>/dev/null || skip "no network namespace can be made"
	namespaces+=("$1")
	ip link add "$1-o" type veth peer name "$1-i" netns "$1"
	ip addr add "10.214.$((77 + n)).1/24" dev "$1-o"
	ip link set "$1-o" up
	inside=10.214.$((77 + n)).2
	ip -n "$1" addr add "$inside/24" dev "$1-i"
	ip -n "$1" link set "$1-i" up
	ip -n "$1" link set lo up
}

@test "two agents in two network namespaces feed one Prometheus" {
	local name mine query
	need ip nsenter
	head -c 32 /dev/urandom | sha256sum | cut -c 1-64 >"$DIR/token"
	chmod 600 "$DIR/token"
	group kernel
	targets=
	for name in a b; do
		netns "tare-$$-$name"
		printf 'listen = %s:9464\ntoken-file = %s\n' "$inside" "$DIR/token" \
			>"$DIR/$name.conf"
		# Not by ip netns exec, which hides /sys/fs/cgroup.
		nsenter "--net=/run/netns/tare-$$-$name" unshare --uts sh -c \
			'hostname "$0"; exec "$@"' "host-$name" \
			"$TARE" agent --config "$DIR/$name.conf" 2>"$DIR/$name.err" 3>&- 9>&- &
		started+=($!)
		targets+="'$inside:9464', "
	done
	extra="authorization: { credentials_file: $DIR/token }"
	start_prometheus
	until_true 60 says_query 'count(up{job="tare"} == 1)' '^2' ||
		fail "$(tail -n 20 "$DIR/prometheus.log")" "$(cat "$DIR"/?.err)"
	in_group "$PROGRAMS/kernel_maker" 900
	reaches before
	mine="{cgroup=~\".*/tare-test-$BATS_TEST_NUMBER-$$-.*\"}"
	query="sum by (instance, cgroup) (delta(tare_cgroup_kernel_memory_bytes$mine[1m]))"
	until_true 60 says_query "count($query)" '^2'
	echo >&9
	reaches made
	# Both see the machine's memory: each names the service.
	until_true 60 says_query "count($query > 20e6)" '^2' || fail "$(ask "$query")"
	run ask "$query"
	says "${inside%.*}.2:9464" "${group##*/}"
}
