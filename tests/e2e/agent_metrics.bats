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
	agent= port=
}

teardown() {
	exec 9>&- || :
	end_all "${started[@]}" ${agent:+"$agent"}
	remove_groups
}

# agent [CONFIGURATION-LINE]…: starts one, as $agent, at $port.
agent() {
	port=$(free_port)
	printf '%s\n' "$@" >"$DIR/agent.conf"
	"$TARE" agent --listen "127.0.0.1:$port" --config "$DIR/agent.conf" 2>"$DIR/agent.err" 3>&- \
		9>&- &
	agent=$!
	until_true 30 answers || fail "no answer:" "$(cat "$DIR/agent.err")"
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
		-H 'Accept: application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5'
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
	[ "$(value "$DIR/text" tare_cgroup_resident_memory_bytes "cgroup=$path")" = "$rss" ]
	[ "$(value "$DIR/text" tare_name_resident_memory_bytes "cgroup=$path" comm=target)" = "$rss" ]
	[ "$(value "$DIR/text" tare_cgroup_processes "cgroup=$path")" = 1 ]
	anon=$(value "$DIR/text" tare_cgroup_resident_memory_bytes "cgroup=$path" kind=anon)
	[ "$anon" = "$(awk '/^(rss|anon) / { print $2; exit }' "$group/memory.stat")" ]
	[ "$(value "$DIR/text" tare_cgroup_memory_in_bytes_total "cgroup=$path")" -ge $((96 << 20)) ]
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
	scrape "$DIR/last"
	"$LIB/metrics.py" rises "${files[@]}" "$DIR/last"
	"$LIB/metrics.py" adds "$DIR/last"
	[ "$(value "$DIR/last" tare_cgroup_processes_started_total "cgroup=$path")" -ge 3000 ]
	# Each touched 64 KiB. All that came in went out, and what the shell had before it came.
	[ "$(value "$DIR/last" tare_cgroup_memory_in_bytes_total "cgroup=$path" "cause=page fault")" \
		-ge $((3000 * 65536)) ]
	came=$(value "$DIR/last" tare_cgroup_memory_in_bytes_total "cgroup=$path")
	went=$(value "$DIR/last" tare_cgroup_memory_out_bytes_total "cgroup=$path")
	[ "$went" -ge "$came" ]
	[ "$went" -lt $((came + (16 << 20))) ]
}

# few_groups N: tare remembers less than N control groups.
few_groups() {
	scrape "$DIR/few" && [ "$(value "$DIR/few" tare_groups)" -lt "$1" ]
}

@test "a thousand control groups come and go: series are bounded, and all is counted" {
	local i before series
	group many
	agent "groups = 20"
	scrape "$DIR/before"
	for ((i = 0; i < 1000; i++)); do
		mkdir "$group/$i"
		# shellcheck disable=SC2016 # expanded by that shell
		sh -c 'echo 0 >"$0"/cgroup.procs' "$group/$i"
		until rmdir "$group/$i" 2>/dev/null; do :; done
	done
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

@test "a thousand scrapes leave nothing behind" {
	local before after i
	agent
	for ((i = 0; i < 100; i++)); do
		scrape "$DIR/x" --compressed
	done
	before=$(rss)
	curl -fsS --compressed "http://127.0.0.1:$port/metrics?[1-1000]" >"$DIR/all"
	after=$(rss)
	[ $((after - before)) -lt 2048 ] || fail "from $before to $after KiB"
}
