#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
#
# The examples in tools/fleet: what their own tools say of them, where Debian has these, and that
# the metrics in them exist.

load lib/common

setup() {
	cd "$BATS_TEST_DIRNAME/../../tools/fleet" || return
}

# metrics_in FILE: the names of tare's own metrics in it.
metrics_in() {
	grep -oE '\btare_[a-z_]+' "$1" | sort -u
}

@test "promtool reads the configuration and the rules" {
	cp prometheus.yml rules.yml "$DIR"
	echo token >"$DIR/token"
	sed -i "s|/etc/prometheus/tare-token|$DIR/token|" "$DIR/prometheus.yml"
	run -0 promtool check config "$DIR/prometheus.yml"
	says 'rules found'
	says_not FAILED
	run -0 promtool check rules rules.yml
}

@test "the alerts come when they should, and not before" {
	cp rules.yml rules_test.yml "$DIR"
	run -0 promtool test rules "$DIR/rules_test.yml"
	# Each rule matters: a limit that is ten times as high is noticed.
	sed -i 's/> 64 \* 1024/> 640 * 1024/; s/> 256 \* 1024/> 2560 * 1024/
		s/2 \* tare:name/20 * tare:name/' "$DIR/rules.yml"
	run promtool test rules "$DIR/rules_test.yml"
	status_is 1
	says TareKernelMemoryGrows TareUnitMemoryGrows TareMachineUnlikeOthers
}

@test "the queries of the dashboard are PromQL, on sums that the rules make" {
	jq -r '.panels[].targets[].expr' grafana.json | sed 's/\$instance/.*/g' >"$DIR/queries"
	[ "$(wc -l <"$DIR/queries")" -ge 8 ]
	n=0
	{
		echo 'groups: [{name: dashboard, rules: ['
		while read -r query; do
			jq -n --arg q "$query" --arg n "x$((n++))" '{record: $n, expr: $q}'
			echo ,
		done <"$DIR/queries"
		echo ']}]'
	} >"$DIR/queries.yml"
	run -0 promtool check rules "$DIR/queries.yml"
	for sum in $(grep -oE 'tare:[a-z_]+:[a-z]+' "$DIR/queries" rules.yml -h | sort -u); do
		grep -q "record: $sum\$" rules.yml || fail "no rule makes $sum"
	done
}

@test "the metrics are those that an agent has" {
	list=$BATS_TEST_DIRNAME/../../user/man/tare-metrics.5
	[ -e "$list" ] || skip "no tare-metrics.5 yet"
	for name in $(metrics_in rules.yml && metrics_in grafana.json && metrics_in README.md); do
		grep -q "\b$name\b" "$list" || fail "tare-metrics(5) has no $name"
	done
}

@test "Parca's and the collector's files are YAML, and ask for what an agent has" {
	for file in parca.yaml otelcol.yaml; do
		ruby -ryaml -e 'YAML.safe_load(File.read(ARGV[0])) or exit 1' $file
	done
	ruby -ryaml -rjson -e 'puts YAML.safe_load(File.read("parca.yaml")).to_json' |
		jq -e '.scrape_configs[0].profiling_config.pprof_config |
			[to_entries[] | select(.value.enabled) | .value.path] ==
			["/debug/pprof/allocs", "/debug/pprof/kernel"]'
	run -0 grep -ohE '/debug/pprof/[a-z]+"?$' config.alloy
	[ "$(tr -d '"' <<<"$output" | sort)" = "/debug/pprof/allocs
/debug/pprof/kernel" ] || fail "$output"
}
